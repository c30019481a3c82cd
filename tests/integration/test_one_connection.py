"""A role that the server allows one connection only: everything is read over it, and a write says why it cannot be."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from seeding import role

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.lifecycle import Lifecycle, SpawnInfo
from absurd_tui.observe import lookups
from absurd_tui.observe.records import State, View
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.observe.task_records import PARAMS
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import NotApplied
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, Target

CONNECTIONS = "select pid from pg_stat_activity where usename = $1"


@pytest.fixture
async def spawned(connection: asyncpg.Connection) -> SpawnInfo:
    await Lifecycle(connection).create_queue("mail")
    return await Lifecycle(connection).spawn("mail", "receipt", {"order": 7})


@pytest.fixture
async def lone(connection: asyncpg.Connection, database: Database, spawned: SpawnInfo) -> AsyncIterator[Database]:
    """The database as a role that reads it over one connection at a time."""
    async with role(connection, database) as seen:
        await connection.execute(f'alter role "{seen.name}" connection limit 1')
        await connection.execute(f'grant select on all tables in schema absurd to "{seen.name}"')
        yield seen


@pytest.fixture
async def spec(lone: Database) -> ConnSpec:
    return resolve(lone.dsn, environ={})


@pytest.fixture
async def source(spec: ConnSpec) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(spec)
    await source.open()
    yield source
    source.close()


@pytest.mark.fault(21)
async def test_a_task_is_read_over_the_connection_of_the_polls(source: DatabaseSource, spawned: SpawnInfo) -> None:
    for _ in range(2):
        page = await source.task("mail", spawned.task_id)
        assert page is not None
        assert (page.task_name, page.state) == ("receipt", State.PENDING)
        params = await source.document("mail", spawned.task_id, PARAMS)
        assert params is not None
        assert params.text == '{"order": 7}'
        snapshot = await source.snapshot(View())
        assert snapshot.queue("mail") is not None


async def test_it_has_a_connection_of_its_own_once_there_is_room(
    source: DatabaseSource,
    spawned: SpawnInfo,
    lone: Database,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookups, "TRIES_AGAIN_AFTER", 0.0)
    assert await source.task("mail", spawned.task_id) is not None
    assert len(await connection.fetch(CONNECTIONS, lone.name)) == 1
    await connection.execute(f'alter role "{lone.name}" connection limit 2')
    assert await source.task("mail", spawned.task_id) is not None
    assert len(await connection.fetch(CONNECTIONS, lone.name)) == 2


@pytest.mark.fault(20, 21)
async def test_a_write_says_that_it_has_no_connection(
    source: DatabaseSource, spec: ConnSpec, spawned: SpawnInfo, lone: Database
) -> None:
    performer = Performer(spec, audit=Audit(None))
    target = Target("mail", spawned.task_id, spawned.run_id, "receipt", State.PENDING, 1, None, 0.0)
    outcome = await performer.perform(CancelTask(target))
    await performer.close()
    assert outcome == NotApplied(f'No connection: too many connections for role "{lone.name}".')
