"""One request runs, one waits, the newest wins, and nothing is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from absurd_tui.observe.slot import Slot, SupersededError


class Line:
    """Requests that end when told to, and the order in which they began and ended."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}

    def request(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        door = self.doors[name] = asyncio.Event()

        async def run() -> str:
            self.log.append(f"{name} begins")
            try:
                await door.wait()
            except asyncio.CancelledError:
                self.log.append(f"{name} cancelled")
                raise
            self.log.append(f"{name} ends")
            return name

        return run

    def let(self, name: str) -> None:
        self.doors[name].set()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_request_alone_runs_at_once() -> None:
    line, slot = Line(), Slot()
    asked = asyncio.create_task(slot.run(line.request("a")))
    await settle()
    assert line.log == ["a begins"]
    line.let("a")
    assert await asked == "a"


async def test_a_second_request_waits_for_the_running_one() -> None:
    line, slot = Line(), Slot()
    first, second = (asyncio.create_task(slot.run(line.request(name))) for name in "ab")
    await settle()
    assert line.log == ["a begins"]
    line.let("a")
    line.let("b")
    assert (await first, await second) == ("a", "b")
    assert line.log == ["a begins", "a ends", "b begins", "b ends"]


async def test_the_newest_replaces_the_one_that_waits() -> None:
    line, slot = Line(), Slot()
    first, second, third = (asyncio.create_task(slot.run(line.request(name))) for name in "abc")
    await settle()
    line.let("a")
    line.let("c")
    assert (await first, await third) == ("a", "c")
    with pytest.raises(SupersededError):
        await second
    assert "b begins" not in line.log


async def test_a_caller_that_leaves_does_not_cancel_what_runs() -> None:
    line, slot = Line(), Slot()
    first = asyncio.create_task(slot.run(line.request("a")))
    await settle()
    first.cancel()
    second = asyncio.create_task(slot.run(line.request("b")))
    await settle()
    assert first.cancelled()
    assert line.log == ["a begins"]
    line.let("a")
    line.let("b")
    assert await second == "b"
    assert line.log == ["a begins", "a ends", "b begins", "b ends"]


async def test_a_caller_that_leaves_while_it_waits_begins_nothing() -> None:
    line, slot = Line(), Slot()
    first, second = (asyncio.create_task(slot.run(line.request(name))) for name in "ab")
    await settle()
    second.cancel()
    line.let("a")
    assert await first == "a"
    await settle()
    assert line.log == ["a begins", "a ends"]


async def test_an_error_reaches_its_caller_and_frees_the_slot() -> None:
    slot = Slot()

    async def fail() -> str:
        raise ValueError("no")

    async def succeed() -> str:
        return "yes"

    with pytest.raises(ValueError, match="no"):
        await slot.run(fail)
    assert await slot.run(succeed) == "yes"
