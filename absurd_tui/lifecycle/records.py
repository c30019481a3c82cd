"""What calls return.

JSON values are Python values (see `absurd_tui.lifecycle.json_values`). None stands
for SQL NULL and for a JSON null alike; where the difference matters another field
tells it: `TaskResult.state`, `Claim.event_received`, `AwaitResult.timed_out`.
Text is as stored, unfit for a terminal until it is sanitised.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from absurd_tui.lifecycle.json_values import Json

Interval: TypeAlias = timedelta | str
"""A PostgreSQL interval: a `timedelta` where that says exactly the same, else PostgreSQL's text (months, infinity)."""


@dataclass(frozen=True, slots=True)
class SpawnInfo:
    """The task and run that `spawn` or `retry` led to.

    `created` is False when the idempotency key named an existing task, whose latest run and attempt are given, and
    after an in-place retry, which adds a run to the same task.
    """

    task_id: UUID
    run_id: UUID
    attempt: int
    created: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker now holds (absurd.claim_task).

    `max_attempts` None: tried for ever. `retry_strategy` is the JSON as stored, None when there is none, and `headers`
    likewise. `wake_event` names the event whose wait ended by time-out; `event_payload` is what an event brought that
    woke the run, and `event_received` tells an event with a JSON null from no event.
    """

    run_id: UUID
    task_id: UUID
    attempt: int
    task_name: str
    params: Json
    retry_strategy: Json
    max_attempts: int | None
    headers: Json
    wake_event: str | None
    event_payload: Json
    event_received: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """Where a task stands (absurd.get_task_result).

    `state`: pending, running, sleeping, completed, failed or cancelled. `result` is set only when completed and
    `failure_reason`, the last run's, only when failed; both are None otherwise.
    """

    state: str
    result: Json
    failure_reason: Json


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A step's saved state (absurd.get_task_checkpoint_state).

    `status` is committed or pending. `updated_at` is in UTC, None where the stored instant is beyond what `datetime`
    can hold (infinity, year 10000). `owner_run_id` is the run that wrote it last.
    """

    checkpoint_name: str
    state: Json
    status: str
    owner_run_id: UUID | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class AwaitResult:
    """What waiting for an event came to (absurd.await_event): exactly one of three things.

    `should_suspend`: the run sleeps now and its worker must let go of it. `timed_out`: the wait ended without the
    event. Neither: the event was there and `payload` is what it carried, None meaning JSON null.
    """

    should_suspend: bool
    payload: Json
    timed_out: bool


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """How a queue is stored and maintained (absurd.get_queue_policy).

    `storage_mode`: unpartitioned or partitioned. `default_partition`: enabled or disabled. `detach_mode`: none or
    empty. `cleanup_ttl` is the age at which finished tasks and events may go, `cleanup_limit` how many go per batch.
    """

    queue_name: str
    storage_mode: str
    default_partition: str
    partition_lookahead: Interval
    partition_lookback: Interval
    cleanup_ttl: Interval
    cleanup_limit: int
    detach_mode: str
    detach_min_age: Interval


@dataclass(frozen=True, slots=True)
class CleanupCount:
    """How many rows one clean-up batch deleted in a queue (absurd.cleanup_all_queues)."""

    queue_name: str
    tasks_deleted: int
    events_deleted: int


@dataclass(frozen=True, slots=True)
class DetachCandidate:
    """An old, empty partition that may be detached (absurd.list_detach_candidates); names without the schema."""

    queue_name: str
    parent_table: str
    partition_table: str


@dataclass(frozen=True, slots=True)
class CronEntry:
    """An entry of pg_cron that Absurd made or removed (absurd.enable_cron, absurd.disable_cron)."""

    job_name: str
    job_id: int
