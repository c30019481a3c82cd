"""The dialog that cancels a task with its children: whom it names, and whom it asks to cancel."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import START, FakeSource
from screen import until_shown

from absurd_tui.observe.branches import NO_TEXT
from absurd_tui.observe.children import Child, Children
from absurd_tui.observe.records import Refusal, State
from absurd_tui.operations.requests import CancelTask
from absurd_tui.ui.dialogs.frame import TaskDialog

pytestmark = pytest.mark.slow


def child(number: int, state: State = State.PENDING) -> Child:
    return Child("orders", UUID(int=number), UUID(int=100 + number), f"child_{number}", state, 2, None, START)


def with_children(*children: Child, is_cut: bool = False) -> Any:
    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        source.descend[tasks[State.RUNNING]] = Children(children, is_cut)

    return prepare


async def ask(seen: Desk) -> None:
    await seen.go_to(State.RUNNING)
    await seen.press("ctrl+p")
    await seen.shown("Search for commands")
    await seen.press(*"all", "space", *"its", "space", *"children")
    await seen.shown("Cancel the task with all its children")
    await seen.press("enter")
    await until_shown(seen.pilot, "Cancel task and children")
    await seen.until(lambda: isinstance(screen := seen.pilot.app.screen, TaskDialog) and screen.is_awake)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_live_children_are_named_and_cancelled_as_they_were_named(size: tuple[int, int]) -> None:
    prepare = with_children(child(1), child(2, State.COMPLETED), child(3, State.RUNNING))
    async with desk(prepare=prepare, size=size) as seen:
        await ask(seen)
        await seen.says("2 live children likely", "orders › child_1 …00000001 ◌ pending", "child_3", "1 ended already")
        await seen.until_not_struck("cancel 3 tasks")
        await seen.press("y")
        await seen.until(lambda: len(seen.requests) == 3)
        assert all(isinstance(request, CancelTask) for request in seen.requests)
        targets = [request.target for request in seen.requests]
        assert [target.task_id for target in targets] == [seen.tasks[State.RUNNING], UUID(int=1), UUID(int=3)]
        assert (targets[1].queue, targets[1].run_id, targets[1].attempt) == ("orders", UUID(int=101), 2)


@pytest.mark.parametrize("is_production", [False, True])
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_all_that_would_be_cancelled_can_be_gone_through(size: tuple[int, int], *, is_production: bool) -> None:
    ended = [child(100 + number, State.FAILED) for number in range(10)]
    prepare = with_children(*(child(number) for number in range(1, 13)), *ended, is_cut=True)
    async with desk(prepare=prepare, size=size, is_production=is_production) as seen:
        await ask(seen)
        await seen.says("12 live children likely", "↑ ↓ go through all of them.", "cancel 13 tasks")
        await seen.says("1–5 of 12 shown, 10 ended already and left, there may be more")
        rows = [line.rfind("│") for line in seen.text.splitlines()]
        named = {word for word in seen.said.split() if word.startswith("child_")}
        assert named == {f"child_{number}" for number in range(1, 6)}
        for key, first in [("down", 2), ("down", 3), ("pagedown", 8), ("down", 8), ("up", 7), ("pagedown", 8)]:
            await seen.press(key)
            await seen.says(f"{first}–{first + 4} of 12 shown, 10 ended already and left, there may be more")
            assert [line.rfind("│") for line in seen.text.splitlines()] == rows, "nothing moves"
            named |= {word for word in seen.said.split() if word.startswith("child_")}
        assert named == {f"child_{number}" for number in range(1, 13)}
        await seen.press("pageup", "pageup", "up")
        await seen.says("1–5 of 12 shown")
        if is_production:
            await seen.press(*str(seen.tasks[State.RUNNING])[-4:])
        await seen.press("enter" if is_production else "y")
        await seen.until(lambda: len(seen.requests) == 13)


@pytest.mark.parametrize("is_production", [False, True])
async def test_a_queue_that_was_not_looked_into_is_told_below_the_list(*, is_production: bool) -> None:
    refused = (("caf" * 40, NO_TEXT), ("b", Refusal("its tables are missing")))
    found = Children(tuple(child(number) for number in range(1, 9)), is_cut=True, refused=refused)

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        source.descend[tasks[State.RUNNING]] = found

    async with desk(prepare=prepare, size=(80, 24), is_production=is_production) as seen:
        await ask(seen)
        named: set[str] = set()
        for first in (1, 4, 6):
            await seen.says(f"{first}–{first + 2} of 8 shown, there may be more", "cancel 9 tasks")
            await seen.says(
                "! Not looked into: caf", "its name is no UTF-8 text, so that it cannot be asked for; 1 more."
            )
            named |= {word for word in seen.said.split() if word.startswith("child_")}
            await seen.press("pagedown")
        assert len(named) == 8


async def test_what_is_in_view_at_once_is_not_gone_through() -> None:
    async with desk(prepare=with_children(*(child(number) for number in range(1, 6)))) as seen:
        await ask(seen)
        await seen.says("5 live children likely", "child_5", "y cancel 6 tasks")
        await seen.press("down", "pagedown")
        await seen.says("child_1", "child_5")
        assert "shown" not in seen.said


async def test_a_long_name_leaves_room_for_the_id_and_the_state() -> None:
    long = replace(child(1), task_name="reconcile_" * 20, queue="q" * 57)
    async with desk(prepare=with_children(long)) as seen:
        await ask(seen)
        await seen.says("…00000001 ◌ pending")


async def test_without_children_the_task_goes_alone_and_escape_leaves_them_all() -> None:
    async with desk() as seen:
        await ask(seen)
        await seen.says("0 live children likely", "cancel the task alone")
        await seen.press("escape")
        await seen.look(0.2)
        assert seen.requests == []
