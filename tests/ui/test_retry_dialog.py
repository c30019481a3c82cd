"""What the dialog that retries a task says is kept and runs again, and when in place it would be lost meanwhile."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_records import CheckpointRow, TaskPage
from absurd_tui.operations.outcomes import After, Done

pytestmark = pytest.mark.slow

MINUTES = 60.0
AFTER = "What comes after them runs again."


def failed(*steps: str, page: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Before the screen begins: a page with these checkpoints, `fields` set in the task's row."""

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.FAILED]
        row = source.rows[task_id] = replace(source.rows[task_id], **fields)
        saved = tuple(CheckpointRow(step, "committed", row.run_id, source.now - 60, 48) for step in steps)
        source.pages[task_id] = replace(page_of(row, source.now), checkpoints=saved, **(page or {}))

    return prepare


@pytest.mark.parametrize(
    ("steps", "kept"),
    [
        (("reserve",), "Keeps 1 checkpoint (reserve)."),
        (("reserve", "charge", "notify"), "Keeps 3 checkpoints (reserve, charge, notify)."),
        (("reserve", "charge", "notify", "receipt"), "Keeps 4 checkpoints (…, charge, notify, receipt)."),
        (("a" * 99, "b" * 99), "Keeps 2 checkpoints (…, bbbbbbbbbbbbbbbbb…bbbbbbbbbbbbbbbbb)."),
    ],
)
async def test_the_checkpoints_that_are_kept_are_named(steps: tuple[str, ...], kept: str) -> None:
    async with desk(prepare=failed(*steps), size=(80, 24)) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown(kept, AFTER)
        await seen.says("Starts from nothing: no checkpoint is kept, every step runs again.")


async def test_a_task_without_a_checkpoint_keeps_none() -> None:
    async with desk(prepare=failed()) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("No checkpoint was saved, so there is none to keep.", "Everything runs again.")


async def test_more_checkpoints_than_were_read_are_not_counted() -> None:
    async with desk(prepare=failed("reserve", "charge", page={"has_more_checkpoints": True})) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("Keeps more than 2 checkpoints (reserve, charge).")


async def test_a_checkpoint_that_is_not_committed_is_not_kept() -> None:
    pending = CheckpointRow("charge", "pending", None, 1.0, 48)

    def with_pending(source: FakeSource, tasks: dict[State, UUID]) -> None:
        failed("reserve")(source, tasks)
        page = source.pages[tasks[State.FAILED]]
        source.pages[page.task_id] = replace(page, checkpoints=(*page.checkpoints, pending))

    async with desk(prepare=with_pending) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("Keeps 1 checkpoint (reserve).")


async def test_checkpoints_that_could_not_be_read_are_not_said_to_be_none() -> None:
    refused = {"checkpoints_refusal": Refusal("This role may not read it.")}
    async with desk(prepare=failed(page=refused)) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("Keeps the checkpoints that it has; not read: This role may", AFTER)
        assert "No checkpoint was saved" not in seen.said


async def test_nothing_jumps_when_the_answer_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = asyncio.Event()
    read = FakeSource.task

    async def slowly(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        await answered.wait()
        return await read(source, queue, task_id)

    monkeypatch.setattr(FakeSource, "task", slowly)
    async with desk(prepare=failed("reserve", "charge", "notify", "x" * 99)) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("Keeps the checkpoints that it has; reading which.")
        before = seen.pilot.app.screen.query_one("#dialog").size
        answered.set()
        await seen.shown("Keeps 4 checkpoints (…, ")
        assert seen.pilot.app.screen.query_one("#dialog").size == before


def limited(left: float) -> Any:
    """Before the screen begins: max_duration is an hour, of which so many seconds are left."""
    return failed(max_duration=" 3600 ", first_started_at=1_790_000_011.0 - 3600 + left)


async def test_in_place_that_comes_to_be_lost_while_one_is_looking_cannot_be_confirmed() -> None:
    async with desk(prepare=limited(10.5 * MINUTES)) as seen:
        await seen.ask("r", State.FAILED)
        await seen.shown("(•) In place", "In 10m max_duration is over: the next claim cancels it.")
        seen.source.now += 11 * MINUTES
        await seen.says("(•) In place", "Would be lost: max_duration is 1h", "In place it is too late; ↓ chooses a new")
        await seen.until_struck("enter retry in place")
        await seen.press("enter", "enter")
        await seen.look(0.1)
        assert seen.is_asking
        assert seen.requests == []
        await seen.press("down")
        await seen.shown("(•) As a new task")
        await seen.until_not_struck("retry as a new task")
        await seen.press("enter")
        assert (await seen.asked()).as_new


async def test_a_task_that_was_tried_again_meanwhile_has_nothing_to_retry_after_the_new_look() -> None:
    async with desk(prepare=failed("reserve")) as seen:
        await seen.ask("r", State.FAILED)
        seen.change(State.FAILED, state=State.RUNNING, run_id=UUID(int=77), attempt=2)
        await seen.shown("look again")
        await seen.press("enter")
        await seen.shown("retry: the task is running; only failed tasks can be retried.")
        await seen.until_struck("enter retry in place")
        await seen.awake()
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.requests == []


async def test_the_act_is_struck_while_there_is_no_connection() -> None:
    async with desk(prepare=failed("reserve")) as seen:
        await seen.ask("r", State.FAILED)
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.says("there is no connection; keys that write are off until it is back.")
        await seen.until_struck("enter retry in place")
        await seen.press("enter")
        await seen.look(0.1)
        assert seen.requests == []


async def test_when_it_was_last_retried_as_new_from_here_is_told() -> None:
    made = Done(After(State.PENDING, 1, None, 1_790_000_011.0), (UUID(int=99),))
    async with desk(prepare=failed("reserve"), outcome=made) as seen:
        await seen.ask("r", State.FAILED)
        assert "The last one was" not in seen.said
        await seen.press("down", "enter")
        await seen.asked()
        seen.source.now += 40.5 * MINUTES
        await seen.read_again()
        await seen.ask("r")
        await seen.says("Each retry as new makes another task. The last one was 40m ago.")
