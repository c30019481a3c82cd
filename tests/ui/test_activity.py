"""The Activity screen: what was written from here, newest first, and the chosen one in full."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from fake_performer import FakePerformer
from fakes import FakeSource
from screen import lines, running, text, until, until_not_shown, until_shown
from textual.pilot import Pilot

from absurd_tui.lifecycle import Cancellation, ExponentialRetry, SpawnOptions
from absurd_tui.operations.audit import Audit, AuditRecord
from absurd_tui.operations.markdown import as_markdown
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.operations.spawn import Spawn, fresh_key

pytestmark = pytest.mark.slow

RECORD = AuditRecord(
    at="2026-09-21T14:13:20Z",
    clock="database",
    os_user="op\x1b[31m",
    role="operator",
    server="operator@db1/orders",
    operation="cancel",
    queue="payments",
    task_name="charge_card",
    task_id=UUID("0193a41f-2c7e-7d10-9b33-51c07be2d48a"),
    run_id=None,
    before="pending, attempt 1",
    after="cancelled, attempt 1",
    spawned=(),
    xid=4711,
    outcome="done",
    told="Cancelled · payments › charge_card …7be2d48a · Read back 14:13:20: by this call.",
    sql="select absurd.cancel_task('payments', '0193a41f-2c7e-7d10-9b33-51c07be2d48a')",
    absurdctl="absurdctl cancel-task -q payments 0193a41f-2c7e-7d10-9b33-51c07be2d48a",
    seconds=0.005,
)
COPIED = Spawn(
    SpawnTask(
        "media-transcode-priority",
        "transcode the whole archive of " + "very_long_names" * 3,
        {},
        SpawnOptions(7, ExponentialRetry(2, 3.0, 3600), Cancellation(86_400, 7_200), None, fresh_key()),
    )
)
SPAWNED = replace(
    RECORD,
    at="2026-09-21T14:14:00Z",
    operation="spawn",
    queue=COPIED.queue,
    task_name="transcode the whole archive",
    task_id=None,
    before=None,
    told="Spawned · …7be2d48a in media-transcode-priority · Pending.",
    sql=COPIED.sql,
    absurdctl=COPIED.absurdctl,
)
INDENT = " " * 14
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)])


def many(record: AuditRecord) -> FakePerformer:
    """A performer that has written forty times, at last this."""
    performer = FakePerformer()
    for number in range(39):
        performer.audit.add(replace(RECORD, at=f"2026-09-21T13:{number:02}:00Z"))
    performer.audit.add(record)
    return performer


def shown(pilot: Pilot[int]) -> list[str]:
    """The lines in view of the write that is shown in full."""
    whole = [line.rstrip() for line in lines(pilot.app)]
    first = next(number for number, line in enumerate(whole) if line.startswith(" In full"))
    return whole[first + 1 : -1]


@SIZES
async def test_when_a_write_was_made_stands_under_its_label(size: tuple[int, int]) -> None:
    async with running(FakeSource(), size=size, performer=many(RECORD)) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "Activity  1 of 40")
        whole = [line.rstrip() for line in lines(pilot.app)]
        title = next(number for number, line in enumerate(whole) if "Activity  1 of 40" in line)
        assert whole[title].split()[-5:] == ["queue", "…id", "took", "at", "(UTC)"]
        assert whole[title + 1].endswith(RECORD.at[11:19])


async def read_on(pilot: Pilot[int]) -> list[str]:
    """All lines of the write that is shown in full, as they come by when one reads on to its end."""
    read: list[str] = []
    while True:
        page = shown(pilot)
        common = next((n for n in range(len(page), 0, -1) if read[-n:] == page[:n]), 0)
        if common == len(page):
            return read
        read += page[common:]
        await pilot.press("right")
        await pilot.pause()


def labelled(read: list[str], label: str) -> list[str]:
    """The lines that stand behind a label."""
    begin = next(number for number, line in enumerate(read) if line.startswith(f" {label} "))
    rest = read[begin + 1 :]
    end = next((number for number, line in enumerate(rest) if not line.startswith(INDENT)), len(rest))
    return [line[len(INDENT) :] for line in (read[begin], *rest[:end])]


def is_all_of(read: list[str], called: str | None, width: int) -> bool:
    """Whether lines hold every character of what was called, and each word whole that is no longer than a line."""
    assert called is not None
    short = [word for word in called.split() if len(word) <= width - len(INDENT) - 1]
    is_whole = all(any(word in line for line in read) for word in short)
    return is_whole and "".join("".join(read).split()) == "".join(called.split())


async def test_a_write_is_shown_with_its_sql_and_the_line_that_does_the_same() -> None:
    performer = FakePerformer()
    performer.audit.add(RECORD)
    async with running(FakeSource(), performer=performer) as pilot:
        await pilot.press("A")
        await until_shown(
            pilot, "Activity", "7be2d48a", "select absurd.cancel_task('payments'", "absurdctl cancel-task"
        )
        assert "op␛[31m as operator on operator@db1/orders" in text(pilot.app)
        performer.audit.add(replace(RECORD, at="2026-09-21T14:15:00Z", operation="retry", outcome="refused"))
        await until_shown(pilot, "14:15:00", "refused")
        await pilot.press("escape")
        await until_shown(pilot, "0 Queues")


async def test_esc_and_the_text_keys_are_found_by_words_and_in_the_help() -> None:
    async with running(FakeSource(), size=(120, 160), performer=many(RECORD)) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "In full")
        offered = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert "Read on in the write below" in offered
        await pilot.press("question_mark")
        await until_shown(pilot, "read on in the write below")


async def test_it_says_that_nothing_was_written() -> None:
    async with running(FakeSource(), performer=FakePerformer()) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "Nothing was written from here.")


@SIZES
@pytest.mark.parametrize("record", [RECORD, SPAWNED], ids=["cancel", "spawn"])
async def test_the_whole_sql_and_the_whole_line_for_a_shell_can_be_read(
    record: AuditRecord, size: tuple[int, int]
) -> None:
    async with running(FakeSource(), size=size, performer=many(record)) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "In full")
        if record is RECORD or size == (120, 40):
            assert is_all_of(labelled(shown(pilot), "absurdctl"), record.absurdctl, size[0]), "in view at once"
        read = await read_on(pilot)
        assert is_all_of(labelled(read, "SQL"), record.sql, size[0])
        assert is_all_of(labelled(read, "absurdctl"), record.absurdctl, size[0])
        assert labelled(read, "transaction") == ["4711"]
        while shown(pilot) != read[: len(shown(pilot))]:
            await pilot.press("left")
            await pilot.pause()


@SIZES
async def test_the_keys_of_the_table_move_in_it_and_each_write_is_shown_from_its_beginning(
    size: tuple[int, int],
) -> None:
    async with running(FakeSource(), size=size, performer=many(SPAWNED)) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "1 of 40", "esc back  ← → text")
        await read_on(pilot)
        await pilot.press("down")
        await until_shown(pilot, "2 of 40", "Cancelled · payments")
        await pilot.press("pagedown")
        await until_not_shown(pilot, "2 of 40")
        await pilot.press("end")
        await until_shown(pilot, "40 of 40", "2026-09-21T13:00:00Z")
        await pilot.press("home")
        await until_shown(pilot, "1 of 40", "Spawned · …7be2d48a")


async def test_what_is_in_view_as_a_whole_strikes_the_key_that_reads_on() -> None:
    performer = FakePerformer()
    performer.audit.add(RECORD)
    async with running(FakeSource(), size=(80, 24), performer=performer) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "transaction")
        await until(pilot, lambda: "← → text" in struck(pilot))
        await pilot.resize_terminal(80, 14)
        await until(pilot, lambda: "← → text" not in struck(pilot))


def struck(pilot: Pilot[int]) -> str:
    """What is struck through on the screen."""
    strips = pilot.app.screen._compositor.render_strips()
    found = [part for strip in strips for part in strip if part.style is not None and part.style.strike]
    return " ".join(part.text for part in found)


async def find(pilot: Pilot[int], words: str) -> None:
    """Look for the writes that hold some words."""
    await pilot.press("f")
    await until_shown(pilot, "Find writes")
    await pilot.press("ctrl+u", *("space" if char == " " else char for char in words), "enter")


async def test_writes_are_found_by_words_and_escape_lists_all_again() -> None:
    performer = FakePerformer()
    performer.audit.add(RECORD)
    performer.audit.add(SPAWNED)
    async with running(FakeSource(), performer=performer) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "Activity  1 of 2")
        await find(pilot, "SPAWN media")
        await until_shown(pilot, "Activity  1 of 1", "holds SPAWN media, of 2", "transcode the whole archive")
        await until_not_shown(pilot, "charge_card")
        await find(pilot, "nowhere")
        await until_shown(pilot, "No write holds nowhere. esc lists all.")
        await pilot.press("escape")
        await until_shown(pilot, "transcode the whole archive", "charge_card")


async def test_what_is_listed_is_copied_and_written_as_markdown(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    audit.add(RECORD)
    audit.add(SPAWNED)
    async with running(FakeSource(), performer=FakePerformer(audit=audit)) as pilot:
        await pilot.press("A")
        await until_shown(pilot, "Activity  1 of 2")
        await find(pilot, "cancel")
        await until_shown(pilot, "Activity  1 of 1")
        await pilot.press("y")
        await until_shown(pilot, "copied 1 write as Markdown")
        assert "cancel: **done**" in pilot.app.clipboard
        assert "spawn" not in pilot.app.clipboard
        await pilot.press("w")
        await until_shown(pilot, "written to ")
        (written,) = tmp_path.glob("activity-*.md")  # noqa: ASYNC240 - nothing else waits
        assert written.read_text() == as_markdown([RECORD])


async def test_a_file_that_cannot_be_written_is_told_at_once_and_stays_in_the_title(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with running(FakeSource(), performer=FakePerformer(audit=Audit(tmp_path / "file" / "audit.jsonl"))) as pilot:
        await until_shown(pilot, "! Not in the audit file", "The audit file ")
        await pilot.press("A")
        await until_shown(pilot, "Activity  0", "The audit file ")
