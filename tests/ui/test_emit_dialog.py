"""The form for an event: what it says of the name that is typed, and when it can be sent."""

import asyncio

import pytest
from dialogs import DEAD, Desk, desk
from fakes import START
from textual.widgets import Input

from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import AlreadyEmitted, Emitted
from absurd_tui.operations.requests import EmitEvent
from absurd_tui.ui.dialogs.emit import EmitDialog

pytestmark = pytest.mark.slow


async def ask(seen: Desk) -> None:
    """Open the form on the task that waits for an event."""
    await seen.go_to(State.SLEEPING)
    await seen.press("w")
    await seen.shown("─ Emit event ─")
    await woken(seen)


async def woken(seen: Desk) -> None:
    def is_so() -> bool:
        screen = seen.pilot.app.screen
        fields = screen.query(Input)
        return isinstance(screen, EmitDialog) and screen.is_awake and not any(field.disabled for field in fields)

    await seen.until(is_so)


async def test_it_begins_with_the_event_that_the_task_waits_for_and_names_who_would_wake() -> None:
    async with desk(outcome=Emitted(None, woken=1, at=START)) as seen:
        await ask(seen)
        await seen.shown("invoice.paid", "It would wake 1 task:", "sleeping_task …00000005", "There is no way back")
        await seen.press("ctrl+u", *'{"a": 1}', "ctrl+s")
        assert await seen.asked() == EmitEvent("mail", "invoice.paid", {"a": 1})
        await seen.shown("✓ Emitted · mail › event invoice.paid", "It woke 1 run.")


async def test_what_was_emitted_before_is_told_and_not_sent() -> None:
    async with desk() as seen:
        seen.source.events["mail", "invoice.paid"] = EventStanding(START, '{"paid": 7}', ())
        await ask(seen)
        await seen.shown("Already emitted at", 'it has {"paid": 7}')
        await seen.press("ctrl+s")
        await seen.look(DEAD)
        assert seen.requests == []


@pytest.mark.fault(72)
@pytest.mark.parametrize("name", ["", "   ", "\t\n", "x" * 4096], ids=["empty", "blank", "tabs", "long"])
async def test_a_name_that_is_none_is_told_and_not_sent(name: str) -> None:
    async with desk() as seen:
        await ask(seen)
        seen.pilot.app.screen.query_one("#dialog-event", Input).value = name
        await seen.shown("is longer than 1,000 characters" if len(name) > 9 else "blanks alone are none")
        await asyncio.sleep(DEAD)
        await seen.press("ctrl+s")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_a_payload_that_is_no_json_is_told_and_not_sent() -> None:
    async with desk() as seen:
        await ask(seen)
        await seen.shown("It would wake")
        await seen.press("ctrl+u", *"{oops")
        await seen.shown("payload: ")
        await seen.press("ctrl+s")
        await seen.look(DEAD)
        assert seen.requests == []


async def test_a_name_that_nobody_waits_for_can_be_emitted() -> None:
    async with desk() as seen:
        await ask(seen)
        await seen.press("shift+tab", "ctrl+u", *"kyc.done")
        await seen.shown("Nobody waits for it. Who awaits it later has it at once.")
        await seen.press("ctrl+s")
        assert await seen.asked() == EmitEvent("mail", "kyc.done", None)


async def test_in_production_the_queue_is_typed() -> None:
    async with desk(is_production=True) as seen:
        await ask(seen)
        await seen.shown("It would wake", "Type mail, the queue, to emit it:")
        await seen.press("ctrl+s")
        await seen.look(DEAD)
        assert seen.requests == []
        await seen.press("tab", *"mail", "ctrl+s")
        assert await seen.asked() == EmitEvent("mail", "invoice.paid", None)


async def test_escape_emits_nothing() -> None:
    async with desk() as seen:
        await ask(seen)
        await seen.press("escape")
        await seen.not_shown("Emit event")
        assert seen.requests == []


async def test_without_a_queue_the_key_says_so() -> None:
    async with desk() as seen:
        await seen.press("escape", "w")
        await seen.shown("emit: an event is one of a queue; ← and → choose one.")


async def test_both_payloads_are_told_where_somebody_was_first() -> None:
    outcome = AlreadyEmitted(None, since=START, payload='{"paid": 7}', now=START + 2)
    async with desk(outcome=outcome) as seen:
        await ask(seen)
        await seen.shown("It would wake")
        await seen.press("ctrl+u", *'{"a": 1}', "ctrl+s")
        await seen.shown(
            "= Already emitted · mail › event invoice.paid", 'Has {"paid": 7} since ', '{"a":1} was not sent.'
        )


WHOLE = "invoice:" + "x" * 300


def cut_off(seen: Desk) -> None:
    """Have the task wait for an event whose name is shown only in part."""
    seen.source.whole_names[seen.row(State.SLEEPING).run_id] = WHOLE
    seen.change(State.SLEEPING, wake_event=WHOLE[:200])


async def test_a_name_that_was_cut_off_is_read_whole_and_filled_in() -> None:
    async with desk(outcome=Emitted(None, woken=1, at=START)) as seen:
        cut_off(seen)
        await seen.read_again()
        await ask(seen)
        await seen.until(lambda: seen.pilot.app.screen.query_one("#dialog-event", Input).value == WHOLE)
        await seen.shown("Nobody waits for it.")
        await seen.press("ctrl+s")
        assert await seen.asked() == EmitEvent("mail", WHOLE, None)


async def test_a_name_that_cannot_be_read_whole_says_why() -> None:
    async with desk() as seen:
        cut_off(seen)
        seen.source.whole_names[seen.row(State.SLEEPING).run_id] = "another"
        await seen.read_again()
        await ask(seen)
        await seen.says("The task waits for it no longer, so that its whole name is not known.")
        assert seen.pilot.app.screen.query_one("#dialog-event", Input).value == ""
