"""A `Lifecycle` over the test's own connection, and a queue in it."""

import asyncpg
import pytest

from absurd_tui.lifecycle import Lifecycle


@pytest.fixture
def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    return Lifecycle(connection)


@pytest.fixture
async def queue(lifecycle: Lifecycle) -> str:
    await lifecycle.create_queue("mail")
    return "mail"
