"""Where one is, and the way back and forward again, over pages, searches and screens."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_shown
from textual.pilot import Pilot

from absurd_tui.ui.hearing import DEAF_SECONDS
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.found import SearchScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.screens.workers import WorkersScreen

pytestmark = pytest.mark.slow


@pytest.fixture
async def source() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    await stage.spawn("mail", "letter")
    await stage.spawn("orders", "charge")
    return source


@pytest.fixture(params=[(120, 40), (80, 24)])
async def pilot(source: FakeSource, request: pytest.FixtureRequest) -> AsyncIterator[Pilot[int]]:
    async with running(source, size=request.param) as pilot:
        yield pilot


async def until_at(pilot: Pilot[int], kind: type, *wanted: str) -> None:
    await until(pilot, lambda: type(pilot.app.screen) is kind and all(piece in text(pilot.app) for piece in wanted))


async def jump(pilot: Pilot[int], task_id: UUID) -> None:
    await pilot.press("colon", *f"task {task_id}", "enter")


async def test_forward_after_back_opens_the_same_page_and_reads_it_anew(pilot: Pilot[int], source: FakeSource) -> None:
    letter, charge = source.rows
    await pilot.press("1", "enter")
    await until_at(pilot, TaskScreen, str(letter))
    await jump(pilot, charge)
    await until_at(pilot, TaskScreen, str(charge))
    await pilot.press("left_square_bracket")
    await until_at(pilot, TaskScreen, str(letter))
    await pilot.press("alt+left")
    await until_at(pilot, Dashboard)
    page = pilot.app.screen
    await pilot.press("left_square_bracket")
    await until_shown(pilot, "back: this is where it began.")
    assert pilot.app.screen is page
    await pilot.press("right_square_bracket")
    await until_at(pilot, TaskScreen, str(letter))
    del source.rows[charge]
    await pilot.press("alt+right")
    await until_at(pilot, TaskScreen, "This task is no longer in the database.")
    await pilot.press("right_square_bracket")
    await until_shown(pilot, "forward: nothing was left by going back.")


async def test_esc_is_a_way_back_too_and_what_it_left_is_ahead(pilot: Pilot[int], source: FakeSource) -> None:
    await pilot.press("colon", *"find state:pending", "enter")
    await until_at(pilot, SearchScreen, "letter", "charge")
    await pilot.press("W")
    await until_at(pilot, WorkersScreen)
    await pilot.press("escape")
    await until_at(pilot, SearchScreen)
    await asyncio.sleep(DEAF_SECONDS)
    await pilot.press("escape")
    await until_at(pilot, Dashboard)
    await pilot.press("colon", *"forward", "enter")
    await until_at(pilot, SearchScreen, "letter", "charge")
    assert len(source.searched) == 2, "it is searched anew"
    await pilot.press("right_square_bracket")
    await until_at(pilot, WorkersScreen)
    await pilot.press("colon", *"back", "enter")
    await until_at(pilot, SearchScreen)
    await pilot.press("W")
    await until_at(pilot, WorkersScreen)
    await pilot.press("D")
    await until_at(pilot, Dashboard)
    assert len(pilot.app.screen_stack) == 1


async def test_the_line_that_is_there_says_where_one_is(source: FakeSource) -> None:
    async with running(source, size=(120, 40)) as pilot:
        head = len(lines(pilot.app)[0])
        assert lines(pilot.app)[0].startswith(" absurd-tui ")
        await pilot.press("1", "enter")
        await until_shown(pilot, "all › Pending › mail › letter")
        await pilot.press("W")
        await until_at(pilot, WorkersScreen)
        await until_shown(pilot, " all › Pending › mail › letter › Workers ")
        assert len(lines(pilot.app)[0]) == head
        await pilot.press("D")
        await until_at(pilot, Dashboard)
        await until(pilot, lambda: lines(pilot.app)[0].startswith(" absurd-tui "))
        await pilot.press("right")
        await until(pilot, lambda: bool(source.read) and source.read[-1].queue == "mail")
        await pilot.press("1", "enter")
        await until_shown(pilot, "mail › Pending › letter")


async def test_a_narrow_header_names_the_screen_alone(source: FakeSource) -> None:
    async with running(source, size=(80, 24)) as pilot:
        await pilot.press("1", "enter")
        await until_at(pilot, TaskScreen)
        await pilot.press("W")
        await until_at(pilot, WorkersScreen)
        await until(pilot, lambda: lines(pilot.app)[0].startswith(" Workers "))
