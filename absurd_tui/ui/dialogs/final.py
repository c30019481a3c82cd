"""A question about a task that takes more than enter: a key of its own, in production the end of the id."""

from collections.abc import Iterator
from typing import Generic

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui.text import plain, say
from absurd_tui.ui.dialogs.informed import Asked, InformedDialog
from absurd_tui.ui.dialogs.text import Choice, Paragraph, Piece
from absurd_tui.units import short_id

_TYPED = 4


class FinalDialog(InformedDialog[Asked], Generic[Asked]):
    """Nobody confirms it by a key held down, or by a paste."""

    BINDINGS = [Binding("y", "say_yes", show=False), Binding("enter", "confirm_typed", show=False)]
    IS_FINAL = True
    ACT = ""
    """The act in words, such as `cancel the task`."""

    def fields(self) -> Iterator[Widget]:
        """In production the end of the id is typed."""
        if self.watched.is_production:
            yield Input(id="dialog-typed", max_length=_TYPED, compact=True, disabled=True)

    def wake(self) -> None:
        """Let the id be typed from now on."""
        for field in self.query(Input):
            field.disabled = False
            field.focus()
        super().wake()

    def typing(self, purpose: str) -> list[Piece]:
        """Ask for the end of the id, in production."""
        if not self.watched.is_production:
            return []
        tail = short_id(self.row.task_id, _TYPED)
        asked = "Type {tail}, the end of the id, to {purpose}:"
        return [Paragraph(say(asked, tail=tail, purpose=purpose))]

    def act(self) -> Choice:
        """With `y`, in production with enter once the end of the id stands there."""
        label = plain(self.ACT)
        if not self.watched.is_production:
            return Choice("y", label, self.is_awake)
        typed = self.query_one("#dialog-typed", Input).value.strip().lower()
        return Choice("enter", label, self.is_awake and typed == short_id(self.row.task_id, _TYPED))

    def look_again(self) -> None:
        """Ask for the typing anew: what was typed was typed for the task as it was."""
        for field in self.query(Input):
            field.clear()
        super().look_again()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Strike the act out, or not."""
        self.repaint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Confirm what was typed."""
        self.action_confirm()

    def action_say_yes(self) -> None:
        """Confirm outside production; once the task has changed only a new look counts."""
        if not self.watched.is_production and not self.changed():
            self.action_confirm()

    def action_confirm_typed(self) -> None:
        """Enter looks again at a task that has changed, and confirms what was typed; alone it confirms nothing."""
        if self.changed() or self.watched.is_production:
            self.action_confirm()
