"""A block of a page: a title bar, and lines under it that scroll while it has the focus."""

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, quiet, spread, width_of

_WHEEL = 3


class Block(Lines, can_focus=True):
    """Lines of any number in a place of any height. Subclasses say what the title and the lines are."""

    BINDINGS = [
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "first", show=False),
        Binding("end,G", "last", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="block")
        self.shows_title = True
        self.is_stale = False
        self._top = 0

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Give the left and the right end of the title bar."""
        raise NotImplementedError

    def body(self, width: int) -> Sequence[Line]:
        """Make all lines, however many there are."""
        raise NotImplementedError

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the title bar and the lines in view."""
        body = self.body(width)
        room = max(1, height - self.shows_title)
        self._top = max(0, min(self._top, len(body) - room))
        shown = list(body[self._top : self._top + room])
        if self.is_stale:
            shown = [Line(quiet(line.spans), line.ground) for line in shown]
        if not self.shows_title:
            return shown
        left, right = self.title(width)
        if len(body) > room:
            place = f"{self._top + 1}–{self._top + len(shown)} of {len(body)}"
            right = (*right, (blank(2), ""), (plain(place), "muted"))
        ground = "bar-focus" if self.has_focus else "bar"
        bar = spread(((blank(1), ""), *left), (*right, (blank(1), "")), width)
        return [Line(bar, ground), *shown]

    @property
    def wanted_height(self) -> int:
        """How many lines there are to show, with the title."""
        return self.shows_title + max(1, len(self.body(max(1, self.size.width))))

    def to_top(self) -> None:
        """Show the first lines again."""
        self._top = 0

    def action_scroll(self, by: int) -> None:
        """Scroll by some lines."""
        self._top += int(by)
        self.repaint()

    def action_page(self, by: int) -> None:
        """Scroll by some screens."""
        self.action_scroll(int(by) * max(1, self.size.height - 2))

    def action_first(self) -> None:
        """Go to the first line."""
        self._top = 0
        self.repaint()

    def action_last(self) -> None:
        """Go to the last line."""
        self._top = 1_000_000
        self.repaint()

    def on_focus(self) -> None:
        """Show where the focus is."""
        self.repaint()

    def on_blur(self) -> None:
        """Show where the focus is no more."""
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.action_scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.action_scroll(-_WHEEL)


def heading(number: str, name: str) -> tuple[Span, ...]:
    """Write a block's key and name."""
    return (plain(number), "muted"), (blank(1), ""), (plain(name), "strong"), (blank(2), "")


class BlockTabs(Lines):
    """The blocks of a page side by side as tabs."""

    class Picked(Message):
        """A tab was clicked; `number` counts from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__(id="block-tabs")
        self._names: tuple[Plain, ...] = ()
        self._open = 1
        self._edges: list[tuple[int, int]] = []

    def show(self, names: Sequence[Plain], open_number: int) -> None:
        """Show these tabs, of which one is open."""
        self._names, self._open = tuple(names), open_number
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line; the open tab stands on the ground of the focus."""
        spans: list[Span] = []
        self._edges = []
        for number, name in enumerate(self._names, start=1):
            key = plain(f" {number} ")
            if number == self._open:
                spans += [(key + name + blank(1), "open"), (blank(1), "")]
            else:
                spans += [(key, "muted"), (name, ""), (blank(2), "")]
            self._edges.append((width_of(spans), number))
        return [Line(fit(spans, width), "bar")]

    def on_click(self, event: events.Click) -> None:
        """Open the tab that was clicked."""
        for edge, number in self._edges:
            if event.x < edge:
                self.post_message(self.Picked(number))
                return
