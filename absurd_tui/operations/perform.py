"""The one way to write: a request goes in, an outcome comes out, and a record of it stays."""

import asyncio
import time
from dataclasses import dataclass, field, replace

from absurd_tui.conninfo import ConnSpec
from absurd_tui.operations import spawn
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult, BatchWork, nothing_reached
from absurd_tui.operations.cancel import Cancel
from absurd_tui.operations.clean_up import Batch
from absurd_tui.operations.clean_up_count import CleanUpCount, count_clean_up
from absurd_tui.operations.copy_batch import work_of
from absurd_tui.operations.create_queue import Create
from absurd_tui.operations.cron import Switch
from absurd_tui.operations.detach import Detach
from absurd_tui.operations.drop_queue import Drop
from absurd_tui.operations.emit import Emit
from absurd_tui.operations.envelope import Envelope, Passage
from absurd_tui.operations.extend import Extend
from absurd_tui.operations.fail_run import Fail
from absurd_tui.operations.make_partitions import Ensure
from absurd_tui.operations.outcomes import Outcome, Refused, StillUnderWay
from absurd_tui.operations.queue_policy import SetPolicy
from absurd_tui.operations.queue_requests import (
    CleanUp,
    CreateQueue,
    DetachPartitions,
    DropQueue,
    MakePartitions,
    QueueRequest,
    SetQueuePolicy,
    SwitchCron,
)
from absurd_tui.operations.queue_sentences import Progress
from absurd_tui.operations.recording import broken_off, record_of, record_of_batch
from absurd_tui.operations.requests import (
    CancelTask,
    EmitEvent,
    ExtendClaim,
    FailRun,
    Request,
    RetryTask,
    SpawnTask,
    TaskBatch,
)
from absurd_tui.operations.retry import Retry
from absurd_tui.operations.sentences import operation, target
from absurd_tui.operations.sweep import Sweep
from absurd_tui.operations.table_locks import carry_patiently
from absurd_tui.operations.work import Work
from absurd_tui.text import Plain, plain, say

READ_ONLY = "This session is read-only: nothing is written."
LEAVING = "The program is being left: nothing more is written."
LEAVE_AFTER = 1.0
"""Seconds that leaving waits for writes under way."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A write under way for `seconds`; `xid` once it has a transaction.

    `is_open_question` says that its COMMIT has been sent and not answered: only then may it have taken effect. Every
    write passes through that for a moment. `is_looked_up` says that its connection was lost then, and that the server
    is asked what became of it. `progress` is of one that goes on batch by batch.
    """

    request: Request | TaskBatch
    seconds: float
    xid: int | None
    is_open_question: bool
    is_looked_up: bool = False
    progress: Progress | None = None


class Performer:
    """Performs requests, one at a time for each target, in tasks of its own: who stops waiting stops nothing."""

    def __init__(self, spec: ConnSpec, *, audit: Audit, is_read_only: bool = False) -> None:
        self._spec = spec
        self._envelope = Envelope(spec)
        self._flights: dict[tuple[str, ...], _Flight] = {}
        self._is_closed = False
        self.audit = audit
        self.is_read_only = is_read_only

    async def perform(self, request: Request, reason: str = "") -> Outcome:
        """Make a write and tell what is true afterwards; the audit keeps the reason. Read-only makes no connection.

        Cancelling the caller leaves the write under way; `pending` lists it, and the audit tells its end.
        """
        if self.is_read_only or self._is_closed:
            return Refused(READ_ONLY if self.is_read_only else LEAVING)
        if isinstance(request, SpawnTask) and (why := spawn.refusal(request)):
            return Refused(why)
        key = _key(request)
        if under_way := self._flights.get(key):
            return StillUnderWay(operation(under_way.request))
        sweep = Sweep(self._spec, request) if isinstance(request, CleanUp) else None
        flight = self._flights[key] = _Flight(request, _work(request), sweep=sweep, reason=reason)
        flight.task = asyncio.create_task(self._fly(key, flight))
        return await asyncio.shield(flight.task)

    async def perform_batch(self, batch: TaskBatch) -> BatchResult:
        """Make one write of many, and tell what is true of each afterwards; as `perform` does it for one."""
        if self.is_read_only or self._is_closed:
            return nothing_reached(batch, Refused(READ_ONLY if self.is_read_only else LEAVING))
        flight = _Flight(batch, work_of(batch), reason=batch.reason)
        key = ("batch", str(id(flight)))
        self._flights[key] = flight
        flight.task = asyncio.create_task(self._fly(key, flight))
        outcome = await asyncio.shield(flight.task)
        return flight.result(outcome, is_open=self._envelope.is_open)

    async def check_batch(self, batch: TaskBatch) -> BatchResult:
        """Go through a write of many without its call: None stands where the call would be made. No record stays."""
        if self.is_read_only or self._is_closed:
            return nothing_reached(batch, Refused(READ_ONLY if self.is_read_only else LEAVING))
        work, passage = work_of(batch, is_dry=True), Passage()
        outcome = await self._envelope.carry(work, passage)
        return work.result(outcome, None, is_open=self._envelope.is_open)

    def pending(self) -> tuple[Pending, ...]:
        """The writes under way, the oldest first."""
        return tuple(flight.pending for flight in self._flights.values())

    def stop(self) -> bool:
        """Let what goes on batch by batch end after the batch under way; False where nothing does, or ends already."""
        stopped = [flight.sweep.stop() for flight in self._flights.values() if flight.sweep is not None]
        return any(stopped)

    async def count_clean_up(self, queue: str, ttl: int) -> CleanUpCount | Refused:
        """Count what a clean-up would delete, or say why not. It only reads."""
        return await count_clean_up(self._spec, queue, ttl=ttl)

    async def close(self, within: float = LEAVE_AFTER) -> tuple[Pending, ...]:
        """Wait for the writes under way, then end the connection; give those that had to be left.

        The server undoes within 4 seconds what was not committed; what is left is in the audit.
        """
        self._is_closed = True
        self.stop()
        tasks = {flight.task for flight in self._flights.values() if flight.task is not None}
        if tasks:
            await asyncio.wait(tasks, timeout=within)
        left = self.pending()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._envelope.terminate()
        return left

    async def _fly(self, key: tuple[str, ...], flight: "_Flight") -> Outcome:
        try:
            outcome = await self._carried(flight)
        except asyncio.CancelledError:
            self._record(flight, flight.broken_off("The program was left"))
            raise
        except Exception as error:
            self._record(flight, flight.broken_off(f"The program failed ({type(error).__name__})"))
            raise
        finally:
            del self._flights[key]
        self._record(flight, outcome)
        return outcome

    async def _carried(self, flight: "_Flight") -> Outcome:
        if flight.sweep is not None:
            return await flight.sweep.run(flight.passage)
        if isinstance(flight.work, Drop | SetPolicy | Ensure):
            return await carry_patiently(self._envelope, flight.work, flight.passage)
        return await self._envelope.carry(flight.work, flight.passage)

    def _record(self, flight: "_Flight", outcome: Outcome) -> None:
        request, work, passage = flight.request, flight.work, flight.passage
        seconds = round(time.monotonic() - flight.begun, 3)
        if isinstance(request, TaskBatch):
            result = flight.result(outcome, is_open=self._envelope.is_open)
            record = record_of_batch(request, passage, result, self._spec, seconds)
        else:
            record = record_of(request, work, passage, outcome, self._spec, seconds)
        self.audit.add(replace(record, reason=flight.reason))


@dataclass(slots=True)
class _Flight:
    request: Request | TaskBatch
    work: Work
    passage: Passage = field(default_factory=Passage)
    begun: float = field(default_factory=time.monotonic)
    task: "asyncio.Task[Outcome] | None" = None
    sweep: Sweep | None = None
    reason: str = ""

    @property
    def pending(self) -> Pending:
        seconds, passage = time.monotonic() - self.begun, self.passage
        progress = self.sweep.progress if self.sweep is not None else None
        return Pending(self.request, seconds, passage.xid, passage.is_committing, passage.is_looked_up, progress)

    def broken_off(self, what: str) -> Outcome:
        """Say what is true of a write that was broken off with its connection; `what` says by what."""
        outcome = broken_off(self.passage, what)
        return self.sweep.ended(outcome) if self.sweep is not None else outcome

    def result(self, ended: Outcome, *, is_open: bool) -> BatchResult:
        """Say what came of each task of a batch, which has ended so."""
        work = self.work
        if not isinstance(work, BatchWork):
            raise TypeError("only a batch has several outcomes")
        return work.result(ended, self.passage.xid, is_open=is_open)


def left_behind(pending: Pending) -> Plain:
    """One line about a write that was under way when the program left, to be written to the terminal afterwards."""
    what = say(
        "the {doing} of {target} was still under way: ",
        doing=operation(pending.request),
        target=target(pending.request),
    )
    if pending.progress is not None:
        what = say("{n} rows are gone for good; ", n=pending.progress.done) + what
    if not pending.is_open_question or pending.xid is None:
        return what + plain("it was not committed, and the server undoes it.")
    return what + say("whether it took effect is not known. select pg_xact_status('{xid}') tells.", xid=pending.xid)


def _work(request: Request) -> Work:
    match request:
        case CancelTask():
            return Cancel(request)
        case RetryTask():
            return Retry(request)
        case ExtendClaim():
            return Extend(request)
        case FailRun():
            return Fail(request)
        case SpawnTask():
            return spawn.Spawn(request)
        case CreateQueue():
            return Create(request)
        case DropQueue():
            return Drop(request)
        case SetQueuePolicy():
            return SetPolicy(request)
        case CleanUp():
            return Batch(request)
        case MakePartitions():
            return Ensure(request)
        case SwitchCron():
            return Switch(request)
        case DetachPartitions():
            return Detach(request)
        case EmitEvent():
            return Emit(request)


def _key(request: Request) -> tuple[str, ...]:
    if isinstance(request, QueueRequest):
        return ("queue", request.queue)
    if isinstance(request, SpawnTask):
        return ("spawn", request.queue, request.task_name, request.options.idempotency_key or "")
    if isinstance(request, EmitEvent):
        return ("event", request.queue, request.event_name)
    return ("task", request.target.queue, str(request.target.task_id))
