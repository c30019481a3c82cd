"""A page deep in a panel costs what the first one costs, and no table is read from end to end for it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from absurd_server import Database
from integration.plans import as_a_reading, nodes
from seeding import put

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.page_queries import head_branch, page_branch
from absurd_tui.observe.pages import arguments
from absurd_tui.observe.places import NEWEST_FIRST, first_place
from absurd_tui.observe.records import Away, Head, Place, State

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("page plans")]

LARGE = 1000
HALF = 90
STORED = {
    State.COMPLETED: 30_000,
    State.FAILED: 10_000,
    State.CANCELLED: 9_000,
    State.PENDING: 9_000,
    State.RUNNING: 9_000,
    State.SLEEPING: 9_000,
}
TIES = "now() - (n / 40) * interval '30 s'"
RUNS = {
    State.COMPLETED: {"available_at": TIES, "completed_at": TIES},
    State.FAILED: {"available_at": TIES, "failed_at": TIES},
    State.CANCELLED: {"available_at": f"case when n % 9 = 0 then 'infinity' else {TIES} end"},
    State.PENDING: {"available_at": TIES},
    State.RUNNING: {"available_at": TIES, "claim_expires_at": f"case when n % 9 > 0 then {TIES} end"},
    State.SLEEPING: {"available_at": f"case when n % 9 = 0 then 'infinity' else {TIES} end"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["unpartitioned", "partitioned"])
async def furnished(request: pytest.FixtureRequest, shared_database: Database) -> AsyncIterator[str]:
    """The connection string of a database with 76,000 tasks, a tenth of the failed ones tried again."""
    connection = await asyncpg.connect(shared_database.dsn)
    try:
        await Lifecycle(connection).create_queue("big", storage_mode=request.param)
        for state, number in STORED.items():
            await put(connection, "big", state, number=number, run=RUNS[state])
        await connection.execute(
            "update absurd.t_big set state = 'completed' where state = 'failed' and random() < 0.1"
        )
        for letter in "trc":
            await connection.execute(f"vacuum analyze absurd.{letter}_big")
        yield shared_database.dsn
        await Lifecycle(connection).drop_queue("big")
    finally:
        await connection.close()


@pytest.fixture
async def stored(furnished: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to it with the settings of a reading."""
    async with as_a_reading(furnished) as connection:
        yield connection


async def explained(connection: asyncpg.Connection, statement: str, *given: object) -> dict[str, Any]:
    """The plan of a statement after it was run once."""
    await connection.fetch(statement, *given)
    ((plan,),) = await connection.fetch(f"explain (analyze, buffers, format json) {statement}", *given)
    root: dict[str, Any] = json.loads(plan)[0]["Plan"]
    return root


async def large_tables(connection: asyncpg.Connection) -> set[str]:
    """The tables and partitions that must not be read from end to end."""
    rows = await connection.fetch(
        "select relname::text as name from pg_class where relname ~ '^[trc]_big' and reltuples >= $1", LARGE
    )
    assert rows, "there is something to read"
    return {row["name"] for row in rows}


def read_whole(root: dict[str, Any]) -> set[str]:
    """The tables that a plan reads from end to end."""
    return {node["Relation Name"] for node in nodes(root) if node["Node Type"] == "Seq Scan"}


async def deep(connection: asyncpg.Connection, state: State) -> Place:
    """The place of a row in the middle of those with a time."""
    key = "claim_expires_at" if state is State.RUNNING else "available_at"
    row = await connection.fetchrow(f"""
        select timestamptz_send({key}) as at, run_id from absurd.r_big
         where state = '{state}' and {key} < now() - interval '1 hour' order by {key} desc, run_id limit 1""")
    assert row is not None
    return Place(int.from_bytes(row["at"], signed=True), row["run_id"])


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
async def test_a_deep_page_costs_what_the_first_one_costs(stored: asyncpg.Connection, plans: str) -> None:
    await stored.execute(f"set plan_cache_mode = {plans}")
    large = await large_tables(stored)
    scanned, costs, rows = {}, {}, {}
    for state in State:
        statement = page_branch(0, "big", state, half=HALF, with_retried=False, may_checkpoints=True, has_keys=True)
        head = Head((), 2**62) if state in NEWEST_FIRST else None
        for name, place in (("first", first_place(state)), ("deep", await deep(stored, state))):
            root = await explained(stored, statement, *arguments(Away(state, place, place, head)))
            scanned[state, name] = read_whole(root) & large
            costs[state, name] = root["Shared Hit Blocks"] + root["Shared Read Blocks"]
            rows[state, name] = root["Actual Rows"]
    assert [place for place, found in scanned.items() if found] == []
    assert {state: rows[state, "first"] for state in State} == dict.fromkeys(State, HALF)
    assert {state: rows[state, "deep"] for state in State} == dict.fromkeys(State, 2 * HALF)
    ratios = {state: costs[state, "deep"] / costs[state, "first"] / 2 for state in State}
    assert {state: ratio for state, ratio in ratios.items() if ratio > 1.5} == {}


async def test_the_rows_of_the_head_are_read_by_their_ids(stored: asyncpg.Connection) -> None:
    for state in NEWEST_FIRST:
        ids = [
            row["run_id"]
            for row in await stored.fetch(f"select run_id from absurd.r_big where state = '{state}' limit 60")
        ]
        root = await explained(stored, head_branch(0, "big", state, has_keys=True), ids)
        assert read_whole(root) & await large_tables(stored) == set()
        assert root["Actual Rows"] > 50
