"""Rows put straight into a queue's tables, for what Absurd's functions take too long to bring about, or never do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from absurd_server import Database

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.observe.queries import quoted, table
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import Counts, Snapshot, State, TaskRow

INSTANTS = ["infinity", "-infinity", "294276-12-31 23:59:59+00", "4713-01-01 00:00:00+00 BC"]


async def put(
    connection: asyncpg.Connection,
    queue: str,
    state: str,
    *,
    number: int = 1,
    task: dict[str, str] | None = None,
    run: dict[str, str] | None = None,
) -> list[tuple[UUID, UUID]]:
    """Make tasks with one run each, in a state. `task` and `run` set columns to SQL expressions over `n`, 1 to number.

    Gives (task id, run id) of each.
    """
    tasks = {"task_name": "'task ' || n", "params": "'{}'", "attempts": "1", "state": f"'{state}'", **(task or {})}
    runs = {"attempt": "1", "available_at": "now()", "state": f"'{state}'", **(run or {})}
    rows = await connection.fetch(f"""
        with made as materialized (
          select n, absurd.portable_uuidv7() as task_id, absurd.portable_uuidv7() as run_id
            from generate_series(1, {number}) n),
        tasks as (
          insert into {table("t", queue)} (task_id, last_attempt_run, {", ".join(tasks)})
          select task_id, run_id, {", ".join(tasks.values())} from made)
        insert into {table("r", queue)} (run_id, task_id, {", ".join(runs)})
        select run_id, task_id, {", ".join(runs.values())} from made returning task_id, run_id""")
    return [(row["task_id"], row["run_id"]) for row in rows]


@asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[Reader]:
    """An open reader of a database."""
    session = Session(resolve(dsn, environ={}), plans_once=True)
    reader = Reader(session, "tester@db/test")
    try:
        await reader.open()
        yield reader
    finally:
        session.terminate()


@asynccontextmanager
async def role(connection: asyncpg.Connection, database: Database, *, may_use: bool = True) -> AsyncIterator[Database]:
    """A login role of this test's own, and the database as it sees it; it may list queues and read no table of them."""
    name = f"reader_{database.name}"
    await connection.execute(f"create role {quoted(name)} login password 'secret'")
    try:
        if may_use:
            await connection.execute(f"grant usage on schema absurd to {quoted(name)}")
            await connection.execute(f"grant select on absurd.queues to {quoted(name)}")
        parts = urlsplit(database.dsn)
        place = parts.netloc.rpartition("@")[2]
        yield Database(name, urlunsplit(parts._replace(netloc=f"{name}:secret@{place}")))
    finally:
        await connection.execute(f"drop owned by {quoted(name)}")
        await connection.execute(f"drop role {quoted(name)}")


def counts_of(snapshot: Snapshot, queue: str) -> Counts:
    """The counts of a queue that must be readable."""
    found = snapshot.queue(queue)
    assert found is not None, f"{queue} is not listed"
    assert found.counts is not None, found.refusal
    return found.counts


def rows_of(snapshot: Snapshot, state: State) -> tuple[TaskRow, ...]:
    """The rows of a panel that must be there, with no queue refused in it."""
    panel = snapshot.panel(state)
    assert panel is not None
    assert panel.refused == ()
    return panel.rows


def names_of(snapshot: Snapshot, state: State) -> list[str]:
    return [row.task_name for row in rows_of(snapshot, state)]


def refusals(snapshot: Snapshot) -> dict[str, str]:
    return {queue.name: queue.refusal.reason for queue in snapshot.queues if queue.refusal is not None}


def pending(snapshot: Snapshot) -> set[str]:
    return set(names_of(snapshot, State.PENDING))
