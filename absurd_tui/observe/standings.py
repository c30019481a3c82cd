"""Reads how followed tasks stand, by primary key, over the connection of the polls.

That is one statement, and another where some sleep and only a checkpoint says why.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from absurd_tui.database.faults import Fault, classify
from absurd_tui.database.session import Session
from absurd_tui.observe import task_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.observe.records import State
from absurd_tui.observe.rows import failure

_Steps = Mapping[UUID, str]


async def read_standings(session: Session, queue: str, task_ids: Sequence[UUID]) -> Standings:
    """Read some tasks of a queue. Raises what asyncpg raises; `faults.classify` reads it."""
    rows = await session.fetch(task_queries.standings(queue), list(task_ids))
    there = [row for row in rows if row["task_id"] is not None]
    steps = await _reached_steps(session, queue, [row for row in there if _is_put_off(row)])
    tasks = {row["task_id"]: _task(row, steps) for row in there}
    return Standings(rows[0]["now"], {task_id: tasks.get(task_id) for task_id in task_ids})


async def _reached_steps(session: Session, queue: str, rows: Sequence[Row]) -> _Steps | None:
    """Read the newest checkpoints of some runs by their tasks; None where that is refused."""
    if not rows:
        return {}
    ids = ([row["task_id"] for row in rows], [row["run_id"] for row in rows])
    try:
        found = await session.fetch(task_queries.reached_steps(queue), *ids)
    except Exception as error:
        if classify(error) is not Fault.PANEL:
            raise
        return None
    return {row["task_id"]: row["name"] for row in found}


def _is_put_off(row: Row) -> bool:
    """Whether a worker, or a step of the task, put it off to a time."""
    return row["state"] == State.SLEEPING and row["wake_event"] is None and row["started_at"] is not None


def _task(row: Row, steps: _Steps | None) -> FollowedTask:
    return FollowedTask(
        task_id=row["task_id"],
        state=State(row["state"]),
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        worker=row["worker"],
        claim_expires_at=row["claim_expires_at"],
        available_at=row["available_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        enqueued_at=row["enqueued_at"],
        cancelled_at=row["cancelled_at"],
        wake_event=row["wake_event"],
        failure=failure(row["failure_name"], row["failure_message"]),
        reached_step=steps.get(row["task_id"]) if steps is not None else None,
        has_steps=steps is not None,
    )
