"""A task as it stands in the database: its rows locked in Absurd's own order, read, and compared with a target.

Absurd's functions lock a task's runs before the task; a writer that did it the
other way round would end workers by deadlock.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from absurd_tui.observe.queries import seconds, table
from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After
from absurd_tui.operations.requests import Target

Fetch: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]

_STATES = {state.value: state for state in State}
XID_CYCLE = 2**32
"""A row's xmin holds this remainder of the transaction id."""


class Standing(NamedTuple):
    """A task and the run that decides its state, read at `now`; a tuple, because a bulk makes thousands of them.

    `is_ours_task` and `is_ours_run` say whether the newest version of the row was written by the asking transaction.
    `run_created_at` is when the attempt was put into the queue; it and `run_id` are None where the run is missing.
    """

    state: State
    attempt: int
    run_id: UUID | None
    claimed_at: float | None
    claim_expires_at: float | None
    cancelled_at: float | None
    run_created_at: float | None
    first_started_at: float | None
    attempts: int
    max_attempts: int | None
    max_duration: str | None
    max_delay: str | None
    now: float
    is_ours_task: bool
    is_ours_run: bool

    @property
    def after(self) -> After:
        """What an outcome tells of it. A run that is over keeps the end of its last lease, which means nothing."""
        lease = self.claim_expires_at if self.state is State.RUNNING else None
        return After(self.state, self.attempt, lease, self.now)

    def is_as_seen(self, target: Target) -> bool:
        """Whether state, run and attempt are what the operator saw."""
        return (self.state, self.run_id, self.attempt) == (target.state, target.run_id, target.attempt)


_COLUMNS = 1 + len(Standing._fields)


class Transaction(NamedTuple):
    """A transaction of ours: its id, and the database's clock when that was asked for."""

    xid: int
    now: float


def lock_runs(queue: str) -> str:
    """Lock the live runs of the task $1, in the order in which absurd.cancel_task does."""
    return f"""
select run_id from {table("r", queue)}
 where task_id = $1 and state in ('pending', 'running', 'sleeping') order by run_id for update"""


def lock_task(queue: str) -> str:
    """Lock the task $1, after its runs."""
    return f"select task_id from {table('t', queue)} where task_id = $1 for update"


def lock_runs_of_many(queue: str) -> str:
    """Lock the live runs of the tasks $1, but those that somebody else holds."""
    return f"""
select run_id from {table("r", queue)}
 where task_id = any($1::uuid[]) and state in ('pending', 'running', 'sleeping')
 order by run_id for update skip locked"""


def lock_many(queue: str) -> str:
    """Lock the tasks $1, after their runs, but those that somebody else holds, and read what was locked.

    A run that decides a task's state and may change was locked before, so that it is as it is read here. The id of
    the transaction comes along, which locking needs anyhow: asked for by itself it would cost another round trip.
    """
    return f"""{_standings(queue, and_more=", (select pg_current_xact_id()::text::bigint) as xid")}
 where t.task_id = any($1::uuid[]) order by t.task_id for update of t skip locked"""


def read_task(queue: str) -> str:
    """Read the task $1 with the run that decides its state."""
    return f"{_standings(queue)} where t.task_id = $1"


def read_many(queue: str) -> str:
    """Read the tasks $1, each with the run that decides its state."""
    return f"{_standings(queue)} where t.task_id = any($1::uuid[])"


def read_written(queue: str) -> str:
    """Read what a call left of the tasks $1: less than is read before it, because this holds the locks for longer.

    Absurd keeps the attempt of a task's last run with the task.
    """
    return f"""
select t.task_id, t.state, t.attempts, (select {seconds("clock_timestamp()")}) as now, t.xmin as task_xmin
  from {table("t", queue)} t where t.task_id = any($1::uuid[])"""


def _standings(queue: str, *, and_more: str = "") -> str:
    """Its columns are the task's id, then the fields of `Standing`, in their order."""
    return f"""
select t.task_id, t.state, coalesce(r.attempt, t.attempts) as attempt, r.run_id,
       {seconds("r.started_at")} as claimed_at, {seconds("r.claim_expires_at")} as claim_expires_at,
       {seconds("t.cancelled_at")} as cancelled_at,
       {seconds("r.created_at")} as run_created_at, {seconds("t.first_started_at")} as first_started_at,
       t.attempts, t.max_attempts,
       t.cancellation ->> 'max_duration' as max_duration, t.cancellation ->> 'max_delay' as max_delay,
       {seconds("clock_timestamp()")} as now,
       t.xmin as task_xmin, r.xmin as run_xmin{and_more}
  from {table("t", queue)} t left join {table("r", queue)} r on r.run_id = t.last_attempt_run"""


async def locked(fetch: Fetch, target: Target, *, with_runs: bool) -> Standing | None:
    """Lock a task (its live runs first, where the call will lock those), then read it; None where it is gone."""
    if with_runs:
        await fetch(lock_runs(target.queue), target.task_id)
    await fetch(lock_task(target.queue), target.task_id)
    return await read(fetch, target.queue, target.task_id)


async def read(fetch: Fetch, queue: str, task_id: UUID, *, xid: int = 0) -> Standing | None:
    """Read a task as it stands, `xid` being the transaction that asks whether it wrote the rows; None where gone."""
    rows = await fetch(read_task(queue), task_id)
    return _standing(rows[0], xid) if rows else None


async def lock_all(
    fetch: Fetch, queue: str, task_ids: Sequence[UUID]
) -> tuple[Mapping[UUID, Standing], Transaction | None]:
    """Lock the tasks that nobody else holds; give them as they stand, and, where there are any, who has locked them."""
    rows = await fetch(lock_many(queue), task_ids)
    transaction = Transaction(rows[0]["xid"], rows[0]["now"]) if rows else None
    return {row["task_id"]: _standing(row) for row in rows}, transaction


async def read_all(fetch: Fetch, queue: str, task_ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
    """Read many tasks as they stand, by their ids; those that are gone are left out."""
    return {row["task_id"]: _standing(row) for row in await fetch(read_many(queue), task_ids)}


async def written(fetch: Fetch, queue: str, task_ids: Sequence[UUID], xid: int) -> Mapping[UUID, After]:
    """Read the tasks that the transaction `xid` wrote; none of them runs afterwards, so that there is no lease.

    Tasks that stand alike share what is told of them.
    """
    rows = await fetch(read_written(queue), task_ids)
    ours = xid % XID_CYCLE
    after = cache(_after)
    return {
        row["task_id"]: after(row["state"], row["attempts"], row["now"]) for row in rows if row["task_xmin"] == ours
    }


def _after(state: str, attempt: int, now: float) -> After:
    return After(_STATES[state], attempt, None, now)


def _standing(row: Any, xid: int = 0) -> Standing:
    _, state, *told, task_xmin, run_xmin = row[:_COLUMNS]
    ours = xid % XID_CYCLE
    return Standing._make((_STATES[state], *told, task_xmin == ours, run_xmin == ours))
