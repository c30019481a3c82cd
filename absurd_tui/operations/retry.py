"""Try a failed task again: in place (absurd.retry_task), or as a new task; and what would lose it or stop its queue.

As a new task it is spawned (absurd.spawn_task) from its row, because absurd.retry_task
gives the new one no header that names it.
"""

import shlex
from uuid import UUID

from absurd_tui import units
from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.options import RetryOptions
from absurd_tui.lifecycle.statements import RETRY
from absurd_tui.observe.records import State
from absurd_tui.operations import copies, literals, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Refused, WouldBeLost
from absurd_tui.operations.preflight import new_max_attempts, whole_seconds, would_be_lost, would_stop_queue
from absurd_tui.operations.requests import RetryTask, Target
from absurd_tui.operations.standing import Fetch, Standing
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("retry_task", ("text", "uuid", "jsonb")),
    "0.2.0",
    (("r", ("SELECT", "INSERT")), ("t", ("SELECT", "UPDATE"))),
)
NEEDS_AS_NEW = copies.NEEDS_OF_ONE

MOST_EXTRA_ATTEMPTS = 1_000

_NOT_FAILED = {
    State.PENDING: "The task is pending: only a failed task can be retried.",
    State.RUNNING: "The task is running: only a failed task can be retried.",
    State.SLEEPING: "The task is sleeping: only a failed task can be retried.",
    State.COMPLETED: "The task has completed: only a failed task can be retried. Spawn a copy instead.",
    State.CANCELLED: "The task is cancelled: only a failed task can be retried. Spawn a copy instead.",
}


def refusal(
    state: State,
    first_started_at: float | None,
    max_duration: str | None,
    max_delay: str | None,
    now: float,
    *,
    as_new: bool,
    extra_attempts: int = 1,
) -> Refused | None:
    """Say why a task is not retried so, or None where it can be; `now` is the database's clock."""
    if state is not State.FAILED:
        return Refused(_NOT_FAILED[state])
    if would_stop_queue(max_duration, max_delay):
        return Refused("Its cancellation policy is no whole number of seconds: every claim in this queue would fail.")
    if as_new:
        return None
    if not 1 <= extra_attempts <= MOST_EXTRA_ATTEMPTS:
        return Refused(f"A retry allows from 1 to {MOST_EXTRA_ATTEMPTS:,} more attempts.")
    if first_started_at is not None and would_be_lost(first_started_at, max_duration, now):
        return WouldBeLost(
            f"Would be lost: max_duration is {_limit(max_duration)} and the task first started"
            f" {units.age(now - first_started_at)} ago. The next claim cancels it before a worker runs it,"
            " and a cancelled task cannot be retried."
        )
    return None


def judge(target: Target, found: Standing | None, *, as_new: bool, extra_attempts: int = 1) -> Found | None:
    """Compare the task as it stands with the target, and look ahead; None when the call may be made."""
    if found is None:
        return Gone()
    if not found.is_as_seen(target):
        return _moved_on(target, found, as_new=as_new)
    return refusal(
        found.state,
        found.first_started_at,
        found.max_duration,
        found.max_delay,
        found.now,
        as_new=as_new,
        extra_attempts=extra_attempts,
    )


def _moved_on(target: Target, found: Standing, *, as_new: bool) -> Found:
    """A failed task with a later attempt that has not failed was retried by somebody: just what was asked."""
    was_retried = target.state is State.FAILED and found.attempt > target.attempt
    if as_new or not was_retried or found.state in (State.FAILED, State.CANCELLED):
        return Changed(found.after)
    return AlreadySo(found.after, since=found.run_created_at if found.attempt == target.attempt + 1 else None)


def is_borne_out(target: Target, found: Standing | None, *, as_new: bool) -> bool:
    """Whether the task can be what a retry left."""
    return found is not None and (as_new or found.attempt > target.attempt)


class Retry:
    """A retry on its way through the envelope."""

    def __init__(self, request: RetryTask) -> None:
        self._request = request
        self._target = request.target
        self._options = RetryOptions()
        self._made: UUID | None = None
        self.queue = request.target.queue

    @property
    def needs(self) -> Needs:
        """A new task is inserted, an old one updated."""
        return NEEDS_AS_NEW if self._request.as_new else NEEDS

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction: absurd.retry_task locks the task's row alone, and so do we."""
        call = copies.copy_all(self.queue) if self._request.as_new else RETRY
        return (standing.lock_task(self.queue), standing.read_task(self.queue), call)

    @property
    def sql(self) -> str:
        """The call, with the limit that follows from the locked row."""
        if self._request.as_new:
            return copies.told(self.queue, [self._target.task_id], [None])
        options = {"max_attempts": self._options.max_attempts}
        queue, task_id = literals.text_literal(self.queue), literals.id_literal(self._target.task_id)
        return literals.sql_call("retry_task", queue, task_id, literals.json_literal(options))

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl, which gives a new task no header."""
        if self._request.as_new:
            return None
        how = ["--max-attempts", str(self._options.max_attempts)]
        return shlex.join(["absurdctl", "retry-task", "-q", self.queue, *how, str(self._target.task_id)])

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock, read, compare, and look whether the next claim would take the task away."""
        request = self._request
        found = await standing.locked(fetch, self._target, with_runs=False)
        hindrance = judge(self._target, found, as_new=request.as_new, extra_attempts=request.extra_attempts)
        if hindrance is None and found is not None and not request.as_new:
            limit = new_max_attempts(found.attempts, found.max_attempts, request.extra_attempts)
            self._options = RetryOptions(max_attempts=limit)
        return hindrance

    async def call(self, session: WriteSession) -> None:
        """Retry the task, or copy it."""
        task_id = self._target.task_id
        if self._request.as_new:
            rows = await session.fetch(copies.copy_all(self.queue), self.queue, [task_id], [None])
            self._made = rows[0]["task_id"] if rows else None
        else:
            self._made = (await lifecycle_over(session).retry(self.queue, task_id, self._options)).task_id

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell the retried task, or the new one, as it is now."""
        found = await self._read(fetch, xid)
        if self._made is None or found is None or not found.is_ours_task:
            return Refused("Absurd took the call, but the task is as it was.")
        return Done(found.after, spawned=(self._made,) if self._request.as_new else ())

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The attempt was added, or the new task is there."""
        found = await self._read(fetch, xid)
        is_so = is_borne_out(self._target, found, as_new=self._request.as_new)
        return Confirmation(is_so, found.after if found else None)

    async def _read(self, fetch: Fetch, xid: int) -> Standing | None:
        task_id = self._made or self._target.task_id
        return await standing.read(fetch, self.queue, task_id, xid=xid)


def _limit(max_duration: str | None) -> str:
    return units.time_left(whole_seconds(max_duration) or 0)
