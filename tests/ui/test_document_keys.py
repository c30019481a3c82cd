"""On a task's page the keys of a document tell what they did, and ask for the text to look for."""

from dataclasses import replace

import pytest
from fakes import FakeSource, FakeStage, page_of
from screen import running, until, until_shown
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.observe.task_records import Document
from absurd_tui.ui.dialogs.find_text import FindTextDialog
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow

PARAMS = '{"user": {"id": 42}, "note": "\u202ered", "n": 1.50}'


async def open_document(pilot: Pilot[int]) -> None:
    await pilot.press("1")
    await until_shown(pilot, "letter")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await pilot.press("5")
    await until_shown(pilot, '"n": 1.50')


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_value_the_path_and_a_text_of_the_params(size: tuple[int, int]) -> None:
    source = FakeSource()
    task_id = await FakeStage(source).spawn("mail", "letter")
    page = page_of(source.rows[task_id], source.now)
    source.pages[task_id] = replace(page, params=Document(len(PARAMS), PARAMS))
    async with running(source, size=size) as pilot:
        await open_document(pilot)
        await pilot.press("down", "down", "p")
        await until_shown(pilot, "Copied the path .user.id")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindTextDialog))
        pilot.app.screen.query_one(Input).value = "RED"
        await pilot.press("enter")
        await until_shown(pilot, "Line 5 of 7 has RED")
        await pilot.press("y")
        await until_shown(pilot, "Copied")
        assert "\u202e" not in pilot.app.clipboard
        await pilot.press("home", "enter")
        await until_shown(pilot, "{ … 5 lines … }")
