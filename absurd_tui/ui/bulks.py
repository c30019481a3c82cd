"""The run over many tasks that the app owns, one at a time: it goes on when its dialog is hidden."""

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from absurd_tui import units
from absurd_tui.database.faults import Fault, classify, sentence
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import BulkPlan, BulkRun, Stage
from absurd_tui.operations.bulk_check import split
from absurd_tui.operations.bulk_export import export
from absurd_tui.operations.outcomes import Done
from absurd_tui.operations.requests import Act
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress
from absurd_tui.ui.messages import MatchingWanted, TakesSplit
from absurd_tui.ui.sides import Performs, Source
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.outcomes import Told

UNDER_WAY = plain("bulk: another run is not over; B shows it. What is marked stays marked.")
NONE = plain("bulk: nothing was done to many tasks yet; space marks tasks, c and r are about the marks.")
_DOING = {Act.CANCEL: "Cancelling", Act.RETRY: "Retrying", Act.RETRY_AS_NEW: "Retrying as new"}
_DONE = {Act.CANCEL: "Cancelled", Act.RETRY: "Retried", Act.RETRY_AS_NEW: "Retried as new"}


class Bulks:
    """Begins runs, and tells of one that nobody looks at. `begin` runs a coroutine for as long as the app lives."""

    def __init__(
        self,
        performer: Performs | None,
        source: Source,
        watch: Watch,
        begin: Callable[[Coroutine[Any, Any, None]], None],
        rested: Callable[[], None],
    ) -> None:
        self._performer = performer
        self._source = source
        self._watch = watch
        self._begin = begin
        self._rested = rested
        self._shown: BulkProgress | None = None
        self._was_told: Stage | None = None
        self.run: BulkRun | None = None

    async def list_all(self, wanted: MatchingWanted) -> None:
        """List what a screen wants to mark."""
        try:
            matching = await self._source.matching(wanted.queues, wanted.state)
        except SupersededError:
            wanted.asker.take_matching_refusal(Refusal("something else was asked for meanwhile."))
        except Exception as error:
            if classify(error) is Fault.STOP:
                raise
            wanted.asker.take_matching_refusal(Refusal(sentence(error)))
        else:
            wanted.asker.take_matching(wanted, matching)

    async def look_through(self, asker: TakesSplit) -> None:
        """Find out what could be done to each of a list."""
        if self._performer is None:
            return
        found = await split(asker.act, asker.targets, self._performer.check_batch, asker.take_checked)
        if found is not None:
            asker.take_split(found)

    def start(self, plan: BulkPlan) -> BulkProgress | None:
        """Begin a run, and give what shows it; None while another one goes on, or waits for a word."""
        performer = self._performer
        if performer is None or (self.run is not None and not self.run.is_left):
            return None
        self.run = BulkRun(plan, performer.perform_batch, self._source.standings, self._changed)
        self._was_told = None
        self._begin(self.run.begin())
        return self.show()

    def show(self) -> BulkProgress | None:
        """Give what shows the run; None where there was none."""
        if self.run is None:
            return None
        self._shown = BulkProgress(self.run, self._clock, self._go_on, self._write)
        return self._shown

    def told(self, ticks: float) -> tuple[Told, ...]:
        """Tell how far a run is that goes on unseen."""
        run = self.run
        if run is None or run.is_at_rest or self._is_seen:
            return ()
        tasks = units.plural(len(run.outcomes), "task")
        far = f"{units.count(run.reached)} of them so far"
        return (
            Told("…", plain(f"{_DOING[run.plan.act]} {tasks}"), plain(f"{far}; B shows it, x there stops it."), ticks),
        )

    @property
    def under_way(self) -> BulkRun | None:
        """The run that goes on, or waits for a word; None where none does."""
        return self.run if self.run is not None and not self.run.is_left else None

    def left_behind(self, run: BulkRun | None) -> list[Plain]:
        """Say of a run that was under way how far it came, to be written to the terminal when the program is left."""
        if run is None or run.stage is Stage.OVER:
            return []
        tasks = units.plural(len(run.outcomes), "task")
        reached = units.count(run.reached)
        told = say(
            "the {act} of {tasks} came as far as {reached}", act=run.plan.act.value, tasks=tasks, reached=reached
        )
        is_kept = self._performer is not None and self._performer.audit.is_kept
        return [told + plain("; the audit file has what came of each." if is_kept else ".")]

    @property
    def _is_seen(self) -> bool:
        return self._shown is not None and self._shown.is_attached

    def _go_on(self) -> None:
        if self.run is not None and self.run.is_at_rest:
            self._was_told = None
            self._begin(self.run.go_on())

    def _changed(self) -> None:
        run = self.run
        if run is None or not run.is_at_rest or run.stage is self._was_told:
            return
        self._was_told = run.stage
        if not self._is_seen:
            self._watch.telling.tell(_summary(run, time.monotonic()))
        if self._performer is not None and self._performer.audit.trouble is not None:
            trouble = plain(self._performer.audit.trouble)
            self._watch.telling.tell(Told("!", plain("Not in the audit file"), trouble, time.monotonic()))
        self._rested()

    def _clock(self) -> Clock:
        return self._watch.newest_clock(time.monotonic()) or Clock(time.time(), self._watch.utc)

    def _write(self) -> Path | Plain:
        folder = self._performer.audit.folder if self._performer is not None else None
        if folder is None or self.run is None:
            return plain("Not written: no audit file is kept here, and the list would stand beside it.")
        try:
            return export(self.run, folder, self._clock().now, self._watch.address)
        except OSError as error:
            return say("Not written: {why}.", why=error.strerror or str(error))


def _summary(run: BulkRun, ticks: float) -> Told:
    done, whole = run.count(Done), len(run.outcomes)
    is_all = done == whole and not run.plan.left_out
    headline = say(
        "{done} {n} of {tasks}", done=_DONE[run.plan.act], n=units.count(done), tasks=units.plural(whole, "task")
    )
    match run.stage:
        case Stage.ASKING:
            detail = "The rest waits for a word. B shows it."
        case Stage.OVER:
            detail = "Each was read back." if is_all else "B shows what came of the others."
        case _:
            detail = "It came to a stop; B shows why, and what is left."
    return Told("✓" if is_all else "!", headline, plain(detail), ticks)
