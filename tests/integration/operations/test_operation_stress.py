"""Workers at full speed while operators cancel, retry and extend at random: nobody is hurt, nothing told wrong."""

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import QUEUE, Stage, until

from absurd_tui.conninfo import ConnSpec
from absurd_tui.errors import AbsurdError, AlreadyFailed, Cancelled
from absurd_tui.lifecycle import FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Outcome, Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, ExtendClaim, Request, RetryTask

pytestmark = pytest.mark.slow

SECONDS = 3.0
KINDS = ("CancelTask Done", "RetryTask Done", "ExtendClaim Done")
WORKERS = 3
OPERATORS = 2
OPTIONS = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(0))
_TASKS = """
select t.task_id from absurd.t_mail t where t.state in ('pending', 'running', 'sleeping', 'failed')
 order by random() limit 1"""

_ALONE = """
select count(*) = 1 from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"""
_DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"


@dataclass
class Run:
    """What happened: errors that nobody may see, how often each outcome came, which tasks were cancelled by us."""

    is_over: bool = False
    hurt: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    cancelled: set[UUID] = field(default_factory=set)
    completed: set[UUID] = field(default_factory=set)


async def work(dsn: str, run: Run, chance: random.Random) -> None:
    connection = await asyncpg.connect(dsn)
    lifecycle = Lifecycle(connection)
    try:
        while not run.is_over:
            await lifecycle.spawn(QUEUE, "welcome", {}, OPTIONS)
            for claim in await lifecycle.claim(QUEUE, "worker", 60, qty=3):
                with suppress(Cancelled, AlreadyFailed):
                    await lifecycle.set_checkpoint(QUEUE, claim.task_id, "one", {}, claim.run_id, 60)
                    await lifecycle.extend_claim(QUEUE, claim.run_id, 60)
                    if chance.random() < 0.4:
                        await lifecycle.fail(QUEUE, claim.run_id, {"message": "no"})
                    else:
                        await lifecycle.complete(QUEUE, claim.run_id, None)
                        run.completed.add(claim.task_id)
    except AbsurdError as error:
        run.hurt.append(f"worker: {error!r} {error.sqlstate}")
    finally:
        await connection.close()


async def operate(database: Database, performer: Performer, run: Run, chance: random.Random) -> None:
    stage = Stage(await asyncpg.connect(database.dsn))
    try:
        while not run.is_over:
            task_id = await stage.connection.fetchval(_TASKS)
            if task_id is None or await stage.row(task_id) is None:
                await asyncio.sleep(0.001)
                continue
            request = await choose(stage, task_id, chance)
            outcome = await performer.perform(request)
            run.outcomes[f"{type(request).__name__} {type(outcome).__name__}"] += 1
            run.hurt += [f"{request}: {outcome}"] if is_wrong(request, outcome) else []
            if isinstance(request, CancelTask) and isinstance(outcome, Done):
                run.cancelled.add(task_id)
    finally:
        await stage.connection.close()


async def choose(stage: Stage, task_id: UUID, chance: random.Random) -> Request:
    target = await stage.target(task_id)
    if target.state is State.FAILED:
        return RetryTask(target, as_new=chance.random() < 0.1)
    if target.state is State.RUNNING and chance.random() < 0.5:
        return ExtendClaim(target, seconds=60, on_top=True)
    return CancelTask(target)


def is_wrong(request: Request, outcome: Outcome) -> bool:
    """Whether an outcome cannot be, with nobody holding a lock for seconds and no connection lost."""
    match outcome:
        case Done(after):
            expected = {
                CancelTask: (State.CANCELLED,),
                RetryTask: (State.PENDING,),
                ExtendClaim: (State.RUNNING,),
            }
            return after is None or after.state not in expected.get(type(request), ())
        case AlreadySo() | Changed() | Gone():
            return False
        case Refused(reason):  # the row had moved on before the target was read from it
            return "has completed" not in reason and "still under way" not in reason
    return True


@pytest.mark.parametrize("seed", [1])
async def test_workers_at_full_speed_are_not_hurt(
    stage: Stage, database: Database, spec: ConnSpec, audit: Audit, seed: int
) -> None:
    run = Run()
    performers = [Performer(spec, audit=audit) for _ in range(OPERATORS)]
    actors: list[Any] = [work(database.dsn, run, random.Random(seed + n)) for n in range(WORKERS)]
    actors += [operate(database, performer, run, random.Random(seed)) for performer in performers]
    tasks = [asyncio.create_task(actor) for actor in actors]
    begun = time.monotonic()
    while time.monotonic() - begun < SECONDS or not (all(run.outcomes[kind] > 5 for kind in KINDS) or run.hurt):
        await asyncio.sleep(0.1)
        assert time.monotonic() - begun < 20 * SECONDS, run.outcomes
    run.is_over = True
    await asyncio.gather(*tasks)
    for performer in performers:
        assert await performer.close() == ()
    assert run.hurt == []
    assert run.cancelled.isdisjoint(run.completed)
    states = await stage.connection.fetch(
        "select distinct state from absurd.t_mail where task_id = any($1::uuid[])", list(run.cancelled)
    )
    assert [row["state"] for row in states] == ["cancelled"]
    await until(lambda: stage.connection.fetchval(_ALONE))  # a session tells of its deadlocks when it ends
    assert await stage.connection.fetchval(_DEADLOCKS) == 0
