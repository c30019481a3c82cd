"""Spawned tasks are told about until they end, and a key goes to the task that was told of last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from dialogs import Desk, desk
from fakes import page_of

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, AlreadySo, Changed, Done, Gone
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.widgets import outcomes as outcomes_module

pytestmark = pytest.mark.slow

PENDING = After(State.PENDING, 1, None, 1_790_000_020.0)


async def spawned(seen: Desk, number: int = 1) -> list[UUID]:
    """Spawn tasks by the form, on what is in question; the performer says that these were made."""
    pending = seen.row(State.PENDING)
    seen.source.pages[pending.task_id] = page_of(pending, seen.source.now)
    made = [await seen.stage.spawn("mail", "pending_task", max_attempts=5) for _ in range(number)]
    for task_id in made:
        put(seen, task_id, available_at=seen.source.now, enqueued_at=seen.source.now)
    seen.performer.outcome = Done(PENDING, tuple(made))
    await sent(seen)
    return made


def put(seen: Desk, task_id: UUID, **fields: Any) -> None:
    """Change a task behind the screen's back."""
    seen.source.rows[task_id] = replace(seen.source.rows[task_id], **fields)


async def sent(seen: Desk) -> None:
    """Send the spawn form as it comes."""
    await seen.go_to(State.PENDING)
    await seen.press("s")
    await seen.shown("ctrl+s spawn pending_task")
    before = len(seen.requests)
    await seen.until(lambda: isinstance(form := seen.pilot.app.screen, SpawnDialog) and form.is_awake)
    await seen.press("ctrl+s")
    await seen.until(lambda: len(seen.requests) > before)


@asynccontextmanager
async def one() -> AsyncIterator[tuple[Desk, UUID]]:
    """A desk with a task that was just spawned from it."""
    async with desk() as seen:
        (task_id,) = await spawned(seen)
        await seen.shown("✓ Spawned ·", "Pending. T opens it.", f"Pending for 0s · pending_task …{str(task_id)[-8:]}")
        yield seen, task_id


def let_good_news_pass(monkeypatch: pytest.MonkeyPatch, seconds: float = 0.5) -> None:
    assert outcomes_module.STAYS == 6.0
    monkeypatch.setattr(outcomes_module, "STAYS", seconds)


async def test_picked_up_late_and_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with one() as (seen, task_id):
        seen.source.now += 12
        await seen.shown("! Nobody picked it up for 12s · pending_task", "does a worker of mail run?")
        await seen.stage.claim(task_id, "worker-9:7")
        await seen.shown("» Claimed by worker-9:7", "Attempt 1 of 5 runs for 0s, the lease ends in 1m 00s.")
        await seen.stage.wait_for(task_id, "invoice.paid")
        await seen.shown("z Waits for invoice.paid")
        let_good_news_pass(monkeypatch)
        await seen.stage.complete(task_id)
        await seen.shown("✓ Completed after 15s")
        await seen.not_shown("Completed after")
        asked = len(seen.source.followed)
        await seen.read_again()
        assert len(seen.source.followed) == asked, "what has ended is not asked for again"


async def test_a_failure_stays_until_it_is_dismissed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with one() as (seen, task_id):
        let_good_news_pass(monkeypatch)
        put(seen, task_id, attempt=3)
        await seen.stage.claim(task_id, "worker-9:7")
        await seen.stage.fail(task_id, "KeyError", "no such customer")
        await seen.shown("✗ Failed after 3 attempts · pending_task", "KeyError: no such customer")
        await seen.not_shown("✓ Spawned")
        await seen.read_again()
        assert "Failed after 3 attempts" in seen.text
        await seen.press("x")
        await seen.not_shown("Failed after 3 attempts")


async def test_a_task_that_a_worker_put_off_is_said_to_be_known_to_none() -> None:
    async with one() as (seen, task_id):
        await seen.stage.claim(task_id, "worker-9:7")
        await seen.stage.defer(task_id, 60)
        await seen.shown("! Put off by a worker until", "Likely no worker that polls mail knows the task.")
        put(seen, task_id, reached_step="nap")
        await seen.shown("z Sleeps until", "Attempt 1 of 5 goes on then.")


async def test_a_task_that_was_cleaned_up_is_said_so() -> None:
    async with one() as (seen, task_id):
        del seen.source.rows[task_id]
        await seen.shown("! No longer in the database · pending_task", "It was cleaned up; how it ended was not seen.")


async def test_dismissed_it_is_followed_no_longer() -> None:
    async with one() as (seen, _):
        await seen.press("x")
        await seen.not_shown("Pending for")
        asked = len(seen.source.followed)
        await seen.read_again()
        assert len(seen.source.followed) == asked


async def test_while_the_link_is_lost_it_is_told_as_of_when_and_nothing_is_asked() -> None:
    async with one() as (seen, task_id):
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.shown("LOST", "Pending for 0s", "; there is no connection.", "As of ")
        asked = len(seen.source.followed)
        await seen.stage.claim(task_id, "worker-9:7")
        await seen.look(0.5)
        assert len(seen.source.followed) == asked
        assert "worker-9:7" not in seen.text
        seen.source.fault = None
        await seen.press("R")
        await seen.shown("» Claimed by worker-9:7")
        assert "As of" not in seen.text


async def test_a_queue_that_cannot_be_read_is_said_so_and_read_again() -> None:
    async with one() as (seen, _):
        seen.source.unread["mail"] = asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
        await seen.shown("Pending for 0s", "not read since (locked by somebody")
        del seen.source.unread["mail"]
        await seen.not_shown("not read since")


async def test_a_held_screen_goes_on_telling() -> None:
    async with one() as (seen, task_id):
        await seen.press("f")
        await seen.shown("FROZEN")
        await seen.stage.claim(task_id, "worker-9:7")
        await seen.shown("» Claimed by worker-9:7")


async def test_a_thousand_are_counted_and_read_by_one_statement_a_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as seen:
        made = await spawned(seen, 1000)
        await seen.shown("◌ 0 of 1,000 ended · mail › pending_task", "1,000 pending")
        for task_id in made[:980]:
            put(seen, task_id, state=State.COMPLETED)
        for task_id in made[980:985]:
            put(seen, task_id, state=State.FAILED)
        for task_id in made[985:988]:
            put(seen, task_id, state=State.RUNNING, started_at=seen.source.now)
        await seen.shown("» 985 of 1,000 ended", "5 failed · 12 pending · 3 claimed · 980 completed")
        await seen.read_again()
        assert seen.source.followed[-1] == tuple(made[985:]), "only those that may live are asked for"
        assert len(seen.source.followed) <= len(seen.source.read)
        seen.source.now += 12
        await seen.shown("! Nobody picked up 12 for 12s")
        let_good_news_pass(monkeypatch)
        for task_id in made:
            put(seen, task_id, state=State.COMPLETED)
        await seen.shown("✗ All 1,000 ended", "5 failed · 995 completed")


# the key that goes to the task


async def test_t_opens_the_task_that_was_spawned() -> None:
    async with one() as (seen, task_id):
        seen.source.pages[task_id] = page_of(seen.source.rows[task_id], seen.source.now)
        await seen.press("T")
        await seen.shown("esc back", "Timeline", str(task_id), "◌ PENDING")
        await seen.press("escape")
        await seen.shown("Completed", "Cancelled", "enter open")


async def test_t_on_another_tasks_page_takes_its_place() -> None:
    async with one() as (seen, task_id):
        for row in (seen.row(State.RUNNING), seen.source.rows[task_id]):
            seen.source.pages[row.task_id] = page_of(row, seen.source.now)
        await seen.go_to(State.RUNNING)
        await seen.press("enter")
        await seen.shown("esc back", "» RUNNING", str(seen.tasks[State.RUNNING]))
        await seen.press("T")
        await seen.shown("◌ PENDING", str(task_id), "esc back")
        await seen.until(lambda: len(seen.pilot.app.screen_stack) == 2)
        await seen.look(0.4)  # a key that led to a screen counts there only after a pause
        await seen.press("T")
        await seen.shown("told task: this is its page.")
        await seen.press("escape")
        await seen.shown("enter open")


async def test_t_goes_to_the_first_of_many_that_has_not_completed() -> None:
    async with desk() as seen:
        made = await spawned(seen, 3)
        await seen.shown("0 of 3 ended")
        await seen.stage.complete(made[0])
        await seen.shown("1 of 3 ended")
        await seen.press("T")
        await seen.shown("esc back", str(made[1]))


async def test_t_opens_the_task_that_has_the_key_already() -> None:
    async with desk() as seen:
        there = seen.row(State.COMPLETED)
        seen.source.pages[there.task_id] = page_of(there, seen.source.now)
        pending = seen.row(State.PENDING)
        seen.source.pages[pending.task_id] = page_of(pending, seen.source.now)
        seen.performer.outcome = AlreadySo(After(State.COMPLETED, 1, None, seen.source.now), None, there.task_id)
        await sent(seen)
        tail = str(there.task_id)[-8:]
        taken = "It has the key: the params were not used."
        await seen.shown(f"= Already so · …{tail} (completed) in mail", taken, "esc back", str(there.task_id))
        await seen.not_shown("T opens it.")
        await seen.press("escape")
        await seen.shown(f"{taken} T opens it.")
        await seen.press("T")
        await seen.shown("esc back", str(there.task_id), "✓ COMPLETED")


async def test_t_goes_to_the_task_that_had_changed() -> None:
    async with desk(outcome=Changed(After(State.RUNNING, 2, None, 1_790_000_020.0))) as seen:
        await seen.ask("c", State.PENDING)
        await seen.press("y")
        await seen.shown("! Changed since you looked")
        await seen.go_to(State.COMPLETED)
        await seen.press("T")
        await seen.shown("esc back", str(seen.tasks[State.PENDING]))


@pytest.mark.parametrize("is_gone", [False, True])
async def test_t_says_why_there_is_nothing_to_go_to(is_gone: bool) -> None:
    async with desk(outcome=Gone()) as seen:
        if is_gone:
            await seen.ask("c", State.PENDING)
            await seen.press("y")
            await seen.shown("! Gone")
        await seen.press("T")
        await seen.shown("told task: no outcome was about a task yet.")
        assert len(seen.pilot.app.screen_stack) == 1


async def test_a_told_task_that_is_gone_meanwhile_has_a_page_that_says_so() -> None:
    async with one() as (seen, task_id):
        del seen.source.rows[task_id]
        await seen.press("T")
        await seen.shown("? UNKNOWN", "This task is no longer in the database.", str(task_id), "esc back")


async def test_without_a_connection_the_page_opens_and_is_read_when_it_is_back() -> None:
    async with one() as (seen, task_id):
        seen.source.pages[task_id] = page_of(seen.source.rows[task_id], seen.source.now)
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.shown("LOST")
        await seen.press("T")
        await seen.shown("esc back", str(task_id), "No answer from the database")
        seen.source.fault = None
        await seen.press("R")
        await seen.shown("◌ PENDING", "pending_task")
