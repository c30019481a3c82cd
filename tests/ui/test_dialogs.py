"""What every dialog has in common: dead keys at first, one request at most, a frozen target, and the outcome told."""

import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from attacks import rotated
from dialogs import ACTS, DEAD, STATES, TITLES, Desk, desk
from fakes import FakeSource, page_of
from screen import lines
from textual.events import Paste
from textual.timer import Timer

from absurd_tui.observe.records import Failure, State
from absurd_tui.operations.requests import CancelTask, ExtendClaim, RetryTask
from absurd_tui.text import filter_terminal
from absurd_tui.ui.dialogs import dormant
from absurd_tui.ui.dialogs.frame import TaskDialog

pytestmark = pytest.mark.slow

CONFIRMS = {"c": "y", "e": "enter", "r": "enter"}
KINDS: dict[str, Any] = {"c": CancelTask, "e": ExtendClaim, "r": RetryTask}
EVERY = pytest.mark.parametrize("key", ["c", "e", "r"])


@EVERY
async def test_a_dialog_names_its_target_and_asks_for_it_once_confirmed(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        row = seen.row(STATES[key])
        for wanted in (f"mail › {row.task_name}", f"{row.state}, attempt 1 of 3", str(row.task_id), "as of ", "memory"):
            assert wanted in seen.text, wanted
        await seen.press(CONFIRMS[key])
        request = await seen.asked()
        assert isinstance(request, KINDS[key])
        target = request.target
        assert (target.queue, target.task_id, target.run_id) == ("mail", row.task_id, row.run_id)
        assert (target.state, target.attempt) == (row.state, 1)
        assert target.claim_expires_at == (row.claim_expires_at if key == "e" else None)
        assert target.seen_at == pytest.approx(seen.source.now, abs=30)
        assert not seen.is_asking


@EVERY
async def test_escape_keeps_everything_as_it_is(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        await seen.press("escape")
        await seen.not_shown(TITLES[key])
        await seen.press(CONFIRMS[key] if key == "c" else "x")
        await seen.look(DEAD)
        assert seen.requests == []


@EVERY
async def test_keys_typed_ahead_open_the_dialog_and_confirm_nothing(key: str) -> None:
    async with desk() as seen:
        await seen.go_to(STATES[key])
        await seen.rush(key, CONFIRMS[key], "enter", "y")
        await seen.shown(TITLES[key], ACTS[key])
        await seen.look(2 * DEAD)
        assert seen.is_asking
        assert seen.requests == []
        await seen.awake()
        await seen.press(CONFIRMS[key])
        await seen.asked()


@EVERY
async def test_keys_typed_ahead_of_a_slow_dialog_confirm_nothing(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    show = TaskDialog.on_mount

    def show_slowly(dialog: TaskDialog[Any]) -> None:
        time.sleep(2 * DEAD)  # the whole program stands still meanwhile, as on a busy machine
        show(dialog)

    monkeypatch.setattr(TaskDialog, "on_mount", show_slowly)
    async with desk() as seen:
        await seen.go_to(STATES[key])
        await seen.rush(key, CONFIRMS[key], "enter", "y")
        await seen.shown(TITLES[key], ACTS[key])
        await seen.look(2 * DEAD)
        assert seen.is_asking
        assert seen.requests == []
        await seen.awake()
        await seen.press(CONFIRMS[key])
        await seen.asked()


async def test_keys_that_are_heard_late_were_not_pressed_on_the_dialog_they_find() -> None:
    async with desk() as seen:
        await seen.go_to(STATES["c"])
        pressed = time.monotonic()
        await seen.press("c")
        await seen.shown(TITLES["c"])
        await seen.look(2 * DEAD)
        seen.tap("y", at=pressed + DEAD / 2)
        await seen.look(2 * DEAD)
        assert seen.is_asking
        assert seen.requests == []
        await seen.awake()
        await seen.press("y")
        await seen.asked()


@EVERY
async def test_a_key_that_is_held_down_confirms_nothing(key: str) -> None:
    async with desk() as seen:
        await seen.go_to(STATES[key])
        seen.tap(key)
        await seen.hold(CONFIRMS[key], 3 * DEAD)
        assert seen.requests == []
        assert seen.is_asking


async def test_choices_typed_ahead_choose_nothing() -> None:
    async with desk() as seen:
        await seen.go_to(State.RUNNING)
        await seen.rush("e", "plus", "right")
        await seen.shown("[ ] + on top", "300")
        await seen.press("escape")
        await seen.go_to(State.FAILED)
        await seen.rush("r", "down", "plus")
        await seen.shown("(•) In place", "extra attempts: 1.")


@pytest.mark.parametrize("pasted", ["cy\n", "c", "er\r\n"])
async def test_a_paste_opens_nothing_and_confirms_nothing(pasted: str) -> None:
    async with desk() as seen:
        await seen.go_to(State.PENDING)
        seen.pilot.app.post_message(Paste(pasted))
        await seen.look(DEAD)
        assert not any(title in seen.text for title in TITLES.values())
        await seen.ask("c")
        seen.pilot.app.post_message(Paste("y\n"))
        await seen.look(DEAD)
        assert seen.is_asking
        assert seen.requests == []


@EVERY
async def test_a_key_repeated_without_a_pause_makes_one_request(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        await seen.rush(*[CONFIRMS[key]] * 5)
        await seen.asked()


@EVERY
async def test_the_repeats_of_the_confirming_key_do_nothing_on_the_screen_below(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        await seen.hold(CONFIRMS[key], 3 * DEAD)
        await seen.asked()
        assert "esc back" not in seen.text, "the repeats opened the task"
        await seen.look(DEAD + 0.1)
        await seen.press("enter")
        await seen.shown("esc back")


@pytest.mark.parametrize("key", ["e", "r"])
async def test_a_double_press_of_enter_does_not_reach_the_screen_below(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        await seen.rush("enter", "enter", "enter")
        await seen.asked()
        await seen.look(DEAD)
        assert "esc back" not in seen.text, "the second press opened the task"


@EVERY
async def test_the_task_that_was_named_is_the_one_whatever_becomes_of_the_list(key: str) -> None:
    async with desk() as seen:
        state = STATES[key]
        await seen.ask(key, state)
        named = seen.row(state)
        for number in range(8):  # earlier in every order than the one that was named
            other = UUID(int=number + 1)
            seen.source.rows[other] = replace(
                named,
                task_id=other,
                run_id=UUID(int=number + 101),
                task_name=f"other_{number}",
                available_at=named.available_at - 50 - number,
                enqueued_at=named.enqueued_at - 50 - number,
                claim_expires_at=None if named.claim_expires_at is None else named.claim_expires_at - 50 - number,
                ended_at=None if named.ended_at is None else named.ended_at + 50 + number,
            )
        await seen.read_again()
        assert str(named.task_id) in seen.text
        await seen.press(CONFIRMS[key])
        assert (await seen.asked()).target.task_id == named.task_id


@EVERY
async def test_a_task_that_is_removed_from_the_list_is_still_the_one_that_was_named(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        named = seen.row(STATES[key])
        seen.source.pages[named.task_id] = page_of(named, seen.source.now)
        del seen.source.rows[named.task_id]
        await seen.stage.spawn("mail", "under_the_cursor")
        await seen.read_again()
        await seen.press(CONFIRMS[key])
        assert (await seen.asked()).target.task_id == named.task_id


@EVERY
async def test_a_task_that_changes_is_looked_at_again_before_anything_is_asked(key: str) -> None:
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        run_id = UUID(int=77)
        changed = {"state": State.RUNNING, "run_id": run_id, "attempt": 2, "worker": "w:2"}
        seen.change(STATES[key], **changed, claim_expires_at=seen.source.now + 60)
        await seen.shown("Changed since you looked: running now, attempt 2.", "enter look again")
        assert ACTS[key] not in seen.text
        await seen.rush("y", "y")
        await seen.look(0.1)
        assert seen.requests == []
        await seen.hold("enter", 3 * DEAD)
        await seen.not_shown("Changed since you looked")
        await seen.shown("running, attempt 2 of 3")
        assert seen.requests == [], "a held key confirmed what was not read"
        await seen.awake()
        if key != "r":
            await seen.press(CONFIRMS[key])
            target = (await seen.asked()).target
            assert (target.task_id, target.run_id, target.attempt) == (seen.tasks[STATES[key]], run_id, 2)


@EVERY
async def test_a_dialog_says_what_is_new_as_soon_as_it_is_read(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    every = TaskDialog.set_interval

    def never_each_second(dialog: TaskDialog[Any], seconds: float, *rest: Any, **more: Any) -> Timer:
        return every(dialog, 600.0 if seconds == 1.0 else seconds, *rest, **more)

    monkeypatch.setattr(TaskDialog, "set_interval", never_each_second)
    async with desk() as seen:
        await seen.ask(key, STATES[key])
        seen.source.fault = ConnectionRefusedError(111, "Connection refused")
        await seen.says("there is no connection; keys that write are off until it is back.")
        seen.source.fault = None
        seen.change(STATES[key], attempt=2)
        await seen.shown("Changed since you looked", "attempt 2.", "enter look again")


async def test_after_a_new_look_the_act_is_not_struck_for_longer_than_its_keys_are_dead() -> None:
    async with desk() as seen:
        await seen.ask("c", State.PENDING)
        seen.change(State.PENDING, attempt=2)
        await seen.shown("look again")
        await seen.press("enter")
        await seen.until_not_struck("cancel the task")


async def test_keys_are_struck_until_they_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dormant.DEAD_SECONDS == DEAD
    monkeypatch.setattr(dormant, "DEAD_SECONDS", 600.0)
    async with desk() as seen:
        await seen.go_to(State.PENDING)
        await seen.press("c")
        await seen.until_struck("cancel the task")
        monkeypatch.setattr(dormant, "DEAD_SECONDS", DEAD)
        await seen.press("y")  # a key that is dead begins the time anew
        await seen.until_not_struck("cancel the task")
        assert seen.requests == []


@EVERY
async def test_the_same_keys_on_the_page_of_a_task(key: str) -> None:
    def with_page(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[STATES[key]]
        source.pages[task_id] = page_of(source.rows[task_id], source.now)

    async with desk(prepare=with_page) as seen:
        await seen.go_to(STATES[key])
        await seen.press("enter")
        await seen.shown("esc back")
        await seen.ask(key)
        await seen.press(CONFIRMS[key])
        assert (await seen.asked()).target.task_id == seen.tasks[STATES[key]]
        await seen.shown("Refused · This is a test.", "esc back")
        await seen.look(2 * DEAD)
        await seen.press("x")
        await seen.not_shown("Refused")


async def test_a_page_that_is_newer_than_the_list_is_not_taken_for_changed() -> None:
    def started(source: FakeSource, tasks: dict[State, UUID]) -> None:
        task_id = tasks[State.PENDING]
        row = replace(source.rows[task_id], state=State.RUNNING, worker="w:1", started_at=source.now + 1)
        source.pages[task_id] = page_of(row, source.now + 1)

    async with desk(prepare=started, every=60.0) as seen:
        await seen.go_to(State.PENDING)
        await seen.press("enter")
        await seen.shown("RUNNING")
        seen.change(State.PENDING, state=State.RUNNING, worker="w:1", started_at=seen.source.now + 1)
        await seen.ask("c")
        assert "Changed since you looked" not in seen.text
        await seen.press("y")
        assert (await seen.asked()).target.state is State.RUNNING


@pytest.mark.parametrize("is_production", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@EVERY
async def test_every_dialog_fits(key: str, size: tuple[int, int], is_production: bool) -> None:
    def longest(source: FakeSource, tasks: dict[State, UUID]) -> None:
        for task_id, row in source.rows.items():
            changes: dict[str, Any] = {"task_name": "charge_" * 28, "worker": "worker-" * 28, "wake_event": "e-" * 90}
            if row.state is State.FAILED:
                changes |= {"max_duration": "1", "first_started_at": source.now - 90_000}
            source.rows[task_id] = replace(row, **changes)
        source.server = replace(source.server, address="tester@" + "long." * 40)

    async with desk(size=size, is_production=is_production, prepare=longest) as seen:
        state = State.SLEEPING if key == "c" else STATES[key]
        await seen.ask(key, state)
        await assert_whole(seen, "esc ")
        if key == "e":
            await seen.press("1")
            seen.change(state, attempt=2)
            await seen.shown("Changed since")
            await assert_whole(seen, "look again")
        if key == "c":
            await seen.press("escape")
            await seen.ask(key, State.RUNNING)
            await assert_whole(seen, "esc ")


async def assert_whole(seen: Desk, wanted: str) -> None:
    """The frame is closed on every side, and the choices stand in it."""
    shown = lines(seen.pilot.app)
    top, bottom = (next((n for n, line in enumerate(shown) if sign in line), None) for sign in "╭╰")
    assert top is not None, seen.text
    assert bottom is not None, seen.text
    inside = shown[top + 1 : bottom]
    assert all("│" in line[:30] and "│" in line[-30:] for line in inside), seen.text
    assert any(wanted in line for line in inside), seen.text


@pytest.mark.parametrize("has_plain", [True, False])
@EVERY
async def test_hostile_names_command_nothing(key: str, has_plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    attacks = rotated()
    if not has_plain:
        monkeypatch.setattr("absurd_tui.text.clean", lambda raw: raw)

    for attack in attacks[:: len(attacks) // 3]:

        def hostile(source: FakeSource, tasks: dict[State, UUID], attack: str = attack) -> None:
            source.queues = [attack]
            source.address = attack
            for task_id, row in source.rows.items():
                source.rows[task_id] = replace(
                    row,
                    queue=attack,
                    task_name=attack,
                    worker=attack,
                    wake_event=attack,
                    failure=Failure(attack, attack),
                    max_duration=attack,
                )

        async with desk(prepare=hostile, size=(80, 24)) as seen:
            await seen.ask(key, STATES[key])
            for strip in seen.pilot.app.screen._compositor.render_strips():
                for segment in strip:
                    assert filter_terminal(segment.text) == segment.text
                    assert segment.style is None or "@click" not in segment.style.meta
            await seen.press(CONFIRMS[key])
            assert (await seen.asked()).target.task_name == attack, "what is asked for is raw"
