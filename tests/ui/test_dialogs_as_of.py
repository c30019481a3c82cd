"""A dialog names its target as of the reading that the row is from, and says when the task has changed since."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import STATES, Desk, desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import Snapshot, State, View
from absurd_tui.observe.why import Clock

pytestmark = pytest.mark.slow

CONFIRMS = {"c": "y", "e": "enter", "r": "enter"}
EVERY = pytest.mark.parametrize("key", ["c", "e", "r"])
SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)])
AGAIN: dict[str, Any] = {"run_id": UUID(int=77), "attempt": 2}


def as_of(epoch: float) -> str:
    return f"as of {Clock(epoch).at(epoch)}"


async def leave(seen: Desk, was: State, **fields: Any) -> float:
    """Have the task under the cursor leave its panel; afterwards the clock is 100 s further than when it was read."""
    await seen.go_to(was)
    before = seen.source.now
    seen.change(was, **fields)
    await seen.shown("It is no longer among the rows")
    seen.source.now += 100
    await seen.read_again()
    return before


@EVERY
async def test_it_is_as_of_the_reading_however_long_ago_that_was(key: str) -> None:
    async with desk(every=60.0) as seen:
        await seen.look(2.5)
        await seen.ask(key, STATES[key])
        assert as_of(seen.source.now) in seen.text
        await seen.press(CONFIRMS[key])
        assert (await seen.asked()).target.seen_at == pytest.approx(seen.source.now, abs=0.5)


async def test_rows_that_are_older_than_the_snapshot_are_as_of_their_own_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = FakeSource.snapshot

    async def slowed(source: FakeSource, view: View, *, is_urged: bool = False) -> Snapshot:
        made = await read(source, view, is_urged=is_urged)
        return replace(made, panels_taken=made.taken - 8)

    monkeypatch.setattr(FakeSource, "snapshot", slowed)
    async with desk() as seen:
        await seen.ask("c", State.PENDING)
        assert as_of(seen.source.now - 8) in seen.text


@SIZES
@EVERY
async def test_a_row_that_has_left_its_panel_is_as_of_the_last_reading_that_had_it(
    key: str, size: tuple[int, int]
) -> None:
    async with desk(size=size) as seen:
        before = await leave(seen, STATES[key], state=State.SLEEPING, **AGAIN)
        await seen.press(key)
        await seen.shown("Changed since you looked: sleeping now, attempt 2.", "enter look again")
        assert as_of(before) in seen.text
        await seen.awake()
        await seen.press("enter")
        await seen.shown(as_of(seen.source.now))
        assert seen.requests == []


@EVERY
async def test_a_row_of_a_task_that_was_deleted_is_no_target(key: str) -> None:
    async with desk() as seen:
        await seen.go_to(STATES[key])
        del seen.source.rows[seen.tasks[STATES[key]]]
        await seen.shown("It is no longer among the rows")
        await seen.ask(key)
        await seen.says("The task is no longer in the database.")
        await seen.press(CONFIRMS[key])
        await seen.look(0.1)
        assert seen.is_asking
        assert seen.requests == []


async def test_a_task_that_leaves_the_only_panel_that_is_read_is_looked_up() -> None:
    async with desk(size=(80, 24)) as seen:
        await seen.ask("c", State.PENDING)
        seen.change(State.PENDING, state=State.RUNNING, worker="w:2")
        await seen.shown("Changed since you looked: running now, attempt 1.", "look again")


async def test_a_new_look_is_as_of_what_it_shows() -> None:
    async with desk() as seen:
        await seen.ask("c", State.PENDING)
        seen.source.now += 100
        seen.change(State.PENDING, **AGAIN)
        await seen.shown("look again", as_of(seen.source.now - 100))
        await seen.press("enter")
        await seen.shown(as_of(seen.source.now))
        await seen.awake()
        await seen.press("y")
        assert (await seen.asked()).target.seen_at == pytest.approx(seen.source.now, abs=0.5)


async def test_a_lease_that_is_followed_is_as_of_its_newest_reading() -> None:
    async with desk() as seen:
        await seen.ask("e", State.RUNNING)
        seen.source.now += 100
        seen.change(State.RUNNING, claim_expires_at=seen.source.now + 1830)
        await seen.shown("30m left", as_of(seen.source.now))


@pytest.mark.parametrize("key", ["c", "r"])
async def test_on_a_page_it_is_as_of_the_page(key: str) -> None:
    def later(source: FakeSource, tasks: dict[State, UUID]) -> None:
        row = source.rows[tasks[STATES[key]]]
        source.pages[row.task_id] = page_of(row, source.now + 50)

    async with desk(prepare=later, every=60.0) as seen:
        await seen.go_to(STATES[key])
        await seen.press("enter")
        await seen.shown("esc back")
        await seen.ask(key)
        await seen.shown(as_of(seen.source.now + 50))
