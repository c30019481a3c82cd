"""All tasks in one state, frozen as a list: who they are and how they stand, and no more than can be looked through."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.task_queries import matching

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Match:
    """A task of the list, with the run that decides its state."""

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    state: State
    attempt: int
    claim_expires_at: float | None


@dataclass(frozen=True, slots=True)
class Matching:
    """The list, as it was at `now`; `has_more` says that there are others that it has no room for."""

    now: float
    tasks: tuple[Match, ...]
    has_more: bool


def match_of(row: TaskRow) -> Match:
    """Give a row of a panel as one of a list."""
    lease = row.claim_expires_at if row.state is State.RUNNING else None
    return Match(row.queue, row.task_id, row.run_id, row.task_name, row.state, row.attempt, lease)


async def read_matching(
    fetch: Callable[..., Awaitable[Sequence[Any]]], queues: Sequence[str], state: State
) -> Matching:
    """List the tasks of some queues in a state, queue by queue, 10,000 at most. Raises what asyncpg raises."""
    tasks: list[Match] = []
    now = 0.0
    for queue in queues:
        for row in await fetch(matching(queue, state), MOST + 1 - len(tasks)):
            now = row["now"]
            lease = row["claim_expires_at"] if state is State.RUNNING else None
            tasks.append(Match(queue, row["task_id"], row["run_id"], row["task_name"], state, row["attempt"], lease))
    return Matching(now, tuple(tasks[:MOST]), len(tasks) > MOST)
