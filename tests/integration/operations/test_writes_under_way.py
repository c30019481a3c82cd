"""What the screen tells of a real write that waits for a lock, or whose COMMIT was lost, and then of its outcome."""

import asyncpg
import pytest
from absurd_server import Database
from fakes import FakeSource
from integration.operations.stage import Stage
from screen import running, text, until_shown
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask
from absurd_tui.ui.messages import RequestMade

pytestmark = pytest.mark.slow


async def request(stage: Stage) -> CancelTask:
    return CancelTask(await stage.target(await stage.running()))


async def test_a_lock_that_is_waited_for_is_told(stage: Stage, database: Database, performer: Performer) -> None:
    cancelling = await request(stage)
    other = await asyncpg.connect(database.dsn)
    async with running(FakeSource(), performer=performer) as pilot:
        async with other.transaction():
            await other.execute("select from absurd.t_mail for update")
            pilot.app.post_message(RequestMade(cancelling))
            await until_shown(pilot, "… Cancelling · mail › welcome …", "Under way; it may wait for a lock.")
            pilot.app.post_message(RequestMade(cancelling))
            await until_shown(pilot, "… Still under way · mail › welcome …", "The cancel asked for before is not over")
            assert "Nothing changed" not in text(pilot.app)
            assert "Refused" not in text(pilot.app)
        await until_shown(pilot, "✓ Cancelled · mail › welcome …")
        assert "Cancelling" not in text(pilot.app)
    await other.close()
    assert [record.outcome for record in performer.audit.records] == ["done"]


async def test_a_lost_commit_is_told_while_the_server_cannot_be_asked(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    first, second = await request(stage), await request(stage)
    async with running(FakeSource(), performer=proxied) as pilot:
        pilot.app.post_message(RequestMade(first))
        await until_shown(pilot, "✓ Cancelled")
        proxy.is_refusing = True
        proxy.arm(COMMIT, Harm.CUT_AFTER)
        pilot.app.post_message(RequestMade(second))
        await until_shown(pilot, "? Unknown · Connection lost cancelling …", "Looking it up; do not repeat it.")
        proxy.is_refusing = False
        await until_shown(pilot, f"✓ Cancelled · mail › welcome …{str(second.target.task_id)[-8:]}")
        assert "Unknown" not in text(pilot.app)
    assert [record.outcome for record in proxied.audit.records] == ["done", "done"]
