"""What a FakeSource finds among its tasks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from absurd_tui.observe.found import Found, IdsFound
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.records import Refusal, TaskRow


@dataclass
class FakeFinding:
    """The tasks of some queues, each in one state, and who looks for them."""

    queues: list[str] = field(default_factory=lambda: ["mail"])
    rows: dict[UUID, TaskRow] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    fault: Exception | None = None
    looked_for: list[tuple[IdRange, ...]] = field(default_factory=list)
    """The ids that were looked for."""

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        self.looked_for.append(tuple(ranges))
        if self.fault is not None:
            raise self.fault
        tasks: dict[UUID, Found] = {}
        for row in sorted(self.rows.values(), key=lambda row: -row.task_id.int):
            if row.queue in self.refused:
                continue
            if any(range_.low <= row.task_id <= range_.high for range_ in ranges):
                tasks[row.task_id] = found_task(row)
            elif any(range_.low <= row.run_id <= range_.high for range_ in ranges):
                tasks[row.task_id] = found_task(row, row.run_id)
        return IdsFound(tuple(tasks.values()), len(self.queues), tuple(sorted(self.refused.items())))


def found_task(row: TaskRow, run_id: UUID | None = None) -> Found:
    """What is told of a task that was looked for."""
    return Found(
        queue=row.queue,
        task_id=row.task_id,
        state=row.state,
        task_name=row.task_name,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        worker=row.worker,
        enqueued_at=row.enqueued_at,
        ended_at=row.ended_at,
        failure=row.failure,
        run_id=run_id,
    )
