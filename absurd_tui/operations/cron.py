"""Have pg_cron keep a queue up, or no longer (absurd.enable_cron, absurd.disable_cron)."""

import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.statements import DISABLE_CRON, ENABLE_CRON
from absurd_tui.operations import literals, pg_cron
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, JobsSet, Refused
from absurd_tui.operations.queue_requests import SwitchCron
from absurd_tui.operations.queue_standing import LOCK, READ, read_queue
from absurd_tui.operations.standing import XID_CYCLE, Fetch
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS_ON = Needs(Function("enable_cron", ("text",) * 4), "0.4.0", on_queues=("SELECT", "UPDATE"))
NEEDS_OFF = Needs(Function("disable_cron", ("text",)), "0.4.0", on_queues=("SELECT", "UPDATE"))


class Switch:
    """The switching on or off of a queue's jobs on its way through the envelope."""

    def __init__(self, request: SwitchCron) -> None:
        self._request = request
        self._is_there = False
        self.queue = request.queue

    @property
    def needs(self) -> Needs:
        """What the one or the other takes."""
        return NEEDS_ON if self._request.is_on else NEEDS_OFF

    async def learn(self, fetch: Fetch) -> None:
        """Learn whether there is pg_cron."""
        self._is_there = (await fetch(pg_cron.IS_THERE))[0]["is_there"]

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        jobs = (pg_cron.JOBS,) if self._is_there else ()
        return (LOCK, READ, *jobs, ENABLE_CRON if self._request.is_on else DISABLE_CRON)

    @property
    def sql(self) -> str:
        """The call."""
        function = "enable_cron" if self._request.is_on else "disable_cron"
        return literals.sql_call(function, literals.text_literal(self.queue))

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl."""
        return shlex.join(
            ["absurdctl", "cron", "--enable" if self._request.is_on else "--disable", f"--queue={self.queue}"]
        )

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the queue's row, see that it is the same queue, and compare its jobs with those that were shown."""
        if not self._is_there:
            return pg_cron.NOT_THERE
        await fetch(LOCK, self.queue)
        found = await read_queue(fetch, self.queue)
        if found.created_at is None:
            return Gone()
        if found.created_at != self._request.created_at:
            return Changed(None, found.after)
        jobs, _ = await pg_cron.read_jobs(fetch, self.queue)
        if self._is_so(jobs):
            return AlreadySo(None, since=None, queue_after=found.after)
        return None if jobs == self._request.seen else Changed(None, found.after)

    def _is_so(self, jobs: tuple[str, ...]) -> bool:
        return set(pg_cron.own_jobs(self.queue)) <= set(jobs) if self._request.is_on else not jobs

    async def call(self, session: WriteSession) -> None:
        """Switch them."""
        lifecycle = lifecycle_over(session)
        await (lifecycle.enable_cron(self.queue) if self._request.is_on else lifecycle.disable_cron(self.queue))

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Read the jobs again."""
        found = await read_queue(fetch, self.queue)
        jobs, ours = await pg_cron.read_jobs(fetch, self.queue, xmin=xid % XID_CYCLE)
        if not self._is_so(jobs) or (self._request.is_on and not ours):
            return Refused("Absurd took the call, but pg_cron's jobs are not what it should have left.")
        return JobsSet(None, queue_after=found.after, jobs=jobs)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue is there; its jobs may have been changed since."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at == self._request.created_at, None)
