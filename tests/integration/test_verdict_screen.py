"""From the verdict to the cure on a real database, with the keys that it names."""

import asyncpg
import pytest
from absurd_server import Database
from real_screen import running_on
from screen import text, until, until_shown
from seeding import put

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.ui.screens.task import TaskScreen

LONG_AGO = "now() - interval '10 minutes'"


@pytest.mark.slow
@pytest.mark.fault(77)
async def test_a_task_that_no_panel_shows_and_that_stops_every_claim_is_found_opened_and_cancelled(
    connection: asyncpg.Connection, database: Database
) -> None:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await put(connection, "mail", "pending", number=200, run={"available_at": LONG_AGO})
    policy = {"task_name": "'poison'", "cancellation": '\'{"max_delay": "soon"}\''}
    await put(connection, "mail", "pending", task=policy, run={"available_at": "now() - interval '1 minute'"})
    async with running_on(database.dsn, size=(120, 40)) as pilot:
        await until_shown(pilot, " WEDGED ", "mail: every claim fails because of poison …", "V its page")
        assert "poison" not in text(pilot.app).split("Pending")[1]
        await pilot.press("V")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        await until_shown(pilot, "mail › poison", "Due for 1m")
        await pilot.press("c")
        await until_shown(pilot, "Cancel task", "poison")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        await until_shown(pilot, "Cancelled")
        assert len(await lifecycle.claim("mail", "worker-1", 60, 200)) == 200
        await pilot.press("escape")
        await until_shown(pilot, "All quiet since ")


@pytest.mark.slow
async def test_from_failures_that_are_many_to_the_page_of_a_task_that_failed(
    connection: asyncpg.Connection, database: Database
) -> None:
    lately = "now() - n * interval '1 s'"
    await Lifecycle(connection).create_queue("mail")
    reason = '(\'{"name": "HTTPError", "message": "503 for order \' || n || \'"}\')::jsonb'
    run = {"available_at": lately, "started_at": lately, "failed_at": lately, "failure_reason": reason}
    await put(connection, "mail", "failed", number=20, task={"task_name": "'charge'"}, run=run)
    async with running_on(database.dsn, size=(120, 40)) as pilot:
        await until_shown(
            pilot, " DEGRADED ", "attempts claimed in the last minute failed, most of charge (HTTPError)."
        )
        await pilot.press("V")
        await until_shown(pilot, "HTTPError: # for order #", "Looked at all 20 failed attempts")
        await pilot.press("enter")
        await until_shown(pilot, "HTTPError: 503 for order 1 ", "for good")
        await pilot.pause(0.4)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        await until_shown(pilot, "mail › charge", "HTTPError: 503 for order 1")
