"""A run over many tasks that nobody looks at any more, or that leaving stops: what is told of it."""

import asyncio
from pathlib import Path

import pytest
from bulk_dialogs import RETRIED, ask, woken
from dialogs import desk

from absurd_tui.operations import bulk as bulk_module
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult, nothing_reached
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.perform import LEAVING, Pending
from absurd_tui.operations.requests import TaskBatch
from absurd_tui.ui.app import AbsurdApp
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress

pytestmark = pytest.mark.slow


async def test_what_came_of_a_run_is_told_also_where_nobody_looked() -> None:
    async with desk(outcome=RETRIED) as seen:
        gate = seen.performer.gate = asyncio.Event()
        await seen.press("4", "space", "r")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await woken(seen, BulkProgress)
        await seen.press("escape")
        await seen.shown("Retrying 1 task")
        gate.set()
        await seen.shown("✓ Retried 1 of 1 task", "Each was read back.")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("audit.jsonl", "as far as 0; the audit file has what came of each."),
        ("", "as far as 0."),
        (None, "as far as 0."),
    ],
)
async def test_leaving_tells_how_far_a_run_came_and_of_the_audit_file_only_where_it_was_written(
    tmp_path: Path, place: str | None, told: str
) -> None:
    async with desk(outcome=RETRIED) as seen:
        seen.performer.audit = Audit(tmp_path / place if place is not None else None)
        seen.performer.gate = asyncio.Event()
        await ask(seen, "r", 20)
        await seen.press("k", "y")
        await woken(seen, BulkProgress)
        app = seen.pilot.app
        assert isinstance(app, AbsurdApp)
        await seen.press("escape", "q")
        await seen.until(lambda: not app.is_running or bool(app.left_behind))
    assert [said.text for said in app.left_behind] == [f"the retry of 20 tasks came {told}"]


async def test_leaving_tells_of_a_canary_that_waits_for_a_word() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        await seen.press("y")
        await seen.shown("7 are left, and wait for a word")
        await woken(seen, BulkProgress)
        app = seen.pilot.app
        assert isinstance(app, AbsurdApp)
        await seen.press("escape", "q")
        await seen.until(lambda: not app.is_running or bool(app.left_behind))
    assert [said.text for said in app.left_behind] == ["the retry of 12 tasks came as far as 5."]


async def test_leaving_tells_of_a_run_that_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_module, "MOST", 10)
    async with desk(outcome=RETRIED) as seen:
        leaving = asyncio.Event()

        async def perform_batch(batch: TaskBatch) -> BatchResult:
            """As the real one does: what is in flight ends, and nothing more is written."""
            if leaving.is_set():
                return nothing_reached(batch, Refused(LEAVING))
            await leaving.wait()
            return BatchResult((RETRIED,) * len(batch.targets))

        async def close(within: float = 1.0) -> tuple[Pending, ...]:
            leaving.set()
            await asyncio.sleep(0.05)
            return ()

        monkeypatch.setattr(seen.performer, "perform_batch", perform_batch)
        monkeypatch.setattr(seen.performer, "close", close)
        await ask(seen, "r", 20)
        await seen.press("k", "p", "p", "y")
        await woken(seen, BulkProgress)
        app = seen.pilot.app
        assert isinstance(app, AbsurdApp)
        await seen.press("escape", "q")
        await seen.until(lambda: not app.is_running or bool(app.left_behind))
    assert [said.text for said in app.left_behind] == ["the retry of 20 tasks came as far as 10."]
