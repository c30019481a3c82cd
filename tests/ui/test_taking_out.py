"""A document is written whole into a file of one's own, however large it is; a pager is for who may write."""

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from fake_performer import FakePerformer
from fakes import FakeSource, FakeStage, page_of
from screen import running, text, until, until_shown
from textual.pilot import Pilot

from absurd_tui.observe.slices import document_at, payload_at
from absurd_tui.observe.task_records import PARAMS, Document
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.task import TaskScreen

pytestmark = pytest.mark.slow

LARGE = '{"amount": 12345678901234567890.1200, "text": "' + "\u202e\x9bx" * 2_000 + '"}'


@asynccontextmanager
async def opened(
    source: FakeSource, *, size: tuple[int, int] = (120, 40), is_read_only: bool = False
) -> AsyncIterator[tuple[Pilot[int], UUID]]:
    """The page of a task whose params did not come with it."""
    task_id = await FakeStage(source).spawn("mail", "letter")
    source.pages[task_id] = replace(page_of(source.rows[task_id], source.now), params=Document(104_000_000, None))
    source.wholes[document_at("mail", task_id, PARAMS)] = LARGE
    async with running(source, size=size, performer=None if is_read_only else FakePerformer()) as pilot:
        await pilot.press("1")
        await until_shown(pilot, "letter")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TaskScreen))
        await pilot.press("5")
        await until_shown(pilot, "MB stored. o loads it. O opens it in a pager.")
        yield pilot, task_id


def left_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def typed(pilot: Pilot[int], command: str) -> None:
    await pilot.press("colon", *command, "enter")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_file_holds_it_as_it_is_stored_and_nobody_else_may_read_it(
    temporary: Path, size: tuple[int, int]
) -> None:
    async with opened(FakeSource(), size=size) as (pilot, task_id):
        for _ in range(2):
            await typed(pilot, "to-file")
            await until_shown(pilot, "Written as it is stored: ")
    written = left_in(temporary)
    assert [path.name for path in written] == [f"params-{task_id}.json"] * 2
    for path in written:
        assert path.read_text() == LARGE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_it_tells_how_far_it_is_and_leaving_the_page_stops_it(temporary: Path) -> None:
    source = FakeSource(slice_gate=asyncio.Event())
    async with opened(source) as (pilot, _):
        await typed(pilot, "to-file")
        await until_shown(pilot, "Reading it whole: 1.0 kB of 6.0 kB. esc leaves, and stops it.")
        await typed(pilot, "to-file")
        await until_shown(pilot, "to file: another document is being read")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Dashboard))
        assert source.slice_gate is not None
        source.slice_gate.set()
        await until(pilot, lambda: not left_in(temporary))
        assert source.slices_read < 4


async def test_a_document_that_went_leaves_nothing_behind(temporary: Path) -> None:
    source = FakeSource()
    async with opened(source) as (pilot, _):
        source.wholes.clear()
        await typed(pilot, "to-file")
        await until_shown(pilot, "to file: it is no longer in the database; nothing of it is kept.")
    assert not left_in(temporary)


async def test_a_link_that_somebody_puts_in_its_place_is_not_written_through(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = temporary / "precious"
    precious.write_text("untouched")
    real = os.open

    def swapped(path: str | Path, flags: int, mode: int = 0o777) -> int:
        opened = real(path, flags, mode)
        if str(path).endswith(".json") and flags & os.O_EXCL:
            Path(path).unlink()
            Path(path).symlink_to(precious)
        return opened

    monkeypatch.setattr(os, "open", swapped)
    async with opened(FakeSource()) as (pilot, _):
        await typed(pilot, "to-file")
        await until_shown(pilot, "to file: the file was taken away meanwhile; nothing of it is kept.")
    assert precious.read_text() == "untouched"


async def test_a_full_disk_is_told_and_leaves_nothing(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, flags, *mode: real("/dev/full", os.O_WRONLY) if flags & os.O_EXCL else real(path, flags, *mode),
    )
    async with opened(FakeSource()) as (pilot, _):
        await typed(pilot, "to-file")
        await until_shown(pilot, "to file: No space left on device; nothing of it is kept.")
    assert not left_in(temporary)


async def test_the_payload_of_an_event_too(temporary: Path) -> None:
    source = FakeSource()
    source.emit("mail", "paid", '{"by": "card"}')
    source.wholes[payload_at("mail", "paid")] = LARGE
    async with running(source, performer=FakePerformer()) as pilot:
        await pilot.press("E")
        await until_shown(pilot, "paid")
        await pilot.press("2", "enter")
        await until_shown(pilot, '"by": "card"')
        await typed(pilot, "to-file")
        await until_shown(pilot, "Written as it is stored: ")
    (path,) = left_in(temporary)
    assert (path.name, path.read_text()) == ("payload.json", LARGE)


async def test_read_only_has_files_but_no_pager(temporary: Path) -> None:
    async with opened(FakeSource(), is_read_only=True) as (pilot, _):
        await pilot.press("O")
        await until_shown(pilot, "pager: read only; a pager can run other programs.")
        await typed(pilot, "to-file")
        await until_shown(pilot, "Written as it is stored: ")
    assert left_in(temporary)


@pytest.mark.parametrize(
    ("pager", "said"),
    [
        ("nowhere --much", "pager: $PAGER is nowhere --much, which cannot be run."),
        ("cat", "pager: this terminal cannot be lent to it."),
    ],
)
async def test_a_pager_that_is_not_there_and_a_terminal_that_cannot_be_lent(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, pager: str, said: str
) -> None:
    monkeypatch.setenv("PAGER", pager)
    async with opened(FakeSource()) as (pilot, _):
        await pilot.press("O")
        await until_shown(pilot, said)
        assert "letter" in text(pilot.app)
    assert not left_in(temporary), "what a pager was to be shown is removed"
