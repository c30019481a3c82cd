"""A run begins with the queue and the theme of the last one, and what is no more is said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes import FakeSource, FakeStage
from screen import text, until, until_shown
from textual.pilot import Pilot

from absurd_tui.kept import Kept
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp

pytestmark = pytest.mark.slow

FAST = 0.1


@asynccontextmanager
async def run(path: Path, *queues: str, settings: Settings | None = None) -> AsyncIterator[Pilot[int]]:
    """One run of the program on a database with these queues, each with a task of its name."""
    source = FakeSource(queues=list(queues))
    stage = FakeStage(source)
    for queue in queues:
        await stage.spawn(queue, f"task of {queue}")
    app = AbsurdApp(source, settings or Settings(every=FAST), None, Kept(path))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: bool(source.read) or not app.is_running)
        yield pilot


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "absurd-tui" / "kept.toml"


def written(path: Path) -> str:
    return path.read_text()


async def typed(pilot: Pilot[int], command: str) -> None:
    await pilot.press("colon", *command, "enter")


async def test_the_queue_and_the_theme_of_the_last_run(path: Path) -> None:
    async with run(path, "mail", "orders") as pilot:
        await until_shown(pilot, "task of mail", "task of orders")
        await typed(pilot, "queue orders")
        await typed(pilot, "theme nord")
        await until(pilot, lambda: pilot.app.theme == "nord" and "task of mail" not in text(pilot.app))
    async with run(path, "mail", "orders") as pilot:
        await until_shown(pilot, "task of orders")
        assert "task of mail" not in text(pilot.app)
        assert pilot.app.theme == "nord"
    assert written(path) == 'theme = "nord"\n\n[filters]\n\n[queues]\n"tester@memory/absurd" = "orders"\n'


async def test_options_win_and_are_for_one_run(path: Path) -> None:
    Kept(path).remember_theme("nord")
    Kept(path).remember_queue("tester@memory/absurd", "orders")
    before = written(path)
    options = Settings(every=FAST, queue="mail", theme="absurd-light")
    async with run(path, "mail", "orders", settings=options) as pilot:
        await until_shown(pilot, "task of mail")
        assert "task of orders" not in text(pilot.app)
        assert pilot.app.theme == "absurd-light"
    assert written(path) == before


async def test_a_queue_and_a_theme_that_are_no_more_are_said(path: Path) -> None:
    Kept(path).remember_theme("gone \x1b[2J")
    Kept(path).remember_queue("tester@memory/absurd", "dropped")
    async with run(path, "mail") as pilot:
        await until_shown(pilot, "There is no queue dropped any more; these are all.", "task of mail")
        await until_shown(pilot, "There is no theme gone ␛[2J any more.")
        assert pilot.app.theme == "absurd-dark"
    assert Kept(path).queue("tester@memory/absurd") == "dropped", "it may come back; nothing else was chosen"


@pytest.fixture
def broken(path: Path) -> Path:
    path.parent.mkdir()
    path.write_text("theme = [")
    return path


async def test_a_file_that_is_broken_is_one_line_and_stays(broken: Path) -> None:
    async with run(broken, "mail", "orders") as pilot:
        await until_shown(pilot, "kept.toml is no TOML; it is left as it is.", "task of mail")
        await typed(pilot, "queue orders")
        await typed(pilot, "theme nord")
        await until(pilot, lambda: pilot.app.theme == "nord")
    assert written(broken) == "theme = ["
