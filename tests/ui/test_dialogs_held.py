"""A dialog over a screen that is held still: it is judged by the newest reading, not by the one on the screen."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from dialogs import STATES, Desk, desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import Snapshot, State, View

pytestmark = pytest.mark.slow

EVERY = pytest.mark.parametrize("key", ["c", "e", "r"])


async def hold(seen: Desk, state: State) -> None:
    await seen.go_to(state)
    await seen.press("f")
    await seen.shown("FROZEN")


@EVERY
async def test_what_changed_before_the_dialog_opened_is_told_at_once(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read, goes_on = FakeSource.snapshot, asyncio.Event()
    goes_on.set()

    async def slowly(source: FakeSource, view: View, *, is_urged: bool = False) -> Snapshot:
        await goes_on.wait()
        return await read(source, view, is_urged=is_urged)

    monkeypatch.setattr(FakeSource, "snapshot", slowly)
    async with desk() as seen:
        await hold(seen, STATES[key])
        changed = {"state": State.RUNNING, "run_id": UUID(int=77), "attempt": 2, "worker": "w:2"}
        seen.change(STATES[key], **changed, claim_expires_at=seen.source.now + 60)
        await seen.read_again()
        goes_on.clear()  # nothing newer arrives that could tell it
        await seen.press(key)
        await seen.shown("Changed since you looked: running now, attempt 2.", "enter look again", "attempt 1 of 3")
        assert seen.requests == []


@EVERY
async def test_what_changes_while_the_dialog_is_open_is_told(key: str) -> None:
    async with desk() as seen:
        await hold(seen, STATES[key])
        await seen.ask(key)
        assert "Changed since you looked" not in seen.text
        seen.change(STATES[key], state=State.COMPLETED)
        await seen.shown("Changed since you looked: completed now", "enter look again")


async def test_a_lease_is_the_newest_and_runs_on() -> None:
    async with desk() as seen:
        await hold(seen, State.RUNNING)
        seen.source.now += 600
        seen.change(State.RUNNING, claim_expires_at=seen.source.now + 1830)
        await seen.read_again()
        await seen.ask("e")
        await seen.shown("30m left", "FROZEN")
        seen.source.now += 1900
        await seen.shown("expired 1m ago")


async def test_in_place_is_lost_by_the_clock_that_runs() -> None:
    def limited(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.FAILED]
        source.rows[task_id] = replace(source.rows[task_id], max_duration="3600", first_started_at=source.now - 3000)

    async with desk(prepare=limited) as seen:
        await hold(seen, State.FAILED)
        seen.source.now += 700
        await seen.read_again()
        await seen.press("r")
        await seen.says("Would be lost: max_duration is 1h", "(•) As a new task")


async def test_a_page_that_was_read_after_the_screen_was_held_is_not_taken_for_changed() -> None:
    def started(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.PENDING]
        row = replace(source.rows[task_id], state=State.RUNNING, worker="w:1", started_at=source.now + 1)
        source.pages[task_id] = page_of(row, source.now + 1)

    async with desk(prepare=started, every=60.0) as seen:
        await hold(seen, State.PENDING)
        await seen.press("enter")
        await seen.shown("RUNNING")
        seen.change(State.PENDING, state=State.RUNNING, worker="w:1", started_at=seen.source.now + 1)
        await seen.ask("c")
        assert "Changed since you looked" not in seen.text
        await seen.press("y")
        assert (await seen.asked()).target.state is State.RUNNING


async def test_a_task_that_only_its_page_shows_has_changed_by_that() -> None:
    """On a narrow screen only one panel is read, so a task that has left it is in no snapshot."""
    async with desk(size=(80, 24)) as seen:
        await seen.go_to(State.FAILED)
        seen.change(State.FAILED, state=State.RUNNING, run_id=UUID(int=77), attempt=2)
        again = seen.row(State.FAILED)
        seen.source.pages[again.task_id] = page_of(again, seen.source.now)
        await seen.press("r")
        await seen.shown("Changed since you looked: running now, attempt 2.")


async def test_a_server_that_became_a_standby_takes_no_writes() -> None:
    async with desk() as seen:
        await hold(seen, State.PENDING)
        seen.source.server = replace(seen.source.server, is_standby=True)
        await seen.read_again()
        await seen.press("c")
        await seen.shown("cancel: this server is a standby; it takes no writes.")
