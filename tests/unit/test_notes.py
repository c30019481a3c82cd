import pytest

from absurd_tui.text import Plain, plain
from absurd_tui.ui.widgets.notes import laid_out

NOTES = (Plain(""), plain("Refused."), Plain(""), plain("one two three four five"), plain("Tried again."))


@pytest.mark.parametrize(
    ("cells", "rows", "said"),
    [
        (40, 9, ["", "Refused.", "", "one two three four five", "Tried again."]),
        (14, 7, ["", "Refused.", "", "one two three ", "four five", "Tried again."]),
        (14, 5, ["Refused.", "one two three ", "four five", "Tried again."]),
        (14, 3, ["Refused.", "one two three…", "Tried again."]),
        (8, 5, ["Refused.", "one two ", "three …", "Tried ", "again."]),
        (14, 1, ["Refused."]),
        (14, 0, []),
    ],
)
def test_notes_are_broken_into_the_lines_there_are(cells: int, rows: int, said: list[str]) -> None:
    assert [line.text for line in laid_out(NOTES, cells, rows)] == said


def test_no_notes_take_no_lines() -> None:
    assert laid_out((), 10, 5) == []
