"""A task's parents and children on its page: named with their states, opened by keys, and a way back."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from fakes import FakeSource
from screen import lines, running, text, until, until_shown
from task_pages import NOW, TASK, checkpoint, page, run
from textual.pilot import Pilot

from absurd_tui.observe.branches import NO_TEXT
from absurd_tui.observe.children import Child
from absurd_tui.observe.family import Family, Relative
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_rows import row_of
from absurd_tui.ui import kin
from absurd_tui.ui.hearing import DEAF_SECONDS
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(120, 40), (80, 24)])
CHILD, OTHER, PARENT = UUID(int=TASK.int + 100), UUID(int=TASK.int + 101), UUID(int=TASK.int - 100)


def relative(task_id: UUID, name: str, state: State, step: str, *, is_parent: bool = False) -> Relative:
    return Relative(Child("orders", task_id, task_id, name, state, 1, None, NOW), step, is_parent)


def source() -> FakeSource:
    """A task that names its parent in its params, with two children, and a page of each of them."""
    own = page(State.RUNNING, run(1, State.RUNNING, started_at=10), checkpoints=(checkpoint("spawn", 1, 60),))
    own = replace(own, params=replace(own.params, text=f'{{"of": "{PARENT}"}}'))
    made = FakeSource(queues=[own.queue, "orders"], now=NOW)
    for task in (own, *(replace(own, task_id=id, queue="orders") for id in (CHILD, PARENT))):
        row = row_of(task)
        assert row is not None
        made.rows[task.task_id], made.pages[task.task_id] = row, task
    for id, name in ((CHILD, "refund"), (PARENT, "checkout")):
        made.rows[id] = replace(made.rows[id], state=State.COMPLETED, task_name=name)
        made.pages[id] = replace(made.pages[id], task_name=name)
    made.families[TASK] = Family(
        (
            relative(PARENT, "checkout", State.RUNNING, f"$awaitTaskResult:{TASK}", is_parent=True),
            relative(CHILD, "refund", State.SLEEPING, "spawn"),
            relative(OTHER, "notify", State.FAILED, "spawn"),
        )
    )
    led_here = Child("payments", TASK, TASK, "charge_card", State.RUNNING, 1, None, NOW)
    made.families[CHILD] = Family((Relative(led_here, "spawn", is_parent=True),))
    return made


async def opened(pilot: Pilot[int]) -> None:
    await pilot.press("2")
    await until_shown(pilot, "charge_c")
    await pilot.press("enter")
    await until_shown(pilot, "esc back")


def task_on(pilot: Pilot[int]) -> UUID | None:
    return pilot.app.screen.task_id if isinstance(pilot.app.screen, TaskScreen) else None


@SIZES
async def test_a_page_names_parents_and_children_with_their_states(size: tuple[int, int]) -> None:
    async with running(source(), size=size) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until_shown(pilot, "parent           orders › checkout …")
        if size == (80, 24):
            await pilot.press("pagedown")
        await until_shown(pilot, "children         2 likely: 1 sleeping, 1 failed")
        await pilot.press("6")
        wanted = ("parent » running", "child  z sleeping", "child  ✗ failed", "orders › notify")
        await until_shown(pilot, "6 Family", *wanted)
        if size == (80, 24):
            await until_shown(pilot, "6 Family 3", "named in", "spawn")


@SIZES
async def test_enter_opens_a_childs_page_and_esc_leads_back_over_where_one_came_from(size: tuple[int, int]) -> None:
    made = source()
    async with running(made, size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Family")
        await pilot.press("6", "down")
        await until_shown(pilot, "orders › refund")
        await pilot.press("enter")
        await until(pilot, lambda: task_on(pilot) == CHILD)
        await until(pilot, lambda: ("family", CHILD, (TASK, PARENT), ()) in made.looks)
        await until_shown(pilot, "6 Family")
        await pilot.press("6")
        await until_shown(pilot, "payments › charge_card")
        await pilot.press("enter")
        await until(pilot, lambda: task_on(pilot) == TASK)
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("escape")
        await until_shown(pilot, "Queues")
        assert len(pilot.app.screen_stack) == 1


async def test_a_page_that_is_open_looks_again_and_one_that_is_covered_or_left_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kin, "EVERY", 0.5)
    made = source()
    made.families[TASK] = Family((relative(CHILD, "refund", State.SLEEPING, "spawn"),))
    async with running(made) as pilot:
        await opened(pilot)
        await until_shown(pilot, "orders › refund", "z sleeping")
        made.families[TASK] = Family((relative(CHILD, "refund", State.COMPLETED, "spawn"),))
        await until_shown(pilot, "✓ completed")
        await pilot.press("W")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 3)
        await pilot.pause(0.3)
        asked = _asked(made)
        await pilot.pause(1.5)
        assert _asked(made) == asked
        await pilot.press("escape")
        await until(pilot, lambda: _asked(made) > asked)
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("escape")
        await until_shown(pilot, "Queues")
        asked = _asked(made)
        await pilot.pause(1.5)
        assert _asked(made) == asked


def _asked(made: FakeSource) -> int:
    return sum(isinstance(asked, tuple) and asked[0] == "family" for asked in made.looks)


@SIZES
async def test_what_is_not_known_is_said(size: tuple[int, int]) -> None:
    made = source()
    made.families[TASK] = Family(refused=(("caf␛é", NO_TEXT), ("b", Refusal("its tables are missing"))))
    async with running(made, size=size) as pilot:
        await opened(pilot)
        await pilot.press("6")
        await until_shown(
            pilot,
            "No checkpoint of it names a younger task.",
            "Absurd keeps no parent; this task names none.",
            "Not looked into: caf␛é, its name is no UTF-8 text",
        )
        await pilot.press("2")
        await until_shown(
            pilot,
            "parent           none found: Absurd keeps none",
            "children         none named",
            "2 queues unread  its name is no UTF-8 text",
        )


async def test_a_family_that_cannot_be_read_says_why_and_leaves_the_page_as_it_is() -> None:
    made = source()
    made.look_fault = asyncpg.InsufficientPrivilegeError("permission denied for table c_mail")
    async with running(made) as pilot:
        await opened(pilot)
        await pilot.press("6")
        await until_shown(pilot, "Not read: permission denied for table c_mail", "3 Checkpoints  1", "» RUNNING")
        made.look_fault = None
        assert "UNKNOWN" not in text(pilot.app)


async def test_a_checkpoint_that_waited_for_a_child_shows_whose_id_it_has() -> None:
    made = source()
    waited = checkpoint(f"$awaitTaskResult:{CHILD}", 1, 90)
    made.pages[TASK] = replace(made.pages[TASK], checkpoints=(waited,))
    async with running(made) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 $awaitTa", f"{str(CHILD)[-8:]} ")
        (line,) = [line for line in lines(pilot.app) if "$awaitTa" in line]
        assert str(CHILD)[-8:] in line


async def test_forward_opens_a_childs_page_again_with_its_way_back() -> None:
    async with running(source()) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Family")
        await pilot.press("6", "down")
        await until_shown(pilot, "orders › refund")
        await pilot.press("enter")
        await until(pilot, lambda: task_on(pilot) == CHILD)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: task_on(pilot) == TASK)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: task_on(pilot) == CHILD)
        await pilot.press("escape")
        await until(pilot, lambda: task_on(pilot) == TASK)
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("escape")
        await until_shown(pilot, "Queues")
