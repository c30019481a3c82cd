"""The reason of a write, where it is asked for: before anything is sent, and never without one."""

import pytest
from dialogs import Desk, desk

from absurd_tui.observe.records import State
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.dialogs.reason import ReasonDialog

pytestmark = pytest.mark.slow


async def cancel(seen: Desk) -> None:
    """Confirm the cancellation of a task, and wait until its reason can be typed."""
    await seen.ask("c", State.RUNNING)
    await seen.press("y")
    await seen.says("cancel · mail › running_task", "Why, in one line?")
    await seen.until(lambda: isinstance(screen := seen.pilot.app.screen, ReasonDialog) and screen.focused is not None)


async def test_it_is_sent_with_its_reason() -> None:
    async with desk(asks_reason=True) as seen:
        await cancel(seen)
        await seen.until_struck("enter send it")
        await seen.press("enter", "space", "enter")
        await seen.look(0.1)
        assert seen.requests == []
        await seen.press(*"INC", "minus", *"7", "enter")
        assert (await seen.asked()).target.task_id == seen.tasks[State.RUNNING]
        assert seen.performer.reasons == ["INC-7"]


async def test_escape_sends_nothing() -> None:
    async with desk(asks_reason=True) as seen:
        await cancel(seen)
        await seen.press("x", "escape")
        await seen.look(0.3)
        assert seen.requests == []


async def test_where_it_is_not_asked_for_it_is_sent_at_once() -> None:
    async with desk() as seen:
        await seen.ask("c", State.RUNNING)
        await seen.press("y")
        await seen.asked()
        assert seen.performer.reasons == [""]


async def test_many_tasks_have_one_reason_and_keep_their_marks_without_it() -> None:
    async with desk(asks_reason=True) as seen:
        await seen.press("1", "space")
        await seen.shown("1 marked")
        for answer, kept in (("escape", True), ("enter", False)):
            await seen.press("c")
            await seen.until(lambda: isinstance(screen := seen.pilot.app.screen, BulkDialog) and screen.is_awake)
            await seen.shown("y cancel 1 task")
            await seen.press("y")
            await seen.says("cancel 1 task", "Why, in one line?")
            await seen.until(
                lambda: isinstance(screen := seen.pilot.app.screen, ReasonDialog) and screen.focused is not None
            )
            await seen.press("x", answer)
            await seen.until(lambda: not isinstance(seen.pilot.app.screen, ReasonDialog))
            if kept:
                assert seen.performer.batches == []
                await seen.shown("1 marked")
        await seen.until(lambda: len(seen.performer.batches) == 1)
        assert seen.performer.reasons == ["x"]
