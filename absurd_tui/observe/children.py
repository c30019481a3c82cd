"""The tasks that a task likely spawned: Absurd keeps no parent, but a task's checkpoints name what it waits for.

An SDK's step keeps what it returned, so that the id of a task that was spawned in one
stands in its state; `$awaitTaskResult:` has the id in its name. Every id found so is
looked up in all queues, and counts where the task is younger than the parent.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from absurd_tui.database.queue_names import IS_TEXT, QUEUE_NAME
from absurd_tui.observe.branches import NO_TEXT
from absurd_tui.observe.queries import seconds, table
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_queries import MOST_NAME

MOST_CHILDREN = 100
MOST_DEPTH = 5
_QUEUES_AT_ONCE = 50
_STATE_BYTES = 8_000
_MOST_CHECKPOINTS = 500
UUID_WRITTEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

Fetch: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]

_QUEUES = f"""
select {QUEUE_NAME} as name, x.is_text, t.oid is not null and r.oid is not null and c.oid is not null as has_tables,
       coalesce(has_table_privilege(t.oid, 'SELECT') and has_table_privilege(r.oid, 'SELECT')
                and has_table_privilege(c.oid, 'SELECT'), false) as is_readable
  from absurd.queues q {IS_TEXT}
  left join pg_namespace n on n.nspname = 'absurd'
  left join pg_class t on t.relnamespace = n.oid and t.relname = 't_' || q.queue_name
  left join pg_class r on r.relnamespace = n.oid and r.relname = 'r_' || q.queue_name
  left join pg_class c on c.relnamespace = n.oid and c.relname = 'c_' || q.queue_name
 order by q.queue_name"""

RefusedQueues: TypeAlias = tuple[tuple[str, Refusal], ...]
"""The queues that were not looked into, each with the reason."""


@dataclass(frozen=True, slots=True)
class Child:
    """A task that likely descends from another, as it stood at `seen_at`, and the run that decides its state."""

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    state: State
    attempt: int
    claim_expires_at: float | None
    seen_at: float


@dataclass(frozen=True, slots=True)
class Named:
    """The ids that checkpoints of some tasks name, each with the first checkpoint that does.

    `is_cut` says that not all of their checkpoints were looked at.
    """

    steps: Mapping[UUID, str]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Children:
    """Those that were found, nearest first; `is_cut` says that there may be more than were looked for."""

    found: tuple[Child, ...]
    is_cut: bool = False
    refused: RefusedQueues = ()


def named_in(queue: str) -> str:
    """Read what the checkpoints of the tasks $1 say, small states only, and which of them say more than that."""
    return f"""
select left(c.checkpoint_name, {MOST_NAME}) as name, left(s.said, {_STATE_BYTES}) as said,
       c.state is not null and coalesce(length(s.said) > {_STATE_BYTES}, true) as is_cut
  from {table("c", queue)} c
 cross join lateral (select case when pg_column_size(c.state) < {_STATE_BYTES} then c.state::text end as said) s
 where c.task_id = any($1::uuid[]) limit {_MOST_CHECKPOINTS}"""


def tasks_of(queues: Sequence[str]) -> str:
    """Read the tasks $1 in some queues, with the run that decides the state of each."""
    return " union all ".join(
        f"""
select {position} as qi, t.task_id, left(t.task_name, 200) as task_name, t.state, r.run_id, r.attempt,
       {seconds("r.claim_expires_at")} as claim_expires_at, {seconds("clock_timestamp()")} as now
  from {table("t", queue)} t join {table("r", queue)} r on r.run_id = t.last_attempt_run
 where t.task_id = any($1::uuid[])"""
        for position, queue in enumerate(queues)
    )


async def read_children(fetch: Fetch, queue: str, task_id: UUID) -> Children:
    """Find the children of a task, and theirs."""
    queues, refused = await readable_queues(fetch)
    found: dict[UUID, Child] = {}
    parents = {queue: [task_id]} if queue in queues else {}
    is_cut = bool(refused)
    for _ in range(MOST_DEPTH):
        named = await named_by(fetch, parents)
        is_cut = is_cut or named.is_cut
        # ids begin with the time at which they were made
        younger = [each for each in named.steps if each > task_id and each not in found]
        children = await read_tasks(fetch, queues, younger) if younger else []
        parents = {}
        for child in children:
            found[child.task_id] = child
            parents.setdefault(child.queue, []).append(child.task_id)
        if not parents or len(found) > MOST_CHILDREN:
            break
    return Children(tuple(found.values())[:MOST_CHILDREN], is_cut=is_cut or bool(parents), refused=refused)


async def readable_queues(fetch: Fetch) -> tuple[list[str], RefusedQueues]:
    """List the queues whose tasks, runs and checkpoints this role may read, and say why not the others."""
    found = [(row["name"], _refusal(row)) for row in await fetch(_QUEUES)]
    return [name for name, why in found if why is None], tuple((name, why) for name, why in found if why is not None)


def _refusal(row: Any) -> Refusal | None:
    if not row["is_text"]:
        return NO_TEXT
    if not row["has_tables"]:
        return Refusal("its tables are missing")
    return None if row["is_readable"] else Refusal("its tasks, runs or checkpoints may not be read")


async def named_by(fetch: Fetch, tasks: Mapping[str, list[UUID]]) -> Named:
    """Find the ids that the checkpoints of some tasks name, by their queues."""
    steps: dict[UUID, str] = {}
    is_cut = False
    for queue, ids in tasks.items():
        rows = await fetch(named_in(queue), ids)
        is_cut = is_cut or len(rows) >= _MOST_CHECKPOINTS or any(row["is_cut"] for row in rows)
        for row in rows:
            for each in UUID_WRITTEN.findall(f"{row['name']} {row['said'] or ''}"):
                steps.setdefault(UUID(each), row["name"])
    return Named(steps, is_cut)


async def read_tasks(fetch: Fetch, queues: Sequence[str], ids: Sequence[UUID]) -> list[Child]:
    """Read those of some tasks that are in some queues, the oldest first."""
    rows: list[tuple[str, Any]] = []
    for start in range(0, len(queues), _QUEUES_AT_ONCE):
        chunk = queues[start : start + _QUEUES_AT_ONCE]
        rows += [(chunk[row["qi"]], row) for row in await fetch(tasks_of(chunk), list(ids))]
    return [
        Child(
            queue=queue,
            task_id=row["task_id"],
            run_id=row["run_id"],
            task_name=row["task_name"],
            state=State(row["state"]),
            attempt=row["attempt"],
            claim_expires_at=row["claim_expires_at"] if row["state"] == State.RUNNING else None,
            seen_at=row["now"],
        )
        for queue, row in sorted(rows, key=lambda each: each[1]["task_id"])
    ]
