"""Reads how followed tasks stand: one statement by primary key, over the connection of the polls."""

from collections.abc import Sequence
from uuid import UUID

from absurd_tui.database.session import Session
from absurd_tui.observe import task_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.observe.records import State
from absurd_tui.observe.rows import failure


async def read_standings(session: Session, queue: str, task_ids: Sequence[UUID]) -> Standings:
    """Read some tasks of a queue. Raises what asyncpg raises; `faults.classify` reads it."""
    rows = await session.fetch(task_queries.standings(queue), list(task_ids))
    there = {row["task_id"]: _task(row) for row in rows if row["task_id"] is not None}
    return Standings(rows[0]["now"], {task_id: there.get(task_id) for task_id in task_ids})


def _task(row: Row) -> FollowedTask:
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
    )
