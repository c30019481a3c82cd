"""The dialogs about many tasks: what they say of a frozen list, what confirms it, and how a run is told."""

import asyncio
from uuid import UUID

import pytest
from bulk_dialogs import CANCELLED, RETRIED, ask, woken
from dialogs import DEAD, desk

from absurd_tui.observe.records import State
from absurd_tui.operations import bulk as bulk_module
from absurd_tui.operations.outcomes import After, AlreadySo, Changed, Done, Locked, NotApplied, Refused, WouldBeLost
from absurd_tui.operations.requests import Act
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress
from absurd_tui.ui.dialogs.reason import ReasonDialog

pytestmark = pytest.mark.slow


async def test_it_names_the_list_what_was_found_and_how_it_would_go() -> None:
    async with desk(outcome=RETRIED) as seen:
        ids = [row.task_id for row in seen.source.rows.values() if row.state is State.FAILED]
        seen.performer.found = {ids[0]: WouldBeLost("Would be lost: and why.")}
        await ask(seen, "r", 4)
        await seen.shown("─ Retry 4 tasks ─", "4 failed tasks in mail, frozen at", "all failed tasks of mail")
        await seen.shown("3 ✓ can be retried in place", "1 ! would be lost (max_duration has passed): left out")
        await seen.shown("First 3 of 3", "charge_card", "failed, attempt 1", "10 a second", "y retry 3 tasks")
        await seen.shown("[ ] k canary: none, 5 or fewer go at once")
        await seen.press("y")
        await woken(seen, BulkProgress)
        await seen.shown("3 of 3", "3  retried, read back as pending", "1  left out before it began")
        (batch,) = seen.performer.batches
        assert ids[0] not in {target.task_id for target in batch.targets}


async def test_escape_does_nothing_and_leaves_the_marks() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 4)
        await seen.press("escape")
        await seen.shown("4 marked")
        assert seen.performer.batches == []


async def test_keys_typed_ahead_or_pasted_confirm_nothing() -> None:
    async with desk(outcome=CANCELLED) as seen:
        await seen.press("1", "space")
        await seen.shown("1 marked")
        await seen.rush("c", "y", "enter", "y")
        await seen.look(DEAD)
        assert seen.performer.batches == []


async def test_many_are_typed_and_enter_alone_confirms_nothing() -> None:
    async with desk(outcome=CANCELLED) as seen:
        await ask(seen, "c", 25, panel="1")
        await seen.shown("There is no way back", "Type 25 to start it:")
        await seen.press("y", "enter", "2", "enter")
        assert seen.performer.batches == []
        await seen.press("5", "enter")
        await woken(seen, BulkProgress)
        await seen.until(lambda: bool(seen.performer.batches))


async def test_where_a_reason_is_asked_for_many_have_the_same_and_without_it_the_marks_stay() -> None:
    async with desk(outcome=RETRIED, asks_reason=True) as seen:
        for answer in ("escape", "enter"):
            await seen.press("4", *(["space"] if answer == "escape" else []), "r")
            await woken(seen, BulkDialog)
            await seen.shown("y retry 1 task")
            await seen.press("y")
            await seen.says("retry 1 task", "Why, in one line?")
            await woken(seen, ReasonDialog)
            await seen.press(*"INC", answer)
            if answer == "escape":
                await seen.shown("1 marked")
                assert seen.performer.batches == []
        await seen.until(lambda: bool(seen.performer.batches))
        assert [batch.reason for batch in seen.performer.batches] == ["INC"]


async def test_a_number_that_was_typed_for_a_retry_in_place_does_not_count_for_new_tasks() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 25)
        await seen.shown("Type 25 to start the canary:")
        await seen.press("2", "5")
        await seen.until_not_struck("retry 5 as canary")
        await seen.press("n")
        await seen.shown("25 ✓ can be copied")
        await seen.press("enter")
        await seen.look(DEAD)
        assert seen.performer.batches == []
        await seen.press("2", "5", "enter")
        await seen.until(lambda: bool(seen.performer.batches))


async def test_in_production_even_a_few_are_typed() -> None:
    async with desk(outcome=CANCELLED, is_production=True) as seen:
        await seen.press("1", "space", "c")
        await woken(seen, BulkDialog)
        await seen.shown("PRODUCTION", "Type 1 to start it:")
        await seen.press("y")
        assert seen.performer.batches == []
        await seen.press("1", "enter")
        await seen.until(lambda: bool(seen.performer.batches))


async def test_the_canary_goes_first_and_the_rest_waits_for_a_word() -> None:
    async with desk(outcome=RETRIED) as seen:
        ids = await ask(seen, "r", 12)
        for task_id in ids[:5]:
            await seen.stage.complete(task_id)
        await seen.shown("y retry 5 as canary")
        await seen.press("y")
        await seen.shown("5 of 5 done: 5 completed", "7 are left, and wait for a word", "y retry the other 7")
        assert [len(batch.targets) for batch in seen.performer.batches] == [5]
        await woken(seen, BulkProgress)
        await seen.press("y")
        await seen.shown("12 of 12")
        assert [len(batch.targets) for batch in seen.performer.batches] == [5, 7]


async def test_what_is_gone_on_with_twice_in_a_row_goes_on_once() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        await seen.press("y")
        await seen.shown("7 are left, and wait for a word")
        progress = seen.pilot.app.screen
        assert isinstance(progress, BulkProgress)
        gate = seen.performer.gate = asyncio.Event()
        for _ in range(2):
            progress.action_go_on()
        await seen.until(lambda: len(seen.performer.batches) > 1)
        gate.set()
        await seen.shown("12 of 12")
        assert [len(batch.targets) for batch in seen.performer.batches] == [5, 7]


async def test_a_canary_that_failed_again_is_told_before_the_rest_is_asked_for() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        await seen.press("y")
        await seen.shown("5 of 5 done: 5 failed", "Of the canary 5 failed again. 7 are left")


async def test_a_canary_that_could_not_be_read_is_not_told_as_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_module, "WATCHED_FOR", 0.2)
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        seen.source.unread["mail"] = PermissionError("not yours")
        await seen.press("y")
        await seen.shown("Of the canary 5 could not be read. 7 are left")


async def test_a_canary_of_cancellations_is_not_told_as_watched() -> None:
    async with desk(outcome=CANCELLED) as seen:
        await ask(seen, "c", 12, panel="1")
        await seen.press("k", "y")
        await seen.shown("The canary went first. 7 are left, and wait for a word.")


async def test_the_canary_can_be_left_out_and_the_pace_chosen() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        await seen.press("k", "p", "p")
        await seen.shown("[ ] k canary", "y retry 12 tasks")
        await seen.press("y")
        await seen.shown("12 of 12")
        assert [len(batch.targets) for batch in seen.performer.batches] == [12]


async def test_a_run_goes_on_when_hidden_and_says_so_and_can_be_stopped() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 20)
        gate = seen.performer.gate = asyncio.Event()
        await seen.press("k", "y")
        await woken(seen, BulkProgress)
        await seen.press("escape")
        await seen.shown("Retrying 20 tasks", "B shows it")
        await seen.press("B")
        await woken(seen, BulkProgress)
        await seen.press("x")
        await seen.shown("Stopping after the call in flight.")
        gate.set()
        await seen.shown("Stopped. 10 are left", "10 of 20", "y retry the other 10")


async def test_a_second_run_waits_for_the_first() -> None:
    async with desk(outcome=CANCELLED) as seen:
        seen.performer.gate = asyncio.Event()
        await seen.press("1", "space", "c")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await woken(seen, BulkProgress)
        await seen.press("escape")
        await seen.press("2", "space", "c")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await seen.shown("bulk: another run is not over; B shows it. What is marked stays marked.", "c cancel 1")
        assert len(seen.performer.batches) == 1
        seen.performer.gate.set()
        await seen.shown("✓ Cancelled 1 of 1 task")
        await seen.press("c")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await seen.until(lambda: len(seen.performer.batches) == 2)
        assert [[target.task_id for target in batch.targets] for batch in seen.performer.batches] == [
            [seen.tasks[State.PENDING]],
            [seen.tasks[State.RUNNING]],
        ]


async def test_a_canary_that_waits_for_a_word_gives_way_to_no_other_run() -> None:
    async with desk(outcome=RETRIED) as seen:
        await ask(seen, "r", 12)
        await seen.press("y")
        await seen.shown("7 are left, and wait for a word")
        await woken(seen, BulkProgress)
        await seen.press("escape", "4", "space", "r")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await seen.shown("bulk: another run is not over; B shows it.")
        await seen.press("B")
        await woken(seen, BulkProgress)
        await seen.shown("x stop here   esc close   l list as file", "y retry the other 7")
        await seen.press("x")
        await seen.shown("Stopped. 7 are left")
        await seen.press("escape", "r")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await seen.shown("1 of 1")


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Changed(After(State.RUNNING, 2, None, 1_790_000_020.0)), "1  changed or gone: left alone"),
        (Locked(77, "psql", 5.0), "1  locked, or undone by the server"),
        (NotApplied("The server gave up and undid it: timeout."), "1  locked, or undone by the server"),
        (Refused("Not this one."), "1  refused"),
    ],
    ids=["changed", "locked", "undone", "refused"],
)
async def test_each_outcome_is_told(outcome: Changed | Locked | NotApplied | Refused, told: str) -> None:
    async with desk(outcome=outcome) as seen:
        await seen.press("4", "space", "r")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await seen.shown(told, "1 of 1")


async def test_a_copy_that_is_there_is_not_told_as_somebody_elses() -> None:
    there = AlreadySo(RETRIED.after, since=None, existing=UUID(int=7))
    async with desk(outcome=there) as seen:
        await ask(seen, "r", 2)
        await seen.press("n")
        await seen.shown("2 ✓ can be copied")
        await seen.press("y")
        await seen.shown("2  copied before for the same failure, here or elsewhere", "2 of 2")


async def test_nothing_can_be_done_where_nothing_is_as_it_was() -> None:
    async with desk(outcome=RETRIED) as seen:
        seen.performer.found = {seen.tasks[State.FAILED]: Changed(After(State.RUNNING, 2, None, 1_790_000_020.0))}
        await seen.press("4", "space", "r")
        await woken(seen, BulkDialog)
        await seen.shown("Nothing can be done to any of them.", "changed: now running")
        await seen.press("y")
        await seen.look(DEAD)
        assert seen.performer.batches == []


async def test_before_there_was_a_run_its_key_says_so() -> None:
    async with desk() as seen:
        await seen.press("B")
        await seen.shown("bulk: nothing was done to many tasks yet")


async def test_without_a_folder_the_list_is_not_written_and_says_so() -> None:
    async with desk(outcome=RETRIED) as seen:
        await seen.press("4", "space", "r")
        await woken(seen, BulkDialog)
        await seen.press("y")
        await woken(seen, BulkProgress)
        await seen.shown("1 of 1")
        await woken(seen, BulkProgress)
        await seen.press("l")
        await seen.shown("Not written: no audit file is kept here")


async def test_failed_tasks_are_retried_as_new_after_a_look_of_its_own() -> None:
    copied = Done(RETRIED.after, spawned=(UUID(int=7),))
    async with desk(outcome=copied) as seen:
        ids = [row.task_id for row in seen.source.rows.values() if row.state is State.FAILED]
        seen.performer.found = {ids[0]: AlreadySo(RETRIED.after, None, existing=UUID(int=9))}
        await ask(seen, "r", 4)
        await seen.shown("[ ] n as new tasks", "would be lost", "y retry 3 tasks")
        await seen.press("n")
        await seen.shown("[x] n as new tasks", "1 = copied before, for the same failure: left out")
        await seen.shown("3 ✓ can be copied; every step runs again, these stay failed", "y retry 3 tasks as new")
        await seen.press("y")
        await woken(seen, BulkProgress)
        await seen.shown("Retry as new 3 tasks", "3  retried as new, the copy read back")
        await seen.shown("copied as …00000007: pending, attempt 2", "1  left out before it began")
        assert {batch.act for batch in seen.performer.batches} == {Act.RETRY_AS_NEW}
        assert sum(len(batch.targets) for batch in seen.performer.batches) == 3


async def test_cancelling_many_offers_no_copies() -> None:
    async with desk(outcome=CANCELLED) as seen:
        await seen.press("1", "space", "c")
        await woken(seen, BulkDialog)
        await seen.shown("y cancel 1 task")
        await seen.press("n")
        await seen.not_shown("as new")
        await seen.press("y")
        await seen.until(lambda: bool(seen.performer.batches))
        assert seen.performer.batches[0].act is Act.CANCEL
