"""What nobody can see is not read."""

import pytest
from dialogs import DEAD, desk
from fakes import page_of

from absurd_tui.observe.records import State

pytestmark = pytest.mark.slow


async def test_under_a_page_no_panel_is_read_but_for_a_dialog_and_they_are_back_with_the_dashboard() -> None:
    async with desk() as seen:
        row = seen.row(State.PENDING)
        seen.source.pages[row.task_id] = page_of(row, seen.source.now)
        await seen.go_to(State.PENDING)
        await seen.press("enter")
        await seen.shown("esc back")
        await seen.until(lambda: seen.source.read[-1].panels == ())
        await seen.ask("c")
        await seen.until(lambda: seen.source.read[-1].panels == tuple(State))
        await seen.press("escape")
        await seen.until(lambda: seen.source.read[-1].panels == ())
        await seen.look(DEAD + 0.1)  # a key that closed a screen and is pressed again at once was held
        await seen.press("escape")
        await seen.shown("1 ◌ Pending  1", "6 ⊖ Cancelled  1")
        await seen.until(lambda: seen.source.read[-1].panels == tuple(State))


async def test_under_the_activity_screen_no_panel_is_read() -> None:
    async with desk() as seen:
        await seen.press("A")
        await seen.until(lambda: seen.source.read[-1].panels == ())
