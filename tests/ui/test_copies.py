"""What is copied of a task: its whole id, or what one wants to paste into a channel."""

import pytest
from fakes import FakeSource, FakeStage
from screen import running, until, until_shown

from absurd_tui.ui.screens.found import SearchScreen
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow


async def test_ids_rows_pages_and_lists_are_copied() -> None:
    source = FakeSource()
    stage = FakeStage(source)
    first = await stage.spawn("mail", "first")
    second = await stage.spawn("mail", "second")
    async with running(source) as pilot:
        app = pilot.app
        await pilot.press("0", "y")
        await until_shown(pilot, "copy: no row is under the cursor")
        await pilot.press("1")
        await until_shown(pilot, "second")
        await pilot.press("y")
        await until_shown(pilot, "Copied the id.")
        assert app.clipboard == str(first)
        await pilot.press("down", "d")
        await until_shown(pilot, "Copied it as Markdown, without params and result.")
        assert app.clipboard.startswith("**pending** `second` in `mail` on `tester@memory/absurd`\n")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskScreen))
        await until_shown(pilot, "spawned")
        await pilot.press("d")
        await until(pilot, lambda: "| attempt | state |" in app.clipboard)
        await pilot.press("escape", "slash")
        await pilot.pause(0.4)
        await pilot.press(*"queue:mail", "enter")
        await until(pilot, lambda: isinstance(app.screen, SearchScreen))
        await until_shown(pilot, "2 tasks: all there are")
        await pilot.press("y")
        await until_shown(pilot, "Copied the id.")
        await pilot.press("d")
        await until_shown(pilot, "Copied 2 tasks as Markdown.")
        assert str(first) in app.clipboard
        assert str(second) in app.clipboard
