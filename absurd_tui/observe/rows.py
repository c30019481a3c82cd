"""From a row of a statement to a record, and the natural order of each panel."""

from collections.abc import Sequence
from math import inf
from typing import Any
from uuid import UUID

from absurd_tui.observe import count_queries, ended
from absurd_tui.observe.branches import ListedQueue, Row
from absurd_tui.observe.ledger import Total
from absurd_tui.observe.records import Count, Counts, Failure, Place, QueueReading, Refusal, State, TaskRow


def counts(row: Row, total: Total | None = None) -> Counts:
    """Read one row of `count_queries.counts_branch`, and what has ended from the totals where there is too much."""
    cap = count_queries.LIVE_CAP
    due = [since for since in (row["oldest_pending"], row["oldest_due_sleeper"]) if since is not None]
    claims = [at for at in (row["last_running"], row["last_completed"], row["last_failed"]) if at is not None]
    return Counts(
        pending=count(row["pending"], cap),
        running=count(row["running"], cap),
        sleeping=count(row["sleeping"], cap),
        failed=ended.failed(row, total),
        completed=ended.completed(row, total),
        cancelled=ended.cancelled(row, total),
        expired=count(row["expired"], count_queries.EXPIRED_CAP),
        due_sleepers=count(row["due_sleepers"], cap),
        done_last_minute=count(row["done_last_minute"], cap),
        failed_last_minute=count(row["failed_last_minute"], count_queries.FAILED_CAP),
        oldest_due=min(due, default=None),
        last_claim=max(claims, default=None),
        oldest_expired=row["oldest_expired"],
    )


def is_outgrown(rows: Sequence[Row]) -> bool:
    """Whether the rows of `count_queries.small_branch` were cut off: the queue is not small."""
    runs, tasks = (sum(int(row[column]) for row in rows) for column in ("runs", "tasks"))
    return max(runs, tasks) > count_queries.SMALL_CAP


def small_counts(rows: Sequence[Row]) -> Row:
    """Make of the rows of `count_queries.small_branch` what one row of `count_queries.counts_branch` says."""
    states = {row["state"]: row for row in rows}

    def of(state: State, column: str) -> Any:
        return states[state][column] if state in states else None

    def number(state: State, column: str = "runs") -> int:
        return of(state, column) or 0

    due, expired = number(State.SLEEPING, "due"), number(State.RUNNING, "expired")
    lately = [at for at in (of(state, "first_lately") for state in (State.COMPLETED, State.FAILED)) if at is not None]
    changes = [of(State.RUNNING, "next_lease"), of(State.SLEEPING, "next"), *(at + 60.0 for at in lately)]
    return {
        "pending": number(State.PENDING),
        "running": number(State.RUNNING),
        "sleeping": number(State.SLEEPING),
        "completed": number(State.COMPLETED),
        "cancelled_runs": number(State.CANCELLED),
        "due_sleepers": due,
        "expired": expired,
        "done_last_minute": number(State.COMPLETED, "lately"),
        "failed_last_minute": number(State.FAILED, "lately"),
        "failed_runs": number(State.FAILED),
        "failed_tasks": number(State.FAILED, "tasks"),
        "cancelled_tasks": max(0, number(State.CANCELLED, "tasks") - number(State.CANCELLED)),
        "oldest_pending": of(State.PENDING, "first"),
        "oldest_due_sleeper": of(State.SLEEPING, "first") if due else None,
        "oldest_expired": of(State.RUNNING, "first_lease") if expired else None,
        "last_running": of(State.RUNNING, "last"),
        "last_completed": of(State.COMPLETED, "last"),
        "last_failed": of(State.FAILED, "last"),
        "changes_at": min((at for at in changes if at is not None), default=None),
    }


def count(value: int, cap: int) -> Count:
    """Read a count that was stopped one above its cap."""
    return Count(min(value, cap), value > cap)


def queue_reading(
    queue: ListedQueue, row: Row | None, total: Total | None, why: Refusal | None, done: tuple[int | None, ...]
) -> QueueReading:
    """Make the reading of one queue from its row of counts and its totals, or from why there is none."""
    return QueueReading(
        name=queue.name,
        storage_mode=queue.storage_mode,
        counts=counts(row, total) if row is not None else None,
        refusal=why,
        done=done,
    )


def task_row(queue: str, state: State, row: Row) -> TaskRow:
    """Read one row of a panel's statement."""
    return TaskRow(
        queue=queue,
        task_id=row["task_id"],
        run_id=row["run_id"],
        state=state,
        task_name=row["task_name"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        worker=row["worker"],
        claim_expires_at=row["claim_expires_at"],
        available_at=row["available_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        created_at=row["created_at"],
        enqueued_at=row["enqueued_at"],
        first_started_at=row["first_started_at"],
        cancelled_at=row["cancelled_at"],
        wake_event=row["wake_event"],
        failure=failure(row["failure_name"], row["failure_message"]),
        reached_step=row["reached_step"],
        preview=row["preview"],
        max_duration=row["max_duration"],
        max_delay=row["max_delay"],
        idempotency_key=row["idempotency_key"],
        is_retried=state is State.FAILED and row["is_unlike_task"],
        is_cancelled_by_failure=state is State.CANCELLED and row["is_unlike_task"],
        place=_place(state, row),
    )


def _place(state: State, row: Row) -> Place:
    has_no_lease = state is State.RUNNING and row["claim_expires_at"] is None
    return Place(int.from_bytes(row["place_at"], signed=True), row["run_id"], has_no_lease)


def failure(name: str | None, message: str | None) -> Failure | None:
    """Make the head of a failure, or None where there is no reason."""
    return Failure(name, message) if name is not None or message is not None else None


def natural_order(state: State, row: TaskRow) -> tuple[float, ...]:
    """Give the key that sorts a panel's rows as the panel shows them, ascending."""
    if state is State.PENDING:
        return (row.available_at, row.run_id.int)
    if state is State.RUNNING:
        return (inf if row.claim_expires_at is None else row.claim_expires_at, row.run_id.int)
    if state is State.SLEEPING:
        return (row.available_at, row.run_id.int)
    return by_end(row.cancelled_at if state is State.CANCELLED else row.ended_at, row.run_id)


def by_end(ended: float | None, run_id: UUID) -> tuple[float, ...]:
    """Give the key that sorts what ended, the latest first, by when that was (seconds since 1970)."""
    return (inf if ended is None else -ended, -run_id.int)
