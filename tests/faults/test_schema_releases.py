"""On the schema of every release: what is there is read, every key works, and none of it goes by the version."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import SERVER, Database
from integration.operations.bulk_stage import frozen, states
from integration.operations.stage import OPERATIONS, QUEUE, Stage
from real_screen import running_on
from releases import RELEASES, schema_of
from screen import text, until, until_not_shown, until_shown

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.bulk_check import split
from absurd_tui.operations.outcomes import Done
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import Act, TaskBatch

pytestmark = pytest.mark.xdist_group("releases")

PANELS = {
    "◌": ("1", "Pending"),
    "»": ("2", "Claimed"),
    "z": ("3", "Sleeping"),
    "✗": ("4", "Failed"),
    "✓": ("5", "Completed"),
    "⊖": ("6", "Cancelled"),
}
DIALOGS = {
    "c": ("◌", "Cancel task"),
    "e": ("»", "Extend claim"),
    "r": ("✗", "Retry task"),
    "s": ("◌", "Spawn task"),
    "n": ("✓", "Spawn a copy"),
}
"""The keys that write, on which row, and the dialog that each opens."""

MANY: list[tuple[Act, str, dict[str, int]]] = [
    (Act.CANCEL, "pending", {"cancelled": 3}),
    (Act.RETRY, "failed", {"pending": 3}),
    (Act.RETRY_AS_NEW, "failed", {"failed": 3, "pending": 3}),
]
"""What is done to three tasks in which state, and the states afterwards."""


@pytest.fixture(params=RELEASES)
async def release(request: pytest.FixtureRequest) -> AsyncIterator[tuple[str, Database]]:
    """A release, and a database with its schema."""
    sql = schema_of(request.param)
    server = request.config.stash[SERVER]
    name = f"test_{os.getpid()}_{request.param.replace('.', '_')}"
    admin = await asyncpg.connect(server.admin_dsn)
    try:
        await admin.execute(f"create database {name}")
        connection = await asyncpg.connect(server.dsn(name))
        await connection.execute(sql)
        await connection.close()
        yield request.param, Database(name, server.dsn(name))
    finally:
        await admin.execute(f"drop database if exists {name} with (force)")
        await admin.close()


@pytest.fixture
async def connection(release: tuple[str, Database]) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(release[1].dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def stage(connection: asyncpg.Connection) -> Stage:
    await Lifecycle(connection).create_queue(QUEUE)
    return Stage(connection)


async def furnish(stage: Stage) -> None:
    """A task in each state."""
    sleeper = await stage.running(lease=3600)
    await stage.lifecycle.schedule_run(QUEUE, (await stage.row(sleeper))["run_id"], 7200)
    await stage.failed()
    await stage.completed()
    await stage.lifecycle.cancel(QUEUE, await stage.pending())
    await stage.running(lease=3600)
    await stage.pending()


@pytest.mark.fault(39)
@pytest.mark.slow
async def test_every_state_is_read_and_every_key_asks(release: tuple[str, Database], stage: Stage) -> None:
    await furnish(stage)
    version, database = release
    async with running_on(database.dsn, size=(200, 50)) as pilot:
        await until_shown(pilot, f"Absurd {version}", *(f"{name}  1 " for _, name in PANELS.values()))
        for glyph, (key, _) in PANELS.items():
            await pilot.press(key)
            await until(pilot, lambda glyph=glyph: f" {glyph} {QUEUE} › welcome" in text(pilot.app))  # type: ignore[misc]
        await pilot.press("enter")
        await until_shown(pilot, "Timeline", "Facts")
        await pilot.press("escape")
        for key, (glyph, title) in DIALOGS.items():
            await pilot.press(PANELS[glyph][0])
            await until(pilot, lambda glyph=glyph: f" {glyph} {QUEUE} › welcome" in text(pilot.app))  # type: ignore[misc]
            await pilot.press(key)
            await until_shown(pilot, title)
            await pilot.press("escape")
            await until_not_shown(pilot, title)


@pytest.mark.fault(39)
async def test_every_operation_is_done(release: tuple[str, Database], stage: Stage) -> None:
    performer = Performer(resolve(release[1].dsn, environ={}), audit=Audit(None))
    try:
        for operation, request in [(operation, await stage.request(operation)) for operation in OPERATIONS]:
            outcome = await performer.perform(request)
            assert isinstance(outcome, Done), (operation, outcome)
    finally:
        await performer.close()


@pytest.mark.fault(39)
@pytest.mark.parametrize(("act", "before", "after"), MANY, ids=[act for act, *_ in MANY])
async def test_many_tasks_are_done_at_once(
    release: tuple[str, Database], stage: Stage, act: Act, before: str, after: dict[str, int]
) -> None:
    performer = Performer(resolve(release[1].dsn, environ={}), audit=Audit(None))
    try:
        targets = await frozen(stage.connection, before, 3)
        found = await split(act, targets, performer.check_batch, lambda _: True)
        assert found is not None
        assert found.ready == targets
        result = await performer.perform_batch(TaskBatch(act, QUEUE, targets))
        assert [type(outcome) for outcome in result.outcomes] == [Done] * 3
        assert await states(stage.connection) == after
    finally:
        await performer.close()
