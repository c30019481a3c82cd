"""A list in a dialog that has fewer rows for it than it is long."""

from textual.binding import Binding
from textual.dom import DOMNode


class GoesThrough(DOMNode):
    """A dialog with a list: some of it in view at a time, in as many rows whatever its length.

    The arrows go through all of it. It stands last among the bases of a dialog, whose `repaint` it calls.
    """

    BINDINGS = [
        Binding("down", "turn(1)", show=False),
        Binding("up", "turn(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]
    _first_in_view = 0

    @property
    def length(self) -> int:
        """How long the list is."""
        raise NotImplementedError

    @property
    def most_in_view(self) -> int:
        """How much of it is in view at a time."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Show what is in view now."""
        raise NotImplementedError

    @property
    def in_view(self) -> slice:
        """Where in the list what is in view stands."""
        return slice(self._first_in_view, min(self._first_in_view + self.most_in_view, self.length))

    @property
    def is_longer(self) -> bool:
        """Whether only some of it is in view."""
        return self.length > self.most_in_view

    @property
    def place(self) -> str:
        """Which of how many are in view."""
        return f"{self.in_view.start + 1}–{self.in_view.stop} of {self.length}"

    def to_first(self) -> None:
        """Begin again, with another list."""
        self._first_in_view = 0

    def action_turn(self, by: int) -> None:
        """Go on or back in the list."""
        self._first_in_view = max(0, min(self._first_in_view + by, self.length - self.most_in_view))
        self.repaint()

    def action_page(self, by: int) -> None:
        """Go on or back by as many as are in view."""
        self.action_turn(by * self.most_in_view)
