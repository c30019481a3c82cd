"""The other side of the terminal: it spawns, works, and looks at the rows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from absurd_tui.lifecycle import Claim, Lifecycle, SpawnOptions
from absurd_tui.lifecycle.json_values import Json

QUEUE = "mail"
OTHER_QUEUE = "archive"
"""First in the alphabet, so that a form which nobody types a queue into has this one."""

WORKER = "worker-1:77"
ONCE = SpawnOptions(max_attempts=1)

_TASK = """
select t.state, t.attempts, t.max_attempts, t.params, t.completed_payload as result, r.state as run_state, r.attempt,
       date_part('epoch', r.claim_expires_at) as claim_expires_at
  from absurd.t_mail t join absurd.r_mail r on r.run_id = t.last_attempt_run where t.task_id = $1"""
_ROWS = """
select format('task %s', task_id) as key, to_jsonb(t)::text as row from absurd.t_mail t
union all select format('run %s of %s', run_id, task_id), to_jsonb(r)::text from absurd.r_mail r"""
_OURS = "application_name like 'absurd-tui/%' and datname = current_database()"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Side:
    """Each call is a connection of its own."""

    dsn: str

    def do(self, act: Callable[[Lifecycle], Awaitable[_T]]) -> _T:
        return self._connected(lambda connection: act(Lifecycle(connection)))

    def value(self, statement: str, *arguments: Any) -> Any:
        return self._connected(lambda connection: connection.fetchval(statement, *arguments))

    # what there is

    def task(self, task_id: UUID) -> Any:
        """A task, with its latest run."""
        return self._connected(lambda connection: connection.fetchrow(_TASK, task_id))

    def run_of(self, task_id: UUID) -> UUID:
        """The latest run of a task."""
        return UUID(str(self.value("select last_attempt_run from absurd.t_mail where task_id = $1", task_id)))

    def newest(self) -> UUID:
        """The task that was spawned last."""
        return UUID(str(self.value("select task_id from absurd.t_mail order by enqueue_at desc, task_id desc limit 1")))

    def rows(self) -> Mapping[str, str]:
        """Every task and run of the queue, whole, by what it is."""
        return {row["key"]: row["row"] for row in self._connected(lambda connection: connection.fetch(_ROWS))}

    @property
    def connections(self) -> int:
        """How many connections the dashboard has."""
        return int(self.value(f"select count(*) from pg_stat_activity where {_OURS}"))

    @property
    def writers(self) -> int:
        """How many of them have written: what only reads never begins a transaction, what wrote has ended one last."""
        has_ended = "lower(query) in ('commit', 'rollback')"
        return int(self.value(f"select count(*) from pg_stat_activity where {_OURS} and {has_ended}"))

    # what a worker and its callers do

    def spawn(self, name: str, params: Json = None) -> UUID:
        return self.do(lambda lifecycle: lifecycle.spawn(QUEUE, name, params, ONCE)).task_id

    def claim(self, *, lease: int = 600) -> Claim:
        """Claim the task that has been due for longest."""
        (claim,) = self.do(lambda lifecycle: lifecycle.claim(QUEUE, WORKER, lease))
        return claim

    def complete(self, task_id: UUID, result: Json = None) -> None:
        run_id = self.run_of(task_id)
        self.do(lambda lifecycle: lifecycle.complete(QUEUE, run_id, result))

    def fail(self, task_id: UUID) -> None:
        run_id, reason = self.run_of(task_id), {"name": "KeyError", "message": "no such card"}
        self.do(lambda lifecycle: lifecycle.fail(QUEUE, run_id, reason))

    # what a test begins with; no other task is pending meanwhile

    def running(self, name: str, *, lease: int = 600, params: Json = None) -> Claim:
        task_id = self.spawn(name, params)
        claim = self.claim(lease=lease)
        assert claim.task_id == task_id
        return claim

    def failed(self, name: str) -> UUID:
        task_id = self.running(name).task_id
        self.fail(task_id)
        return task_id

    def _connected(self, act: Callable[[Any], Awaitable[_T]]) -> _T:
        async def connected() -> _T:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await act(connection)
            finally:
                await connection.close()

        return asyncio.run(connected())
