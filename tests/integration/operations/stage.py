"""The other side of a write: makes tasks in every state, changes them, reads what is true of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from absurd_tui.database import writing
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations.requests import (
    CancelTask,
    EmitEvent,
    ExtendClaim,
    FailRun,
    Request,
    RetryTask,
    SpawnTask,
    Target,
    TaskRequest,
)

QUEUE = "mail"
CALLS = {
    "cancel": "absurd.cancel_task",
    "retry": "absurd.retry_task",
    "retry as new": "absurd.spawn_task",
    "extend": "absurd.extend_claim",
    "fail": "absurd.fail_run",
    "spawn": "absurd.spawn_task",
    "emit": "absurd.emit_event",
}
"""The operations, and the function that each calls."""

OPERATIONS = tuple(CALLS)
WITHOUT_TARGET = ("spawn", "emit")
"""Those that are about no task that was seen."""

ONE_ATTEMPT = SpawnOptions(max_attempts=1)
EVENT = "invoice.paid"
KEYED = SpawnOptions(idempotency_key="order-1")

_ROW = """
select t.state, t.task_name, t.attempts, t.max_attempts, t.cancelled_at, t.last_attempt_run as run_id, r.attempt,
       r.state as run_state, date_part('epoch', r.started_at) as claimed_at,
       date_part('epoch', r.claim_expires_at) as claim_expires_at,
       date_part('epoch', clock_timestamp()) as now
  from absurd.t_mail t join absurd.r_mail r on r.run_id = t.last_attempt_run where t.task_id = $1"""

_WAITING = """
select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
                  and application_name like 'absurd-tui/%')"""


@dataclass(frozen=True)
class Stage:
    connection: asyncpg.Connection

    @property
    def lifecycle(self) -> Lifecycle:
        return Lifecycle(self.connection)

    async def pending(self, options: SpawnOptions = ONE_ATTEMPT) -> UUID:
        return (await self.lifecycle.spawn(QUEUE, "welcome", {"user": 42}, options)).task_id

    async def running(self, *, lease: int = 60, options: SpawnOptions = ONE_ATTEMPT) -> UUID:
        task_id = await self.pending(options)
        await self.claim(lease)
        return task_id

    async def failed(self, options: SpawnOptions = ONE_ATTEMPT) -> UUID:
        task_id = await self.running(options=options)
        await self.lifecycle.fail(QUEUE, (await self.row(task_id))["run_id"], {"message": "no"})
        return task_id

    async def cancelled(self) -> UUID:
        """Spawn a task that is cancelled."""
        task_id = await self.pending()
        await self.lifecycle.cancel(QUEUE, task_id)
        return task_id

    async def completed(self) -> UUID:
        task_id = await self.running()
        await self.complete(task_id)
        return task_id

    async def waiting(self, event: str, *, timeout: int | None = None) -> UUID:
        """Spawn a task that waits for an event."""
        task_id = await self.running()
        run_id = (await self.row(task_id))["run_id"]
        await self.lifecycle.await_event(QUEUE, task_id, run_id, f"$awaitEvent:{event}", event, timeout)
        return task_id

    async def claim(self, lease: int = 60) -> None:
        assert len(await self.lifecycle.claim(QUEUE, "worker-1", lease)) == 1

    async def complete(self, task_id: UUID) -> None:
        await self.lifecycle.complete(QUEUE, (await self.row(task_id))["run_id"], "done")

    async def delete(self, task_id: UUID) -> None:
        await self.connection.execute("delete from absurd.t_mail where task_id = $1", task_id)
        await self.connection.execute("delete from absurd.r_mail where task_id = $1", task_id)

    async def row(self, task_id: UUID) -> Any:
        return await self.connection.fetchrow(_ROW, task_id)

    async def count(self) -> int:
        found: int = await self.connection.fetchval("select count(*) from absurd.t_mail")
        return found

    async def target(self, task_id: UUID) -> Target:
        """The task as a screen shows it now."""
        row = await self.row(task_id)
        return Target(
            queue=QUEUE,
            task_id=task_id,
            run_id=row["run_id"],
            task_name=row["task_name"],
            state=State(row["state"]),
            attempt=row["attempt"],
            claim_expires_at=row["claim_expires_at"],
            seen_at=row["now"],
        )

    async def request(self, operation: str) -> Request:
        """A request that would be done if nobody interfered, on a task of its own."""
        if operation == "cancel":
            return CancelTask(await self.target(await self.running()))
        if operation == "retry":
            return RetryTask(await self.target(await self.failed()))
        if operation == "retry as new":
            return RetryTask(await self.target(await self.failed()), as_new=True)
        if operation == "extend":
            return ExtendClaim(await self.target(await self.running()), seconds=300)
        if operation == "fail":
            return await self.fail_run(await self.running(options=SpawnOptions(max_attempts=2)))
        if operation == "emit":
            await self.waiting(EVENT)
            return EmitEvent(QUEUE, EVENT, {"paid": 42})
        return SpawnTask(QUEUE, "welcome", {"user": 42}, KEYED)

    async def fail_run(self, task_id: UUID) -> FailRun:
        """A failing by hand of the run as a screen shows it now."""
        return FailRun(await self.target(task_id), (await self.row(task_id))["claimed_at"])

    async def until_we_wait_for_a_lock(self) -> None:
        """Until a write of ours waits for somebody."""
        await until(lambda: self.connection.fetchval(_WAITING))

    async def is_done(self, request: Request) -> bool:
        """Whether the database shows what the request asked for."""
        if isinstance(request, SpawnTask):
            return await self.count() > 0
        if isinstance(request, EmitEvent):
            statement = "select payload is not null from absurd.e_mail where event_name = $1"
            return bool(await self.connection.fetchval(statement, request.event_name))
        assert isinstance(request, TaskRequest)
        row = await self.row(request.target.task_id)
        if isinstance(request, CancelTask):
            return bool(row["state"] == "cancelled")
        if isinstance(request, ExtendClaim):
            return bool(row["claim_expires_at"] - row["now"] > 200)
        if isinstance(request, FailRun):
            return bool(row["attempt"] == 2)
        return await self.count() == 2 if request.as_new else bool(row["attempt"] == 2)


def give_up_soon(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.5) -> None:
    """Have a client wait some seconds for the answer to a call or a COMMIT, so that a black hole costs no ten.

    For everything else it waits as long as ever: a slow machine is no black hole.
    """
    fetch, commit = writing.WriteSession.fetch, writing.WriteSession.commit

    async def fetch_impatiently(self: writing.WriteSession, statement: str, *arguments: Any) -> Any:
        if not any(call in statement for call in CALLS.values()):
            return await fetch(self, statement, *arguments)
        with monkeypatch.context() as impatient:
            impatient.setattr(writing, "CLIENT_SECONDS", seconds)
            return await fetch(self, statement, *arguments)

    async def commit_impatiently(self: writing.WriteSession) -> bool:
        with monkeypatch.context() as impatient:
            impatient.setattr(writing, "CLIENT_SECONDS", seconds)
            return await commit(self)

    monkeypatch.setattr(writing.WriteSession, "fetch", fetch_impatiently)
    monkeypatch.setattr(writing.WriteSession, "commit", commit_impatiently)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Until something is so in the database; a minute at most."""
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)
