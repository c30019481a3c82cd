"""Two lines about what is under the cursor, in the place of the dashboard's why line."""

from absurd_tui.text import Plain
from absurd_tui.ui.cells import cut_words, wrap
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, spread

_ROWS = 2


class About(Lines):
    """A sentence and what follows from it; something said takes their place for a while."""

    def __init__(self) -> None:
        super().__init__(id="about")
        self._told = (Plain(""), Plain(""))
        self._note = Plain("")

    def show(self, first: Plain, second: Plain) -> None:
        """Tell this."""
        self._told = (first, second)
        self.repaint()

    def note(self, said: Plain) -> None:
        """Say something in place of it; empty text ends it."""
        self._note = said
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the two lines; a first sentence that is too long goes on in the second."""
        first, second = (self._note, Plain("")) if self._note else self._told
        pieces = wrap(first, width - 2, keeps_words=True)
        rest = Plain(" ".join(piece.text for piece in (*pieces[1:], second) if piece))
        role = "strong" if self._note else ""
        said = (pieces[0], cut_words(rest, width - 2))
        return [Line(fit(((blank(1), ""), (piece, role)), width), "surface") for piece in said]


class Bar(Lines):
    """The title bar of something that is no table."""

    def __init__(self) -> None:
        super().__init__(id="bar")
        self._left = self._right = Plain("")

    def show(self, left: Plain, right: Plain) -> None:
        """Show a name, and something about it at the right end."""
        self._left, self._right = left, right
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line."""
        left = ((blank(1), ""), (self._left, "strong"))
        return [Line(spread(left, ((blank(2), ""), (self._right, "muted"), (blank(1), "")), width), "bar-focus")]
