"""A few sentences over a list, one line each."""

from collections.abc import Sequence

from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit


class ToldLines(Lines):
    """Sentences, each cut to its line."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._told: tuple[Span, ...] = ()

    def show(self, told: Sequence[Span]) -> None:
        """Show these sentences."""
        self._told = tuple(told)
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the lines."""
        return [Line(fit(((blank(1), ""), (cut_words(text, width - 2), role)), width)) for text, role in self._told]
