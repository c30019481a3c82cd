"""The children of a task, found in what its checkpoints name, in every queue and over generations."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import text, until, until_shown
from seeding import role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.records import State
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.ui.dialogs.frame import TaskDialog


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


async def spawn(lifecycle: Lifecycle, queue: str, name: str) -> UUID:
    return (await lifecycle.spawn(queue, name, {})).task_id


async def family(lifecycle: Lifecycle) -> tuple[UUID, UUID, UUID, UUID]:
    """An older task, a running parent that names it, a child and a grandchild of the parent."""
    older = await spawn(lifecycle, "orders", "older")
    parent = await spawn(lifecycle, "mail", "parent")
    (claim,) = await lifecycle.claim("mail", "worker-1", 600)
    child = await spawn(lifecycle, "orders", "child")
    await lifecycle.set_checkpoint("mail", parent, "spawn", {"made": {"task_id": str(child)}}, claim.run_id)
    await lifecycle.set_checkpoint("mail", parent, f"$awaitTaskResult:{older}", None, claim.run_id)
    for each in await lifecycle.claim("orders", "worker-1", 600, 2):
        if each.task_id == child:
            grandchild = await spawn(lifecycle, "mail", "grandchild")
            await lifecycle.set_checkpoint(
                "orders", child, f"$awaitTaskResult:{grandchild}", {"up": str(parent)}, each.run_id
            )
    return older, parent, child, grandchild


async def test_children_and_theirs_are_found_and_nobody_older(lifecycle: Lifecycle, source: DatabaseSource) -> None:
    _, parent, child, grandchild = await family(lifecycle)
    children = await source.children("mail", parent)
    assert not children.is_cut
    assert [(each.task_id, each.queue, each.task_name, each.state) for each in children.found] == [
        (child, "orders", "child", State.RUNNING),
        (grandchild, "mail", "grandchild", State.PENDING),
    ]
    assert children.found[0].claim_expires_at is not None
    assert children.found[1].claim_expires_at is None


async def test_a_task_that_spawned_none_has_none(lifecycle: Lifecycle, source: DatabaseSource) -> None:
    assert (await source.children("mail", await spawn(lifecycle, "mail", "alone"))).found == ()


async def test_a_queue_that_the_role_may_not_read_has_none_to_be_seen(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database
) -> None:
    _, parent, *_ = await family(lifecycle)
    async with role(connection, database) as limited:
        await connection.execute(f"grant select on absurd.t_mail, absurd.r_mail, absurd.c_mail to {limited.name}")
        source = DatabaseSource(resolve(limited.dsn, environ={}))
        children = await source.children("mail", parent)
        assert (children.found, children.is_cut) == ((), True)
        source.close()


@pytest.mark.parametrize(("steps", "size"), [(600, 10), (1, 9_000)], ids=["many", "large"])
async def test_checkpoints_that_say_more_than_is_read_may_name_more_children(
    lifecycle: Lifecycle, connection: asyncpg.Connection, source: DatabaseSource, steps: int, size: int
) -> None:
    parent = await spawn(lifecycle, "mail", "parent")
    await lifecycle.claim("mail", "worker-1", 600)
    await connection.execute(
        "insert into absurd.c_mail (task_id, checkpoint_name, state, updated_at)"
        " select $1, 'step-' || n, to_jsonb(repeat('x', $3)), now() from generate_series(1, $2) n",
        *(parent, steps, size),
    )
    assert (await source.children("mail", parent)).is_cut


@pytest.mark.slow
async def test_a_task_is_cancelled_with_its_children_and_each_is_told_as_it_was_read_back(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database
) -> None:
    older, parent, child, grandchild = await family(lifecycle)
    async with watching(database.dsn) as pilot:
        await pilot.press("2")
        await until_shown(pilot, str(older)[-4:])
        while str(parent) not in text(pilot.app):
            await pilot.press("down")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"all", "space", *"its", "space", *"children")
        await until_shown(pilot, "Cancel the task with all its children")
        await pilot.press("enter")
        await until_shown(pilot, "2 live children likely", "orders › child", "mail › grandchild", "y cancel 3 tasks")
        await until(pilot, lambda: isinstance(screen := pilot.app.screen, TaskDialog) and screen.is_awake)
        await pilot.press("y")
        await until_shown(pilot, *(f"✓ Cancelled · {name}" for name in ("mail › parent", "orders › child", "mail › g")))
        for queue, task_id in (("mail", parent), ("orders", child), ("mail", grandchild)):
            assert (await lifecycle.get_result(queue, task_id)).state == "cancelled"
        assert (await lifecycle.get_result("orders", older)).state == "running"
