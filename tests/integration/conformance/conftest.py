"""The scene that each test of conformance is played on: the real database, and the fake."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from fakes import FakeSource, FakeStage
from scenes import RealStage, Scene

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.source import DatabaseSource


@pytest.fixture(params=["real", "fake"])
async def scene(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Scene]:
    if request.param == "fake":
        fake = FakeSource(queues=["mail", "orders"])
        await fake.open()
        yield Scene(FakeStage(fake), fake)
        return
    connection = await asyncpg.connect(database.dsn)
    lifecycle = Lifecycle(connection)
    for queue in ("mail", "orders"):
        await lifecycle.create_queue(queue)
    source = DatabaseSource(resolve(database.dsn, environ={}))
    await source.open()
    try:
        yield Scene(RealStage(lifecycle), source)
    finally:
        source.close()
        await connection.close()
