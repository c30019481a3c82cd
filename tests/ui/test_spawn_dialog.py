"""The spawn form as its user has it: keys and pastes in, text on the screen and a request out."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from screen import lines, text, until, until_not_shown, until_shown
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import TextArea

from absurd_tui.lifecycle.options import Cancellation, ExponentialRetry, SpawnOptions
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.styles import stylesheets
from absurd_tui.text import filter_terminal
from absurd_tui.ui.dialogs import dormant, spawn
from absurd_tui.ui.dialogs.dormant import DEAD_SECONDS
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed
from absurd_tui.ui.messages import ParamsWanted
from absurd_tui.ui.theme import DARK, meanings
from absurd_tui.ui.watch import Watch

pytestmark = pytest.mark.slow

NOON = 1_700_049_600.0
NAMES = {"payments": ("charge_card", "refund"), "audit": ("seal",)}
SEED = SpawnSeed("payments", ("audit", "payments"), "charge_card", NAMES)
OPEN = object()


class Stage(App[int]):
    """Nothing but the form, and what it gave; no task is known. There is no net before the terminal here."""

    CSS_PATH = [str(path) for path in stylesheets()]

    def __init__(self, seed: SpawnSeed) -> None:
        super().__init__()
        self.seed = seed
        self.given: Any = OPEN
        self.register_theme(DARK)
        self.theme = DARK.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return meanings(self.current_theme)

    def on_mount(self) -> None:
        watch = Watch("tester@memory/absurd", every=1, ticks=0)
        self.push_screen(SpawnDialog(watch, self.seed, Clock(NOON, utc=True)), self.take)

    def on_params_wanted(self, message: ParamsWanted) -> None:
        message.asker.take_newest(message.queue, message.task_name, None)

    def take(self, given: SpawnTask | None) -> None:
        self.given = given


@asynccontextmanager
async def form(seed: SpawnSeed = SEED, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[int]]:
    """Open the form and wait until its keys count."""
    async with Stage(seed).run_test(size=size) as pilot:
        await until(pilot, lambda: pilot.app.screen.focused is not None)
        yield pilot


def given(pilot: Pilot[int]) -> Any:
    stage = pilot.app
    assert isinstance(stage, Stage)
    return stage.given


async def sent(pilot: Pilot[int]) -> SpawnTask:
    """Press the key that sends, and give the request."""
    await pilot.press("ctrl+s")
    await until(pilot, lambda: given(pilot) is not OPEN)
    request = given(pilot)
    assert isinstance(request, SpawnTask)
    return request


def count_as_held(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Take presses of the same key within some seconds for one that is held: a slow machine hears them far apart."""
    assert DEAD_SECONDS == 0.3
    monkeypatch.setattr(spawn, "DEAD_SECONDS", seconds)


async def fill(pilot: Pilot[int], field: str, *keys: str) -> None:
    """Type into a field in place of what stands in it."""
    pilot.app.screen.query_one(f"#spawn-{field}").focus()
    await pilot.press("end", "ctrl+u", *keys)


async def paste(pilot: Pilot[int], field: str, pasted: str) -> None:
    pilot.app.screen.query_one(f"#spawn-{field}").focus()
    await pilot.pause()
    pilot.app.post_message(events.Paste(pasted))
    await pilot.pause()


async def test_what_is_typed_is_what_is_asked_for() -> None:
    async with form(SpawnSeed("payments", ("audit", "payments"))) as pilot:
        await pilot.press(*"refund", "tab")
        pilot.app.screen.query_one(TextArea).text = ""
        await paste(pilot, "params", '{"order": 7,\n "of": ["x"]}')
        await fill(pilot, "headers", *'{"a":1}')
        await fill(pilot, "max_attempts", "3")
        await pilot.press("tab", "right", "right", "tab", "end", "ctrl+u", "9")
        await fill(pilot, "max_duration", *"600")
        await fill(pilot, "key", *"mine")
        await until_shown(pilot, '"idempotency_key": "mine"')
        request = await sent(pilot)
    assert request == SpawnTask(
        "payments",
        "refund",
        {"order": 7, "of": ["x"]},
        SpawnOptions(3, ExponentialRetry(9, 2), Cancellation(600, None), {"a": 1}, "mine"),
    )


async def test_a_form_as_it_opens_can_be_sent_and_has_a_key_of_its_own() -> None:
    keys = set()
    for _ in range(2):
        async with form() as pilot:
            await until_shown(pilot, "made for this form: sending twice spawns once", "ctrl+s spawn charge_card")
            assert "tester@memory/absurd" in text(pilot.app), "where it is spawned stands on the frame"
            keys.add((await sent(pilot)).options.idempotency_key)
    assert len(keys) == 2


async def test_the_keys_are_dead_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dormant, "DEAD_SECONDS", 60.0)
    async with Stage(SEED).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "If every attempt fails")
        await pilot.press("ctrl+s", "x", "ctrl+s")
        assert given(pilot) is OPEN
        assert pilot.app.screen.query_one(TextArea).text == "{}"


async def test_errors_stand_under_their_fields_and_are_counted_while_one_types() -> None:
    async with form() as pilot:
        pilot.app.screen.query_one(TextArea).text = '{\n  "a": 1\n  "b": 2\n}'
        await fill(pilot, "max_duration", *"1800.5")
        await until_shown(
            pilot,
            '✗ Line 3, column 3: a comma is missing before "b".',
            "✗ Whole seconds only: 1800.5 would make every",
            "Not sent: 2 errors.",
        )
        rows = lines(pilot.app)
        under = next(at for at, row in enumerate(rows) if "Whole seconds" in row)
        assert "cancel if" in rows[under - 1]
        await fill(pilot, "max_duration", *"1800")
        await until_shown(pilot, "Not sent: 1 error.")


async def test_sending_a_form_with_an_error_goes_to_its_place_and_sends_nothing() -> None:
    async with form() as pilot:
        editor = pilot.app.screen.query_one(TextArea)
        editor.text = '{\n  "a": 1\n  "b": 2\n}'
        pilot.app.screen.query_one("#spawn-count").focus()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Not sent: 1 error.")
        assert given(pilot) is OPEN
        assert (pilot.app.screen.focused, editor.cursor_location) == (editor, (2, 2))
        await pilot.press("left", "left", "left", ",")
        assert (await sent(pilot)).params == {"a": 1, "b": 2}


async def test_esc_leaves_an_untouched_form_at_once() -> None:
    async with form() as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: given(pilot) is None)


async def test_esc_asks_once_more_when_something_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with form() as pilot:
        await fill(pilot, "task_name", *"refund")
        await pilot.press("escape")
        await until_shown(pilot, "esc once more discards what was typed.")
        await pilot.press("s")
        await until_not_shown(pilot, "esc once more")
        count_as_held(monkeypatch, 600.0)
        await pilot.press("escape", "escape", "escape")
        await until_shown(pilot, "esc once more")
        assert given(pilot) is OPEN, "a held key does not answer"
        count_as_held(monkeypatch, 0.0)
        await pilot.press("escape")
        await until(pilot, lambda: given(pilot) is None)


async def test_a_limit_of_0_is_asked_again_and_a_held_key_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    count_as_held(monkeypatch, 600.0)
    async with form() as pilot:
        await fill(pilot, "max_delay", "0")
        await until_shown(pilot, "! Not started in 0 s: it is cancelled before it")
        await pilot.press("ctrl+s", "ctrl+s", "ctrl+s")
        await until_shown(pilot, "Limit 0: ctrl+s once more spawns it.", "No attempt starts")
        assert given(pilot) is OPEN
        count_as_held(monkeypatch, 0.0)
        assert (await sent(pilot)).options.cancellation == Cancellation(None, 0)


async def test_the_schedule_tells_the_waits_and_clock_times_of_the_chosen_strategy() -> None:
    stored = '{"kind": "exponential", "base_seconds": 60, "factor": 2, "max_seconds": 3600}'
    async with form(SpawnSeed("payments", task_name="x", max_attempts=3, retry_strategy=stored)) as pilot:
        await until_shown(pilot, "2  1m 00s   12:01:00", "3  2m 00s   12:03:00", "Then it ends as failed, 3m 00s after")
        pilot.app.screen.query_one("#spawn-retry").focus()
        await pilot.press("left")
        await until_shown(pilot, "3  1m 00s   12:02:00")
        await until_not_shown(pilot, "factor")
        await pilot.press("left")
        await until_shown(pilot, "3 at once   12:00:00", "waits for more than a worker")
        await until_not_shown(pilot, "base")


async def test_several_tasks_each_get_a_key_of_their_own() -> None:
    async with form() as pilot:
        await fill(pilot, "count", *"12")
        await until_shown(pilot, "each task gets its own: this one with :1 to :12", "spawn 12 × charge_card")
        assert (await sent(pilot)).count == 12


async def test_known_queues_and_names_are_offered() -> None:
    async with form() as pilot:
        await until_shown(pilot, "2 queues, ↑ ↓", "known, ↑ ↓")
        await fill(pilot, "task_name", *"ref", "right")
        await until_shown(pilot, "ctrl+s spawn refund")
        pilot.app.screen.query_one("#spawn-queue").focus()
        await pilot.press("up")
        await until_shown(pilot, "1 name, ↑ ↓")
        pilot.app.screen.query_one("#spawn-task_name").focus()
        await pilot.press("down")
        request = await sent(pilot)
        assert (request.queue, request.task_name) == ("audit", "seal"), "the names are those of the chosen queue"


async def test_an_unknown_queue_is_an_error() -> None:
    async with form() as pilot:
        await fill(pilot, "queue", *"paymens")
        await until_shown(pilot, "✗ There is no queue paymens in this database.")


async def test_a_narrow_terminal_shows_one_side_at_a_time() -> None:
    async with form(size=(80, 24)) as pilot:
        await until_shown(pilot, "idempotency key", "how many", "f6 what is sent")
        assert "If every attempt fails" not in text(pilot.app)
        await pilot.press("f6")
        await until_shown(pilot, "If every attempt fails", "absurd.spawn_task('payments', 'charge_card'", "f6 the form")
        assert "idempotency key" not in text(pilot.app)
        await pilot.press("f6")
        await until_shown(pilot, "idempotency key")
        await pilot.resize_terminal(120, 40)
        await until_shown(pilot, "idempotency key", "If every attempt fails")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("params", "Longer than 262,144 characters"),
        ("headers", "Longer than 16,384 characters"),
        ("task_name", "Longer than 1,000 characters"),
        ("count", "From 1 to 1,000 tasks are spawned at once."),
    ],
)
async def test_a_paste_of_10_megabytes_is_cut_refused_and_does_not_freeze(field: str, said: str) -> None:
    async with form() as pilot:
        began = time.monotonic()
        await paste(pilot, field, "7" * 10_000_000)
        await until_shown(pilot, said, "Not sent: 1 error.")
        assert time.monotonic() - began < 50, "a freeze takes minutes"


async def test_what_is_pasted_into_json_is_seen_whole() -> None:
    async with form() as pilot:
        pilot.app.screen.query_one(TextArea).text = ""
        await paste(pilot, "params", '{"a": "\u2028\u202e\x9b"}')
        await paste(pilot, "headers", '{\n  "b": "\u200b"\n}')
        await until_shown(pilot, '{"a": "\\u2028\\u202e\\u009b"}', '"\\u200b"')
        request = await sent(pilot)
        assert (request.params, request.options.headers) == ({"a": "\u2028\u202e\x9b"}, {"b": "\u200b"})


@pytest.mark.parametrize("pasted", ["refund\r\nand more\n", "refund\rand more", "\r\nrefund\u2028and more\x85"])
async def test_a_pasted_line_keeps_its_first_line_only(pasted: str) -> None:
    async with form(SpawnSeed("payments")) as pilot:
        await paste(pilot, "task_name", pasted)
        await fill(pilot, "key")
        await paste(pilot, "key", pasted)
        request = await sent(pilot)
        assert (request.task_name, request.options.idempotency_key) == ("refund", "refund")


async def test_an_empty_form_is_not_wrong_until_a_field_was_left_or_it_is_sent() -> None:
    async with form(SpawnSeed("payments", ("payments",))) as pilot:
        await pilot.pause(0.5)
        await until_shown(pilot, "ctrl+s spawn task")
        assert "A task needs a name" not in text(pilot.app)
        assert "Not sent" not in text(pilot.app)
        await pilot.press("tab")
        await until_shown(pilot, "✗ A task needs a name.", "Not sent: 1 error.")
    async with form(SpawnSeed("payments", ("payments",))) as pilot:
        await pilot.press("ctrl+s")
        await until_shown(pilot, "✗ A task needs a name.", "Not sent: 1 error.")
        assert given(pilot) is OPEN
    async with form(SpawnSeed("payments", ("payments",))) as pilot:
        await pilot.press("r", "backspace")
        await until_shown(pilot, "✗ A task needs a name.")


async def test_what_is_wrong_with_a_copy_is_told_when_it_opens() -> None:
    seed = SpawnSeed("payments", task_name="x", cancellation='{"max_duration": "soon"}', is_copy=True)
    async with form(seed) as pilot:
        await until_shown(pilot, "✗ Whole seconds only: soon would make every", "Not sent: 1 error.")


async def test_the_keys_and_the_act_have_room_on_a_small_terminal_however_long_the_name_is() -> None:
    async with form(SpawnSeed("payments", task_name="send_the_monthly_invoice_to_everybody"), size=(80, 24)) as pilot:
        await fill(pilot, "count", *"1000")
        await until_shown(pilot, "esc discard   f6 what is sent    ctrl+s spawn 1,000 × send_the_monthly_invo…")


async def test_hostile_names_and_params_are_signs_on_the_screen_and_raw_in_the_request() -> None:
    hostile = "a\x1b]0;pwned\x07\x9b31m\u202e[/red]\nb"
    seed = SpawnSeed(
        hostile, (hostile,), hostile, {hostile: (hostile,)}, params='{"\u202e\x9b[bold]": 1}', is_copy=True
    )
    async with form(seed) as pilot:
        await until_shown(pilot, "Holds what cannot be shown (U+0007, U+000A,", '"\\u202e\\u009b[bold]": 1')
        for field in ("queue", "task_name", "key"):
            pilot.app.screen.query_one(f"#spawn-{field}").focus()
            await pilot.pause()
            for line in lines(pilot.app):
                assert line == filter_terminal(line)
        request = await sent(pilot)
        assert (request.queue, request.task_name, request.params) == (hostile, hostile, {"\u202e\x9b[bold]": 1})
