"""Nothing in a dialog moves by itself: not the frame, nor what is pressed, whatever comes to be said meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import STATES, Desk, desk
from fakes import FakeSource
from screen import lines

from absurd_tui.observe.records import State

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])
EVERY = pytest.mark.parametrize("key", ["c", "e", "r"])
MINUTES = 60.0
START = 1_790_000_011.0


def standing(seen: Desk) -> tuple[object, int]:
    """Where the frame is, and the row of the choices."""
    shown = lines(seen.pilot.app)
    choices = next(number for number, line in enumerate(shown) if "│  esc " in line)
    assert any("╰─" in line for line in shown[choices + 1 : choices + 3]), "the frame is not closed below the choices"
    return seen.pilot.app.screen.query_one("#dialog").region, choices


def row(state: State, **fields: Any) -> Any:
    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        source.rows[tasks[state]] = replace(source.rows[tasks[state]], **fields)

    return prepare


@SIZES
@EVERY
async def test_a_task_that_changes(key: str, size: tuple[int, int]) -> None:
    async with desk(size=size) as seen:
        await seen.ask(key, STATES[key])
        before = standing(seen)
        seen.change(STATES[key], state=State.COMPLETED, attempt=2)
        await seen.shown("Changed since you looked: completed now", "look again")
        assert standing(seen) == before


@SIZES
@EVERY
async def test_a_connection_that_is_lost(key: str, size: tuple[int, int]) -> None:
    async with desk(size=size, is_production=True) as seen:
        await seen.ask(key, STATES[key])
        before = standing(seen)
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.says("there is no connection; keys that write are off until it is back.")
        assert standing(seen) == before


@SIZES
async def test_the_ways_to_retry(size: tuple[int, int]) -> None:
    async with desk(size=size) as seen:
        await seen.ask("r", State.FAILED)
        before = standing(seen)
        await seen.press("down", "plus")
        await seen.shown("(•) As a new task")
        assert standing(seen) == before
        await seen.press("up")
        await seen.shown("(•) In place")
        assert standing(seen) == before


@SIZES
async def test_a_way_that_comes_to_be_lost(size: tuple[int, int]) -> None:
    limited = row(State.FAILED, max_duration="3600", first_started_at=START - 3600 + 10.5 * MINUTES)
    async with desk(size=size, prepare=limited) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("max_duration is over")
        before = standing(seen)
        seen.source.now += 11 * MINUTES
        await seen.says("Would be lost", "In place it is too late")
        assert standing(seen) == before
        await seen.press("down")
        await seen.shown("(•) As a new task")
        assert standing(seen) == before


async def shorter(seen: Desk) -> None:
    await seen.press("left", "left")
    await seen.shown("This shortens the lease by", "[ ] s shorten it all the same")


async def on_top(seen: Desk) -> None:
    await seen.press("plus")
    await seen.shown("[x] + on top")


async def nothing(seen: Desk) -> None:
    await seen.press(*["backspace"] * 3)
    await seen.shown("a whole number of seconds")


async def a_day(seen: Desk) -> None:
    await seen.press(*["backspace"] * 3, *"86400", "plus")
    await seen.shown("24 hours at most")


async def expired(seen: Desk) -> None:
    seen.source.now += 30 * MINUTES
    await seen.says("Extending revives it")


@SIZES
@pytest.mark.parametrize("what", [shorter, on_top, nothing, a_day, expired])
async def test_a_lease(what: Callable[[Desk], Awaitable[None]], size: tuple[int, int]) -> None:
    prepare = row(State.RUNNING, claim_expires_at=START + 4.5 * MINUTES)
    async with desk(size=size, prepare=prepare) as seen:
        await seen.ask("e", State.RUNNING)
        before = standing(seen)
        await what(seen)
        assert standing(seen) == before
