"""What the screens beside the dashboard find in the recorded system."""

from collections.abc import Sequence
from uuid import UUID

from absurd_tui.demo.recorded import NOW, refusal, rows
from absurd_tui.demo.recorded_task import family
from absurd_tui.observe.event_records import (
    AwaitedEvent,
    EmittedEvent,
    EventPlace,
    EventsReading,
    EventsWanted,
    PayloadReading,
    WaitersReading,
)
from absurd_tui.observe.family import Family
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.places import microseconds
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.storage import (
    DAY,
    Cron,
    CronJob,
    Kept,
    Partitions,
    QueueStorage,
    Spawned,
    StorageReading,
    TableSize,
)
from absurd_tui.observe.workers import HeldRun, WorkersReading, workers_of

_STEPS = {
    "transcode_video": ("segment_7", 242.0),
    "charge_card": ("authorize", 6.0),
    "reindex_catalog": ("page_118", 3.0),
}


class RecordedLooks:
    """Looks at the recording; it costs nothing, and is of no time of this machine."""

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        """Find who holds the runs of the recording, and who ended some."""
        recorded = rows()
        held = [(row.worker, _held(row)) for row in recorded[State.RUNNING] if queue in (None, row.queue)]
        ended = [
            (of, worker, number, NOW - ago)
            for of, worker, number, ago in (
                ("payments", "pay-a:9001", 41, 12.0),
                ("payments", "pay-b:9002", 12, 340.0),
                ("notifications", "mail-1:77", 214, 1.0),
                ("notifications", "gabsurd_worker", 198, 0.0),
                ("reports", "reports-0:12", 3, 1_860.0),
            )
            if queue in (None, of)
        ]
        return Looked(WorkersReading(NOW, workers_of(held, ended, NOW), 1 if queue else 6), 0.0)

    async def family(
        self, queue: str, task_id: UUID, suspected: Sequence[UUID], awaited: Sequence[tuple[UUID, str]]
    ) -> Looked[Family]:
        """Find the recorded family of any task."""
        return Looked(family(), 0.0)

    async def storage(self) -> Looked[StorageReading]:
        """Find how the recorded queues are stored."""
        jobs = (
            CronJob("absurd_cleanup_all", "17 * * * *", "", is_active=True, ran_at=NOW - 2_760, status="succeeded"),
            CronJob(
                "absurd_partitions_all",
                "0 3 * * *",
                "",
                is_active=True,
                ran_at=NOW - 39_600,
                status="failed",
                message="ERROR:  permission denied for schema absurd",
            ),
        )
        queues = tuple(_stored(*queue) for queue in _STORED)
        refused = tuple((queue.name, queue.refusals[0]) for queue in queues if queue.refusals)
        return Looked(StorageReading(NOW, queues, Cron(is_there=True, jobs=jobs), refused), 0.0)

    async def event_list(self, wanted: EventsWanted) -> Looked[EventsReading]:
        """Find the recorded events."""
        emitted = tuple(_emitted(*event) for event in _EMITTED if wanted.queue in (None, event[0]))
        awaited = tuple(_awaited(*event) for event in _AWAITED if wanted.queue in (None, event[0]))
        return Looked(EventsReading(NOW, wanted, emitted, None, awaited, 1 if wanted.queue else 6), 0.0)

    async def waiters(self, queue: str, name: str) -> Looked[WaitersReading]:
        """Find nobody: no waiter was recorded."""
        return Looked(WaitersReading(NOW, (), None, is_capped=False), 0.0)

    async def payload(self, queue: str, name: str) -> Looked[PayloadReading]:
        """Find what was recorded of a payload, which is its beginning."""
        event = next((event for event in (_emitted(*one) for one in _EMITTED) if event.key == (queue, name)), None)
        text, size = (event.preview, event.size) if event is not None else (None, 0)
        return Looked(PayloadReading(NOW, text, size, is_whole=True, emitted_at=event.at if event else None), 0.0)


_GIGABYTE = 10**9
_POLICY = (("cleanup_ttl", "30 days"), ("cleanup_limit", "1000"), ("partition_lookahead", "28 days"))
_STORED = (
    ("audit", 0.1, 0, None, None, False),
    ("billing", 1.2, 4_210, 2_410, 31.2, False),
    ("media-transcode", 4.9, 31_022, 8_800, 29.9, False),
    ("notifications", 9.4, 2_980_551, 590_112, 45.0, False),
    ("payments", 22.0, 190_023, 121_034, 30.1, True),
    ("reports", 0.4, 12, 260, 12.4, False),
)


def _stored(
    name: str, gigabytes: float, dead: int, a_day: int | None, oldest: float | None, is_cut: bool
) -> QueueStorage:
    """Make a queue of its size, its dead rows, what is spawned a day, the days that its oldest has ended, its mode."""
    shares = (("t", 0.48), ("r", 0.31), ("c", 0.15), ("e", 0.04), ("w", 0.02))
    tables = tuple(
        TableSize(letter, int(gigabytes * _GIGABYTE * share), int(gigabytes * 400_000 * share), int(dead * share))
        for letter, share in shares
    )
    return QueueStorage(
        name=name,
        created_at=NOW - 190 * DAY,
        storage_mode="partitioned" if is_cut else "unpartitioned",
        policy=_POLICY,
        ttl=30 * DAY,
        tables=tables,
        spawned=Spawned(a_day, DAY) if a_day is not None else None,
        kept=Kept(200, NOW - oldest * DAY, None) if oldest is not None else None,
        partitions=Partitions(9, NOW + 5.2 * DAY, has_default=True, stray=0) if is_cut else None,
        refusals=() if a_day is not None else (refusal(name),),
    )


_EMITTED = (
    ("payments", "refund.approved:88098", 4.0, 96, '{"by": "ana", "approved": true}'),
    ("payments", "kyc.done:m_4468", 63.0, 41, '{"level": 2}'),
    ("reports", "month.closed:2026-10", 840.0, 5_210_000, None),
    ("notifications", "bounce:4411", 1_270.0, 4, "null"),
    ("payments", "refund.approved:88001", 5_400.0, 33, '{"by": "tom", "approved": false}'),
    ("reports", "\x1b]0;pwned\x07rates[/red]", 7_300.0, 12, "[1, 2, 3]"),
)
_AWAITED = (
    ("reports", "warehouse.ready", 7_916, 7_916, 10_860.0, None),
    ("payments", "kyc.done:m_4471", 1, 1, 5_100.0, None),
    ("payments", "refund.approved:88123", 2, 0, 600.0, 85_800.0),
)


def _emitted(queue: str, name: str, ago: float, size: int, preview: str | None) -> EmittedEvent:
    return EmittedEvent(queue, name, NOW - ago, size, preview, EventPlace(microseconds(NOW - ago), queue, name))


def _awaited(queue: str, name: str, waiters: int, endless: int, ago: float, left: float | None) -> AwaitedEvent:
    return AwaitedEvent(queue, name, waiters, endless, NOW - ago, NOW + left if left is not None else None)


def _held(row: TaskRow) -> HeldRun:
    step, ago = _STEPS.get(row.task_name, (None, None))
    return HeldRun(
        row.queue,
        row.run_id,
        row.task_id,
        row.task_name,
        row.attempt,
        row.max_attempts,
        row.available_at,
        row.claim_expires_at,
        NOW - ago if ago is not None and row.worker not in ("pay-b:9001",) else None,
        step if row.worker not in ("pay-b:9001",) else None,
    )
