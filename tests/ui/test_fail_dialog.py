"""Failing a run by hand: who may, what the dialog says of the worker that nothing fences, and what is told then."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import DEAD, Desk, desk
from fakes import FakeSource, page_of
from screen import text
from textual.widgets import Input

from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import After, Done
from absurd_tui.operations.requests import FailRun
from absurd_tui.ui.dialogs.command import CommandBar

pytestmark = pytest.mark.slow

RETRIED = Done(After(State.SLEEPING, 2, None, 1_790_000_020.0))


async def ask(seen: Desk, state: State) -> None:
    """Type the command on the task in a state."""
    await seen.go_to(state)
    await seen.press("colon")
    await seen.until(lambda: isinstance(seen.pilot.app.screen, CommandBar))
    seen.pilot.app.screen.query_one(Input).value = "fail"
    await seen.press("enter")


async def woken(seen: Desk) -> None:
    await seen.shown("─ Fail run ─")
    await asyncio.sleep(DEAD + 0.05)
    await seen.awake()


def with_page(state: State, **fields: Any) -> Callable[[FakeSource, dict[State, UUID]], None]:
    """Before the screen begins: `fields` are set in the page of the task in a state."""

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        row = source.rows[tasks[state]]
        source.pages[row.task_id] = replace(page_of(row, source.now), **fields)

    return prepare


async def test_without_the_option_the_command_and_the_palette_say_why_not() -> None:
    async with desk() as seen:
        await ask(seen, State.RUNNING)
        await seen.says("fail: nothing fences it; only who started absurd-tui with --expert may.")
        await seen.press("escape", "ctrl+p")
        await asyncio.sleep(DEAD)
        await seen.press(*"fail the run")
        await seen.shown("Fail the run by hand", "not now: fail: nothing fences it")
        assert seen.requests == []


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_names_the_worker_that_loses_its_work_and_what_follows(size: tuple[int, int]) -> None:
    strategy = with_page(State.RUNNING, retry_strategy='{"kind": "fixed", "base_seconds": 30}')
    async with desk(is_expert=True, outcome=RETRIED, size=size, prepare=strategy) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        await seen.says(
            "Attempt 1 ends as failed.",
            "Absurd does not fence this: it asks nobody who works on it.",
            "If worker-1:77 still works on it, it loses its work",
            "until then the next attempt may run beside it.",
            "Then: attempt 2 after 30s",
        )
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press("y")
        request = await seen.asked()
        assert isinstance(request, FailRun)
        assert request.target.run_id == seen.row(State.RUNNING).run_id
        await seen.shown("✓ Failed attempt 1 · mail › running_task", "the task is sleeping, attempt 2.")


async def test_the_last_attempt_ends_the_task() -> None:
    last = with_page(State.RUNNING, max_attempts=1)
    async with desk(is_expert=True, prepare=last) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        await seen.says("Then: the task fails: it is the last attempt")


async def test_of_a_run_that_waits_no_worker_loses_anything() -> None:
    async with desk(is_expert=True) as seen:
        await ask(seen, State.SLEEPING)
        await woken(seen)
        await seen.says("It no longer waits for the event invoice.paid.")
        assert "loses its work" not in seen.said


@pytest.mark.parametrize("state", [State.PENDING, State.COMPLETED, State.FAILED])
async def test_a_run_that_nobody_has_cannot_be_failed(state: State) -> None:
    async with desk(is_expert=True) as seen:
        await ask(seen, state)
        await seen.says(f"fail: the task is {state}: only a run that is claimed or asleep can be failed.")
        assert "Fail run ─" not in text(seen.pilot.app)


async def test_in_production_the_end_of_the_id_is_typed() -> None:
    async with desk(is_expert=True, is_production=True, outcome=RETRIED) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        tail = str(seen.tasks[State.RUNNING])[-4:]
        await seen.says(f"Type {tail}, the end of the id, to fail this run:")
        await seen.press("y", "enter")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press("backspace", *tail, "enter")
        assert isinstance(await seen.asked(), FailRun)


async def test_a_run_that_moved_on_is_not_failed_before_another_look() -> None:
    async with desk(is_expert=True) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        await seen.stage.complete(seen.tasks[State.RUNNING])
        await seen.says("Changed since you looked: completed now")
        await seen.press("y")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_a_run_that_another_worker_claimed_is_not_failed_before_another_look() -> None:
    async with desk(is_expert=True, outcome=RETRIED) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        await seen.stage.claim(seen.tasks[State.RUNNING], "worker-2:5")
        await seen.says("The run was claimed anew since you looked: another worker may have it.")
        await seen.press("y")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press("enter")
        await asyncio.sleep(DEAD + 0.05)
        await seen.awake()
        await seen.says("If worker-2:5 still works on it, it loses its work")
        await seen.press("y")
        assert (await seen.asked()).claimed_at == seen.row(State.RUNNING).started_at


async def test_a_heartbeat_keeps_nobody_from_failing_the_run() -> None:
    async with desk(is_expert=True, outcome=RETRIED) as seen:
        await ask(seen, State.RUNNING)
        await woken(seen)
        lease = seen.row(State.RUNNING).claim_expires_at
        assert lease is not None
        seen.change(State.RUNNING, claim_expires_at=lease + 60)
        await seen.read_again()
        await seen.press("y")
        assert isinstance(await seen.asked(), FailRun)
