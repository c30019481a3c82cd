"""A key that somebody types into the spawn form is looked up, and told where a task has it."""

import asyncio

import pytest
from dialogs import Desk, desk

from absurd_tui.observe.records import State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import KeyHolder
from absurd_tui.ui.dialogs import spawn
from absurd_tui.ui.dialogs.spawn import SpawnDialog

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
