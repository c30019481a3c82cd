"""The parents and children of a task as its page finds them: by ids alone, and said to be unknown where none tells."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from seeding import put, role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.children import named_in, tasks_of
from absurd_tui.observe.family import Family, awaited, suspects
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.source import DatabaseSource


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.create_queue("orders", "partitioned")
    return lifecycle


@pytest.fixture
async def source(database: Database) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(resolve(database.dsn, environ={}))
    yield source
    source.close()


async def family_of(source: DatabaseSource, queue: str, task_id: UUID, *led_here: UUID) -> Family:
    """The family as the task's page asks for it."""
    page = await source.task(queue, task_id)
    assert page is not None
    return (await source.family(queue, task_id, (*led_here, *suspects(page)), awaited(page))).found


def told(family: Family) -> list[tuple[str, str, State, str]]:
    kinds = {True: "parent", False: "child"}
    return [(kinds[one.is_parent], one.task.task_name, one.task.state, one.step) for one in family.relatives]


async def spawn(lifecycle: Lifecycle, queue: str, name: str, **headers: str) -> UUID:
    return (await lifecycle.spawn(queue, name, {}, SpawnOptions(headers=headers or None))).task_id


async def test_children_are_named_by_steps_by_awaited_results_and_by_events_in_both_spellings(
    lifecycle: Lifecycle, source: DatabaseSource
) -> None:
    older = await spawn(lifecycle, "mail", "older")
    parent = await spawn(lifecycle, "mail", "parent")
    claims = await lifecycle.claim("mail", "worker-1", 600, 2)
    run_id = next(claim.run_id for claim in claims if claim.task_id == parent)
    made = [await spawn(lifecycle, "orders", f"child {number}") for number in range(5)]
    steps = {
        "spawn": {"made": [str(made[0])]},
        f"$awaitTaskResult:{made[1]}": {"state": "completed"},
        f"$awaitEvent:done:{made[2]}": 1,
        f"$await:done:{made[3]}": 1,
        f"$awaitTaskResult:{older}": None,
        "nobody": str(UUID(int=parent.int + 1)),
    }
    for name, state in steps.items():
        await lifecycle.set_checkpoint("mail", parent, name, state, run_id)
    waiting = f"$awaitEvent:done:{made[4]}"
    await lifecycle.await_event("mail", parent, run_id, waiting, f"done:{made[4]}")
    found = await family_of(source, "mail", parent)
    assert not found.is_cut
    assert told(found) == [
        ("child", "child 0", State.PENDING, "spawn"),
        *(("child", f"child {number}", State.PENDING, list(steps)[number]) for number in (1, 2, 3)),
        ("child", "child 4", State.PENDING, waiting),
    ]


async def test_a_child_is_told_as_it_stands_until_it_is_gone(
    lifecycle: Lifecycle, source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    parent = await spawn(lifecycle, "mail", "parent")
    (claim,) = await lifecycle.claim("mail", "worker-1", 600)
    child = await spawn(lifecycle, "orders", "child")
    assert told(await family_of(source, "mail", parent)) == []
    await lifecycle.set_checkpoint("mail", parent, "spawn", str(child), claim.run_id)
    assert told(await family_of(source, "mail", parent)) == [("child", "child", State.PENDING, "spawn")]
    (taken,) = await lifecycle.claim("orders", "worker-2", 600)
    assert told(await family_of(source, "mail", parent)) == [("child", "child", State.RUNNING, "spawn")]
    await lifecycle.complete("orders", taken.run_id, {})
    assert told(await family_of(source, "mail", parent)) == [("child", "child", State.COMPLETED, "spawn")]
    await connection.execute("delete from absurd.t_orders")
    assert told(await family_of(source, "mail", parent)) == []


async def test_a_parent_is_found_where_the_task_or_the_page_that_led_there_names_it_and_it_names_the_task(
    lifecycle: Lifecycle, source: DatabaseSource
) -> None:
    parent, stranger = await spawn(lifecycle, "mail", "parent"), await spawn(lifecycle, "mail", "stranger")
    claims = await lifecycle.claim("mail", "worker-1", 600, 2)
    run_id = next(claim.run_id for claim in claims if claim.task_id == parent)
    named = await spawn(lifecycle, "orders", "told", trace=str(parent), other=str(stranger))
    unnamed = await spawn(lifecycle, "orders", "untold")
    for child in (named, unnamed):
        await lifecycle.set_checkpoint("mail", parent, f"$awaitTaskResult:{child}", None, run_id)
    expected = ("parent", "parent", State.RUNNING)
    assert told(await family_of(source, "orders", named)) == [(*expected, f"$awaitTaskResult:{named}")]
    assert told(await family_of(source, "orders", unnamed)) == [], "no index leads from it to its parent"
    came_from = await family_of(source, "orders", unnamed, parent)
    assert told(came_from) == [(*expected, f"$awaitTaskResult:{unnamed}")]


async def test_queues_that_may_not_be_read_are_named(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database
) -> None:
    parent = await spawn(lifecycle, "mail", "parent")
    (claim,) = await lifecycle.claim("mail", "worker-1", 600)
    child = await spawn(lifecycle, "orders", "child")
    await lifecycle.set_checkpoint("mail", parent, "spawn", str(child), claim.run_id)
    async with role(connection, database) as limited:
        await connection.execute(
            f"grant select on absurd.t_mail, absurd.r_mail, absurd.c_mail, absurd.w_mail to {limited.name}"
        )
        source = DatabaseSource(resolve(limited.dsn, environ={}))
        found = await family_of(source, "mail", parent)
        source.close()
    why = Refusal("its tasks, runs or checkpoints may not be read")
    assert (found.relatives, found.refused) == ((), (("orders", why),))


async def test_more_ids_than_are_looked_up_and_more_checkpoints_than_are_read_are_said_to_be_cut(
    lifecycle: Lifecycle, source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    wide, deep = await spawn(lifecycle, "mail", "wide"), await spawn(lifecycle, "mail", "deep")
    insert = """insert into absurd.c_mail (task_id, checkpoint_name, state, status, owner_run_id, updated_at)
                select $1, 's' || n, {state}, 'committed', $1, now() from generate_series(1, $2::int) n"""
    many = "(select jsonb_agg(gen_random_uuid()) from generate_series(1, 100) where n > 0)"
    await connection.execute(insert.format(state=many), wide, 12)
    await connection.execute(insert.format(state="'1'"), deep, 600)
    assert (await family_of(source, "mail", wide)).is_cut
    assert (await family_of(source, "mail", deep)).is_cut
    assert (await source.children("mail", deep)).is_cut


async def test_no_large_table_is_read_for_it(lifecycle: Lifecycle, connection: asyncpg.Connection) -> None:
    await connection.execute("""
        insert into absurd.c_mail (task_id, checkpoint_name, state, status, owner_run_id, updated_at)
        select gen_random_uuid(), 's', '1', 'committed', gen_random_uuid(), now() from generate_series(1, 5000)""")
    await put(connection, "mail", "pending", number=3000)
    for letter in "trc":
        await connection.execute(f"analyze absurd.{letter}_mail")
    for statement in (named_in("mail"), tasks_of(["mail"])):
        plan = [row[0] for row in await connection.fetch(f"explain {statement}", [UUID(int=1)])]
        assert any("Index Scan" in line for line in plan)
        assert not [line for line in plan if "Seq Scan" in line]
