"""A desk with many tasks and the dialogs that are about all of them."""

import asyncio
from uuid import UUID

from dialogs import Desk
from textual.widgets import Input

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, Done
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress
from absurd_tui.ui.dialogs.reason import ReasonDialog

RETRIED = Done(After(State.PENDING, 2, None, 1_790_000_020.0))
CANCELLED = Done(After(State.CANCELLED, 1, None, 1_790_000_020.0))


async def ask(seen: Desk, key: str, number: int, *, panel: str = "4") -> list[UUID]:
    """Have so many failed tasks, mark all, and ask about them."""
    state = {"4": State.FAILED, "1": State.PENDING}[panel]
    while sum(row.state is state for row in seen.source.rows.values()) < number:
        task_id = await seen.stage.spawn("mail", "charge_card", max_attempts=3)
        if state is State.FAILED:
            await seen.stage.claim(task_id, "worker-1:77")
            await seen.stage.fail(task_id, "HTTPError", "503")
    await seen.shown(f"{'Failed' if panel == '4' else 'Pending'}  {number}")
    await seen.press(panel, "asterisk")
    await seen.shown("* again marks all")
    await seen.press("asterisk")
    await seen.shown(f"{number} marked")
    await seen.press(key)
    await woken(seen, BulkDialog)
    return [row.task_id for row in seen.source.rows.values() if row.state is state]


async def woken(seen: Desk, kind: type[BulkDialog | BulkProgress | ReasonDialog]) -> None:
    """Wait until a dialog is there and its keys count."""

    def is_so() -> bool:
        screen = seen.pilot.app.screen
        is_ready = all(not field.disabled and field.has_focus for field in screen.query(Input))
        return isinstance(screen, kind) and screen.is_awake and is_ready

    await seen.until(is_so)
    await asyncio.sleep(0.05)
