"""The key that goes to an id: typed or pasted, found once, several times, nowhere, or not at all."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from fakes import FakeSource, FakeStage
from screen import running, text, until, until_back, until_not_shown, until_shown
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.observe.records import Refusal
from absurd_tui.ui.dialogs.find_id import MOST_PASTED, FindIdDialog
from absurd_tui.ui.screens.found import FoundScreen
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow


@pytest.fixture
async def source() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for queue in source.queues:
        for number in range(3):
            await stage.spawn(queue, f"{queue} {number}")
    return source


@pytest.fixture
async def pilot(source: FakeSource) -> AsyncIterator[Pilot[int]]:
    async with running(source, size=(80, 24)) as pilot:
        yield pilot


def ids(source: FakeSource) -> list[UUID]:
    return list(source.rows)


async def look_for(pilot: Pilot[int], typed: str) -> None:
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, FindIdDialog))
    pilot.app.screen.query_one(Input).value = typed
    await pilot.press("enter")


async def test_a_whole_id_opens_the_page_of_its_task(pilot: Pilot[int], source: FakeSource) -> None:
    await look_for(pilot, f"  {{{str(ids(source)[4]).upper()}}}")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await until_shown(pilot, "orders 1", str(ids(source)[4]))
    dashboard = pilot.app.screen_stack[0]
    await pilot.press("escape")
    await until_back(pilot, dashboard)


async def test_the_id_of_a_run_opens_its_task_at_that_attempt(pilot: Pilot[int], source: FakeSource) -> None:
    row = source.rows[ids(source)[2]]
    await look_for(pilot, row.run_id.hex)
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    screen = pilot.app.screen
    assert isinstance(screen, TaskScreen)
    assert (screen.task_id, screen._chosen) == (row.task_id, row.run_id)


async def test_several_tasks_are_listed_and_one_of_them_opened(pilot: Pilot[int], source: FakeSource) -> None:
    dashboard = pilot.app.screen
    await look_for(pilot, f"{ids(source)[1]} {ids(source)[5]}")
    await until(pilot, lambda: isinstance(pilot.app.screen, FoundScreen))
    await until_shown(pilot, "2 tasks.", "mail 1", "orders 2")
    assert "mail 0" not in text(pilot.app)
    found = pilot.app.screen
    await pilot.press("down", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await until_shown(pilot, str(ids(source)[1]))
    await pilot.press("escape")
    await until_back(pilot, found)
    await pilot.press("up", "escape")
    await until_back(pilot, dashboard)


async def test_what_is_nowhere_is_told_with_the_queues_that_could_not_be_read(source: FakeSource) -> None:
    source.refused["billing"] = Refusal("no")
    source.queues.append("billing")
    async with running(source, size=(80, 24)) as pilot:
        dashboard = pilot.app.screen
        await look_for(pilot, str(UUID(int=7)))
        await until_shown(pilot, "No task and no run in 3 queues has", "billing could not be read.")
        await pilot.press("escape")
        await until_back(pilot, dashboard)
        await pilot.press("1")
        await until_shown(pilot, "mail 0")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "There is no id in this."),
        ("%", "There is no id in this."),
        ("0197c3d2-4e5f-7a6b-8c9d-0e1f2a3b4c5d0", "has 33 digits;"),
        ("ffff", "No task on the screen ends in ffff."),
        ("\x1b[31m", "31 has 2 digits"),
    ],
)
async def test_what_is_no_id_is_one_line_and_the_field_stays(pilot: Pilot[int], typed: str, said: str) -> None:
    await look_for(pilot, typed)
    await until_shown(pilot, said)
    assert isinstance(pilot.app.screen, FindIdDialog)


async def test_the_end_of_an_id_finds_a_task_that_is_on_the_screen(pilot: Pilot[int], source: FakeSource) -> None:
    task_id = ids(source)[3]
    await pilot.press("1")
    await until_shown(pilot, "mail 0")
    await look_for(pilot, task_id.hex[-8:])
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await until_shown(pilot, str(task_id))
    assert source.looked_for == []


async def test_an_id_that_is_pasted_anywhere_is_gone_to_at_once(pilot: Pilot[int], source: FakeSource) -> None:
    line = f"2026-11-29T09:32:41 ERROR worker\n  task={ids(source)[0]} failed\n"
    pilot.app.post_message(Paste(line))
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    pilot.app.post_message(Paste(f"{ids(source)[5]}"))
    await until_shown(pilot, str(ids(source)[5]))


async def test_an_id_behind_more_than_is_taken_of_a_paste_opens_nothing(pilot: Pilot[int], source: FakeSource) -> None:
    pilot.app.post_message(Paste("a log line\n" * (MOST_PASTED // 10) + f"{ids(source)[0]}"))
    await pilot.press("question_mark")
    await until_shown(pilot, "open the task under the cursor")
    assert not any(isinstance(screen, FindIdDialog) for screen in pilot.app.screen_stack)


async def test_lines_that_are_pasted_into_the_field_are_taken_whole(pilot: Pilot[int], source: FakeSource) -> None:
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, FindIdDialog))
    pilot.app.post_message(Paste(f"first line\n{ids(source)[0]}\n"))
    await until(pilot, lambda: str(ids(source)[0]) in pilot.app.screen.query_one(Input).value)


async def test_a_lost_connection_is_told_and_the_field_stays(pilot: Pilot[int], source: FakeSource) -> None:
    await pilot.press("i")
    await until(pilot, lambda: isinstance(pilot.app.screen, FindIdDialog))
    source.fault = ConnectionResetError(104, "reset")
    pilot.app.screen.query_one(Input).value = str(UUID(int=7))
    await pilot.press("enter")
    await until_shown(pilot, "It could not be looked for:")
    source.fault = None
    await pilot.press("enter")
    await until_not_shown(pilot, "It could not be looked for:")


async def test_hostile_names_are_shown_as_signs(source: FakeSource) -> None:
    first, second = ids(source)[:2]
    for id in (first, second):
        source.rows[id] = replace(source.rows[id], task_name="\x1b]0;x\x07[red]")
    async with running(source) as pilot:
        await look_for(pilot, f"{first} {second}")
        await until_shown(pilot, "␛]0;x␇[red]")
