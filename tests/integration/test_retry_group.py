"""A group of failures retried from its screen: exactly the tasks that still stand as they failed, and no other."""

from math import inf

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import until, until_shown
from seeding import put

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import failure_walk


@pytest.mark.slow
async def test_the_tasks_of_a_group_are_retried_but_for_those_that_moved_on(
    connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_walk, "_REFRESHED_EVERY", inf)
    lifecycle = Lifecycle(connection)
    lately = "now() - n * interval '1 min'"
    reason = '(\'{"name": "HTTPError", "message": "503 for order \' || n || \'"}\')::jsonb'
    at = {"available_at": lately, "started_at": lately, "failed_at": lately}
    for queue in ("mail", "orders"):
        await lifecycle.create_queue(queue)
    charged = await put(connection, "mail", "failed", number=4, run={**at, "failure_reason": reason})
    ordered = await put(connection, "orders", "failed", number=2, run={**at, "failure_reason": reason})
    other = await put(connection, "mail", "failed", run={**at, "failure_reason": '\'{"name": "KeyError"}\''})
    async with watching(database.dsn, size=(120, 40)) as pilot:
        await pilot.press("g")
        await until_shown(pilot, "HTTPError: # for order #", "r retry 6", "Looked at all 7 failed attempts")
        await lifecycle.retry("mail", charged[0][0])
        await pilot.press("r")
        await until_shown(pilot, "Retry 6 tasks", "6 failed for good of 6 attempts in the last day: HTTPError")
        await until_shown(pilot, "5 ✓ can be retried in place", "1 · no longer as they were seen: left out")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until_shown(pilot, "5  retried, read back as pending", "1  left out before it began")
    for queue, tasks in (("mail", charged), ("orders", ordered)):
        rows = await connection.fetch(
            f"select t.state, t.attempts from absurd.t_{queue} t where t.task_id = any($1)", [id for id, _ in tasks]
        )
        assert {tuple(row) for row in rows} == {("pending", 2)}
    assert (await lifecycle.get_result("mail", other[0][0])).state == "failed"
