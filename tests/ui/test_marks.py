"""Marks: how they are set and taken back, that they stay with their tasks, and that they are told."""

from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import FakeSource

from absurd_tui.observe.records import Refusal, State

pytestmark = pytest.mark.slow


async def more_pending(seen: Desk, number: int) -> list[UUID]:
    """Spawn some more, and wait until they are on the screen."""
    made = [await seen.stage.spawn("mail", f"extra_{n}") for n in range(number)]
    await seen.shown(f"Pending  {number + 1}")
    return made


async def test_space_marks_the_row_and_takes_the_mark_back() -> None:
    async with desk() as seen:
        await seen.press("1")
        await seen.press("space")
        await seen.shown("1 task marked in Pending", "1 marked", "c cancel 1", "*pending_task")
        await seen.press("space")
        await seen.shown("0 tasks marked")
        await seen.not_shown("*pending_task")


async def test_a_range_is_from_the_row_marked_last_to_this_one() -> None:
    async with desk() as seen:
        await more_pending(seen, 4)
        await seen.press("1", "down", "space", "down", "down", "b")
        await seen.shown("3 tasks marked in Pending", "*extra_0", "*extra_1", "*extra_2")
        await seen.not_shown("*extra_3")


async def test_a_range_needs_a_row_to_begin_at() -> None:
    async with desk() as seen:
        await seen.press("1", "b")
        await seen.shown("mark a range: space marks where it begins")


async def test_marks_stay_with_their_tasks_while_others_come_and_go() -> None:
    async with desk() as seen:
        await more_pending(seen, 3)
        await seen.press("1", "down", "space", "down", "space")
        await seen.shown("2 marked")
        await seen.stage.cancel(seen.tasks[State.PENDING])
        await seen.shown("Pending  3")
        await seen.shown("*extra_0", "*extra_1", "2 marked")


async def test_star_marks_what_is_in_view_and_star_again_all() -> None:
    async with desk() as seen:
        await more_pending(seen, 40)
        await seen.press("1", "asterisk")
        await seen.shown("tasks marked in Pending; * again marks all")
        await seen.press("asterisk")
        await seen.shown("41 tasks marked in Pending: all pending tasks of mail")


async def test_all_but_one_are_not_told_as_all() -> None:
    async with desk() as seen:
        await more_pending(seen, 3)
        await seen.press("1", "asterisk")
        await seen.shown("* again marks all")
        await seen.press("asterisk")
        await seen.shown("4 tasks marked in Pending: all pending tasks of mail")
        await seen.press("space", "c")
        await seen.shown("─ Cancel 3 tasks ─", "changed by hand: all pending tasks of mail")


async def test_all_are_those_of_the_queues_that_can_be_read() -> None:
    def prepare(source: FakeSource, _tasks: dict[State, UUID]) -> None:
        source.queues += ["orders", "secret"]
        source.refused["secret"] = Refusal("role operator may not SELECT on absurd.t_secret, r_secret")

    async with desk(prepare=prepare) as seen:
        await seen.press("1", "asterisk")
        await seen.shown("* again marks all")
        await seen.press("asterisk")
        await seen.shown("1 task marked in Pending: all pending tasks of 2 of 3 queues")


async def test_escape_takes_the_marks_back_and_says_so() -> None:
    async with desk() as seen:
        await seen.press("1", "space", "escape")
        await seen.shown("1 mark taken back.")
        await seen.not_shown("1 marked")
        await seen.shown("c cancel ")


async def test_another_queue_takes_the_marks_back_and_says_so() -> None:
    async with desk() as seen:
        await seen.press("1", "space", "right")
        await seen.shown("1 mark taken back, because they were of what was shown before.")


async def test_marks_are_in_one_panel() -> None:
    async with desk() as seen:
        await seen.press("1", "space", "4", "space")
        await seen.shown("1 task marked in Failed; that in Pending taken back")
        await seen.shown("Failed  1 of 1 · 1 marked")


async def test_without_marks_keys_are_about_the_row() -> None:
    async with desk() as seen:
        await seen.press("4", "space", "1")
        await seen.ask("c")
        await seen.shown("Cancel task", "pending_task")


async def test_a_key_that_fits_no_marked_task_says_so() -> None:
    async with desk() as seen:
        await seen.press("1", "space", "r")
        await seen.shown("retry: none of the marked tasks is failed.")
        await seen.press("4", "space", "c")
        await seen.shown("cancel: none of the marked tasks is live.")
