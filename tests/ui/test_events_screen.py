"""The screen of events, by its keys."""

import asyncio
from collections.abc import Callable

import pytest
from fake_performer import FakePerformer
from fakes import START, FakeSource, FakeStage
from screen import running, text, until, until_not_shown, until_shown
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.records import Refusal
from absurd_tui.operations.outcomes import Emitted
from absurd_tui.operations.requests import EmitEvent
from absurd_tui.settings import Settings
from absurd_tui.ui.dialogs.find_text import FindTextDialog
from absurd_tui.ui.hearing import DEAF_SECONDS

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


async def furnished(emitted: int = 3) -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for queue, event in (("mail", "paid:1"), ("mail", "paid:1"), ("orders", "ready")):
        task_id = await stage.spawn(queue, f"task of {event}")
        await stage.claim(task_id, "worker-1")
        await stage.wait_for(task_id, event)
        source.waits_since[task_id] = source.now
    for number in range(emitted):
        source.emit("mail", f"sent:{number:03}", f'{{"n": {number}}}')
    return source


async def opened(pilot: Pilot[int]) -> None:
    await until_shown(pilot, "live")
    await pilot.press("E")
    await until_shown(pilot, "Awaited, not emitted")


@SIZES
async def test_who_waits_for_what_nobody_emitted_is_found_and_opened(size: tuple[int, int]) -> None:
    async with running(await furnished(), size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 2", "paid:1", "ready", "2 tasks wait for it in mail, the first for")
        await until_shown(pilot, "None has a limit: only the event, or cancel, ends the wait.")
        await pilot.press("enter")
        await until_shown(pilot, "Waiting for paid:1 in mail  1 of 2", "task of paid:1", "in step $awaitEvent:paid:1")
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("enter")
        await until_shown(pilot, "Timeline", "task of paid:1")
        await pilot.press("escape")
        await until_shown(pilot, "Waiting for paid:1")
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("escape")
        await until_shown(pilot, "Awaited, not emitted  1 of 2")


@SIZES
@pytest.mark.parametrize("payload", ["null", "5", "[]", '{"by": "ana"}'])
async def test_what_an_event_carries_is_opened_whole(size: tuple[int, int], payload: str) -> None:
    source = await furnished()
    source.emit("orders", "approved", payload)
    async with running(source, size=size) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until_shown(pilot, "Emitted  1 of 4", "Emitted in orders at", "The first payload stays")
        await pilot.press("enter")
        await until_shown(pilot, "approved in orders", payload.strip("{}"), "ago.")
        await pilot.press("escape")
        await until_shown(pilot, "Emitted  1 of 4")


async def test_the_keys_of_a_document_say_what_they_did_to_a_payload() -> None:
    source = await furnished()
    source.emit("orders", "approved", '{"by": {"name": "ana"}, "n": 1.50}')
    async with running(source) as pilot:
        await opened(pilot)
        await pilot.press("2", "enter")
        await until_shown(pilot, '"n": 1.50')
        await pilot.press("down", "down", "p")
        await until_shown(pilot, "Copied the path .by.name")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindTextDialog))
        pilot.app.screen.query_one(Input).value = "1.5"
        await pilot.press("enter")
        await until_shown(pilot, "has 1.5")


async def test_a_payload_of_five_megabytes_keeps_the_keys_alive() -> None:
    source = await furnished()
    large = "[" + ",".join('"' + "x" * 40 + '"' for _ in range(120_000)) + "]"
    source.payloads["mail", "sent:002"] = large
    async with running(source) as pilot:
        await opened(pilot)
        await pilot.press("2", "enter")
        await until_shown(pilot, "sent:002 in mail", '"xxxx')
        await pilot.press("end", "pageup", "home", "escape")
        await until_shown(pilot, "Emitted  1 of 3")


async def test_a_payload_that_is_gone_says_so() -> None:
    source = await furnished()
    async with running(source) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until_shown(pilot, "1 of 3")
        source.events_emitted.clear()
        await pilot.press("enter")
        await until_shown(pilot, "This event is no longer in the database.")


async def test_names_are_found_by_how_they_begin() -> None:
    async with running(await furnished()) as pilot:
        await opened(pilot)
        await until_shown(pilot, "ready")
        await pilot.press("p")
        await until_shown(pilot, "Events whose names begin with")
        await pilot.pause(DEAF_SECONDS)
        await pilot.press(*"paid", "enter")
        await until_not_shown(pilot, "ready")
        await until_shown(
            pilot, "paid:1", "Emitted, paid…", "Nothing here begins with paid; p and an empty field show all."
        )
        await pilot.press("p")
        await until_shown(pilot, "Events whose names begin with")
        await pilot.press(*["backspace"] * 4, "enter")
        await until_shown(pilot, "ready", "sent:000")


async def test_the_cursor_goes_through_all_pages_and_home_again() -> None:
    source = await furnished(70)
    source.event_page = 30
    async with running(source) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until_shown(pilot, "Emitted  1 of 30+", "sent:069")
        assert (seen := await walked(pilot, "down", lambda: "sent:000" in under_cursor(pilot)))
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 70
        await until_shown(pilot, "from ")
        await walked(pilot, "up", lambda: "sent:045" in under_cursor(pilot))
        await pilot.press("home")
        await until_shown(pilot, "sent:069", "1 of 30+")
        await until_not_shown(pilot, "from ")


def under_cursor(pilot: Pilot[int]) -> str:
    record = pilot.app.screen.query_one("#emitted").cursor_record  # type: ignore[attr-defined]
    return record.name if record is not None else ""


async def walked(pilot: Pilot[int], key: str, is_over: Callable[[], bool]) -> list[str]:
    """Press a key until something is so; the names that were under the cursor."""
    seen = [under_cursor(pilot)]
    while not is_over():
        before = under_cursor(pilot)
        await pilot.press(key)
        await until(pilot, lambda before=before: under_cursor(pilot) != before or key_waits(pilot))  # type: ignore[misc]
        if under_cursor(pilot) != before:
            seen.append(under_cursor(pilot))
        assert len(seen) < 400
    return seen


def key_waits(pilot: Pilot[int]) -> bool:
    """Whether the cursor is at an end of the page."""
    table = pilot.app.screen.query_one("#emitted")
    return table._position in (0, len(table._records) - 1)  # type: ignore[attr-defined]


async def test_it_looks_for_a_rare_name_further_and_further_back() -> None:
    source = await furnished()
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "sent:000")
        await pilot.press("o")
        await until_shown(pilot, "further: this is all that there is.")


async def test_it_looks_only_while_it_is_on_top() -> None:
    source = await furnished()
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "ready")
        await pilot.press("enter")
        await until_shown(pilot, "Waiting for")
        looked = [one for one in source.looks if one == source.looks[0]]
        await asyncio.sleep(2.5)
        assert [one for one in source.looks if one == source.looks[0]] == looked


@SIZES
async def test_refused_partly_stale_and_empty_are_told_apart(size: tuple[int, int]) -> None:
    source = await furnished()
    remedy = "GRANT SELECT ON absurd.e_orders, absurd.w_orders TO reader;"
    source.refused = {"orders": Refusal("role reader may not SELECT on absurd.e_orders, absurd.w_orders", remedy)}
    async with running(source, size=size, settings=Settings(every=0.1, queue="orders")) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Refused: role reader may not SELECT", remedy[:40])
        await pilot.press("right")
        await until_shown(pilot, "1 of 2 queues, ? says why", "paid:1")
        source.fault = ConnectionResetError(104, "gone")
        await until_shown(pilot, "UNKNOWN", "as of", "paid:1")
        source.fault = None
        source.refused, source.rows, source.events_emitted = {}, {}, []
        await until_shown(pilot, "live")
        await pilot.press("R")
        await until_shown(pilot, "It is no longer among these.")
        await pilot.press("down")
        await until_shown(pilot, "Nothing is awaited that was not emitted.", "No event was emitted.")
        assert "as of" not in text(pilot.app)


@SIZES
async def test_the_event_under_the_cursor_is_emitted_where_nobody_has(size: tuple[int, int]) -> None:
    performer = FakePerformer(Emitted(None, woken=2, at=START))
    async with running(await furnished(), size=size, performer=performer) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 2", "w emit")
        await pilot.press("w")
        await until_shown(pilot, "─ Emit event ─", "an event in mail", "paid:1", "It would wake 2 tasks:")
        await awake(pilot)
        await pilot.press("ctrl+u", *'{"a": 1}', "ctrl+s")
        await until_shown(pilot, "✓ Emitted · mail › event paid:1", "It woke 2 runs.")
        assert performer.requests == [EmitEvent("mail", "paid:1", {"a": 1})]


async def test_who_waits_is_a_place_to_emit_from_too_and_a_reason_is_asked_for() -> None:
    performer = FakePerformer(Emitted(None, woken=1, at=START))
    settings = Settings(every=0.1, asks_reason=True)
    async with running(await furnished(), performer=performer, settings=settings) as pilot:
        await opened(pilot)
        await pilot.press("down", "enter")
        await until_shown(pilot, "Waiting for ready in orders", "w emit")
        await pilot.press("w")
        await until_shown(pilot, "an event in orders", "It would wake 1 task:")
        await awake(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Why, in one line?")
        await pilot.pause(DEAF_SECONDS)
        await pilot.press(*"INC-7", "enter")
        await until(pilot, lambda: performer.reasons == ["INC-7"])
        assert performer.requests == [EmitEvent("orders", "ready", None)]


async def test_one_that_was_emitted_says_so_and_is_not_sent() -> None:
    source, performer = await furnished(), FakePerformer()
    source.events["mail", "sent:002"] = EventStanding(START, '{"n": 2}', ())
    async with running(source, performer=performer) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await until_shown(pilot, "Emitted  1 of 3")
        await pilot.press("w")
        await until_shown(pilot, "an event in mail", "sent:002", "Already emitted at", 'it has {"n": 2}')
        await awake(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause(DEAF_SECONDS)
        assert performer.requests == []


async def test_where_nothing_can_be_emitted_the_key_says_why() -> None:
    async with running(FakeSource(queues=["mail"]), performer=FakePerformer()) as pilot:
        await opened(pilot)
        await pilot.press("w")
        await until_shown(pilot, "emit: an event is one of a queue; ← and → choose one.")
        await pilot.press("right", "w")
        await until_shown(pilot, "─ Emit event ─", "an event in mail")
    async with running(await furnished()) as pilot:
        await opened(pilot)
        await pilot.press("w")
        await until_shown(pilot, "emit: read only.")


async def awake(pilot: Pilot[int]) -> None:
    """Wait until the fields of the form take what is typed."""

    def is_so() -> bool:
        fields = pilot.app.screen.query(Input)
        return bool(fields) and not any(field.disabled for field in fields)

    await until(pilot, is_so)
