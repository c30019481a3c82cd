"""What stands on a terminal that is too small for anything else."""

from textual.geometry import Size

from absurd_tui.text import plain
from absurd_tui.ui.cells import cut_end
from absurd_tui.ui.widgets.lines import Line, Lines

COLUMNS, ROWS = 60, 16


def is_too_small(size: Size) -> bool:
    """Whether a terminal of this size cannot show a screen of ours."""
    return size.width < COLUMNS or size.height < ROWS


class TooSmall(Lines):
    """One line that says how large the terminal has to be."""

    def __init__(self) -> None:
        super().__init__(id="small")

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the line."""
        said = plain(f"absurd-tui needs {COLUMNS}×{ROWS}. This terminal is {width}×{height}.")
        return [Line(((cut_end(said, width), "strong"),))]
