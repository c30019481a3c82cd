"""Cancels and retries of many tasks: through the bulk path, and the bare calls of absurd's functions by executemany."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from absurdctl import BUNDLED_SCHEMA_SQL
from bench.pairs import Measured
from seeding import put

from absurd_tui.conninfo import resolve
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.following import Standings
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import State
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import MOST
from absurd_tui.operations.bulk import BulkPlan, BulkRun
from absurd_tui.operations.outcomes import Done
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import Act, Target

QUEUE = "mail"
RATE = "tasks a second"
STATES = {Act.CANCEL: "pending", Act.RETRY: "failed"}
CALLS = {
    Act.CANCEL: "select absurd.cancel_task($1, $2)",
    Act.RETRY: "select * from absurd.retry_task($1, $2, '{}')",
}
AFTER = {Act.CANCEL: "cancelled", Act.RETRY: "pending"}
_TARGETS = f"""
select t.task_id, r.run_id, t.task_name, t.state, r.attempt
  from {table("t", QUEUE)} t join {table("r", QUEUE)} r on r.run_id = t.last_attempt_run order by t.task_id"""


def make(postgres: LocalPostgres) -> str:
    """Make the database; its connection string."""
    return asyncio.run(_make(postgres))


def by_bulk(dsn: str, act: Act, tasks: int) -> Measured:
    """Do it as the dashboard does: locked, compared, called, read back and written into an audit, in batches."""
    return {RATE: [asyncio.run(_by_bulk(dsn, act, tasks))]}


def by_executemany(dsn: str, act: Act, tasks: int) -> Measured:
    """Do it as a script would: the calls alone, a hundred in a transaction."""
    return {RATE: [asyncio.run(_by_executemany(dsn, act, tasks))]}


async def _make(postgres: LocalPostgres) -> str:
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute("create database operations")
    await admin.close()
    dsn = postgres.dsn("operations")
    connection = await asyncpg.connect(dsn)
    await connection.execute(BUNDLED_SCHEMA_SQL)
    await Lifecycle(connection).create_queue(QUEUE)
    await connection.close()
    return dsn


async def _furnish(dsn: str, act: Act, tasks: int) -> Sequence[Target]:
    """Make a queue of nothing but tasks that it can be done to."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"truncate {table('t', QUEUE)}, {table('r', QUEUE)}")
    await put(connection, QUEUE, STATES[act], number=tasks)
    await connection.execute(f"vacuum analyze {table('t', QUEUE)}")
    await connection.execute(f"vacuum analyze {table('r', QUEUE)}")
    await connection.execute("checkpoint")
    rows = await connection.fetch(_TARGETS)
    await connection.close()
    return [
        Target(QUEUE, row["task_id"], row["run_id"], row["task_name"], State(row["state"]), row["attempt"], None, 0.0)
        for row in rows
    ]


async def _by_bulk(dsn: str, act: Act, tasks: int) -> float:
    targets = await _furnish(dsn, act, tasks)
    performer = Performer(resolve(dsn, environ={}), audit=Audit(None))
    run = BulkRun(BulkPlan(act, tuple(targets), pace=None), performer.perform_batch, _unwatched)
    began = time.perf_counter()
    await run.begin()
    taken = time.perf_counter() - began
    await performer.close()
    if run.count(Done) != tasks:
        raise AssertionError(f"{run.count(Done)} of {tasks} were done")
    return tasks / taken


async def _by_executemany(dsn: str, act: Act, tasks: int) -> float:
    targets = await _furnish(dsn, act, tasks)
    began = time.perf_counter()
    connection = await asyncpg.connect(dsn)
    for first in range(0, tasks, MOST):
        await connection.executemany(CALLS[act], [(QUEUE, t.task_id) for t in targets[first : first + MOST]])
    taken = time.perf_counter() - began
    state = AFTER[act]
    done = await connection.fetchval(f"select count(*) from {table('t', QUEUE)} where state = $1", state)
    await connection.close()
    if done != tasks:
        raise AssertionError(f"{done} of {tasks} were done")
    return tasks / taken


async def _unwatched(queue: str, task_ids: Sequence[UUID]) -> Standings:
    raise AssertionError("without a canary nothing is watched")
