"""The last rows of the spawn form: what its keys do."""

from collections.abc import Sequence

from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import GROUND, Choice
from absurd_tui.ui.widgets.lines import Line, Lines, blank, spread


class SpawnKeys(Lines):
    """The last rows: a rule, and what the keys do."""

    def __init__(self) -> None:
        super().__init__(id="spawn-keys")
        self._left: tuple[Choice, ...] = ()
        self._act = Choice("", Plain(""))

    def show(self, left: Sequence[Choice], act: Choice) -> None:
        """Show these keys, and the act."""
        self._left, self._act = tuple(left), act
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the rows."""
        left: list[Span] = [span for choice in self._left for span in (*choice.spans("muted"), (blank(3), ""))]
        return [
            Line(((plain("─" * width), "rule"),), GROUND),
            Line(spread(left, self._act.spans("bold"), width), GROUND),
        ]
