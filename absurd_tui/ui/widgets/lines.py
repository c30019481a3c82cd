"""The painter of every live surface: lines of spans, of which only those that changed are painted again.

A span is safe text and the name of a role; a line also names its ground, the background
under it. What roles and grounds look like, the screen's `Roles` know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from absurd_tui.text import Plain
from absurd_tui.ui.cells import cut_end, cut_middle
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.roles import Roles

_QUIET = {"alarm": "bold", "caution": "bold", "well": "bold", "strong": "bold", "bold": "bold", "reversed": "reversed"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a surface: its spans from the left, and what is behind them."""

    spans: tuple[Span, ...] = ()
    ground: str = "ground"


def trail_of(crumbs: Sequence[Plain]) -> Plain:
    """Join what leads to a screen."""
    return Plain(" › ".join(crumb.text for crumb in crumbs))


class Lines(Widget):
    """A surface made of lines. Subclasses say what the lines are; this paints what changed.

    The screen it is on must hold one `Roles`.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[Line, Strip] = {}

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """Make the lines of this surface for its size, as it is now."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Make the lines anew and paint those that differ from what is on the screen."""
        width, height = self.size
        if not width or not height:
            return
        fresh = tuple(self.lines(width, height))[:height]
        fresh += (Line(),) * (height - len(fresh))
        stale, self._lines = self._lines, fresh
        if len(stale) != len(fresh):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(stale, fresh, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def on_resize(self) -> None:
        """Make the lines for the new size."""
        self._lines = ()
        self.repaint()

    def notify_style_update(self) -> None:
        """Forget what was painted in the old colours."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Give the strip of one line."""
        line = self._lines[y] if y < len(self._lines) else Line()
        strip = self._strips.get(line)
        if strip is None or strip.cell_length != self.size.width:
            if len(self._strips) > 500:
                self._strips.clear()
            strip = self._strips[line] = self._paint(line)
        return strip

    def _paint(self, line: Line) -> Strip:
        roles = self.screen.query_one(Roles)
        ground = roles.ground(line.ground)
        segments = [Segment(text.text, ground + roles.role(role)) for text, role in line.spans if text]
        width = self.size.width
        return Strip(segments).crop_extend(0, width, ground)


def width_of(spans: Sequence[Span]) -> int:
    """Count the cells of some spans."""
    return sum(cells_of(text) for text, _ in spans)


@lru_cache(256)
def blank(cells: int) -> Plain:
    """Give some blank cells."""
    return Plain(" " * max(0, cells))


def fit(spans: Sequence[Span], width: int, *, right: bool = False, middle: bool = False) -> tuple[Span, ...]:
    """Cut or pad spans to a width in cells: at their end, or each in its middle."""
    room = width
    fitted: list[Span] = []
    for whole, role in spans:
        text = whole if cells_of(whole) <= room else cut_middle(whole, room) if middle else cut_end(whole, room)
        if text:
            fitted.append((text, role))
        room -= cells_of(text)
        if room <= 0:
            break
    if room > 0:
        padding = (blank(room), "")
        return (padding, *fitted) if right else (*fitted, padding)
    return tuple(fitted)


def quiet(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Take the colours out of spans, as of data that is no longer true; what was bold stays bold."""
    return tuple((text, _QUIET.get(role, "muted")) for text, role in spans)


def spread(left: Sequence[Span], right: Sequence[Span], width: int) -> tuple[Span, ...]:
    """Put spans at both ends of a line; the right end keeps its room."""
    room = width - width_of(right)
    return (*fit(left, room), *right)
