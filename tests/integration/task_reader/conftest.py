"""A queue, and who reads its tasks whole."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from integration.task_reader.stored_task import QUEUE

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.lookups import Lookups
from absurd_tui.observe.task_reader import TaskReader


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    session = Session(resolve(database.dsn, environ={}))
    yield session
    session.terminate()


@pytest.fixture
def reader(session: Session) -> TaskReader:
    return TaskReader(Lookups(session))


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue(QUEUE)
    return lifecycle
