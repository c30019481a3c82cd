"""A key that somebody types into the spawn form is looked up, and told where a task has it."""

import asyncio

import pytest
from dialogs import Desk, desk

from absurd_tui.observe.records import State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import KeyHolder
from absurd_tui.operations.outcomes import AlreadySo, Outcome
from absurd_tui.operations.requests import Request
from absurd_tui.ui.dialogs import spawn
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow


async def opened(seen: Desk) -> None:
    await seen.press("s")
    await seen.until(lambda: isinstance(form := seen.pilot.app.screen, SpawnDialog) and form.is_awake)


async def typed(seen: Desk, field: str, text: str) -> None:
    seen.pilot.app.screen.query_one(f"#spawn-{field}").focus()
    await seen.press("end", "ctrl+u", *text)


def exists(seen: Desk, state: State) -> tuple[str, str]:
    """What the form says of a key that the task in a state has; it is wrapped."""
    return f"! This key exists: task …{str(seen.tasks[state])[-8:]} ({state}).", "returns it."


async def test_a_typed_key_that_a_task_has_is_told_before_anything_is_sent() -> None:
    async with desk() as seen:
        seen.source.keys["mail", "order-7"] = seen.tasks[State.COMPLETED]
        await opened(seen)
        await typed(seen, "key", "order-7")
        await seen.shown(*exists(seen, State.COMPLETED))
        assert seen.source.looked_up[-1] == ("mail", "order-7")
        await seen.press("8")
        await seen.not_shown("This key exists")
        await seen.press("backspace")
        await seen.shown("This key exists")


async def test_only_a_key_that_was_typed_is_looked_up_and_only_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk() as seen:
        await opened(seen)
        await typed(seen, "max_attempts", "7")
        await seen.shown('"max_attempts": 7')
        assert seen.source.looked_up == [], "the form's own key is nobody's"
        assert spawn.CHECK_SECONDS == 0.3
        monkeypatch.setattr(spawn, "CHECK_SECONDS", 2.0)
        await typed(seen, "key", "order-7")
        await seen.until(lambda: bool(seen.source.looked_up))
        await typed(seen, "count", "1")
        await seen.look(2.5)
        assert seen.source.looked_up == [("mail", "order-7")]


async def test_a_key_is_looked_up_in_the_queue_of_the_form_and_for_one_task_alone() -> None:
    async with desk(prepare=lambda source, _: source.queues.append("orders")) as seen:
        seen.source.keys["orders", "order-7"] = seen.tasks[State.FAILED]
        await opened(seen)
        await typed(seen, "key", "order-7")
        # a slow machine may pause while it types
        await seen.until(lambda: seen.source.looked_up[-1:] == [("mail", "order-7")])
        assert "This key exists" not in seen.text
        await typed(seen, "queue", "orders")
        await seen.shown(*exists(seen, State.FAILED))
        await typed(seen, "count", "3")
        await seen.not_shown("This key exists")


async def test_what_cannot_be_read_is_not_told_and_what_lost_its_place_is_read_again() -> None:
    async with desk() as seen:
        holder = KeyHolder(seen.tasks[State.PENDING], "pending_task", State.PENDING)
        faults: list[Exception] = [ConnectionRefusedError(111, "Connection refused"), SupersededError()]
        may = asyncio.Event()

        async def look_up(queue: str, key: str) -> KeyHolder | None:
            if faults:
                raise faults.pop()
            await may.wait()
            return holder

        seen.source.key_holder = look_up  # type: ignore[method-assign]
        await opened(seen)
        await typed(seen, "key", "a")
        await seen.until(lambda: not faults)
        await seen.look(0.3)
        assert "This key exists" not in seen.text
        await typed(seen, "key", "b")
        await seen.shown('"b"}')
        await typed(seen, "key", "c")
        await seen.shown('"c"}')
        await typed(seen, "key", "")
        await seen.shown("Without a key, sending twice spawns twice.")
        may.set()
        await seen.look(0.3)
        assert "This key exists" not in seen.text, "the answer came too late"


async def sent_with_a_taken_key(seen: Desk, state: State) -> asyncio.Event:
    """Send a spawn whose key the task in a state has; the answer comes when the event is set."""
    may_answer, outcome = asyncio.Event(), AlreadySo(None, None, seen.tasks[state])

    async def perform(request: Request, reason: str = "") -> Outcome:
        seen.performer.requests.append(request)
        await may_answer.wait()
        return outcome

    seen.performer.perform = perform  # type: ignore[method-assign]
    await opened(seen)
    await typed(seen, "task_name", "refund")
    await typed(seen, "key", "order-7")
    await seen.shown("ctrl+s spawn refund", '"order-7"}')
    await seen.press("ctrl+s")
    await seen.asked()
    return may_answer


def stands_on(seen: Desk, state: State) -> bool:
    screen = seen.pilot.app.screen
    return isinstance(screen, TaskScreen) and screen.task_id == seen.tasks[state]


@pytest.mark.parametrize("below", ["dashboard", "task page"])
async def test_a_spawn_that_returned_a_task_of_before_says_so_and_goes_to_it(below: str) -> None:
    async with desk() as seen:
        if below == "task page":
            await seen.go_to(State.PENDING)
            await seen.press("enter")
            await seen.until(lambda: stands_on(seen, State.PENDING))
        may_answer = await sent_with_a_taken_key(seen, State.COMPLETED)
        assert not stands_on(seen, State.COMPLETED)
        may_answer.set()
        await seen.until(lambda: stands_on(seen, State.COMPLETED))
        await seen.shown("COMPLETED", f"= Already so · …{str(seen.tasks[State.COMPLETED])[-8:]} in mail")
        await seen.press("escape")
        await seen.until(lambda: isinstance(seen.pilot.app.screen, Dashboard))


@pytest.mark.parametrize("keys", [("enter",), ("s",), ("A",), ("?",)])
async def test_it_goes_nowhere_where_one_has_gone_elsewhere_meanwhile(keys: tuple[str, ...]) -> None:
    async with desk() as seen:
        may_answer = await sent_with_a_taken_key(seen, State.COMPLETED)
        await seen.press("1")
        await seen.shown("Pending  1 of 1")
        await seen.press(*keys)
        await seen.until(lambda: not isinstance(seen.pilot.app.screen, Dashboard))
        elsewhere = seen.pilot.app.screen
        may_answer.set()
        await seen.look(0.5)
        assert seen.pilot.app.screen is elsewhere
        await seen.press("escape")
        await seen.shown("It has the key")
        assert isinstance(seen.pilot.app.screen, Dashboard)


async def test_it_goes_nowhere_where_the_task_of_before_is_not_known() -> None:
    async with desk(outcome=AlreadySo(None, None)) as seen:
        await opened(seen)
        await typed(seen, "task_name", "refund")
        await seen.shown("ctrl+s spawn refund")
        await seen.press("ctrl+s")
        await seen.asked()
        await seen.look(0.3)
        assert isinstance(seen.pilot.app.screen, Dashboard)
