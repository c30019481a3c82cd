"""No statement of a poll reads a large table from end to end: what it costs does not grow with what is stored."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from seeding import put

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import count_queries, panel_queries, task_queries
from absurd_tui.observe.records import State

LARGE = 1000
STORED = {
    "completed": 36_000,
    "failed": 6_000,
    "cancelled": 3_000,
    "pending": 2_000,
    "running": 1_000,
    "sleeping": 2_000,
}
PAST = "now() - n * interval '30 s'"
RUNS = {
    "completed": {"available_at": PAST, "completed_at": PAST},
    "failed": {"available_at": PAST, "failed_at": PAST, "failure_reason": '\'{"message": "no"}\''},
    "cancelled": {"available_at": "case when n % 3 = 0 then 'infinity' else now() - n * interval '1 min' end"},
    "pending": {"available_at": PAST},
    "running": {"available_at": PAST, "claim_expires_at": "case when n % 9 > 0 then now() + n * interval '1 s' end"},
    "sleeping": {"available_at": "case when n % 3 = 0 then 'infinity' else now() + n * interval '1 s' end"},
}


def ids(number: int) -> list[UUID]:
    """Ids of no task."""
    return [UUID(int=each) for each in range(1, number + 1)]


STATEMENTS = [
    ("counts", count_queries.counts_branch(0, "big")),
    ("done", count_queries.done_branch(0, "big")),
    ("failed runs", panel_queries.failed_runs_branch(0, "big", rows=60)),
    *(
        (f"panel {state}", panel_queries.panel_branch(0, "big", state, rows=60, may_checkpoints=True))
        for state in State
    ),
    *(
        (f"finished {state}", panel_queries.finished_branch(0, "big", state).replace("$1", f"array['{UUID(int=7)}']"))
        for state in (State.COMPLETED, State.FAILED)
    ),
    *(
        (f"standings of {number}", task_queries.standings("big").replace("$1", f"array{[str(i) for i in ids(number)]}"))
        for number in (1, 1000)
    ),
]


@pytest.fixture(params=["unpartitioned", "partitioned"])
async def session(
    request: pytest.FixtureRequest, connection: asyncpg.Connection, database: Database
) -> AsyncIterator[Session]:
    """A reading session on a queue of 50,000 tasks, a third of them retried before, with checkpoints."""
    await Lifecycle(connection).create_queue("big", storage_mode=request.param)
    for state, number in STORED.items():
        await put(connection, "big", state, number=number, run=RUNS[state], task={"params": "'{\"n\": 1}'"})
    await connection.execute("""
        insert into absurd.c_big (task_id, checkpoint_name, state, owner_run_id)
        select task_id, 'step', '{}', run_id from absurd.r_big""")
    await connection.execute("""
        insert into absurd.r_big (run_id, task_id, attempt, state, available_at, failed_at)
        select absurd.portable_uuidv7(), task_id, 0, 'failed', available_at - interval '1 min', now()
          from absurd.r_big where state = 'completed' limit 15000""")
    for letter in "trc":
        await connection.execute(f"analyze absurd.{letter}_big")
    session = Session(resolve(database.dsn, environ={}))
    await session.open()
    yield session
    session.terminate()


def scans(node: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from scans(below)


async def test_no_poll_reads_a_large_table_from_end_to_end(session: Session) -> None:
    sizes = await session.fetch(
        "select relname::text, reltuples from pg_class where relname ~ '^[trc]_big' and reltuples >= $1", LARGE
    )
    large = {row["relname"] for row in sizes}
    assert large, "there is something to read"
    found, answered = {}, {}
    for name, statement in STATEMENTS:
        answered[name] = len(await session.fetch(statement))
        ((plan,),) = await session.fetch(f"explain (format json) {statement}")
        (root,) = json.loads(plan)
        found[name] = sorted(large.intersection(scans(root["Plan"])))
    assert found == {name: [] for name, _ in STATEMENTS}
    assert 25 <= answered.pop("done") <= 31
    assert answered == {
        "counts": 1,
        "failed runs": 60,
        "panel pending": 60,
        "panel running": 60,
        "panel sleeping": 60,
        "panel failed": 60,
        "panel completed": 60,
        "panel cancelled": 60,
        "finished completed": 0,
        "finished failed": 0,
        "standings of 1": 1,
        "standings of 1000": 1,
    }
