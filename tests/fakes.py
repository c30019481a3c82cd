"""An Absurd in memory: only what the dashboard reads, in the states a stage puts its tasks in.

`tests/integration/conformance` holds it to the real thing.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from uuid import UUID

from fake_looks import FakeLooks

from absurd_tui.observe.children import Children
from absurd_tui.observe.events import EventStanding, Waiter
from absurd_tui.observe.failure_groups import FailedRun
from absurd_tui.observe.failure_walk import FailedPage
from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.observe.matching import Matching, match_of
from absurd_tui.observe.pages import Batch, cut, half_of, with_head
from absurd_tui.observe.parts import Beat, Part, PartCost
from absurd_tui.observe.places import BY_CLAIM, INFINITY, NEWEST_FIRST, first_place, microseconds, placed
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.records import (
    Count,
    Counts,
    Failure,
    Head,
    PanelReading,
    Place,
    QueueRates,
    QueueReading,
    Server,
    Snapshot,
    State,
    TaskRow,
    View,
)
from absurd_tui.observe.rows import natural_order
from absurd_tui.observe.symptoms import Symptoms
from absurd_tui.observe.task_records import Attempt, Document, KeyHolder, TaskPage

SERVER = Server(
    "tester@memory/absurd",
    "absurd",
    "tester",
    is_superuser=False,
    is_standby=False,
    version="18.0",
    absurd_version="0.5.1",
    fake_now=None,
)
START = 1_790_000_000.0


@dataclass
class FakeSource(FakeLooks):
    """What the app reads, from tasks that are set by hand. `now` is the database's clock and stands still.

    A task without a page of its own in `pages` has the one that its row makes.
    """

    now: float = START
    pages: dict[UUID, TaskPage] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    server: Server = SERVER
    address: str = "tester@memory/absurd"
    opened: int = 0
    read: list[View] = field(default_factory=list)
    urged: list[bool] = field(default_factory=list)
    costs: tuple[PartCost, ...] = ()
    slowed: tuple[Beat, ...] = ()
    rates: QueueRates | None = None
    pages_read: dict[Part, int] = field(default_factory=dict)
    closed: bool = False
    followed: list[tuple[UUID, ...]] = field(default_factory=list)
    """What was asked for by `standings`, one entry a statement."""
    unread: dict[str, Exception] = field(default_factory=dict)
    """Queues in which `standings` fails."""
    keys: dict[tuple[str, str], UUID] = field(default_factory=dict)
    """Which task has an idempotency key in a queue."""
    events: dict[tuple[str, str], EventStanding] = field(default_factory=dict)
    whole_names: dict[UUID, str] = field(default_factory=dict)
    """The events that were emitted, by queue and name."""
    looked_up: list[tuple[str, str]] = field(default_factory=list)
    """The keys that were asked for."""
    facts: dict[str, QueueFacts] = field(default_factory=dict)
    descend: dict[UUID, Children] = field(default_factory=dict)
    done: tuple[int | None, ...] = ()
    """What was done a minute in each queue."""
    failed: list[FailedRun] = field(default_factory=list)  # newest first
    symptoms: dict[str, Symptoms] = field(default_factory=dict)
    _panels: tuple[PanelReading, ...] = ()
    _panels_taken: float | None = None

    async def open(self) -> Server:
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        return self.server

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        if self.fault is not None:
            raise self.fault
        self.read.append(view)
        self.urged.append(is_urged)
        taken = time.monotonic()
        if view.panels:
            self._panels, self._panels_taken = self._reading_panels(view), taken
        queues = tuple(self._queue(name) for name in sorted(self.queues))
        return Snapshot(
            self.server,
            view,
            self.now,
            taken,
            0.001,
            queues,
            self._panels,
            slowed=self.slowed,
            panels_taken=self._panels_taken,
            costs=self.costs,
            rates=self.rates if self.rates is not None and self.rates.queue == view.queue else None,
        )

    def _reading_panels(self, view: View) -> tuple[PanelReading, ...]:
        refused = tuple(sorted(self.refused.items()))
        return tuple(replace(self._panel(state, view), refused=refused) for state in view.panels)

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        if self.fault is not None:
            raise self.fault
        page = self.pages.get(task_id)
        if page is None and task_id in self.rows:
            page = page_of(self.rows[task_id], self.now)
        return None if page is None else replace(page, taken=time.monotonic())

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        return self.documents.get(part)

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        self.looked_up.append((queue, key))
        if self.fault is not None:
            raise self.fault
        task_id = self.keys.get((queue, key))
        row = self.rows.get(task_id) if task_id is not None else None
        return None if row is None else KeyHolder(row.task_id, row.task_name, row.state)

    async def children(self, queue: str, task_id: UUID) -> Children:
        if self.fault is not None:
            raise self.fault
        return self.descend.get(task_id, Children(()))

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        if self.fault is not None:
            raise self.fault
        return self.facts.get(queue)

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        if self.fault is not None:
            raise self.fault
        older = (run for run in self.failed if run.queue == queue and run.place.at < before.at)
        return FailedPage(tuple(older), self.now, 0.0)

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        self.followed.append(tuple(task_ids))
        if self.fault is not None:
            raise self.fault
        if queue in self.unread:
            raise self.unread[queue]
        return Standings(self.now, {task_id: followed_task(self.rows.get(task_id)) for task_id in task_ids})

    async def event(self, queue: str, name: str) -> EventStanding:
        if self.fault is not None:
            raise self.fault
        asleep = [row for row in self.rows.values() if (row.queue, row.wake_event) == (queue, name)]
        waiting = tuple(Waiter(row.task_id, row.task_name) for row in asleep)
        return self.events.get((queue, name)) or EventStanding(None, "", waiting)

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        if self.fault is not None:
            raise self.fault
        asleep = (row for row in self.rows.values() if (row.queue, row.run_id) == (queue, run_id))
        return next((self.whole_names.get(run_id, row.wake_event or "") or None for row in asleep), None)

    async def matching(self, queues: Sequence[str], state: State) -> Matching:
        if self.fault is not None:
            raise self.fault
        found = [row for row in self.rows.values() if row.state is state and row.queue in queues]
        return Matching(self.now, tuple(match_of(row) for row in found), has_more=False)

    async def weigh(self) -> Mapping[Part, int]:
        if self.fault is not None:
            raise self.fault
        return self.pages_read

    def close(self) -> None:
        self.closed = True

    def _panel(self, state: State, view: View) -> PanelReading:
        shown = [
            replace(row, place=place_of(row))
            for row in self.rows.values()
            if row.state is state and row.queue not in self.refused and view.queue in (None, row.queue)
        ]
        shown.sort(key=lambda row: natural_order(state, row))
        if view.away is None or view.away.state is not state:
            first = tuple(shown[: view.rows])
            last = first_place(state) if state in NEWEST_FIRST else first[-1].place if first else None
            return PanelReading(state, first, after=last if len(shown) > len(first) else None)
        kept = view.away.head or Head((), INFINITY)
        rest = [row for row in shown if row.run_id not in kept.run_ids]
        if state in BY_CLAIM:
            rest = [row for row in rest if placed(row).at <= kept.as_of]
        page = cut(view.away, [Batch(rest)], half_of(view))
        return with_head(page, [row for row in shown if row.run_id in kept.run_ids]) if page.before is None else page

    def _queue(self, name: str) -> QueueReading:
        if name in self.refused:
            return QueueReading(name, "unpartitioned", None, self.refused[name])
        rows = [row for row in self.rows.values() if row.queue == name]
        by_state = {state: [row for row in rows if row.state is state] for state in State}
        expired = [
            row.claim_expires_at
            for row in by_state[State.RUNNING]
            if row.claim_expires_at is not None and row.claim_expires_at <= self.now
        ]
        due_sleepers = [row.available_at for row in by_state[State.SLEEPING] if row.available_at <= self.now]
        due = [row.available_at for row in by_state[State.PENDING]] + due_sleepers
        claimed = [row.started_at for row in rows if row.started_at is not None and row.state is not State.SLEEPING]
        counts = Counts(
            **{state.value: Count(len(found)) for state, found in by_state.items()},
            expired=Count(len(expired)),
            due_sleepers=Count(len(due_sleepers)),
            done_last_minute=Count(len(by_state[State.COMPLETED])),
            failed_last_minute=Count(len(by_state[State.FAILED])),
            oldest_due=min(due, default=None),
            last_claim=max(claimed, default=None),
            oldest_expired=min(expired, default=None),
        )
        symptoms = self.symptoms.get(name, Symptoms())
        return QueueReading(name, "unpartitioned", counts, done=self.done, symptoms=symptoms)


def place_of(row: TaskRow) -> Place:
    """Where a row stands by the column that orders its panel."""
    lease = row.claim_expires_at if row.state is State.RUNNING else None
    at = row.available_at if lease is None else lease
    return Place(microseconds(at), row.run_id, row.state is State.RUNNING and lease is None)


def page_of(row: TaskRow, now: float) -> TaskPage:
    """The page of a task that has made this one attempt."""
    run = Attempt(
        run_id=row.run_id,
        attempt=row.attempt,
        state=row.state,
        worker=row.worker,
        claim_expires_at=row.claim_expires_at,
        available_at=row.available_at if row.available_at < inf else now,
        started_at=row.started_at,
        completed_at=None,
        failed_at=row.ended_at if row.state is State.FAILED else None,
        created_at=row.created_at,
        wake_event=row.wake_event,
        failure=row.failure,
        reason=None,
    )
    return TaskPage(
        now=now,
        taken=0.0,
        queue=row.queue,
        task_id=row.task_id,
        task_name=row.task_name,
        state=row.state,
        attempts=row.attempt,
        max_attempts=row.max_attempts,
        enqueued_at=row.enqueued_at,
        first_started_at=row.first_started_at,
        cancelled_at=row.cancelled_at,
        retry_strategy=None,
        cancellation=None,
        max_duration=row.max_duration,
        max_delay=row.max_delay,
        idempotency_key=None,
        params=Document(2, "{}"),
        headers=None,
        result=None,
        runs=(run,),
        checkpoints=(),
        waits=(),
        checkpoints_refusal=None,
        waits_refusal=None,
    )


def followed_task(row: TaskRow | None) -> FollowedTask | None:
    """How a task stands by its row."""
    if row is None:
        return None
    return FollowedTask(
        task_id=row.task_id,
        state=row.state,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        worker=row.worker,
        claim_expires_at=row.claim_expires_at,
        available_at=row.available_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        enqueued_at=row.enqueued_at,
        cancelled_at=row.cancelled_at,
        wake_event=row.wake_event,
        failure=row.failure,
        reached_step=row.reached_step,
    )


class FakeStage:
    """Puts tasks of a FakeSource into states, one second of its clock after the other."""

    def __init__(self, source: FakeSource) -> None:
        self.source = source
        self._made = 0

    async def spawn(self, queue: str, name: str, *, max_attempts: int | None = None) -> UUID:
        now = self._tick()
        task_id, run_id = self._id(), self._id()
        self.source.rows[task_id] = TaskRow(
            queue=queue,
            task_id=task_id,
            run_id=run_id,
            state=State.PENDING,
            task_name=name,
            attempt=1,
            max_attempts=max_attempts,
            worker=None,
            claim_expires_at=None,
            available_at=now,
            started_at=None,
            ended_at=None,
            created_at=now,
            enqueued_at=now,
            first_started_at=None,
            cancelled_at=None,
            wake_event=None,
            failure=None,
            reached_step=None,
            preview='{"n": 1}',
            max_duration=None,
            max_delay=None,
        )
        return task_id

    async def claim(self, task_id: UUID, worker: str, timeout: int = 60) -> None:
        now = self._tick()
        row = self.source.rows[task_id]
        self._change(
            task_id,
            state=State.RUNNING,
            worker=worker,
            started_at=now,
            available_at=now,
            first_started_at=row.first_started_at or now,
            claim_expires_at=now + timeout if timeout else None,
            preview=None,
        )

    async def complete(self, task_id: UUID) -> None:
        self._change(task_id, state=State.COMPLETED, ended_at=self._tick(), preview='{"ok": true}')

    async def fail(self, task_id: UUID, name: str, message: str) -> None:
        self._change(task_id, state=State.FAILED, ended_at=self._tick(), failure=Failure(name, message))

    async def wait_for(self, task_id: UUID, event: str) -> None:
        self._tick()
        self._change(task_id, state=State.SLEEPING, wake_event=event, available_at=inf, worker=None)

    async def defer(self, task_id: UUID, seconds: int) -> None:
        self._change(task_id, state=State.SLEEPING, available_at=self._tick() + seconds, worker=None)

    async def cancel(self, task_id: UUID) -> None:
        self._change(task_id, state=State.CANCELLED, cancelled_at=self._tick(), worker=None)

    def _change(self, task_id: UUID, **fields: object) -> None:
        self.source.rows[task_id] = replace(self.source.rows[task_id], **fields)  # type: ignore[arg-type]

    def _tick(self) -> float:
        self.source.now += 1.0
        return self.source.now

    def _id(self) -> UUID:
        self._made += 1
        return UUID(int=(0x0197_0000_0000_7000_8000 << 48) | self._made)
