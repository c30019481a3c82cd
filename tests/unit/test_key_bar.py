"""The keys at the foot: the last are dropped where there is no room, but not those that lead out."""

from collections.abc import Sequence

import pytest

from absurd_tui.ui.widgets.foot import KeyBar, KeyHint

HINTS = [KeyHint(key, f"label of {key}", key) for key in "abcdefgh"]
STAYING = [KeyHint("?", "help", "help", stays=True), KeyHint("q", "quit", "quit", stays=True)]


def shown(width: int, hints: Sequence[KeyHint] = HINTS) -> str:
    bar = KeyBar()
    bar._hints = (*hints, *STAYING)
    (line,) = bar.lines(width, 1)
    return "".join(piece.text for piece, _ in line.spans)


@pytest.mark.parametrize("width", range(20, 160, 7))
def test_help_and_quit_have_their_room_first(width: int) -> None:
    assert shown(width).rstrip().endswith("? help  q quit")


def test_the_others_are_dropped_from_the_last_on() -> None:
    assert shown(160).split() == " ".join(f"{hint.key} {hint.label}" for hint in (*HINTS, *STAYING)).split()
    assert shown(50).rstrip() == " a label of a  b label of b  ? help  q quit"


@pytest.mark.parametrize(("between", "told"), [("", "QWA screens"), (" ", "Q W A screens")])
def test_keys_that_share_a_label_are_there_all_or_none(between: str, told: str) -> None:
    hints = [HINTS[0], KeyHint("Q", between, "q"), KeyHint("W", between, "w"), KeyHint("A", "screens", "a"), HINTS[1]]
    seen = {shown(width, hints).rstrip() for width in range(30, 80)}
    assert {line.count("Q") == line.count("A") == line.count("screens") for line in seen} == {True}
    first, last = "label of a", "?"
    assert {line for line in seen if "Q" in line and "label of b" not in line} == {
        f" a {first}  {told}  {last} help  q quit"
    }
