"""How many tasks of a queue are in each state. Reads Absurd's tables, as the demo's own check of itself."""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

STATES = ("pending", "running", "sleeping", "failed", "completed", "cancelled")


async def tasks_by_state(
    connection: "asyncpg.Connection[asyncpg.Record]", queue_name: str, *, since: datetime | None = None
) -> dict[str, int]:
    """The number of tasks per state, of those enqueued at `since` or later; a state without any is missing."""
    rows = await connection.fetch(
        f"SELECT state, count(*) AS tasks FROM absurd.{_quoted('t_' + queue_name)} "
        "WHERE $1::timestamptz IS NULL OR enqueue_at >= $1 GROUP BY state",
        since,
    )
    return {row["state"]: row["tasks"] for row in rows}


async def waiting_runs(connection: "asyncpg.Connection[asyncpg.Record]", queue_name: str, *, at_most: int) -> int:
    """The number of pending runs, counted no further than `at_most`."""
    waiting: int = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM absurd.{_quoted('r_' + queue_name)} WHERE state = 'pending' LIMIT $1) runs",
        at_most,
    )
    return waiting


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
