"""Have pg_cron detach and drop old, empty partitions of a queue (absurd.schedule_detach_jobs).

Absurd itself detaches nothing in a transaction: it makes jobs, of the oldest such
partition of each table, that do it within the next minutes.
"""

from typing import Final

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.observe.queue_queries import DETACHABLE
from absurd_tui.operations import literals, pg_cron
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, JobsSet, Refused
from absurd_tui.operations.queue_requests import DetachPartitions
from absurd_tui.operations.queue_standing import LOCK, READ, read_queue
from absurd_tui.operations.standing import XID_CYCLE, Fetch
from absurd_tui.operations.work import Confirmation, Found

NEEDS = Needs(Function("schedule_detach_jobs", ("text",)), "0.4.0", on_queues=("SELECT", "UPDATE"))
NOT_PARTITIONED: Final = "Queue {queue} is unpartitioned: there are no partitions to detach."
_SCHEDULE: Final = "select job_name from absurd.schedule_detach_jobs($1::text)"


class Detach:
    """The scheduling of these jobs on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: DetachPartitions) -> None:
        self._request = request
        self._is_there = False
        self._made: frozenset[str] = frozenset()
        self.queue = request.queue

    async def learn(self, fetch: Fetch) -> None:
        """Learn whether there is pg_cron."""
        self._is_there = (await fetch(pg_cron.IS_THERE))[0]["is_there"]

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        jobs = (pg_cron.JOBS,) if self._is_there else ()
        return (LOCK, READ, DETACHABLE, *jobs, _SCHEDULE)

    @property
    def sql(self) -> str:
        """The call."""
        return literals.sql_call("schedule_detach_jobs", literals.text_literal(self.queue))

    @property
    def absurdctl(self) -> str | None:
        """absurdctl detaches by itself, one partition at a time."""
        return None

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the queue's row, see that it is the same queue, and compare the partitions with those named."""
        if not self._is_there:
            return pg_cron.NOT_THERE
        await fetch(LOCK, self.queue)
        found = await read_queue(fetch, self.queue)
        if found.created_at is None:
            return Gone()
        if found.created_at != self._request.created_at:
            return Changed(None, found.after)
        if found.storage_mode != "partitioned":
            return Refused(NOT_PARTITIONED.format(queue=self.queue))
        candidates = tuple(row["partition_table"] for row in await fetch(DETACHABLE, self.queue))
        return None if candidates == self._request.seen else Changed(None, found.after)

    async def call(self, session: WriteSession) -> None:
        """Make the jobs."""
        self._made = frozenset(row["job_name"] for row in await session.fetch(_SCHEDULE, self.queue))

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Read the jobs again; where each table has one under way Absurd makes none."""
        found = await read_queue(fetch, self.queue)
        if not self._made:
            return AlreadySo(None, since=None, queue_after=found.after)
        jobs, ours = await pg_cron.read_jobs(fetch, self.queue, xmin=xid % XID_CYCLE)
        if ours < len(self._made):
            return Refused("Absurd took the call, but pg_cron has not the jobs that it says it made.")
        made = tuple(one for one in jobs if one.partition(" ")[0] in self._made)
        return JobsSet(None, queue_after=found.after, jobs=made)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue is there; the jobs may have done their work since."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at == self._request.created_at, None)
