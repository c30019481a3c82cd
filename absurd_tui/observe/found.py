"""Tasks that were looked for, as they stood when they were found: frozen records, their strings raw."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.branches import Row
from absurd_tui.observe.records import Failure, Refusal, State, TaskRow
from absurd_tui.observe.rows import failure


@dataclass(frozen=True, slots=True)
class Found:
    """One task with its last run. `run_id` is the run that was looked for, None where it was the task."""

    queue: str
    task_id: UUID
    state: State
    task_name: str
    attempt: int
    max_attempts: int | None
    worker: str | None
    enqueued_at: float
    ended_at: float | None
    failure: Failure | None
    run_id: UUID | None = None

    @property
    def key(self) -> tuple[str, UUID]:
        """What names this task among all queues."""
        return (self.queue, self.task_id)


@dataclass(frozen=True, slots=True)
class IdsFound:
    """What came of looking for ids over `queues` queues; those of `refused` could not be looked into.

    `is_cut` says that there are more tasks than were read.
    """

    tasks: tuple[Found, ...]
    queues: int
    refused: tuple[tuple[str, Refusal], ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class KeysFound:
    """What came of looking for idempotency keys: the tasks of each queue; those of `refused` could not be looked into.

    `has_keys` says whether there are such keys in this schema at all.
    """

    tasks: Mapping[str, set[UUID]]
    refused: tuple[tuple[str, Refusal], ...]
    has_keys: bool


def found(queue: str, row: Row, run_id: UUID | None = None) -> Found:
    """Read a row with the columns of `find_queries.COLUMNS`."""
    return Found(
        queue=queue,
        task_id=row["task_id"],
        state=State(row["state"]),
        task_name=row["task_name"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        worker=row["worker"],
        enqueued_at=row["enqueued_at"],
        ended_at=row["ended_at"],
        failure=failure(row["failure_name"], row["failure_message"]),
        run_id=run_id,
    )


def as_found(task: Found) -> TaskRow:
    """Make a row of what is known of a found task: enough for which keys apply to it, but no target of a write."""
    is_running = task.state is State.RUNNING
    return TaskRow(
        queue=task.queue,
        task_id=task.task_id,
        run_id=task.run_id or task.task_id,
        state=task.state,
        task_name=task.task_name,
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        worker=task.worker,
        claim_expires_at=task.enqueued_at if is_running else None,
        available_at=task.enqueued_at,
        started_at=None,
        ended_at=task.ended_at,
        created_at=task.enqueued_at,
        enqueued_at=task.enqueued_at,
        first_started_at=None,
        cancelled_at=None,
        wake_event=None,
        failure=task.failure,
        reached_step=None,
        preview=None,
        max_duration=None,
        max_delay=None,
    )


def seen(row: TaskRow, run_id: UUID | None = None) -> Found:
    """Tell what a panel's row says of a task."""
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
