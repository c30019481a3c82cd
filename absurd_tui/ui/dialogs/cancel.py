"""Cancel a task: there is no way back, so it is confirmed with a key of its own, or by typing."""

from collections.abc import Iterator, Sequence
from math import inf

from absurd_tui.observe.reasons import Sleep, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.operations.requests import CancelTask
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CANCEL
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.dialogs.final import FinalDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.text import Paragraph, Piece, point, reserved
from absurd_tui.units import time_left

_NAME_CELLS = 48
_KEY_CELLS = 40
_KEY_ROWS = 2


class CancelDialog(FinalDialog[CancelTask]):
    """Names what ends, and what does not come back."""

    COMMAND = CANCEL
    TITLE_TEXT = "Cancel task"
    KEEP = "keep the task"
    ACT = "cancel the task"
    NEEDS_CHECKPOINTS = False

    def text(self) -> Sequence[Piece]:
        """Say what ends."""
        lost = "The task ends as cancelled. There is no way back: Absurd cannot retry a cancelled task."
        points = [point(said) for said in self._consequences()]
        return [Paragraph(plain(lost), "strong"), *points, *self._key(), *self.typing("cancel this task")]

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

    def request(self) -> CancelTask:
        """Ask for the cancellation."""
        return CancelTask(self.target)
