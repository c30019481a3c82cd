"""Many tasks for a bulk, as a screen froze them, and a run over them."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from integration.operations.stage import QUEUE
from seeding import put

from absurd_tui.observe.following import Standings
from absurd_tui.observe.records import State
from absurd_tui.operations.bulk import BulkPlan, BulkRun
from absurd_tui.operations.outcomes import Outcome
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import Act, Target

_TARGETS = """
select t.task_id, r.run_id, t.task_name, t.state, r.attempt, date_part('epoch', clock_timestamp()) as now
  from absurd.t_mail t join absurd.r_mail r on r.run_id = t.last_attempt_run order by t.task_id"""


async def frozen(connection: asyncpg.Connection, state: str, number: int) -> tuple[Target, ...]:
    """Make tasks in a state, and give them as they were seen; all of the queue, in the order of their ids."""
    await put(connection, QUEUE, state, number=number, task={"first_started_at": "now()"})
    return await seen(connection)


async def seen(connection: asyncpg.Connection) -> tuple[Target, ...]:
    """Every task of the queue, as a screen shows it now."""
    return tuple(
        Target(
            QUEUE,
            row["task_id"],
            row["run_id"],
            row["task_name"],
            State(row["state"]),
            row["attempt"],
            None,
            row["now"],
        )
        for row in await connection.fetch(_TARGETS)
    )


async def states(connection: asyncpg.Connection) -> Counter[str]:
    """How many tasks the queue has in each state."""
    rows = await connection.fetch("select state, count(*) as n from absurd.t_mail group by state")
    return Counter({row["state"]: row["n"] for row in rows})


def bulk(performer: Performer, act: Act, targets: Sequence[Target], *, canary: int = 0) -> BulkRun:
    """A run at full speed."""
    return BulkRun(BulkPlan(act, tuple(targets), canary=canary, pace=None), performer.perform_batch, unwatched)


async def unwatched(queue: str, task_ids: Sequence[UUID]) -> Standings:
    raise AssertionError("nothing is watched here")


def kinds(run: BulkRun) -> Counter[str]:
    """How many ended how."""
    return Counter(kind(outcome) for outcome in run.outcomes)


def kind(outcome: Outcome | None) -> str:
    return type(outcome).__name__ if outcome is not None else "not reached"
