"""A database of the test's own with two queues, and a role that may look at it and nothing else."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from integration.keys.side import OTHER_QUEUE, QUEUE, Side
from seeding import role

from absurd_tui.lifecycle import Lifecycle


@pytest.fixture
async def side(connection: asyncpg.Connection, database: Database) -> Side:
    for queue in (OTHER_QUEUE, QUEUE):
        await Lifecycle(connection).create_queue(queue)
    return Side(database.dsn)


@pytest.fixture
async def viewer(connection: asyncpg.Connection, database: Database, side: Side) -> AsyncIterator[Database]:
    """A role's name, and the database as it sees it."""
    async with role(connection, database) as viewer:
        await connection.execute(f"grant select on all tables in schema absurd to {viewer.name}")
        yield viewer
