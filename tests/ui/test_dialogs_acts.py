"""What each dialog asks: the id that is typed in production, the two ways to retry, and how a lease is set."""

from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

import pytest
from dialogs import DEAD, Desk, desk
from fakes import FakeSource

from absurd_tui.observe.records import State

pytestmark = pytest.mark.slow

LIVE = (State.PENDING, State.RUNNING, State.SLEEPING)


def lease(seconds: float) -> Any:
    """Before the screen begins: the claim ends this long after the clock's now."""

    def set_it(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.RUNNING]
        source.rows[task_id] = replace(source.rows[task_id], claim_expires_at=source.now + seconds)

    return set_it


def over_its_duration(source: FakeSource, tasks: dict[State, UUID]) -> None:
    task_id = tasks[State.FAILED]
    source.rows[task_id] = replace(source.rows[task_id], max_duration="3600", first_started_at=source.now - 3 * 3600)


# cancel


@pytest.mark.parametrize("state", LIVE)
async def test_cancelling_says_what_ends_and_that_there_is_no_way_back(state: State) -> None:
    said = {
        State.PENDING: ("No worker is running it", "Attempt 1, due for 1", "s, will not start."),
        State.RUNNING: ("worker-1:77 runs it and learns at its next checkpoint or heartbeat.",),
        State.SLEEPING: ("No worker is running it", "It no longer waits for the event invoice.paid."),
    }
    async with desk() as seen:
        await seen.ask("c", state)
        for wanted in ("There is no way back", "y cancel the task", "esc keep the task", *said[state]):
            assert wanted in seen.said, wanted


async def test_enter_alone_cancels_nothing() -> None:
    async with desk() as seen:
        await seen.ask("c", State.PENDING)
        for key in ("enter", "enter", "n", "c", "space", "Y"):
            await seen.press(key)
        assert seen.is_asking
        assert seen.requests == []


@pytest.mark.parametrize("upper", [False, True])
async def test_in_production_the_end_of_the_id_is_typed(upper: bool) -> None:
    def lettered(source: FakeSource, tasks: dict[State, UUID]) -> None:
        row = source.rows.pop(tasks[State.PENDING])
        tasks[State.PENDING] = UUID("01970000-0000-7000-8000-0000beefd48a")
        source.rows[tasks[State.PENDING]] = replace(row, task_id=tasks[State.PENDING])

    async with desk(is_production=True, prepare=lettered) as seen:
        await seen.ask("c", State.PENDING)
        assert "PRODUCTION" in seen.text
        assert "Type d48a, the end of the id" in seen.text
        await seen.until_struck("enter cancel the task")
        await seen.press(*("D48A" if upper else "d48a"))
        await seen.until_not_struck("cancel the task")
        await seen.press("enter")
        assert (await seen.asked()).target.task_id == seen.tasks[State.PENDING]


@pytest.mark.parametrize("typed", ["", "y", "000", "0000", "1000", "    ", "yyyy"])
async def test_in_production_a_wrong_or_missing_id_is_refused(typed: str) -> None:
    async with desk(is_production=True) as seen:
        await seen.ask("c", State.PENDING)
        await seen.press(*(typed.replace(" ", "_").replace("_", "space") if not typed.strip() else typed))
        await seen.press("enter", "enter")
        await seen.look(0.1)
        assert seen.is_asking
        await seen.until_struck("enter cancel the task")
        assert seen.requests == []


async def test_in_production_a_double_enter_makes_one_request_and_opens_nothing() -> None:
    async with desk(is_production=True) as seen:
        await seen.ask("c", State.PENDING)
        await seen.press(*str(seen.tasks[State.PENDING])[-4:])
        await seen.rush("enter", "enter", "enter")
        await seen.asked()
        await seen.look(DEAD)
        assert "esc back" not in seen.text


async def test_in_production_a_new_look_asks_for_the_id_anew() -> None:
    async with desk(is_production=True) as seen:
        tail = str(seen.tasks[State.PENDING])[-4:]
        await seen.ask("c", State.PENDING)
        await seen.press(*tail)
        await seen.until_not_struck("cancel the task")
        seen.change(State.PENDING, attempt=2)
        await seen.shown("look again")
        await seen.press("enter")
        await seen.not_shown("look again")
        await seen.awake()
        await seen.until_struck("cancel the task")
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.requests == []
        await seen.press(*tail, "enter")
        assert (await seen.asked()).target.attempt == 2


# retry


async def test_retrying_in_place_is_chosen_and_the_extra_attempts_are_counted() -> None:
    async with desk() as seen:
        await seen.ask("r", State.FAILED)
        assert "(•) In place  same task, attempt 2 of 4" in seen.text
        await seen.press("minus")
        await seen.shown("extra attempts: 1.")
        await seen.press("plus", "plus", "plus", "minus")
        await seen.shown("same task, attempt 2 of 6")
        await seen.press("enter")
        request = await seen.asked()
        assert (request.as_new, request.extra_attempts) == (False, 3)


@pytest.mark.parametrize("keys", [("down",), ("up",), ("j",), ("down", "up", "down")])
async def test_retrying_as_a_new_task_is_chosen_by_the_arrows(keys: tuple[str, ...]) -> None:
    async with desk() as seen:
        await seen.ask("r", State.FAILED)
        await seen.press(*keys)
        await seen.shown("(•) As a new task", "( ) In place", "Each retry as new makes another task.")
        await seen.press("enter")
        assert (await seen.asked()).as_new


async def test_a_retry_that_would_be_lost_is_struck_and_cannot_be_chosen() -> None:
    async with desk(prepare=over_its_duration) as seen:
        await seen.ask("r", State.FAILED)
        await seen.until_struck("In place")
        for wanted in (
            "(•) As a new task",
            "Would be lost: max_duration is 1h",
            "first started 3h",
            "cannot be retried.",
        ):
            assert wanted in seen.said, wanted
        await seen.press("down", "up", "up")
        await seen.shown("(•) As a new task", "enter retry as a new task")
        await seen.press("enter")
        assert (await seen.asked()).as_new


# extend


async def test_presets_are_chosen_with_the_arrows_and_seconds_are_typed() -> None:
    async with desk() as seen:
        await seen.ask("e", State.RUNNING)
        await seen.press("right")
        await seen.press("left", "left", "right", "right", "right", "right", "right")
        await seen.press("enter")
        assert (await seen.asked()).seconds == 3600
    async with desk() as seen:
        await typed(seen, "777")
        await seen.press("enter")
        request = await seen.asked()
        assert (request.seconds, request.on_top, request.may_shorten) == (777, False, False)


@pytest.mark.fault(69)
@pytest.mark.parametrize("seconds", ["", "0", "00", "86401", "999999", "1000000000"])
async def test_seconds_out_of_range_are_refused(seconds: str) -> None:
    async with desk() as seen:
        await typed(seen, seconds)
        await seen.shown("a whole number of seconds from 1 to 86400")
        await seen.until_struck("enter extend the lease")
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.is_asking
        assert seen.requests == []


@pytest.mark.parametrize("seconds", ["1", "86400", "0300"])
async def test_seconds_at_the_edges_are_taken(seconds: str) -> None:
    async with desk(prepare=lease(-5)) as seen:
        await typed(seen, seconds)
        await seen.press("enter")
        assert (await seen.asked()).seconds == int(seconds)


async def test_letters_and_signs_do_not_get_into_the_seconds() -> None:
    async with desk() as seen:
        await typed(seen, "4a-.5 xe6")
        await seen.press("enter")
        assert (await seen.asked()).seconds == 456


async def test_seconds_on_top_of_what_is_left() -> None:
    async with desk(prepare=lease(1200)) as seen:
        await typed(seen, "60")
        await seen.shown("This shortens the lease by")
        await seen.press("plus")
        await seen.shown("[x] + on top of what is left", "21m left")
        await seen.not_shown("This shortens the lease by")
        await seen.press("enter")
        request = await seen.asked()
        assert (request.seconds, request.on_top, request.may_shorten) == (60, True, False)


async def test_a_lease_gets_shorter_only_when_that_was_ticked_for_these_seconds() -> None:
    async with desk(prepare=lease(1200)) as seen:
        await typed(seen, "60")
        await seen.shown("This shortens the lease by", "[ ] s shorten it all the same")
        await seen.until_struck("enter shorten the lease")
        await seen.press("enter")
        assert seen.is_asking
        await seen.press("s")
        await seen.shown("[x] s shorten it all the same")
        await seen.press("backspace")
        await seen.shown("[ ] s shorten it all the same")
        await seen.press("enter")
        assert seen.is_asking
        await seen.press("s", "s")
        await seen.until_struck("enter shorten the lease")
        await seen.press("s", "enter")
        request = await seen.asked()
        assert (request.seconds, request.may_shorten) == (6, True)


async def test_on_top_takes_the_tick_back() -> None:
    async with desk(prepare=lease(1200)) as seen:
        await typed(seen, "60")
        await seen.press("s", "plus")
        await seen.press("enter")
        request = await seen.asked()
        assert (request.on_top, request.may_shorten) == (True, False)


async def test_an_expired_lease_can_be_revived_and_says_so() -> None:
    async with desk(prepare=lease(-720)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says("expired 12m ago", "Extending revives it, and the worker may be gone.")
        await seen.press("plus", "enter")
        assert (await seen.asked()).on_top


async def test_a_lease_that_ended_before_all_time_breaks_nothing() -> None:
    async with desk(prepare=lease(-inf)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.press("plus", "right", "left", "plus")
        await seen.shown("expired long ago")
        await seen.press("enter")
        assert (await seen.asked()).seconds == 300


async def typed(seen: Desk, seconds: str) -> None:
    """Open the dialog and type seconds in place of those that stand there."""
    await seen.ask("e", State.RUNNING)
    await seen.press(*["backspace"] * 6, *("space" if sign == " " else sign for sign in seconds))
