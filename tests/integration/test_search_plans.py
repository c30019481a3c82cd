"""A step of a search looks at as many entries of an index as it says, and reads no large table from end to end."""

import json
import time
from collections.abc import AsyncIterator
from math import inf

import asyncpg
import pytest
import pytest_asyncio
from absurd_server import Database
from integration.plans import as_a_reading, nodes
from seeding import put

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.branches import ListedQueue
from absurd_tui.observe.find_queries import KEYED, keys_branch
from absurd_tui.observe.records import State
from absurd_tui.observe.search.language import parse
from absurd_tui.observe.search.search_queries import BY_CLAIM, BY_ID, by_claim_branch, by_id_branch, parameters_of
from absurd_tui.observe.search.terms import Filter
from absurd_tui.observe.search.walk import MOST_ID, NO_ID, Lane, arguments_by_claim, arguments_by_id

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("search plans")]

ROWS = 256
STORED = 30_000
TYPED = "error~timeout params.user.id:42 worker:host* refund -name:x attempt>0"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["unpartitioned", "partitioned"])
async def furnished(request: pytest.FixtureRequest, shared_database: Database) -> AsyncIterator[str]:
    """The connection string of a database with a large queue, half of it failed."""
    connection = await asyncpg.connect(shared_database.dsn)
    try:
        await Lifecycle(connection).create_queue("big", storage_mode=request.param)
        for state in ("completed", "failed"):
            await put(connection, "big", state, number=STORED // 2, run={"available_at": "now() - n * interval '1 s'"})
        for letter in "tr":
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


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
@pytest.mark.parametrize("state", [None, State.FAILED])
@pytest.mark.parametrize("low", [0.0, -inf])
async def test_a_step_costs_what_its_rows_cost(
    stored: asyncpg.Connection, plans: str, state: State | None, low: float
) -> None:
    await stored.execute(f"set plan_cache_mode = {plans}")
    filter = parse(TYPED)
    assert isinstance(filter, Filter)
    lane = Lane(ListedQueue("big", "", 0, may_checkpoints=True, refusal=None), state)
    if state is None:
        statement, given = by_id_branch(0, "big", filter, rows=ROWS), arguments_by_id([lane], low, NO_ID, MOST_ID)
        given += parameters_of(filter, BY_ID)
    else:
        statement = by_claim_branch(0, "big", state, filter, rows=ROWS)
        given = [*arguments_by_claim([lane], low, NO_ID, MOST_ID), *parameters_of(filter, BY_CLAIM)]
    await stored.fetch(statement, *given)
    started = time.monotonic()
    ((plan,),) = await stored.fetch(f"explain (analyze, buffers, format json) {statement}", *given)
    assert time.monotonic() - started < 5.0
    root = json.loads(plan)[0]["Plan"]
    large = {
        row["name"]
        for row in await stored.fetch(
            "select relname::text as name from pg_class where relname ~ '^[tr]_big' and reltuples >= 1000"
        )
    }
    assert large
    assert {node["Relation Name"] for node in nodes(root) if node["Node Type"] == "Seq Scan"} & large == set()
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 60 * ROWS


@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
async def test_a_key_is_looked_up_by_the_unique_index_on_keys(stored: asyncpg.Connection, plans: str) -> None:
    await stored.execute(f"set plan_cache_mode = {plans}")
    (keyed,) = await stored.fetch(KEYED)
    statement = keys_branch(0, "big", has_table=keyed["has_table"])
    prepared = await stored.prepare(f"explain (format json, analyze, buffers) {statement}")
    (plan,) = json.loads(await prepared.fetchval(["order-7", "order-8"]))
    assert not [node for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"]
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 20
