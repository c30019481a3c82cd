"""The key that finds tasks: a filter with completion and errors in place, results that stream, and a stop at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_back, until_shown
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from absurd_tui.observe.found import seen
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.search.search import Progress
from absurd_tui.ui.dialogs.filter import FilterDialog
from absurd_tui.ui.screens.found import SearchScreen
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow

STOPS_WITHIN = 0.3
SLACK = 5


@pytest.fixture
async def source() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for queue in source.queues:
        for number in range(3):
            await stage.spawn(queue, f"{queue}_{number}")
    failed = list(source.rows)[1]
    await stage.claim(failed, "host-3")
    await stage.fail(failed, "HTTPError", "503")
    return source


@pytest.fixture
async def pilot(source: FakeSource) -> AsyncIterator[Pilot[int]]:
    async with running(source) as pilot:
        yield pilot


async def find(pilot: Pilot[int], typed: str) -> None:
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.screen, FilterDialog))
    pilot.app.screen.query_one(Input).value = typed
    await pilot.press("enter")


async def results(pilot: Pilot[int]) -> Screen[Any]:
    await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen))
    return pilot.app.screen


def step(source: FakeSource, number: int, *, is_over: bool = False, **rest: object) -> Progress:
    row = list(source.rows.values())[number]
    made = Progress((seen(row),), 100 * (number + 1), source.now - 60.0 * (number + 1), 2, is_over=is_over)
    return replace(made, **rest)  # type: ignore[arg-type]


async def test_what_is_found_stands_under_the_filter_and_opens(pilot: Pilot[int], source: FakeSource) -> None:
    dashboard = pilot.app.screen
    await find(pilot, "state:failed  queue:m*")
    found = await results(pilot)
    await until_shown(
        pilot, "/ state:failed queue:m*", "1 task: all there are; 6 tasks looked at in 2 queues.", "HTTPError: 503"
    )
    assert "mail_0" not in text(pilot.app)
    await pilot.press("down", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    await pilot.press("escape")
    await until_back(pilot, found)
    await pilot.press("up", "escape")
    await until_back(pilot, dashboard)


async def test_matches_stream_in_while_it_says_how_far_back_it_has_looked(
    pilot: Pilot[int], source: FakeSource
) -> None:
    source.step = asyncio.Event()
    source.progresses = [step(source, 0), step(source, 4), step(source, 5, is_over=True)]
    await find(pilot, "name~_")
    await until_shown(pilot, "1 task so far. Looked back to ", "(1m ago) at 100 tasks.", "esc stop", "mail_0")
    source.step.set()
    await until_shown(pilot, "2 tasks so far", "(5m ago) at 500 tasks", "orders_1")
    source.step.set()
    await until_shown(pilot, "3 tasks: all there are; 600 tasks looked at in 2 queues.", "orders_2")


async def test_what_the_index_on_claims_answers_counts_runs_not_tasks(pilot: Pilot[int], source: FakeSource) -> None:
    source.step = asyncio.Event()
    source.progresses = [step(source, 0, is_by_claim=True), step(source, 4, is_by_claim=True, is_over=True)]
    await find(pilot, "state:failed")
    await until_shown(pilot, "1 task so far. Looked back to claims of ", "(1m ago) at 100 runs.")
    source.step.set()
    await until_shown(pilot, "2 tasks: all there are; 500 runs looked at in 2 queues.")


async def test_a_key_stops_it_at_once_and_the_next_one_leaves(pilot: Pilot[int], source: FakeSource) -> None:
    dashboard = pilot.app.screen
    source.step = asyncio.Event()  # the statement that runs is not over for as long as one likes
    source.progresses = [step(source, 0), step(source, 4)]
    await find(pilot, "name~_")
    await until_shown(pilot, "1 task so far")
    pressed = time.monotonic()
    await pilot.press("escape")
    await until_shown(pilot, "1 task, stopped. Looked back to", "esc back")
    assert time.monotonic() - pressed < STOPS_WITHIN * SLACK
    source.step.set()
    await pilot.pause(0.05)
    assert "orders_1" not in text(pilot.app), "what the last statement brought is dropped"
    await pilot.press("up", "escape")
    await until_back(pilot, dashboard)


async def test_a_page_over_the_results_does_not_end_it(pilot: Pilot[int], source: FakeSource) -> None:
    source.step = asyncio.Event()
    source.progresses = [step(source, 0), step(source, 4, is_over=True)]
    await find(pilot, "name~_")
    found = await results(pilot)
    await until_shown(pilot, "mail_0")
    await pilot.press("down", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
    source.step.set()
    await pilot.pause(0.05)
    await pilot.press("escape")
    await until_back(pilot, found)
    await until_shown(pilot, "2 tasks: all there are", "orders_1")


async def test_the_filter_of_the_results_is_edited_in_place(pilot: Pilot[int], source: FakeSource) -> None:
    await find(pilot, "state:failed")
    await results(pilot)
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.screen, FilterDialog))
    field = pilot.app.screen.query_one(Input)
    assert field.value == "state:failed"
    field.value = "state:pending"
    await pilot.press("enter")
    await until_shown(pilot, "/ state:pending", "5 tasks: all there are")
    assert len(pilot.app.screen_stack) == 2


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_an_error_points_at_its_place_and_the_field_stays(source: FakeSource, size: tuple[int, int]) -> None:
    async with running(source, size=size) as pilot:
        await find(pilot, "queue:mail state:fialed name:x")
        await until_shown(pilot, "There is no state fialed. States: pending running")
        at = next(number for number, line in enumerate(lines(pilot.app)) if "^^^^^^" in line)
        shown, pointed = lines(pilot.app)[at - 1], lines(pilot.app)[at]
        assert shown[pointed.index("^") : pointed.rindex("^") + 1] == "fialed"
        assert isinstance(pilot.app.screen, FilterDialog)
        pilot.app.screen.query_one(Input).value = "state:failed"
        await pilot.press("enter")
        await results(pilot)


async def test_tab_takes_what_is_offered(pilot: Pilot[int]) -> None:
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.screen, FilterDialog))
    await until_shown(pilot, "tab state:  queue:  name:")
    await pilot.press("q", "tab", "o", "tab")
    field = pilot.app.screen.query_one(Input)
    await until(pilot, lambda: field.value == "queue:orders")
    await pilot.press("space", "s", "t", "tab", "f", "tab")
    await until(pilot, lambda: field.value == "queue:orders state:failed")


async def test_nothing_found_and_what_could_not_be_read_are_told(pilot: Pilot[int], source: FakeSource) -> None:
    source.progresses = [
        Progress((), 10_000_000, source.now, 3, is_over=True, unsure=2, refused=(("billing", Refusal("locked")),))
    ]
    await find(pilot, "name:50%_*")
    await until_shown(
        pilot,
        "0 tasks: all there are; 10,000,000 tasks looked at in 3 queues.",
        "Not read: billing (locked). 2 tasks have documents too large to look into.",
        "Nothing was found.",
    )


async def test_a_hostile_filter_and_hostile_tasks_are_shown_as_signs(pilot: Pilot[int], source: FakeSource) -> None:
    first = next(iter(source.rows))
    source.rows[first] = replace(source.rows[first], task_name="\x1b]0;x\x07[red]", queue="mail")
    await find(pilot, "\x1b[31m[red],mail")
    await until_shown(pilot, "␛[31m[red]", "␛]0;x␇[red]")


async def test_the_search_ends_with_the_program(source: FakeSource) -> None:
    source.step = asyncio.Event()
    source.progresses = [step(source, 0), step(source, 4)]
    async with running(source) as pilot:
        await find(pilot, "")
        await until_shown(pilot, "/ every task", "1 task so far")
    assert source.closed
