"""Reads pages of failed attempts over the connection of the task pages."""

from absurd_tui.observe import failure_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.failure_groups import FailedRun
from absurd_tui.observe.failure_walk import FailedPage
from absurd_tui.observe.looking import Looking
from absurd_tui.observe.places import literal
from absurd_tui.observe.records import Place


class FailureReader:
    """Reads one page at a time."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        """Read a page of the failed attempts before a place, newest claim first."""
        statement = failure_queries.page_statement(queue)
        looked = await self._looking.take(lambda fetch: fetch(statement, literal(before.at), before.run_id))
        rows = looked.found
        now = rows[-1]["now"] if rows else None
        return FailedPage(tuple(_failed_run(queue, row) for row in rows), now, looked.cost)


def _failed_run(queue: str, row: Row) -> FailedRun:
    return FailedRun(
        queue=queue,
        task_id=row["task_id"],
        run_id=row["run_id"],
        task_name=row["task_name"],
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        claimed_at=row["claimed_at"],
        failed_at=row["failed_at"],
        place=Place(int.from_bytes(row["place_at"], signed=True), row["run_id"]),
        name=row["failure_name"],
        message=row["failure_message"],
        trace=row["trace"],
        is_final=row["is_final"],
    )
