"""Queues that cannot be read for a while, or go away: they say so, and everything else lives."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import until_not_shown, until_shown

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import resting

pytestmark = pytest.mark.slow

QUEUE, OTHER = "mail", "orders"
TASK = "send_letter"


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    for queue in (QUEUE, OTHER):
        await lifecycle.create_queue(queue)
    await lifecycle.spawn(QUEUE, TASK, {})
    return lifecycle


@pytest.fixture
async def other(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's session, whose name is as bad as a name can be."""
    other = await asyncpg.connect(database.dsn)
    await other.execute("set application_name = 'night [red]report'")
    yield other
    await other.close()


@pytest.mark.fault(29)
async def test_a_locked_queue_names_who_has_locked_it_and_the_others_live(
    lifecycle: Lifecycle, database: Database, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "REST_SECONDS", 3.0)
    said = f"locked by pid {other.get_server_pid()} (night [red]report)"
    async with watching(database.dsn, every=0.2) as pilot:
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", TASK, "Timeline")
        async with other.transaction():
            await other.execute(f"lock table absurd.t_{QUEUE} in access exclusive mode")
            await until_shown(pilot, f"Not read: {said}.")
            await pilot.press("escape")
            for name in ("ship", "bill"):
                await lifecycle.spawn(OTHER, name, {})
                await until_shown(pilot, name, f"{QUEUE} cannot be read.", said)
        await until_not_shown(pilot, said)
        await until_shown(pilot, TASK, "ship", "bill")
