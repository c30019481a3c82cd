"""After a cancel there is one way back, a copy: `n` makes it right there, wherever the cursor was."""

from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, Done, Refused
from absurd_tui.operations.requests import SpawnTask

pytestmark = pytest.mark.slow

CANCELLED = Done(After(State.CANCELLED, 1, None, 1_790_000_020.0))


def with_pages(source: FakeSource, tasks: dict[State, UUID]) -> None:
    for task_id in tasks.values():
        source.pages[task_id] = page_of(source.rows[task_id], source.now)


async def cancel(seen: Desk) -> None:
    """Cancel the pending task in question, and let it be so in the database."""
    await seen.ask("c")
    await seen.press("y")
    await seen.shown("✓ Cancelled · mail › pending_task", "n spawns a copy.")
    seen.change(State.PENDING, state=State.CANCELLED, cancelled_at=seen.source.now)
    task_id = seen.tasks[State.PENDING]
    seen.source.pages[task_id] = page_of(seen.row(State.PENDING), seen.source.now)
    await seen.read_again()


async def copy(seen: Desk) -> None:
    """Copy the task in question; it is the one that was cancelled."""
    await seen.press("n")
    await seen.shown("ctrl+s spawn pending_task")
    seen.requests.clear()
    seen.performer.outcome = Refused("This is a test.")
    await seen.until(lambda: seen.pilot.app.focused is not None)
    await seen.press("ctrl+s")
    request = await seen.asked()
    assert isinstance(request, SpawnTask)
    assert (request.queue, request.task_name, request.params) == ("mail", "pending_task", {})
    assert request.options.max_attempts == 3


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_on_the_dashboard_although_the_task_has_left_its_panel(size: tuple[int, int]) -> None:
    async with desk(outcome=CANCELLED, prepare=with_pages, size=size) as seen:
        await seen.go_to(State.PENDING)
        await cancel(seen)
        await copy(seen)


async def test_on_the_dashboard_while_it_is_held_still() -> None:
    async with desk(outcome=CANCELLED, prepare=with_pages) as seen:
        await seen.go_to(State.PENDING)
        await seen.press("f")
        await seen.shown("FROZEN")
        await cancel(seen)
        await copy(seen)


async def test_on_the_page_of_the_task() -> None:
    async with desk(outcome=CANCELLED, prepare=with_pages) as seen:
        await seen.go_to(State.PENDING)
        await seen.press("enter")
        await seen.shown("esc back")
        await cancel(seen)
        await seen.shown("⊖ CANCELLED")
        await copy(seen)


async def test_a_second_cancel_right_there_is_told_that_it_is_so() -> None:
    async with desk(outcome=CANCELLED, prepare=with_pages) as seen:
        await seen.go_to(State.PENDING)
        await cancel(seen)
        await seen.press("c")
        await seen.shown("Changed since you looked: cancelled now, attempt 1.", "enter look again")
        assert len(seen.requests) == 1
