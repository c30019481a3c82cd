"""The dashboard as its user has it: keys in, text on the screen out."""

from dataclasses import replace

import pytest
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_not_shown, until_shown
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from absurd_tui.errors import CannotStart
from absurd_tui.observe.branches import no_right
from absurd_tui.observe.records import Refusal
from absurd_tui.settings import Settings
from absurd_tui.ui.screens import dashboard as dashboard_module
from absurd_tui.ui.theme import meanings
from absurd_tui.ui.widgets.roles import Roles


async def furnished() -> tuple[FakeSource, FakeStage]:
    """A source with one task in each state."""
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for name in ("pends", "runs", "waits", "failed", "done", "cancelled"):
        task_id = await stage.spawn("mail", f"{name}_task", max_attempts=3)
        if name not in ("pends", "cancelled"):
            await stage.claim(task_id, "worker-1:77", timeout=600)
        match name:
            case "waits":
                await stage.wait_for(task_id, "invoice.paid")
            case "failed":
                await stage.fail(task_id, "KeyError", "no such customer")
            case "done":
                await stage.complete(task_id)
            case "cancelled":
                await stage.cancel(task_id)
    return source, stage


async def test_six_panels_show_a_task_in_each_state_with_what_matters_about_it() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await until_shown(pilot, "pends_task", "runs_task", "waits_task", "failed_task", "done_task", "cancelled_task")
        shown = text(pilot.app)
        for wanted in (
            "1 ◌ Pending  1",
            "2 » Claimed",
            "3 z Sleeping  1",
            "4 ✗ Failed  1",
            "5 ✓ Completed  1",
            "6 ⊖ Cancelled  1",
            "event · invoice",
            "no limit",
            "KeyError: no such",
            "likely operator",
            "tester@memory/absurd",
            "PG 18.0 · Absurd 0.5.1",
            "live",
        ):
            assert wanted in shown, wanted


async def test_a_narrow_terminal_shows_one_panel_under_tabs() -> None:
    source, _ = await furnished()
    async with running(source, size=(80, 24)) as pilot:
        await until_shown(pilot, "runs_task", "worker-1:77", "» Claimed 1")
        assert "done_task" not in text(pilot.app)
        await pilot.press("5")
        await until_shown(pilot, "done_task", "✓ Completed 1")
        assert "runs_task" not in text(pilot.app)


async def test_a_terminal_below_60_by_16_gets_one_line_that_says_so() -> None:
    source, _ = await furnished()
    async with running(source, size=(52, 14)) as pilot:
        await until_shown(pilot, "absurd-tui needs 60×16. This terminal is 52×14.")
        assert [line for line in lines(pilot.app) if line.strip()][1:] == []
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "runs_task")


async def test_choosing_a_queue_shows_its_tasks_alone() -> None:
    source, stage = await furnished()
    await stage.spawn("orders", "pack_order")
    async with running(source) as pilot:
        await until_shown(pilot, "pends_task", "pack_order")
        await pilot.press("right", "right")
        await until_not_shown(pilot, "pends_task")
        await until_shown(pilot, "pack_order", "1 ◌ Pending  1")
        await pilot.press("left", "left")
        await until_shown(pilot, "pends_task", "pack_order")


async def test_choosing_a_queue_lets_go_of_a_task_of_another_and_keeps_one_of_its_own() -> None:
    source, stage = await furnished()
    packed = await stage.spawn("orders", "pack_order")
    await stage.claim(packed, "worker-2:78", timeout=6000)
    async with running(source) as pilot:
        await until_shown(pilot, "runs_task", "pack_order")
        await until_shown(pilot, "mail › runs_task")
        await pilot.press("right", "right")
        await until_not_shown(pilot, "runs_task")
        await until_shown(pilot, "orders › pack_order", "2 » Claimed  1 of 1")
        await pilot.press("right")
        await until_shown(pilot, "runs_task", "2 » Claimed  2 of 2", "orders › pack_order")


async def test_a_queue_is_chosen_from_the_strip_with_enter() -> None:
    source, stage = await furnished()
    await stage.spawn("orders", "pack_order")
    async with running(source) as pilot:
        await pilot.press("0")
        await until_shown(pilot, "0 Queues")
        await pilot.press("down", "down", "enter")
        await until_not_shown(pilot, "pends_task")
        await until_shown(pilot, "pack_order")


async def test_the_why_line_tells_about_the_task_under_the_cursor() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "Waits for the event invoice.paid without a limit.")
        await pilot.press("4")
        await until_shown(pilot, "The only attempt failed", "KeyError: no such customer")


async def test_the_cursor_stays_on_its_task_while_others_come_and_go() -> None:
    source, stage = await furnished()
    async with running(source) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "1 of 1")
        for number in range(3):
            task_id = await stage.spawn("mail", f"later_{number}")
            await stage.claim(task_id, "worker-1:77")
            await stage.complete(task_id)
        await until_shown(pilot, "4 of 4")
        under_cursor = [line for line in lines(pilot.app) if "mail › done_task" in line]
        assert under_cursor, "the why line still tells about the task that was chosen"


async def test_rows_that_arrive_above_a_full_panel_are_counted_and_not_pushed_in() -> None:
    source, stage = await furnished()
    for number in range(20):
        await _complete(stage, f"old_{number}")
    async with running(source) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "1 of 21")
        row = next(number for number, line in enumerate(lines(pilot.app)) if "old_19" in line)
        await _complete(stage, "new_one")
        await _complete(stage, "new_two")
        await until_shown(pilot, "▲ 2 newer")
        assert "old_19" in lines(pilot.app)[row], "the row under the cursor kept its line"
        await pilot.press("home")
        await until_shown(pilot, "new_two", "1 of 23")
        await until_not_shown(pilot, "newer")


async def test_a_task_that_leaves_its_panel_stays_under_the_cursor_until_it_moves() -> None:
    source, stage = await furnished()
    running_task = next(task_id for task_id, row in source.rows.items() if row.task_name == "runs_task")
    async with running(source) as pilot:
        await until_shown(pilot, "mail › runs_task")
        await stage.complete(running_task)
        other = await stage.spawn("mail", "other_task")
        await stage.claim(other, "worker-2:1", timeout=30)
        await until_shown(pilot, "other_task", "no longer among the rows of this panel")
        assert "mail › runs_task" in text(pilot.app)
        await pilot.press("down")
        await until_shown(pilot, "mail › other_task")
        await until_not_shown(pilot, "no longer among the rows")


@pytest.mark.slow
async def test_freeze_holds_the_screen_while_reading_goes_on() -> None:
    source, stage = await furnished()
    async with running(source) as pilot:
        await until_shown(pilot, "runs_task")
        await pilot.press("f")
        await until_shown(pilot, "FROZEN")
        read = len(source.read)
        await stage.spawn("mail", "later_task")
        await until(pilot, lambda: len(source.read) >= read + 3)
        assert "later_task" not in text(pilot.app)
        await pilot.press("f")
        await until_shown(pilot, "later_task", "live")


async def test_a_lost_connection_greys_the_screen_with_its_age_and_comes_back_by_itself() -> None:
    source, stage = await furnished()
    async with running(source) as pilot:
        await until_shown(pilot, "runs_task", "live")
        source.fault = ConnectionRefusedError(111, "Connection refused")
        await until_shown(pilot, "LOST", "No answer from the database", "as of ", "runs_task")
        source.fault = None
        await stage.spawn("mail", "later_task")
        await pilot.press("R")
        await until_shown(pilot, "later_task", "live")
        await until_not_shown(pilot, "as of ")


async def test_a_queue_that_refuses_says_why_and_the_others_live() -> None:
    source, stage = await furnished()
    await stage.spawn("orders", "pack_order")
    source.refused["mail"] = no_right("mail", "tester")
    async with running(source) as pilot:
        await until_shown(pilot, "refused: role tester may not SELECT on absurd.t_mail", "pack_order", "1 of 2 queues")
        await until_shown(pilot, "1 ◌ Pending  1+  1 of 2 queues", "mail cannot be read.")
        await pilot.press("right")
        await until_shown(pilot, "A database owner can allow it:", "GRANT SELECT ON absurd.t_mail")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_statement_that_would_allow_it_can_be_read_to_its_end(size: tuple[int, int]) -> None:
    source, _ = await furnished()
    statements = {}
    for queue in source.queues:
        source.refused[queue] = no_right(queue, "tester")
        statements[queue] = str(source.refused[queue].remedy)
    async with running(source, size=size) as pilot:
        await until_shown(pilot, "Refused: role tester may not", "TO tester;", "every 10s.")
        left = " ".join(" ".join(line[: size[0] // 2 if size[0] > 116 else None] for line in lines(pilot.app)).split())
        assert left.count(statements["mail"]) == (3 if size[0] > 116 else 1)
        await pilot.press("question_mark")
        await until_shown(pilot, "─ Keys ─")
        inside = [line.split("│")[1].rstrip("▁▂▃▄▅▆▇█ ") for line in lines(pilot.app) if line.count("│") == 2]
        for statement in statements.values():
            assert statement in " ".join(" ".join(inside).split())


async def test_where_no_queue_can_be_read_no_number_is_claimed() -> None:
    source, _ = await furnished()
    for queue in source.queues:
        source.refused[queue] = Refusal("role tester lacks USAGE on schema absurd")
    for size in ((80, 24), (120, 40)):
        async with running(source, size=size) as pilot:
            await until_shown(pilot, "UNKNOWN", "No queue is readable.", "role tester lacks USAGE on schema absurd.")
            (totals,) = [line for line in lines(pilot.app) if "all queues" in line]
            assert "–" in totals
            assert "0" not in totals


@pytest.mark.parametrize("reason", ["There is no Absurd schema in database x. Install it with: absurdctl init -d x"])
async def test_what_cannot_be_watched_ends_the_program_with_one_line_and_code_2(reason: str) -> None:
    source = FakeSource(fault=CannotStart(reason))
    async with running(source) as pilot:
        app = pilot.app
    assert (app.return_code, app.fatal) == (2, reason)  # type: ignore[attr-defined]


async def test_an_unknown_queue_ends_the_program_with_the_queues_there_are() -> None:
    source, _ = await furnished()
    async with running(source, settings=Settings(every=0.1, queue="mial")) as pilot:
        app = pilot.app
    assert app.return_code == 2
    assert app.fatal == 'There is no queue "mial" in this database. It has: mail, orders.'  # type: ignore[attr-defined]


async def test_zoom_shows_the_open_panel_alone_with_more_columns() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await until_shown(pilot, "done_task")
        await pilot.press("z")
        await until_not_shown(pilot, "done_task")
        await until_shown(pilot, "runs for", "worker-1:77")
        await pilot.press("z")
        await until_shown(pilot, "done_task")


async def test_help_lists_the_keys_and_leaves_the_cursor_where_it_was() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await pilot.press("5")
        await until_shown(pilot, "mail › done_task")
        await pilot.press("question_mark")
        await until_shown(pilot, "hold the screen still; reading goes on")
        await pilot.press("escape")
        await until_not_shown(pilot, "hold the screen still; reading goes on")
        await until_shown(pilot, "mail › done_task")


async def test_a_cursor_that_was_let_go_is_given_to_no_other_table_by_a_look_at_another_screen() -> None:
    source, stage = await furnished()
    await stage.spawn("orders", "pack_order")
    async with running(source) as pilot:
        await until_shown(pilot, "pends_task", "pack_order")
        await pilot.press("right", "right", "escape")
        await until_not_shown(pilot, "pends_task")
        await pilot.press("question_mark")
        await until_shown(pilot, "hold the screen still; reading goes on")
        await pilot.press("escape")
        await until_not_shown(pilot, "hold the screen still; reading goes on")
        await pilot.press("enter")
        await until_shown(pilot, "open: no row is under the cursor")
        assert "pends_task" not in text(pilot.app)


@pytest.mark.parametrize("theme", ["absurd-dark", "absurd-light", "absurd-ansi", "nord", "textual-light", "ansi-light"])
async def test_every_theme_shows_the_same_words(theme: str) -> None:
    source, _ = await furnished()
    async with running(source, settings=Settings(every=0.1, theme=theme)) as pilot:
        await until_shown(pilot, "runs_task", "event · invoice")


@pytest.mark.slow
async def test_what_is_said_is_not_taken_back_by_the_time_of_what_was_said_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await until_shown(pilot, "mail › runs_task")
        monkeypatch.setattr(dashboard_module, "NOTE_SECONDS", 0.4)
        await pilot.press("c")
        monkeypatch.setattr(dashboard_module, "NOTE_SECONDS", 600.0)
        await pilot.press("e")
        await until_shown(pilot, "extend: read only.")
        await pilot.pause(0.8)
        assert "extend: read only." in text(pilot.app)


async def test_quitting_drops_the_connections() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)
    assert source.closed


async def _complete(stage: FakeStage, name: str) -> None:
    task_id = await stage.spawn("mail", name)
    await stage.claim(task_id, "worker-1:77")
    await stage.complete(task_id)


async def test_under_a_theme_that_does_not_know_our_colours_they_are_readable_ones() -> None:
    source, _ = await furnished()
    async with running(source) as pilot:
        theme = BUILTIN_THEMES["atom-one-light"]
        pilot.app.theme = theme.name
        await pilot.pause()
        roles, wanted = pilot.app.screen.query_one(Roles), meanings(theme)
        for role, name in (("completed", "state-completed"), ("warning", "state-warning"), ("muted", "text-muted")):
            shown = roles.role(role).color
            assert shown is not None
            assert Color.from_rich_color(shown).hex == wanted[name], role


async def test_that_much_fails_is_told_in_the_panels_title_and_in_red() -> None:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)

    async def fails() -> None:
        task_id = await stage.spawn("mail", "failing")
        await stage.claim(task_id, "worker-1:77")
        await stage.fail(task_id, "KeyError", "no such customer")

    for _ in range(9):
        await fails()
    async with running(source, size=(200, 60)) as pilot:
        await until_shown(pilot, "4 ✗ Failed  9", "fails/min")
        assert "/min by claim" not in text(pilot.app)
        await fails()
        await until_shown(pilot, "4 ✗ Failed  10  10/min by claim")
        failed = [segment for strip in pilot.app.screen._compositor.render_strips() for segment in strip]
        alarm = pilot.app.screen.query_one(Roles).role("alarm").color
        assert alarm is not None
        red = {segment.text for segment in failed if segment.style and segment.style.color == alarm}
        assert {"10", "10/min by claim"} <= red


async def test_the_key_of_the_task_under_the_cursor_is_told_where_there_is_room() -> None:
    source = FakeSource()
    task_id = await FakeStage(source).spawn("mail", "charge")
    source.rows[task_id] = replace(source.rows[task_id], idempotency_key="order-7\x1b]0;PWNED\x07")
    for width, is_told in ((182, True), (181, False)):
        async with running(source, size=(width, 60)) as pilot:
            await pilot.press("1")
            await until_shown(pilot, f"mail › charge  {task_id}")
            assert ("key order-7␛]0;PWNED␇" in text(pilot.app)) == is_told


async def test_without_unicode_what_was_done_is_a_number() -> None:
    source = FakeSource(done=(1,) * 29 + (5,))
    async with running(source, settings=Settings(every=0.1, is_ascii=True)) as pilot:
        await until_shown(pilot, "done, 30 min", "6 in 2m")
        assert "▆" not in text(pilot.app)
