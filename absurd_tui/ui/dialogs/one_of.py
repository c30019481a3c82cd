"""A choice of one among a few words, in one line: `←` and `→` go through them."""

from collections.abc import Sequence

from textual.binding import Binding
from textual.message import Message

from absurd_tui.text import plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import GROUND
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit


class OneOf(Lines, can_focus=True):
    """The choice; `chosen` is one of the words."""

    BINDINGS = [Binding("right", "turn(1)", show=False), Binding("left", "turn(-1)", show=False)]

    class Chosen(Message):
        """Another word was chosen."""

    def __init__(self, words: Sequence[str], *, id: str) -> None:
        super().__init__(id=id)
        self._words = tuple(words)
        self.chosen = self._words[0]

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line."""
        spans: list[Span] = []
        for word in self._words:
            is_chosen = self.chosen == word
            spans += [
                (plain("(•) " if is_chosen else "( ) "), "strong" if is_chosen else "muted"),
                (plain(word), "strong" if is_chosen else ""),
                (blank(2), ""),
            ]
        return [Line(fit(spans, width), "bar-focus" if self.has_focus else GROUND)]

    def action_turn(self, by: int) -> None:
        """Choose the next word, or the one before."""
        self.chosen = self._words[(self._words.index(self.chosen) + by) % len(self._words)]
        self.repaint()
        self.post_message(self.Chosen())

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self.repaint()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self.repaint()
