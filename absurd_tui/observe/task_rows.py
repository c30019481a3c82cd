"""From the rows of a task's statements to its page, and from a page back to the row a panel shows."""

from collections.abc import Sequence
from uuid import UUID

from absurd_tui.observe.branches import Row
from absurd_tui.observe.records import Refusal, State, TaskRow
from absurd_tui.observe.rows import failure
from absurd_tui.observe.task_queries import MOST_CHECKPOINTS, MOST_RUNS, SHOWN_CHARACTERS
from absurd_tui.observe.task_records import Attempt, CheckpointRow, Document, TaskPage, Wait


def task_page(
    queue: str,
    task_id: UUID,
    taken: float,
    rows: Sequence[Row],
    documents: Row,
    checkpoints: Sequence[Row] | Refusal,
    waits: Sequence[Row] | Refusal,
) -> TaskPage:
    """Make a task's page of the rows of its statements; a refusal stands for the rows of a part that was refused."""
    first = rows[0]
    runs = [attempt(row) for row in rows if row["run_id"] is not None]
    steps = () if isinstance(checkpoints, Refusal) else tuple(checkpoint(row) for row in checkpoints)
    return TaskPage(
        now=first["now"],
        taken=taken,
        queue=queue,
        task_id=task_id,
        task_name=first["task_name"],
        state=State(first["task_state"]),
        attempts=first["attempts"],
        max_attempts=first["max_attempts"],
        enqueued_at=first["enqueued_at"],
        first_started_at=first["first_started_at"],
        cancelled_at=first["cancelled_at"],
        retry_strategy=first["retry_strategy"],
        cancellation=first["cancellation"],
        max_duration=first["max_duration"],
        max_delay=first["max_delay"],
        idempotency_key=first["idempotency_key"],
        params=document(documents["params_size"], documents["params"]) or Document(0, None),
        headers=document(documents["headers_size"], documents["headers"]),
        result=document(documents["result_size"], documents["result"]),
        runs=tuple(runs[-MOST_RUNS:]),
        checkpoints=steps[-MOST_CHECKPOINTS:],
        waits=() if isinstance(waits, Refusal) else tuple(wait(row) for row in waits),
        has_more_runs=len(runs) > MOST_RUNS,
        has_more_checkpoints=len(steps) > MOST_CHECKPOINTS,
        checkpoints_refusal=checkpoints if isinstance(checkpoints, Refusal) else None,
        waits_refusal=waits if isinstance(waits, Refusal) else None,
    )


def attempt(row: Row) -> Attempt:
    """Read the run in one row of `task_queries.task`."""
    return Attempt(
        run_id=row["run_id"],
        attempt=row["attempt"],
        state=State(row["state"]),
        worker=row["worker"],
        claim_expires_at=row["claim_expires_at"],
        available_at=row["available_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        failed_at=row["failed_at"],
        created_at=row["created_at"],
        wake_event=row["wake_event"],
        failure=failure(row["failure_name"], row["failure_message"]),
        reason=document(row["reason_size"], row["reason"]),
    )


def checkpoint(row: Row) -> CheckpointRow:
    """Read one row of `task_queries.checkpoints`."""
    return CheckpointRow(
        checkpoint_name=row["checkpoint_name"],
        status=row["status"],
        owner_run_id=row["owner_run_id"],
        updated_at=row["updated_at"],
        size=row["size"],
    )


def wait(row: Row) -> Wait:
    """Read one row of `task_queries.waits`."""
    return Wait(row["step_name"], row["event_name"], row["timeout_at"], row["created_at"])


def document(size: int | None, text: str | None, *, limit: int = SHOWN_CHARACTERS) -> Document | None:
    """Make a document of a stored size and of text that was cut one character above a limit; None for no value."""
    if size is None:
        return None
    if text is None or len(text) <= limit:
        return Document(size, text)
    return Document(size, text[:limit], is_cut=True)


def row_of(page: TaskPage) -> TaskRow | None:
    """Make the row that a panel would show of a page's task, or None where it has no run left."""
    run = page.last_run
    if run is None:
        return None
    before = page.runs[-2] if len(page.runs) > 1 else None
    steps = [step.checkpoint_name for step in page.checkpoints if step.owner_run_id == run.run_id]
    return TaskRow(
        queue=page.queue,
        task_id=page.task_id,
        run_id=run.run_id,
        state=page.state,
        task_name=page.task_name,
        attempt=run.attempt,
        max_attempts=page.max_attempts,
        worker=run.worker,
        claim_expires_at=run.claim_expires_at,
        available_at=run.available_at,
        started_at=run.started_at,
        ended_at=run.ended_at,
        created_at=run.created_at,
        enqueued_at=page.enqueued_at,
        first_started_at=page.first_started_at,
        cancelled_at=page.cancelled_at,
        wake_event=run.wake_event,
        failure=run.failure or (before.failure if before is not None else None),
        reached_step=steps[-1] if steps else None,
        preview=None,
        max_duration=page.max_duration,
        max_delay=page.max_delay,
        idempotency_key=page.idempotency_key,
        is_cancelled_by_failure=page.state is State.CANCELLED and run.state is State.FAILED,
    )
