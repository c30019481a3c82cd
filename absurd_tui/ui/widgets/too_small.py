"""What stands on a terminal that is too small for anything else."""

from typing import Any

from textual.geometry import Size
from textual.screen import Screen

from absurd_tui.text import plain
from absurd_tui.ui.cells import cut_end
from absurd_tui.ui.widgets.lines import Line, Lines

COLUMNS, ROWS = 60, 16


def is_too_small(size: Size) -> bool:
    """Whether a terminal of this size cannot show a screen of ours."""
    return size.width < COLUMNS or size.height < ROWS


class TooSmall(Lines):
    """One line that says how large the terminal has to be; it covers its screen while that is too small."""

    def __init__(self) -> None:
        super().__init__(id="small")

    def on_mount(self) -> None:
        """Look at the size whenever the screen is laid out."""
        self.screen.screen_layout_refresh_signal.subscribe(self, self._fit)
        self._fit(self.screen)

    def _fit(self, screen: Screen[Any]) -> None:
        self.set_class(is_too_small(self.app.size), "-shown")

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the line."""
        said = plain(f"absurd-tui needs {COLUMNS}×{ROWS}. This terminal is {width}×{height}.")
        return [Line(((cut_end(said, width), "strong"),))]
