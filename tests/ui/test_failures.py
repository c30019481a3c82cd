"""Failures in groups: the list, its windows, one group's attempts, and what it says of how far was looked."""

from dataclasses import replace
from math import inf
from uuid import UUID

import pytest
from fake_performer import FakePerformer
from fakes import START, FakeSource, FakeStage
from screen import lines, running, text, until, until_back, until_not_shown, until_opened, until_shown
from textual.pilot import Pilot

from absurd_tui.observe import failure_walk
from absurd_tui.observe.failure_groups import FailedRun
from absurd_tui.observe.places import microseconds
from absurd_tui.observe.records import Failure, Place, State
from absurd_tui.operations.outcomes import After, Changed, Done
from absurd_tui.ui.screens import failures as failures_module
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow

DAY = 86_400
RETRIED = Done(After(State.PENDING, 3, None, START))
HELD = 0.35
"""Seconds after which a key that led to another screen counts again."""


def failed(number: int, ago: float, message: str = "503 for order 1", **fields: object) -> FailedRun:
    at, id = START - ago, UUID(int=0x0197_0000_0000_7000_8000 << 48 | number)
    made = FailedRun(
        queue="mail",
        task_id=id,
        run_id=id,
        task_name="charge",
        attempt=2,
        max_attempts=5,
        claimed_at=at,
        failed_at=at,
        place=Place(microseconds(at), id),
        name="HTTPError",
        message=message,
        trace='  File "/app/pay.py", line 4, in pay',
        is_final=number % 2 == 0,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def failing() -> FakeSource:
    """503s of the last hours, one timeout a minute ago, and something two days old in another queue."""
    source = FakeSource(queues=["mail", "orders"])
    source.failed = [
        failed(1, 60, "gave up after 30s", name="Timeout", task_name="refund"),
        *(failed(10 + number, 600 + 400 * number, f"503 for order {number}") for number in range(20)),
        failed(90, 2 * DAY, "no such customer", name="KeyError", queue="orders"),
    ]
    return source


async def opened(pilot: Pilot[int], key: str = "g") -> None:
    await until_shown(pilot, "live")
    below = pilot.app.screen
    await pilot.press(key)
    await until_opened(pilot, below)
    await until_shown(pilot, "Failure groups")


def row_of(pilot: Pilot[int], words: str) -> str:
    return next(line for line in lines(pilot.app)[3:] if words in line)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (182, 50)])
async def test_the_same_error_is_one_row_with_its_counts_over_hour_day_and_week(size: tuple[int, int]) -> None:
    async with running(failing(), size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Looked at all 22 failed attempts that were claimed in the last 7 days.")
        row = row_of(pilot, "HTTPError: # for order #")
        counts = [word for word in row.split() if word.isdigit() and word != "#"]
        assert counts == ["8", "20", "20"]
        assert ("charge" in row) == (size[0] >= 90)
        assert "KeyError" not in text(pilot.app), "it is older than a day"
        await until_shown(pilot, "503 for order 0", "Raised in pay (pay.py). First 2h 16m ago, last 10m ago;")


async def test_a_window_is_wider_or_narrower_and_orders_by_what_failed_in_it() -> None:
    async with running(failing()) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #", "Timeout: gave up after #")
        await pilot.press("right")
        await until_shown(pilot, "KeyError: no such customer")
        await pilot.press("right", "left", "left")
        await until_not_shown(pilot, "KeyError: no such customer")
        assert text(pilot.app).index("HTTPError") < text(pilot.app).index("Timeout")


async def test_a_group_opens_its_attempts_and_one_of_them_its_tasks_page() -> None:
    source = failing()
    task_id = await FakeStage(source).spawn("mail", "charge")
    row = source.rows.pop(task_id)
    told = source.failed[1]
    source.rows[told.task_id] = replace(
        row,
        task_id=told.task_id,
        run_id=told.run_id,
        state=State.FAILED,
        failure=Failure("HTTPError", "503"),
        attempt=2,
    )
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #")
        groups = pilot.app.screen
        await pilot.press("enter")
        await until_shown(pilot, "503 for order 7", "for good", "went on", "2/5")
        assert "HTTPError: # for order #  1 of 20" in text(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        assert isinstance(pilot.app.screen, TaskScreen)
        assert pilot.app.screen.task_id == told.task_id
        await pilot.press("escape")
        await until_back(pilot, groups)
        await pilot.pause(HELD)
        await pilot.press("escape")
        await until_shown(pilot, "Failure groups")
        await pilot.press("escape")
        await until_shown(pilot, "Queues")


async def test_leaving_a_group_goes_back_to_where_it_stands() -> None:
    async with running(failing()) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Timeout: gave up after #")
        await pilot.press("down", "enter")
        await until_shown(pilot, "gave up after 30s", "refund")
        await pilot.press("escape")
        await until_shown(pilot, "Failure groups  2 of 2")


async def test_of_a_chosen_queue_only_its_failures_are_read() -> None:
    async with running(failing()) as pilot:
        await until_shown(pilot, "live")
        await pilot.press("right", "right")
        await opened(pilot)
        await pilot.press("right")
        await until_shown(pilot, "in orders, the same error once", "KeyError: no such customer")
        assert "HTTPError" not in text(pilot.app)


async def test_nothing_is_read_while_a_page_covers_it_or_after_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_walk, "_REFRESHED_EVERY", 0.0)
    source = failing()
    read: list[str] = []
    whole = source.failed_runs

    async def noted(queue: str, before: Place) -> failure_walk.FailedPage:
        read.append(queue)
        return await whole(queue, before)

    source.failed_runs = noted  # type: ignore[method-assign]
    async with running(source) as pilot:
        await opened(pilot)
        await until(pilot, lambda: len(read) > 6)
        await pilot.press("enter")
        await until_shown(pilot, "went on")
        for keys in (("enter",), ("escape", "escape", "escape")):
            for key in keys:
                await pilot.pause(HELD)
                await pilot.press(key)
            await pilot.pause(HELD)
            assert not isinstance(pilot.app.screen, FailuresScreen)
            number = len(read)
            await pilot.pause(0.5)
            assert len(read) <= number + 1


async def test_what_was_not_looked_at_is_said_and_counts_are_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_walk, "MOST", 10)
    monkeypatch.setattr(failure_walk, "PAGE", 10)
    source = failing()
    whole = source.failed_runs

    async def short(queue: str, before: Place) -> failure_walk.FailedPage:
        page = await whole(queue, before)
        return replace(page, runs=page.runs[:10])

    source.failed_runs = short  # type: ignore[method-assign]
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Looked at the newest 10 failed attempts, back to those claimed at ", "not counted.")
        counts = [word for word in row_of(pilot, "HTTPError: # for").split() if word[0].isdigit()]
        assert counts[:3] == ["8+", "9+", "9+"]


async def test_what_cannot_be_read_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_walk, "_AFTER_TROUBLE", 0.1)
    source = failing()
    whole, faults = source.failed_runs, [OSError(5, "the disk is gone")]

    async def shaky(queue: str, before: Place) -> failure_walk.FailedPage:
        if faults:
            raise faults[0]
        return await whole(queue, before)

    source.failed_runs = shaky  # type: ignore[method-assign]
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Not read: ", "Trying again.")
        faults.clear()
        await until_shown(pilot, "HTTPError: # for order #")


async def test_without_failures_it_says_so_and_a_verdict_on_failures_leads_there() -> None:
    source = FakeSource(queues=["mail"])
    stage = FakeStage(source)
    for _ in range(12):
        await stage.fail(await stage.spawn("mail", "charge"), "HTTPError", "503")
    async with running(source) as pilot:
        await until_shown(pilot, " DEGRADED ", "V groups")
        await opened(pilot, "V")
        await until_shown(pilot, "No attempt failed in the last day, as far as was looked.")
        await pilot.press("enter", "down")
        assert isinstance(pilot.app.screen, FailuresScreen)


async def test_times_that_never_come_are_drawn() -> None:
    source = failing()
    source.failed = [failed(number, 0, failed_at=at) for number, at in enumerate((inf, -inf, None))]
    async with running(source) as pilot:
        await opened(pilot)
        await pilot.press("right")
        await until_shown(pilot, "HTTPError: # for order #")


def for_good_of(source: FakeSource) -> list[UUID]:
    """The tasks of the fake that failed for good with a 503, the newest first."""
    return [run.task_id for run in source.failed if run.is_final and run.name == "HTTPError"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_group_is_retried_as_a_frozen_list_of_what_failed_for_good_in_the_window(size: tuple[int, int]) -> None:
    source, performer = failing(), FakePerformer(RETRIED)
    ids = for_good_of(source)
    performer.found = {ids[0]: Changed(None)}
    async with running(source, size=size, performer=performer) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #", "r retry 10")
        await pilot.press("left")
        await until_shown(pilot, "r retry 4")
        await pilot.press("right", "r")
        await until_shown(pilot, "─ Retry 10 tasks ─", "10 failed tasks in mail, frozen at")
        await until_shown(pilot, "10 failed for good of 20 attempts in the last day: HTTPError: #")
        await until_shown(pilot, "9 ✓ can be retried in place", "1 · no longer as they were seen: left out")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until_shown(pilot, "y retry the other 4")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until_shown(pilot, "9 of 9")
    done = [target for batch in performer.batches for target in batch.targets]
    assert {target.task_id for target in done} == set(ids[1:])
    assert {(target.run_id == target.task_id, target.state, target.attempt) for target in done} == {
        (True, State.FAILED, 2)
    }


async def test_an_opened_group_is_retried_too_and_no_more_than_a_list_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures_module, "MOST_MARKED", 3)
    source, performer = failing(), FakePerformer(RETRIED)
    async with running(source, performer=performer) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #")
        await pilot.press("enter")
        await until_shown(pilot, "went on", "r retry 10")
        await pilot.press("r")
        await until_shown(
            pilot, "─ Retry 3 tasks ─", "the newest 3 of 10 failed for good of 20 attempts in the last day"
        )
        await pilot.press("escape")
        await until_shown(pilot, "went on")
    assert performer.batches == []


async def test_a_group_that_cannot_be_retried_says_why() -> None:
    source = failing()
    async with running(source, performer=FakePerformer(RETRIED)) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Timeout: gave up after #", "r retry 10")
        await pilot.press("down")
        await until_shown(pilot, "Failure groups  2 of 2")
        await pilot.press("r")
        await until_shown(pilot, "retry: no task failed for good with it in the last day, as far as was looked.")
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #")
        await pilot.press("r")
        await until_shown(pilot, "retry: read only.")
        assert isinstance(pilot.app.screen, FailuresScreen)


async def test_the_command_bar_retries_a_group_too() -> None:
    async with running(failing(), performer=FakePerformer(RETRIED)) as pilot:
        await opened(pilot)
        await until_shown(pilot, "HTTPError: # for order #", "r retry 10")
        await pilot.press("colon", *"retry-group", "enter")
        await until_shown(pilot, "─ Retry 10 tasks ─")
