"""Fail a run by hand: nothing fences it, so that the dialog says whose work it costs."""

from collections.abc import Iterator, Sequence

from absurd_tui.observe.reasons import Sleep, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.operations.fail_run import other_claim
from absurd_tui.operations.requests import FailRun
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import FAIL_RUN
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.dialogs.final import FinalDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.text import Paragraph, Piece, point, reserved, warning
from absurd_tui.ui.dialogs.worker_sign import worker_sign
from absurd_tui.ui.widgets.retry_words import if_it_fails

_NAME_CELLS = 36
_THEN_ROWS = 2


class FailDialog(FinalDialog[FailRun]):
    """Names the worker that loses its work, and what becomes of the task."""

    COMMAND = FAIL_RUN
    TITLE_TEXT = "Fail run"
    KEEP = "leave the run"
    ACT = "fail the run"

    def text(self) -> Sequence[Piece]:
        """Say what it does, and what it does not ask."""
        said = f"Attempt {self.row.attempt} ends as failed. Absurd does not fence this: it asks nobody who works on it."
        return [Paragraph(plain(said), "strong"), *self._costs(), *self._then(), *self.typing("fail this run")]

    def _costs(self) -> Iterator[Piece]:
        row = self.row
        if row.state is State.RUNNING:
            worker = cut_middle(plain(row.worker or "a worker"), _NAME_CELLS)
            loses = (
                "If {worker} still works on it, it loses its work: what it saves or completes from then on is refused."
            )
            yield warning(say(loses, worker=worker))
            beside = "It learns at its next checkpoint or heartbeat; until then the next attempt may run beside it."
            yield warning(plain(beside))
            yield point(worker_sign(row, self.page, self.trouble, self.clock, INNER_WIDTH - 2))
        elif why_sleeping(row).kind is Sleep.EVENT:
            event = cut_middle(plain(row.wake_event or ""), _NAME_CELLS)
            yield point(say("It no longer waits for the event {event}.", event=event))
        elif row.started_at is None:
            yield point(plain("It has not begun: this attempt is used up all the same."))
        else:
            yield point(plain("It sleeps: no worker is interrupted."))

    def _then(self) -> Sequence[Piece]:
        """Say what becomes of the task, in as many rows as that may need, also while it is being read."""
        if self.page is None:
            then = self.trouble or plain("reading its retry strategy")
        else:
            then = if_it_fails(self.page, self.clock) or plain("as its retry strategy says")
        return reserved([point(_whole(then))], _THEN_ROWS, INNER_WIDTH)

    def request(self) -> FailRun:
        """Ask for it."""
        return FailRun(self.target, self.row.started_at)

    def changed(self) -> Plain:
        """The same run may have another worker meanwhile, or one again."""
        found = self.newest()
        if (changed := super().changed()) or found is None:
            return changed
        row, read = found
        return plain(other_claim(self.request(), row.started_at, row.claim_expires_at, read.now) or "")


def _whole(then: Plain) -> Plain:
    return cut_words(plain("Then: ") + then, 2 * INNER_WIDTH - 10)
