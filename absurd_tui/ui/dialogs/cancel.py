"""Cancel a task: there is no way back, so it is confirmed with a key of its own, or by typing."""

from collections.abc import Iterator, Sequence
from math import inf

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui.observe.reasons import Sleep, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.operations.requests import CancelTask
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CANCEL
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.informed import InformedDialog
from absurd_tui.ui.dialogs.text import Choice, Paragraph, Piece, point, reserved
from absurd_tui.units import short_id, time_left

_TYPED = 4
_NAME_CELLS = 48
_KEY_CELLS = 40
_KEY_ROWS = 2


class CancelDialog(InformedDialog[CancelTask]):
    """Names what ends, and what does not come back."""

    BINDINGS = [Binding("y", "say_yes", show=False), Binding("enter", "confirm_typed", show=False)]
    COMMAND = CANCEL
    TITLE_TEXT = "Cancel task"
    KEEP = "keep the task"
    IS_FINAL = True
    NEEDS_CHECKPOINTS = False

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

    def text(self) -> Sequence[Piece]:
        """Say what ends."""
        lost = "The task ends as cancelled. There is no way back: Absurd cannot retry a cancelled task."
        points = [point(said) for said in self._consequences()]
        return [Paragraph(plain(lost), "strong"), *points, *self._key(), *self._typing()]

    def _consequences(self) -> Iterator[Plain]:
        row = self.row
        if row.state is State.RUNNING:
            worker = cut_middle(plain(row.worker or "A worker"), _NAME_CELLS)
            yield say("{worker} runs it and learns at its next checkpoint or heartbeat.", worker=worker)
        else:
            yield plain("No worker is running it; none is interrupted.")
        if row.state is State.SLEEPING and why_sleeping(row).kind is Sleep.EVENT:
            event = cut_middle(plain(row.wake_event or ""), _NAME_CELLS)
            yield say("It no longer waits for the event {event}.", event=event)
        elif row.state in (State.PENDING, State.SLEEPING):
            yield plain(
                f"Attempt {row.attempt}{self._due()} will not {'start' if row.started_at is None else 'go on'}."
            )
        yield plain("n on the cancelled task spawns a copy: the only way back.")

    def _due(self) -> str:
        at = self.row.available_at
        if abs(at) == inf:
            return ""
        left = at - self.clock.now
        return f", due in {time_left(left)}," if left > 0 else f", due for {self.clock.ago(at)},"

    def _key(self) -> Sequence[Piece]:
        """Name what stays taken, in as many rows as it may need, also while that is being read."""
        said: list[Piece] = []
        if self.page is None:
            why = self.trouble or plain("reading whether it has one")
            taken = say("An idempotency key would stay taken; {why}.", why=why)
            said.append(point(cut_words(taken, INNER_WIDTH - 2)))
        elif self.page.idempotency_key is not None:
            key = cut_middle(plain(self.page.idempotency_key), _KEY_CELLS)
            stays = "The idempotency key {key} stays taken: a spawn with it returns this cancelled task."
            said.append(point(say(stays, key=key)))
        return reserved(said, _KEY_ROWS, INNER_WIDTH)

    def _typing(self) -> list[Piece]:
        if not self.watched.is_production:
            return []
        tail = short_id(self.row.task_id, _TYPED)
        return [Paragraph(say("Type {tail}, the end of the id, to cancel this task:", tail=tail))]

    def act(self) -> Choice:
        """Cancel: with `y`, in production with enter once the end of the id stands there."""
        label = plain("cancel the task")
        if not self.watched.is_production:
            return Choice("y", label, self.is_awake)
        typed = self.query_one("#dialog-typed", Input).value.strip().lower()
        return Choice("enter", label, self.is_awake and typed == short_id(self.row.task_id, _TYPED))

    def request(self) -> CancelTask:
        """Ask for the cancellation."""
        return CancelTask(self.target)

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
