"""The keys that write act on a task that was found through the same dialogs, on the task as it is now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from dialogs import Desk, desk

from absurd_tui.observe.records import State
from absurd_tui.operations.requests import CancelTask, ExtendClaim, RetryTask
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.screens.found import SearchScreen

pytestmark = pytest.mark.slow


@asynccontextmanager
async def found(state: State, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Desk]:
    """What a search for the tasks in a state has found."""
    async with desk(size=size) as seen:
        await seen.press("colon", *f"find state:{state}", "enter")
        await seen.until(lambda: isinstance(seen.pilot.app.screen, SearchScreen))
        await seen.shown(f"{state}_task")
        yield seen


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_target_is_the_task_as_it_is_now_and_the_list_tells_what_became_of_it(size: tuple[int, int]) -> None:
    async with found(State.PENDING, size) as seen:
        await seen.stage.claim(seen.tasks[State.PENDING], "worker-9", timeout=60)
        now = seen.row(State.PENDING)
        await seen.ask("c")
        await seen.says("worker-9 runs it")
        await seen.press("y")
        request = await seen.asked()
        assert isinstance(request, CancelTask)
        assert (request.target.run_id, request.target.state, request.target.attempt) == (
            now.run_id,
            State.RUNNING,
            now.attempt,
        )
        await seen.shown("This is a test.")
        await seen.stage.cancel(seen.tasks[State.PENDING])
        await seen.shown("cancelled")


async def test_retry_and_extend_and_a_copy() -> None:
    async with found(State.FAILED) as seen:
        await seen.ask("r")
        await seen.press("enter")
        request = await seen.asked()
        assert isinstance(request, RetryTask)
        assert request.target.task_id == seen.tasks[State.FAILED]
    async with found(State.RUNNING) as seen:
        await seen.ask("e")
        await seen.press("enter")
        assert isinstance(await seen.asked(), ExtendClaim)
    async with found(State.COMPLETED) as seen:
        await seen.press("n")
        await seen.until(lambda: isinstance(seen.pilot.app.screen, SpawnDialog))
        await seen.shown("completed_task")


async def test_what_became_of_it_meanwhile_is_said_in_place_of_a_dialog() -> None:
    async with found(State.FAILED) as seen:
        task_id = seen.tasks[State.FAILED]
        await seen.until_struck("cancel")
        seen.source.rows[task_id] = replace(seen.row(State.FAILED), state=State.COMPLETED)
        await seen.press("r")
        await seen.shown("retry: the task is completed; only failed tasks can be retried.")
        await seen.until_struck("retry")
        del seen.source.rows[task_id]
        await seen.press("c")
        await seen.shown("This task is no longer in the database.")
        assert not seen.requests


async def test_the_marks_of_the_dashboard_are_not_meant() -> None:
    async with desk() as seen:
        await seen.go_to(State.PENDING)
        await seen.press("space")
        await seen.press("colon", *"find state:failed", "enter")
        await seen.until(lambda: isinstance(seen.pilot.app.screen, SearchScreen))
        await seen.ask("r")
        await seen.press("enter")
        assert (await seen.asked()).target.task_id == seen.tasks[State.FAILED]
