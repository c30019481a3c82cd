"""A task or a run is found by its id in whatever queue it is, by index, and what could not be read is named."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from integration.plans import nodes
from integration.statements import statements
from seeding import put, role

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import READING_SETTINGS
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import branches
from absurd_tui.observe.find_queries import ids_branch
from absurd_tui.observe.found import Found, IdsFound
from absurd_tui.observe.ids import IdRange, ids_in
from absurd_tui.observe.queries import quoted
from absurd_tui.observe.records import State
from absurd_tui.observe.source import DatabaseSource

HOSTILE = "q\"%{queue}'$1😀"


@pytest.fixture
async def source(database: Database) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(resolve(database.dsn, environ={}))
    yield source
    source.close()


async def find(source: DatabaseSource, typed: str) -> IdsFound:
    ranges = ids_in(typed)
    assert isinstance(ranges, tuple), ranges
    return await source.find_ids(ranges)


async def only(source: DatabaseSource, typed: str) -> Found:
    (task,) = (await find(source, typed)).tasks
    return task


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
async def test_a_task_is_found_by_its_id_its_beginning_and_by_each_of_its_runs(
    connection: asyncpg.Connection, source: DatabaseSource, mode: Any
) -> None:
    lifecycle = Lifecycle(connection)
    for name in ("mail", HOSTILE):
        await lifecycle.create_queue(name, storage_mode=mode)
    await lifecycle.spawn("mail", "other", {})
    spawned = await lifecycle.spawn(HOSTILE, "charge", {})
    (claim,) = await lifecycle.claim(HOSTILE, "host-3", claim_timeout=60)
    await lifecycle.fail(HOSTILE, claim.run_id, {"name": "HTTPError", "message": "503"})
    found = await only(source, f"task {spawned.task_id}")
    assert (found.queue, found.task_id, found.task_name, found.run_id) == (HOSTILE, spawned.task_id, "charge", None)
    assert (found.state, found.attempt, found.ended_at) == (State.PENDING, 2, None)
    by_run = await only(source, f"https://x.example/runs/{str(claim.run_id).upper()}?a=b")
    assert (by_run.task_id, by_run.run_id) == (spawned.task_id, claim.run_id)
    beginning = str(spawned.task_id)[:-1]
    assert (await only(source, beginning)).task_id == spawned.task_id


async def test_all_that_begin_alike_are_found_newest_first_and_a_task_once(
    connection: asyncpg.Connection, source: DatabaseSource
) -> None:
    for name in ("mail", "orders"):
        await Lifecycle(connection).create_queue(name)
    ids = [UUID(int=(0x0197C3D2_4E5F_7000_8000 << 48) | number) for number in range(6)]
    for number, id in enumerate(ids):
        queue = ("mail", "orders")[number % 2]
        made = {"task_id": f"'{id}'", "params": "'{}'", "task_name": f"'task {number}'"}
        await connection.execute(
            f"insert into absurd.t_{queue} (task_id, task_name, params, state, attempts, last_attempt_run)"
            f" values ({made['task_id']}, {made['task_name']}, '{{}}', 'pending', 1, '{id}')"
        )
        await connection.execute(
            f"insert into absurd.r_{queue} (run_id, task_id, attempt, state, available_at)"
            f" values ('{id}', '{id}', 1, 'pending', now())"
        )
    found = await find(source, "0197c3d24e5f7")
    assert [task.task_id for task in found.tasks] == list(reversed(ids))
    assert (found.queues, found.refused, found.is_cut) == (2, (), False)
    both = await find(source, f"{ids[1]} and {ids[4]}")
    assert [task.task_id for task in both.tasks] == [ids[4], ids[1]]


async def test_nothing_found_says_in_how_many_queues_and_which_could_not_be_read(
    connection: asyncpg.Connection, database: Database
) -> None:
    for name in ("mail", "orders", "stuck"):
        await Lifecycle(connection).create_queue(name)
    async with role(connection, database) as seen:
        await connection.execute(f"grant select on absurd.t_mail, absurd.r_mail to {quoted(seen.name)}")
        await connection.execute(f"grant select on absurd.t_stuck, absurd.r_stuck to {quoted(seen.name)}")
        source = DatabaseSource(resolve(seen.dsn, environ={}))
        async with connection.transaction():
            await connection.execute("lock table absurd.t_stuck")
            found = await find(source, str(UUID(int=7)))
        source.close()
    assert (found.tasks, found.queues) == ((), 3)
    assert {name for name, _ in found.refused} == {"orders", "stuck"}


@pytest.mark.slow
async def test_two_hundred_queues_are_looked_through_in_few_statements(
    connection: asyncpg.Connection, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = Lifecycle(connection)
    for number in range(200):
        await lifecycle.create_queue(f"q{number:03}")
    spawned = await lifecycle.spawn("q177", "needle", {})
    with statements(monkeypatch) as ran:
        assert (await only(source, str(spawned.task_id))).queue == "q177"
        ran.clear()
        assert (await only(source, spawned.task_id.hex[:30])).queue == "q177"
    assert len(ran) == 1 + -(-200 // (branches.MAX_RELATIONS // 9))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
@pytest.mark.parametrize("plans", ["auto", "force_generic_plan"])
async def test_no_table_is_read_from_end_to_end(connection: asyncpg.Connection, mode: Any, plans: str) -> None:
    await Lifecycle(connection).create_queue("big", storage_mode=mode)
    made = await put(connection, "big", "completed", number=20_000)
    for letter in "tr":
        await connection.execute(f"vacuum analyze absurd.{letter}_big")
    for name, value in {**READING_SETTINGS, "plan_cache_mode": plans}.items():
        await connection.execute(f"set {name} = '{value}'")
    ranges = [IdRange(task_id, task_id) for task_id, _ in made[:5]] + [
        IdRange(run_id, run_id) for _, run_id in made[:5]
    ]
    bounds = [range_.low for range_ in ranges], [range_.high for range_ in ranges]
    statement = ids_branch(0, "big", most=101)
    assert len(await connection.fetch(statement, *bounds)) == 10
    ((plan,),) = await connection.fetch(f"explain (analyze, buffers, format json) {statement}", *bounds)
    root = json.loads(plan)[0]["Plan"]
    large = {"t_big", "r_big"} | {
        row["name"]
        for row in await connection.fetch(
            "select relname::text as name from pg_class where relname ~ '^[tr]_big' and reltuples >= 1000"
        )
    }
    assert {node["Relation Name"] for node in nodes(root) if node["Node Type"] == "Seq Scan"} & large == set()
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 400
