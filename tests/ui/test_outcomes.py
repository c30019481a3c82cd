"""When keys that write do nothing and say why, and what is told of every outcome."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import DEAD, STATES, Desk, desk
from fake_performer import FakePerformer
from fakes import FakeSource, FakeStage, page_of
from screen import running, text, until, until_not_shown, until_shown

from absurd_tui.observe.records import State
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import (
    After,
    AlreadySo,
    Changed,
    Done,
    Gone,
    Locked,
    NotApplied,
    Outcome,
    Refused,
    StillUnderWay,
    Unknown,
)
from absurd_tui.ui.screens import dashboard as dashboard_module
from absurd_tui.ui.widgets import outcomes as outcomes_module

pytestmark = pytest.mark.slow

CANCELLED = After(State.CANCELLED, 1, None, 1_790_000_020.0)
RUNNING = After(State.RUNNING, 2, None, 1_790_000_020.0)
OUTCOMES: list[tuple[Outcome, str, str]] = [
    (Done(CANCELLED), "✓ Cancelled · mail › pending_task …00000001", "by this call."),
    (
        AlreadySo(CANCELLED, CANCELLED.read_at - 2),
        "= Already so · mail › pending_task",
        "Cancelled 2s before, not by this call.",
    ),
    (Changed(RUNNING), "! Changed since you looked · now running, attempt 2", "Nothing was sent."),
    (Gone(), "! Gone · mail › pending_task", "no longer in the database."),
    (Refused("Role x may not.", "GRANT y;"), "✗ Refused · Role x may not.", "Nothing changed. ? shows the GRANT."),
    (Locked(77, "psql", 5.0), "✗ Locked by pid 77, psql, for 5s ·", "No lock within 3s. Nothing changed."),
    (NotApplied("The server went."), "✗ Not applied · mail › pending_task", "The server went. Nothing changed."),
    (StillUnderWay("extend"), "… Still under way · mail › pending_task …00000001", "The extend asked for before is"),
    (Unknown(9, "No answer."), "? Unknown · Connection lost cancelling …00000001", "No answer. Transaction 9."),
]
PASSING = (Done, AlreadySo, StillUnderWay)


def ids(value: Any) -> str | None:
    return type(value).__name__ if isinstance(value, Outcome) else None


@pytest.fixture(autouse=True)
def nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told for some seconds is told for as long as a slow machine may take to look at it."""
    assert (outcomes_module.STAYS, dashboard_module.NOTE_SECONDS) == (6.0, 4.0)
    monkeypatch.setattr(outcomes_module, "STAYS", 600.0)
    monkeypatch.setattr(dashboard_module, "NOTE_SECONDS", 600.0)


async def cancelled(seen: Desk) -> None:
    await seen.ask("c", State.PENDING)
    await seen.press("y")
    await seen.asked()


@pytest.mark.parametrize("size", [(80, 24)])
@pytest.mark.parametrize(("outcome", "headline", "detail"), OUTCOMES, ids=ids)
async def test_every_outcome_is_told_in_its_words(
    outcome: Outcome, headline: str, detail: str, size: tuple[int, int]
) -> None:
    async with desk(outcome=outcome, size=size) as seen:
        await cancelled(seen)
        await seen.shown(headline, detail)


@pytest.mark.parametrize(
    ("outcome", "headline", "detail"),
    [told for told in OUTCOMES if isinstance(told[0], (*PASSING, Refused, Unknown))],
    ids=ids,
)
async def test_good_news_passes_and_bad_news_stays_until_it_is_dismissed(
    outcome: Outcome, headline: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(outcome=outcome) as seen:
        await cancelled(seen)
        await seen.shown(headline)
        monkeypatch.setattr(outcomes_module, "STAYS", 0.1)
        if isinstance(outcome, PASSING):
            await seen.not_shown(headline)
        else:
            await seen.look(0.6)
            await seen.read_again()
            assert headline in seen.text
            await seen.press("x")
            await seen.not_shown(headline)


async def test_x_takes_back_the_newest_and_more_than_four_are_counted() -> None:
    async with desk(outcome=Refused("No.")) as seen:
        for number in range(6):
            seen.performer.outcome = Refused(f"Reason {number}.")
            seen.performer.requests.clear()
            await cancelled(seen)
            await seen.shown(f"Reason {number}.")
            await seen.look(DEAD)
        await seen.shown("+2 more", "Reason 2.", "Reason 5.")
        assert "Reason 1." not in seen.text
        await seen.press("x")
        await seen.not_shown("Reason 5.")
        await seen.shown("Reason 1.", "+1 more")


async def test_an_audit_file_that_cannot_be_written_is_told() -> None:
    async with desk(outcome=Done(CANCELLED)) as seen:
        seen.performer.audit.trouble = "The audit file /x cannot be written: No space left on device."
        await cancelled(seen)
        await seen.shown("✓ Cancelled", "! Not in the audit file", "The audit file /x cannot be written")


@pytest.mark.parametrize(
    ("key", "state", "why"),
    [
        ("c", State.COMPLETED, "cancel: the task is completed; only a live task can be cancelled."),
        ("c", State.FAILED, "cancel: the task is failed; only a live task can be cancelled."),
        ("r", State.PENDING, "retry: the task is pending; only failed tasks can be retried."),
        ("r", State.RUNNING, "retry: the task is running; only failed tasks can be retried."),
        ("e", State.PENDING, "extend: the task is pending; it has no claim."),
        ("e", State.SLEEPING, "extend: the task is sleeping; it has no claim."),
    ],
)
async def test_a_key_that_does_not_apply_is_struck_and_says_why(key: str, state: State, why: str) -> None:
    async with desk() as seen:
        await seen.go_to(state)
        label = {"c": "c cancel", "r": "r retry", "e": "e extend"}[key]
        await seen.until_struck(label)
        await nothing_happens(seen, key, why)


async def test_a_claim_without_a_lease_is_not_extended() -> None:
    def without(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.RUNNING]
        source.rows[task_id] = replace(source.rows[task_id], claim_expires_at=None)

    async with desk(prepare=without) as seen:
        await seen.go_to(State.RUNNING)
        await nothing_happens(seen, "e", "extend: claimed without a lease: there is none to extend.")


@pytest.mark.parametrize("key", ["c", "e", "r"])
@pytest.mark.parametrize(
    ("server", "why"),
    [
        ({"is_standby": True}, "this server is a standby; it takes no writes."),
        ({"fake_now": "2020-01-01"}, "the database runs on a fake clock."),
    ],
)
async def test_a_server_that_is_not_to_be_written_to(server: dict[str, Any], why: str, key: str) -> None:
    def placed(source: FakeSource, tasks: dict[State, UUID]) -> None:
        source.server = replace(source.server, **server)

    async with desk(prepare=placed) as seen:
        await seen.go_to(STATES[key])
        await nothing_happens(seen, key, why)


@pytest.mark.parametrize("key", ["c", "e", "r"])
async def test_a_lost_connection_turns_the_keys_off_until_it_is_back(key: str) -> None:
    async with desk() as seen:
        await seen.go_to(STATES[key])
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.shown("LOST")
        await nothing_happens(seen, key, "there is no connection; keys that write are off until it is back.")
        seen.source.fault = None
        await seen.press("R")
        await seen.shown("live")
        await seen.ask(key)


async def test_without_a_row_under_the_cursor_there_is_nothing_to_act_on() -> None:
    async with desk() as seen:
        await seen.press("escape")
        await nothing_happens(seen, "c", "cancel: no row is under the cursor; 1 to 6 go to a panel.")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize(("key", "verb"), [("c", "cancel"), ("e", "extend"), ("r", "retry")])
async def test_read_only_says_so_and_no_dialog_opens(key: str, verb: str, size: tuple[int, int]) -> None:
    source = FakeSource(queues=["mail"])
    await FakeStage(source).spawn("mail", "pack_order")
    async with running(source, size=size) as pilot:
        await until_shown(pilot, "READ ONLY")
        await pilot.press("1")
        await until_shown(pilot, "pack_order")
        await pilot.press(key)
        await until_shown(pilot, f"{verb}: read only.")
        await pilot.press("y")
        await until_not_shown(pilot, f"{verb}: read only.")
        assert "esc keep" not in text(pilot.app)
        assert "esc leave" not in text(pilot.app)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_read_only_says_why_there_is_no_activity(size: tuple[int, int]) -> None:
    why = "activity: read only; nothing is written from here."
    source = FakeSource(queues=["mail"])
    task_id = await FakeStage(source).spawn("mail", "pack_order")
    source.pages[task_id] = page_of(source.rows[task_id], source.now)
    async with running(source, size=size) as pilot:
        await until_shown(pilot, "READ ONLY")
        await pilot.press("A")
        await until_shown(pilot, why)
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back")
        await pilot.press("A")
        await until_shown(pilot, why)


async def test_leaving_lets_the_performer_end() -> None:
    source = FakeSource(queues=["mail"])
    performer = FakePerformer(audit=Audit(None))
    async with running(source, performer=performer) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)
    assert performer.closed


async def nothing_happens(seen: Desk, key: str, why: str) -> None:
    await seen.press(key)
    await seen.shown(why)
    await seen.press("y")
    await seen.look(0.1)
    assert not seen.is_asking
    assert seen.requests == []
