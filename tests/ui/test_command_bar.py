"""The command bar runs any command of the table by its word, and says in one line what it cannot."""

from collections.abc import AsyncIterator

import pytest
from dialogs import TITLES, desk
from fakes import FakeSource, FakeStage
from screen import running, text, until, until_back, until_shown
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.observe.records import State
from absurd_tui.ui.dialogs.command import CommandBar
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.screens.found import SearchScreen
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow


@pytest.fixture
async def source() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for queue in source.queues:
        await stage.spawn(queue, f"{queue}_task")
    return source


@pytest.fixture
async def pilot(source: FakeSource) -> AsyncIterator[Pilot[int]]:
    async with running(source) as pilot:
        yield pilot


async def command(pilot: Pilot[int], typed: str) -> None:
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandBar))
    pilot.app.screen.query_one(Input).value = typed
    await pilot.press("enter")


async def test_a_queue_is_chosen_from_any_screen(pilot: Pilot[int], source: FakeSource) -> None:
    dashboard = pilot.app.screen
    await pilot.press("1")
    await until_shown(pilot, "mail_task", "orders_task")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await command(pilot, "queue orders")
    await until_back(pilot, dashboard)
    await until(pilot, lambda: "mail_task" not in text(pilot.app))
    await command(pilot, "queue all")
    await until_shown(pilot, "mail_task")


async def test_a_task_is_gone_to_and_tasks_are_found(pilot: Pilot[int], source: FakeSource) -> None:
    task_id = list(source.rows)[1]
    await command(pilot, f"task {task_id.hex}")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await until_shown(pilot, str(task_id))
    await command(pilot, "find queue:orders")
    await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen))
    await until_shown(pilot, "/ queue:orders", "1 task: all there are")


async def test_a_theme_and_an_interval_are_set(pilot: Pilot[int]) -> None:
    await command(pilot, "theme nord")
    await until(pilot, lambda: pilot.app.theme == "nord")
    await command(pilot, "interval 5")
    await until_shown(pilot, "every 5s")


async def test_a_word_without_an_argument_does_what_its_key_does(pilot: Pilot[int]) -> None:
    await command(pilot, "help")
    await until_shown(pilot, "Dashboard", "choose the next queue")
    await pilot.press("end")
    await until_shown(pilot, ":queue ", "show one queue, or all", ":theme ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nonsense", "There is no command nonsense."),
        ("queue mial", "there is no queue mial. Did you mean mail?"),
        ("cancel", "cancel: read only."),
        ("spawn x", "spawn: read only."),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_the_bar_stays(pilot: Pilot[int], typed: str, said: str) -> None:
    dashboard = pilot.app.screen
    await command(pilot, typed)
    await until_shown(pilot, said)
    assert isinstance(pilot.app.screen, CommandBar)
    await pilot.press("escape")
    await until_back(pilot, dashboard)


async def test_what_is_offered_is_taken_with_tab(pilot: Pilot[int]) -> None:
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandBar))
    await pilot.press(*"qu", "tab", "space", "o", "tab")
    field = pilot.app.screen.query_one(Input)
    await until(pilot, lambda: field.value == "queue orders")


async def test_a_command_that_writes_asks_as_its_key_does() -> None:
    async with desk() as seen:
        await seen.go_to(State.PENDING)
        await command(seen.pilot, "cancel")
        await seen.shown(TITLES["c"], str(seen.tasks[State.PENDING]))
        assert seen.requests == []


async def test_spawn_opens_the_form_with_the_name(source: FakeSource) -> None:
    async with desk() as seen:
        await command(seen.pilot, "spawn my_task")
        await until(seen.pilot, lambda: isinstance(seen.pilot.app.screen, SpawnDialog))
        assert seen.pilot.app.screen.query_one("#spawn-task_name", Input).value == "my_task"
        assert seen.requests == []


async def test_a_filter_is_saved_found_again_and_forgotten(pilot: Pilot[int], source: FakeSource) -> None:
    dashboard = pilot.app.screen
    await command(pilot, "save mine")
    await until_shown(pilot, "save: no search is on this screen; / begins one.")
    await pilot.press("escape")
    await until_back(pilot, dashboard)
    await command(pilot, "find queue:orders -name:x*")
    await until_shown(pilot, "1 task: all there are")
    await command(pilot, "save my filter")
    await until_shown(pilot, "save: a name has up to 40 letters, digits, - and _.")
    await pilot.press("escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen))
    await command(pilot, "save mine")
    await until_shown(pilot, "Saved as mine: :filter mine finds it again.")
    await pilot.press("up", "escape")
    await until_back(pilot, dashboard)
    await command(pilot, "filter mine")
    await until_shown(pilot, "/ queue:orders -name:x*", "1 task: all there are")
    await command(pilot, "forget mine")
    await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen))
    await command(pilot, "filter mine")
    await until_shown(pilot, "filter: there is no saved filter mine.")
