"""The dialog that cleans a queue up: it counts first, and what confirms depends on what would go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dialogs import Desk, desk
from fakes import START
from queue_dialogs import MADE, is_ready, manage, with_facts

from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Done, Refused, Removed
from absurd_tui.operations.queue_requests import CleanUp

pytestmark = pytest.mark.slow

DAY = 86_400
COUNT = CleanUpCount(MADE, START - 30 * DAY, 8_000, 4_400, 31, 120, 3, START, 0.2)
COMMAND = "clean up the chosen queue"


@asynccontextmanager
async def cleaning(
    *, count: CleanUpCount | Refused = COUNT, is_production: bool = False, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Desk]:
    done = Done(None, removed=Removed(12_431, 120, left=0))
    async with desk(prepare=with_facts(), outcome=done, is_production=is_production, size=size) as seen:
        seen.performer.counted = count
        await manage(seen, COMMAND, "Clean up a queue")
        await seen.says("30 days", "1000")
        yield seen


@pytest.mark.fault(81)
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_it_is_counted_before_anything_is_asked_for(size: tuple[int, int]) -> None:
    async with cleaning(size=size) as seen:
        await seen.until_not_struck("count what would go")
        await seen.press("enter")
        await seen.says(
            "12,431 tasks ended before",
            "8,000 completed, 4,400 failed, 31 cancelled.",
            "120 events from before then; a name that is forgotten can be emitted again.",
            "3 of these are waited for and were never emitted.",
            "14 batches with rests between them: about 8.4s. x stops after one.",
            "delete 12,551 rows",
        )
        await seen.until_not_struck("delete 12,551 rows")
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.requests == []
        await seen.press("y")
        assert await seen.asked() == CleanUp(
            "mail", MADE, 30 * DAY, START - 30 * DAY, 1_000, with_events=True, tasks=12_431, events=120
        )
        await seen.shown("✓ Cleaned up · queue mail: 12,431 tasks, 120 events", "Counted again: none")


@pytest.mark.fault(81)
async def test_everything_that_has_ended_goes_only_where_the_name_is_typed() -> None:
    async with cleaning() as seen:
        await seen.press("ctrl+u", *"0", "space", *"seconds")
        await seen.says("Older than nothing is everything that has ended.")
        await seen.press("enter")
        await seen.says("Type mail, the queue's name, above to delete them; esc leaves.")
        await seen.until(lambda: is_ready(seen))
        await seen.press("y", "enter", "ctrl+u", *"Mail", "enter")
        await seen.until_struck("enter delete 12,551 rows")
        assert seen.requests == []
        await seen.press("ctrl+u", *"mail", "enter")
        assert (await seen.asked()).ttl == 0


async def test_in_production_the_name_is_typed() -> None:
    async with cleaning(is_production=True) as seen:
        await seen.press("enter")
        await seen.says("Type mail, the queue's name")
        await seen.until(lambda: is_ready(seen))
        await seen.press(*"mail", "enter")
        assert (await seen.asked()).queue == "mail"


@pytest.mark.fault(81)
@pytest.mark.parametrize("limit", ["0", "-1", "100001", "many", ""])
async def test_a_batch_that_is_none_is_an_error_of_the_form(limit: str) -> None:
    async with cleaning() as seen:
        await seen.press("tab", "ctrl+u", *(("minus" if char == "-" else char) for char in limit))
        await seen.says("In batches of: a whole number from 1 to 100,000.")
        await seen.until_struck("enter count what would go")
        await seen.press("enter")
        await seen.look(0.1)
        assert "ended before" not in seen.said


@pytest.mark.parametrize("ttl", ["soon", "2 mons", "0.5s"])
async def test_an_age_that_is_none_is_an_error_of_the_form(ttl: str) -> None:
    async with cleaning() as seen:
        await seen.press("ctrl+u", *("space" if char == " " else "full_stop" if char == "." else char for char in ttl))
        await seen.says("Older than: whole seconds in words such as 30 days")
        await seen.until_struck("enter count what would go")


async def test_what_was_counted_is_forgotten_once_it_is_changed() -> None:
    async with cleaning() as seen:
        await seen.press("enter")
        await seen.until_not_struck("delete 12,551 rows")
        await seen.press("left")
        await seen.until_not_struck("count what would go")
        await seen.press("y")
        await seen.look(0.1)
        assert seen.requests == []
        assert "12,431" not in seen.said


async def test_what_cannot_be_counted_says_why_and_can_be_tried_again() -> None:
    async with cleaning(count=Refused("Not counted: no answer.")) as seen:
        await seen.press("enter")
        await seen.says("Not counted: no answer.")
        seen.performer.counted = COUNT
        await seen.press("enter")
        await seen.until_not_struck("delete 12,551 rows")


async def test_where_nothing_would_go_nothing_is_asked_for() -> None:
    async with cleaning(count=CleanUpCount(MADE, START, 0, 0, 0, 0, 0, START, 0.1)) as seen:
        await seen.press("enter")
        await seen.says("Nothing would go.")
        await seen.until_struck("y delete 0 rows")
        await seen.press("y")
        await seen.look(0.1)
        assert seen.requests == []
