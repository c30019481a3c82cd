"""What the dialog that extends a claim says of the worker and of the lease, and that it follows both."""

import asyncio
from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import CheckpointRow, TaskPage
from absurd_tui.ui.dialogs.frame import TaskDialog

pytestmark = pytest.mark.slow

SIGN = "last sign of the worker: checkpoint charge-card, 5m ago"
MINUTES = 60.0
OVER = ("was claimed by worker-1:77, run …", "this claim is over", "now no lease", "becomes –")


def claimed(*, page: dict[str, Any] | None = None, saved: float | None = None, **fields: Any) -> Any:
    """Before the screen begins: the claim is an hour old and ends in 20 minutes, `fields` are set in its row.

    With `page` the task has a page with these fields, with `saved` also a checkpoint of so many minutes ago.
    """

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id, now = tasks[State.RUNNING], source.now
        changes = {"started_at": now - 60 * MINUTES, "claim_expires_at": now + 20.5 * MINUTES, **fields}
        row = source.rows[task_id] = replace(source.rows[task_id], **changes)
        if page is not None or saved is not None:
            made = replace(page_of(row, now), **(page or {}))
            if saved is not None:
                step = CheckpointRow("charge-card", "committed", row.run_id, now - saved * MINUTES, 48)
                made = replace(made, checkpoints=(step,))
            source.pages[task_id] = made

    return prepare


def height(seen: Desk) -> int:
    return seen.pilot.app.screen.query_one("#dialog").size.height


async def test_the_last_checkpoint_of_the_worker_is_named() -> None:
    async with desk(prepare=claimed(saved=5.2)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says(SIGN, "The worker's next checkpoint or heartbeat sets it back.")


async def test_a_checkpoint_of_an_earlier_attempt_is_no_sign_of_this_worker() -> None:
    earlier = CheckpointRow("charge-card", "committed", UUID(int=99), 1_790_000_000.0, 48)
    async with desk(prepare=claimed(page={"checkpoints": (earlier,)})) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.shown("no checkpoint since the claim")
        assert "charge-card" not in seen.said


async def test_a_page_without_its_checkpoints_is_no_page_without_checkpoints() -> None:
    refused = {"checkpoints_refusal": Refusal("This role may not read absurd.c_mail.")}
    async with desk(prepare=claimed(page=refused)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.shown("not read: This role may not read absurd.c_mail")
        assert "no checkpoint" not in seen.said


async def test_a_task_that_is_gone_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        return None

    monkeypatch.setattr(FakeSource, "task", gone)
    async with desk(prepare=claimed()) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says("The task is no longer in the database.", *OVER)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_nothing_jumps_when_the_answer_arrives(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    answered = asyncio.Event()
    read = FakeSource.task

    async def slowly(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        await answered.wait()
        return await read(source, queue, task_id)

    monkeypatch.setattr(FakeSource, "task", slowly)
    async with desk(prepare=claimed(saved=5.2), size=size) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.shown("reading the checkpoints")
        before = height(seen)
        answered.set()
        await seen.shown(SIGN)
        assert height(seen) == before


async def test_a_question_whose_place_was_taken_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read, taken = FakeSource.task, [SupersededError(), SupersededError()]

    async def superseded(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        if taken:
            raise taken.pop()
        return await read(source, queue, task_id)

    monkeypatch.setattr(FakeSource, "task", superseded)
    async with desk(prepare=claimed(saved=5.2)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.shown(SIGN)


async def test_an_answer_that_comes_after_the_dialog_was_left_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, asked = asyncio.Event(), asyncio.Event()

    async def late(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        asked.set()
        await answered.wait()
        return None

    monkeypatch.setattr(FakeSource, "task", late)
    async with desk(prepare=claimed()) as seen:
        await seen.ask("e", State.RUNNING)
        await asked.wait()
        await seen.press("escape")
        await seen.not_shown("Extend claim")
        answered.set()
        await seen.read_again()
        assert seen.pilot.app.is_running


async def test_a_heartbeat_while_one_is_looking_moves_the_lease_and_takes_the_tick_back() -> None:
    async with desk(prepare=claimed(page={})) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.press("left", "left", "s")
        await seen.shown("[x] s shorten it all the same", "20m left")
        ends, set_at = seen.source.now + 50 * MINUTES + 30, seen.source.now - 5.2 * MINUTES
        task_id = seen.tasks[State.RUNNING]
        seen.change(State.RUNNING, claim_expires_at=ends, lease_set_at=set_at)
        seen.source.pages[task_id] = page_of(seen.row(State.RUNNING), seen.source.now)
        await seen.shown("[ ] s shorten it all the same", "50m left", "lease set 5m ago; no checkpoint since the claim")
        await seen.until_struck("enter shorten the lease")
        assert "Changed since you looked" not in seen.text
        await seen.press("s")
        await seen.shown("[x] s shorten it all the same")
        await seen.press("enter")
        request = await seen.asked()
        assert (request.may_shorten, request.target.claim_expires_at) == (True, ends)


async def test_a_checkpoint_while_one_is_looking_is_told_of() -> None:
    async with desk(prepare=claimed(page={})) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.shown("no checkpoint since the claim")
        seen.change(State.RUNNING, claim_expires_at=seen.source.now + 50 * MINUTES)
        row, now = seen.row(State.RUNNING), seen.source.now
        step = CheckpointRow("charge-card", "committed", row.run_id, now - 5.2 * MINUTES, 48)
        seen.source.pages[row.task_id] = replace(page_of(row, now), checkpoints=(step,))
        await seen.shown(SIGN)


async def test_a_lease_without_end_says_so_and_is_given_one_only_when_that_is_ticked() -> None:
    async with desk(prepare=claimed(claim_expires_at=inf)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says("no limit no end", "The lease has no end, and this gives it one.", "[ ] s shorten it all the")
        await seen.until_struck("enter shorten the lease")
        await seen.press("enter")
        await seen.press("plus")
        await seen.says("The lease has no end: nothing can be put on top of it.")
        await seen.until_struck("enter extend the lease")
        await seen.press("enter")
        await seen.press("plus", "s")
        await seen.until_not_struck("shorten the lease")
        assert seen.requests == []
        await seen.press("enter")
        request = await seen.asked()
        assert (request.seconds, request.on_top, request.may_shorten) == (300, False, True)


async def test_more_than_a_day_is_not_put_on_top() -> None:
    async with desk(prepare=claimed(claim_expires_at=1_790_000_000.0 + 23.5 * 3600)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.press("right", "right", "plus")
        await seen.shown("A lease is made to last 24 hours at most.")
        await seen.until_struck("enter extend the lease")
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.is_asking
        assert seen.requests == []


async def test_a_run_that_ended_meanwhile_has_no_lease_to_extend_after_the_new_look() -> None:
    async with desk(prepare=claimed()) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says("claimed by worker-1:77 for", "20m left", "becomes", "enter shorten the lease")
        before = height(seen)
        seen.change(State.RUNNING, state=State.COMPLETED)
        await seen.says("Changed since you looked: completed now", "enter look again", *OVER)
        assert "left" not in seen.said.replace("on top of what is left", "")
        await seen.press("enter")
        await seen.says("extend: the task is completed; it has no claim.", *OVER)
        await seen.until_struck("enter extend the lease")
        assert "left" not in seen.said.replace("on top of what is left", "")
        assert height(seen) == before
        await seen.awake()
        await seen.press("enter")
        await seen.look(0.1)
        assert isinstance(seen.pilot.app.screen, TaskDialog)
        assert seen.requests == []


@pytest.mark.parametrize("ends", [-30 * MINUTES, inf, 23.9 * 3600])
async def test_the_choices_stand_below_all_that_has_to_be_said(ends: float) -> None:
    stretched = claimed(claim_expires_at=1_790_000_011.0 + ends, worker="worker-" * 28)
    async with desk(prepare=stretched, size=(80, 24)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.press("plus")
        await seen.shown("esc leave the lease", "╰─")
        await seen.press("plus")
        seen.change(State.RUNNING, attempt=2)
        await seen.shown("Changed since you looked", "enter look again", "╰─")


async def test_how_long_a_dead_worker_would_hold_the_task_is_told() -> None:
    async with desk(prepare=claimed(claim_expires_at=1_790_000_011.0 + 10.5)) as seen:
        await seen.ask("e", State.RUNNING)
        await seen.says("a dead one holds the task for 5m 00s.")
        await seen.press("plus")
        await seen.says("a dead one holds the task 5m 00s longer.")
        await seen.press(*"999999")
        await seen.says("a dead one holds the task all the while.")
