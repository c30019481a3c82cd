"""The workers that were seen, and what each of them holds."""

from dataclasses import dataclass

from textual.app import ComposeResult

from absurd_tui import units
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.why import Clock
from absurd_tui.observe.workers import HeldRun, Standing, Worker, WorkersReading, about
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.looks import Looks
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.screens.reading import Face, ReadingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.worker_columns import RUN_SHEET, WORKER_SHEET


@dataclass(frozen=True, slots=True)
class WorkersSeen:
    """Who was seen in one queue, or in all of them (None)?"""

    queue: str | None

    async def ask(self, source: Looks) -> Looked[WorkersReading]:
        """Ask it."""
        return await source.workers(self.queue)


class WorkersScreen(ReadingScreen[WorkersReading]):
    """Who holds runs, or ended some lately; below, the runs of the one under the cursor."""

    BINDINGS = [*bindings(Scope.WORKERS, Scope.EVERYWHERE)]
    scope = Scope.WORKERS

    def __init__(self, watch: Watch, queue: str | None) -> None:
        super().__init__(watch, queue)
        self._chosen: tuple[str | None] | None = None

    @property
    def question(self) -> WorkersSeen:
        """Ask for the chosen queue."""
        return WorkersSeen(self.queue)

    def body(self) -> ComposeResult:
        """Put the two tables one over the other."""
        yield RecordTable(WORKER_SHEET, id="workers", classes="reading-table")
        yield RecordTable(RUN_SHEET, id="worker-runs", classes="reading-table -lower")

    def show(self, found: WorkersReading | None, sight: Sight | None, face: Face) -> None:
        """Show the workers, and the runs of one."""
        name = plain("Workers seen") if self.queue is None else say("Workers seen in {queue}", queue=self.queue)
        count = plain("…") if found is None else plain(units.count(len(found.workers), capped=bool(found.capped)))
        alert, role = self._alarm(found, sight, face)
        title = Title("", Plain(""), "", name, count, alert, role, face.as_of)
        notes = face.notes or (plain("Nobody holds a run, and none of the latest that ended names a worker."),)
        workers = found.workers if found is not None and sight is not None else ()
        self._workers.show(workers, sight, title, notes=notes, is_stale=face.is_old)
        self._show_runs(sight, face)

    def _alarm(self, found: WorkersReading | None, sight: Sight | None, face: Face) -> tuple[Plain, str]:
        if found is None or sight is None:
            return face.alert, face.alert_role
        gone = sum(worker.standing(sight.clock.now) is Standing.GONE for worker in found.workers)
        if gone:
            return plain(f"{gone} likely gone"), "alarm"
        return face.alert, face.alert_role

    def _show_runs(self, sight: Sight | None, face: Face) -> None:
        worker = self._worker if sight is not None else None
        runs = worker.runs if worker is not None else ()
        name = say("Runs of {worker}", worker=_named(worker)) if worker is not None else plain("Runs")
        title = Title("", Plain(""), "", name, plain(str(len(runs) or "")), as_of=face.as_of)
        notes = (plain("It holds no run."),) if worker is not None else ()
        self._runs.show(runs, sight, title, notes=notes, is_stale=face.is_old)

    def about(self, found: WorkersReading, clock: Clock) -> tuple[Plain, Plain]:
        """Tell about the worker under the cursor, or whose runs have it."""
        if self._workers.cursor_is_gone:
            return plain("It is no longer among those that were seen lately."), Plain("")
        worker = self._worker
        if worker is None:
            return Plain(""), Plain("")
        return about(worker, clock, sees_steps=not set(worker.queues) <= set(found.blind))

    @property
    def _worker(self) -> Worker | None:
        """The worker that was under the cursor last."""
        workers = self.found.workers if self.found is not None else ()
        return next((worker for worker in workers if worker.key == self._chosen), None)

    @property
    def _workers(self) -> RecordTable[Worker]:
        return self.query_one("#workers", RecordTable)

    @property
    def _runs(self) -> RecordTable[HeldRun]:
        return self.query_one("#worker-runs", RecordTable)

    # what the user does

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Show the runs of another worker."""
        worker = self._workers.cursor_record
        if worker is not None and worker.key != self._chosen:
            self._chosen = worker.key
            self.repaint()
            self._runs.mark_met()
        self.repaint()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Go to the runs of a worker, or open the task of a run."""
        if isinstance(event.record, HeldRun):
            self.post_message(TaskOpened(event.record.queue, event.record.task_id))
        elif isinstance(event.record, Worker) and event.record.runs:
            self.set_focus(self._runs)
        else:
            self.say(plain("open: this worker holds no run."))

    def action_open(self) -> None:
        """Open what is under the cursor."""
        (self._runs if self._runs.has_focus else self._workers).action_choose()

    def action_back(self) -> None:
        """Go back from the runs to their worker, from there to where this was opened."""
        if not self._runs.has_focus:
            super().action_back()
            return
        self.set_focus(self._workers)
        if self._chosen is not None:
            self._workers.point_at(self._chosen)


def _named(worker: Worker) -> str:
    return worker.name if worker.name is not None else "no name"
