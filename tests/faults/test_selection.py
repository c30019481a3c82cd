"""Many tasks at once, with keys, on a real database: some of them are no longer what they were."""

import json
import stat
from collections import Counter
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from integration.operations.bulk_stage import seen, states
from integration.operations.stage import QUEUE, Stage
from screen import text, until, until_shown
from seeding import put
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.operations.audit import Audit
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress

pytestmark = pytest.mark.slow

SELECTED, MOVED = 50, 3


@pytest.fixture
async def stage(connection: asyncpg.Connection) -> Stage:
    await Lifecycle(connection).create_queue(QUEUE)
    return Stage(connection)


async def woken(pilot: Pilot[int], kind: type[BulkDialog] | type[BulkProgress]) -> None:
    """Wait until a dialog is there and its keys count."""

    def is_so() -> bool:
        screen = pilot.app.screen
        is_ready = all(not field.disabled and field.has_focus for field in screen.query(Input))
        return isinstance(screen, kind) and screen.is_awake and is_ready

    await until(pilot, is_so)


async def ask(pilot: Pilot[int], stage: Stage) -> None:
    """Mark all failed tasks, and ask about them."""
    await until_shown(pilot, f"Failed  {SELECTED}")
    await pilot.press("4", "asterisk")
    await until_shown(pilot, "* again marks all")
    await pilot.press("asterisk")
    await until_shown(pilot, f"{SELECTED} marked")
    await pilot.press("r")
    await until_shown(pilot, f"{SELECTED} failed tasks in {QUEUE}, frozen at", f"Type {SELECTED} to start the canary")
    await woken(pilot, BulkDialog)


@pytest.mark.fault(84)
async def test_of_a_selection_of_fifty_three_changed_before_the_word_and_are_reported(
    stage: Stage, database: Database, tmp_path: Path
) -> None:
    await put(stage.connection, QUEUE, "failed", number=SELECTED, run={"failed_at": "now()"})
    targets = await seen(stage.connection)
    audit = Audit(tmp_path / "absurd-tui" / "audit.jsonl")
    async with watching(database.dsn, every=0.1, audit=audit) as pilot:
        await ask(pilot, stage)
        retried, cancelled, deleted = targets[10], targets[20], targets[30]
        await stage.lifecycle.retry(QUEUE, retried.task_id)
        await stage.lifecycle.retry(QUEUE, cancelled.task_id)
        await stage.lifecycle.cancel(QUEUE, cancelled.task_id)
        await stage.delete(deleted.task_id)

        await pilot.press("k", "p", "p", *str(SELECTED), "enter")
        await woken(pilot, BulkProgress)
        await until_shown(pilot, "50 of 50", "47  retried, read back as pending", "1  already so", "2  changed or gone")

        now = {target.task_id: target for target in await seen(stage.connection)}
        others = [target for target in targets if target not in (retried, cancelled, deleted)]
        assert len(others) == SELECTED - MOVED
        assert {(now[target.task_id].state, now[target.task_id].attempt) for target in others} == {("pending", 2)}
        assert await states(stage.connection) == {"pending": 48, "cancelled": 1}

        await woken(pilot, BulkProgress)
        await pilot.press("l")
        await until_shown(pilot, "Written: ")
        (written,) = (tmp_path / "absurd-tui").glob("retry-*.jsonl")
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        lines = [json.loads(line) for line in written.read_text().splitlines()]
        by_id = {line["task_id"]: line["outcome"] for line in lines}
        assert Counter(by_id.values()) == {"done": 47, "already so": 1, "changed": 1, "gone": 1}
        assert by_id[str(retried.task_id)] == "already so"
        assert by_id[str(cancelled.task_id)] == "changed"
        assert by_id[str(deleted.task_id)] == "gone"

        await pilot.press("escape", "A")
        await until_shown(pilot, "50 tasks", "several", "absurd.retry_task")
        assert str(retried.task_id) not in (audit.records[-1].sql or "")


@pytest.mark.fault(84)
async def test_what_changed_before_it_was_looked_through_is_left_out_and_told(stage: Stage, database: Database) -> None:
    await put(stage.connection, QUEUE, "failed", number=SELECTED, run={"failed_at": "now()"})
    targets = await seen(stage.connection)
    async with watching(database.dsn, every=3600.0) as pilot:
        await until_shown(pilot, f"Failed  {SELECTED}")
        await pilot.press("4", "asterisk", "asterisk")
        await until_shown(pilot, f"{SELECTED} marked")
        for target in targets[:MOVED]:
            await stage.lifecycle.retry(QUEUE, target.task_id)
        await pilot.press("r")
        await until_shown(pilot, "47 ✓ can be retried in place", "3 · no longer as they were seen: left out")
        await woken(pilot, BulkDialog)
        await pilot.press("k", "p", "p", *"47", "enter")
        await until_shown(pilot, "47 of 47", "47  retried, read back as pending", "3  left out before it began")
        assert "unknown" in text(pilot.app)
    assert {target.attempt for target in await seen(stage.connection)} == {2}
