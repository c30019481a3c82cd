"""What the screens beside the dashboard look at, of an Absurd in memory.

`tests/integration/conformance` holds it to the real thing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeVar
from uuid import UUID

from fake_finding import FakeFinding

from absurd_tui.observe.event_records import (
    AwaitedEvent,
    EmittedEvent,
    EventPlace,
    EventsReading,
    EventsWanted,
    PayloadReading,
    Waiter,
    WaitersReading,
)
from absurd_tui.observe.family import Family
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.places import microseconds
from absurd_tui.observe.records import Refusal, State, TaskRow
from absurd_tui.observe.storage import DAY, Cron, Kept, QueueStorage, Spawned, StorageReading, TableSize
from absurd_tui.observe.workers import HeldRun, WorkersReading, workers_of

Found = TypeVar("Found")

POLICY = (
    ("cleanup_ttl", "30 days"),
    ("cleanup_limit", "1000"),
    ("partition_lookahead", "28 days"),
    ("partition_lookback", "1 day"),
    ("detach_mode", "none"),
    ("detach_min_age", "30 days"),
    ("default_partition", "enabled"),
)
"""As a new queue has it."""


@dataclass
class FakeLooks(FakeFinding):
    """What is looked at, and what was asked."""

    now: float = 0.0
    checkpoints: dict[UUID, tuple[str, float]] = field(default_factory=dict)
    """The newest checkpoint of a task that runs, and when it was saved."""
    looks: list[object] = field(default_factory=list)
    """What was asked."""
    look_fault: Exception | None = None
    look_cost: float = 0.0
    events_emitted: list[EmittedEvent] = field(default_factory=list)
    payloads: dict[tuple[str, str], str] = field(default_factory=dict)
    """What events carry, where that is more than their beginning."""
    event_page: int = 200
    stored: dict[str, QueueStorage] = field(default_factory=dict)
    """How queues are stored, where there is something to tell of them."""
    cron: Cron = Cron(is_there=False)
    waits_since: dict[UUID, float] = field(default_factory=dict)
    families: dict[UUID, Family] = field(default_factory=dict)
    """Who was found of a task's family."""

    async def family(
        self, queue: str, task_id: UUID, suspected: Sequence[UUID], awaited: Sequence[tuple[UUID, str]]
    ) -> Looked[Family]:
        self._looks_at(("family", task_id, tuple(suspected), tuple(awaited)))
        return self._looked(self.families.get(task_id, Family()))

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        self._looks_at(("workers", queue))
        rows = [row for row in self.rows.values() if row.queue in self._asked(queue)]
        held = [(row.worker, self._held(row)) for row in rows if row.state is State.RUNNING]
        ended = [
            (row.queue, row.worker, 1, row.ended_at)
            for row in rows
            if row.state in (State.COMPLETED, State.FAILED) and row.worker is not None
        ]
        reading = WorkersReading(self.now, workers_of(held, ended, self.now), *self._readable(queue))
        return self._looked(reading)

    async def event_list(self, wanted: EventsWanted) -> Looked[EventsReading]:
        self._looks_at(wanted)
        asked, start = self._asked(wanted.queue), wanted.start
        fits = [
            event
            for event in self.events_emitted
            if event.queue in asked and event.name.startswith(wanted.prefix)
            if start is None or (event.place.order, _backwards(event.name)) >= (start.order, _backwards(start.name))
        ]
        fits.sort(key=lambda event: (event.place.order, _backwards(event.name)))
        waits = [wait for wait in self._waiting() if wait[0] in asked and wait[1].startswith(wanted.prefix)]
        named = {(queue, name): [one for at, of, one in waits if (at, of) == (queue, name)] for queue, name, _ in waits}
        awaited = [
            AwaitedEvent(
                queue,
                name,
                len(waiters),
                sum(waiter.timeout_at is None for waiter in waiters),
                min(waiter.since for waiter in waiters),
                min((waiter.timeout_at for waiter in waiters if waiter.timeout_at is not None), default=None),
            )
            for (queue, name), waiters in named.items()
            if all(event.key != (queue, name) for event in self.events_emitted)
        ]
        awaited.sort(key=lambda event: (event.since, event.key))
        page = fits[: self.event_page]
        after = page[-1].place if len(page) < len(fits) else None
        found = EventsReading(self.now, wanted, tuple(page), after, tuple(awaited), *self._readable(wanted.queue))
        return self._looked(found)

    async def waiters(self, queue: str, name: str) -> Looked[WaitersReading]:
        self._looks_at(("waiters", queue, name))
        emitted = next((event.at for event in self.events_emitted if event.key == (queue, name)), None)
        waiters = tuple(one for at, of, one in self._waiting() if (at, of) == (queue, name))
        asked, refused = self._readable(queue)
        return self._looked(WaitersReading(self.now, waiters, emitted, is_capped=False, asked=asked, refused=refused))

    async def payload(self, queue: str, name: str) -> Looked[PayloadReading]:
        self._looks_at(("payload", queue, name))
        event = next((event for event in self.events_emitted if event.key == (queue, name)), None)
        text = self.payloads.get((queue, name), event.preview if event is not None else None)
        size, at = (event.size, event.at) if event is not None else (0, None)
        asked, refused = self._readable(queue)
        found = PayloadReading(self.now, text, size, is_whole=True, emitted_at=at, asked=asked, refused=refused)
        return self._looked(found)

    async def storage(self) -> Looked[StorageReading]:
        self._looks_at("storage")
        queues = [self.stored.get(name) or self._stored(name) for name in sorted(self.queues)]
        refused = tuple((queue.name, queue.refusals[0]) for queue in queues if queue.refusals)
        return self._looked(StorageReading(self.now, tuple(queues), self.cron, refused))

    def _stored(self, queue: str) -> QueueStorage:
        """A queue without a row to tell of, made at once; nothing of it is known where it is refused."""
        refusals = (self.refused[queue],) if queue in self.refused else ()
        kept = None if refusals else Kept(0, None, None)
        spawned = None if refusals else Spawned(0, 0.0)
        tables = tuple(TableSize(letter, 8192, 0, 0) for letter in "trcew")
        return QueueStorage(queue, self.now, "unpartitioned", POLICY, 30 * DAY, tables, spawned, kept, None, refusals)

    def emit(self, queue: str, name: str, payload: str) -> None:
        """Emit an event, one second after whatever was before; whoever waits for it is left to wait."""
        self.now += 1.0
        place = EventPlace(microseconds(self.now), queue, name)
        self.events_emitted.append(EmittedEvent(queue, name, self.now, len(payload), payload, place))

    def _waiting(self) -> list[tuple[str, str, Waiter]]:
        return [
            (
                row.queue,
                row.wake_event,
                Waiter(
                    row.queue,
                    row.task_id,
                    row.run_id,
                    row.task_name,
                    row.state,
                    row.attempt,
                    row.max_attempts,
                    f"$awaitEvent:{row.wake_event}",
                    self.waits_since.get(row.task_id, self.now),
                    None if row.available_at == inf else row.available_at,
                ),
            )
            for row in self.rows.values()
            if row.state is State.SLEEPING and row.wake_event is not None
        ]

    def _held(self, row: TaskRow) -> HeldRun:
        name, at = self.checkpoints.get(row.task_id, (None, None))
        return HeldRun(
            row.queue,
            row.run_id,
            row.task_id,
            row.task_name,
            row.attempt,
            row.max_attempts,
            row.available_at,
            row.claim_expires_at,
            at,
            name,
        )

    def _looks_at(self, asked: object) -> None:
        self.looks.append(asked)
        for fault in (self.fault, self.look_fault):
            if fault is not None:
                raise fault

    def _asked(self, queue: str | None) -> set[str]:
        return {name for name in self._chosen(queue) if name not in self.refused}

    def _readable(self, queue: str | None) -> tuple[int, tuple[tuple[str, Refusal], ...]]:
        if queue is not None and queue not in self.queues:
            return 1, ((queue, Refusal("there is no such queue")),)
        chosen = list(self._chosen(queue))
        return len(chosen), tuple((name, self.refused[name]) for name in chosen if name in self.refused)

    def _chosen(self, queue: str | None) -> Iterable[str]:
        return (name for name in sorted(self.queues) if queue in (None, name))

    def _looked(self, found: Found) -> Looked[Found]:
        return Looked(found, self.look_cost)


def _backwards(name: str) -> tuple[int, ...]:
    """Sort names the last first."""
    return (*(-ord(char) for char in name), 1)
