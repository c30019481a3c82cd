"""A document as its view holds it: lines as they are stored, and what belongs to what in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_end, width
from absurd_tui.ui.json_lines import lay_out
from absurd_tui.ui.json_outline import Outline, outline

LONGEST_LINE = 4_096
"""Cells of a line that are shown; the rest is cut, with `…` in the last one."""

_TAB_STOPS = 8


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Lines as they are stored, not yet safe to show; `cells` is the width of the widest one on the screen.

    `outline` is None where it is not JSON.
    """

    lines: Sequence[str]
    outline: Outline | None
    cells: int


def read(text: str, is_wanted: Callable[[], bool] = lambda: True) -> LaidOut:
    """Lay out a document, or only split it where it is not JSON."""
    lines = lay_out(text, is_wanted)
    if lines is None:
        lines = text.expandtabs(_TAB_STOPS).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return LaidOut(lines, None, _widest(lines))
    return LaidOut(lines, outline(lines, is_wanted), _widest(lines))


def _widest(lines: Sequence[str]) -> int:
    """Count the cells of the widest line on the screen; a character takes two at most."""
    widest = 0
    for line in lines:
        if 2 * len(line) > widest:
            widest = max(widest, min(len(line), LONGEST_LINE) if line.isascii() else width(safe(line)))
    return widest


def safe(line: str) -> Plain:
    """Make one stored line safe and short enough to show."""
    return cut_end(plain(line[: LONGEST_LINE + 1]), LONGEST_LINE)
