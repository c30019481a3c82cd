"""The demo as a program: its check, what it refuses, and how it ends."""

import asyncio
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import asyncpg
import processes
import pytest
from absurd_server import Database

from absurd_tui.demo import run_check, stage
from absurd_tui.demo import spawner as spawner_module
from absurd_tui.demo.queues import QUEUES
from absurd_tui.demo.spawner import Spawner
from absurd_tui.errors import CannotStart
from absurd_tui.lifecycle import Lifecycle

pytestmark = pytest.mark.slow

GONE_WITHIN = 30.0
SHOWN = """
import sys, time
from absurd_tui.demo import run_demo
def show(dsn):
    print("shown", dsn, "psycopg" in sys.modules, flush=True)
    time.sleep(float(sys.argv[1]))
    return 7
sys.exit(run_demo(rate=3, keep=None, workers=True, show=show))
"""


class Shown:
    """The demo in a terminal, until `show` has been called."""

    def __init__(self, seconds: float) -> None:
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", SHOWN, str(seconds)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        said = b""
        while b"\n" not in said:
            said += os.read(ours, 4096)
        self.terminal = ours
        self.said = said.decode()
        found = re.search(r"host=(\S+)/socket", self.said)
        assert found, self.said
        self.folder = Path(found.group(1))

    def assert_nothing_is_left(self) -> None:
        deadline = time.monotonic() + GONE_WITHIN
        while time.monotonic() < deadline and (self.folder.exists() or processes.naming(self.folder.name)):
            time.sleep(0.05)
        assert not self.folder.exists()
        assert processes.naming(self.folder.name) == []


def test_the_check_sees_all_six_states_and_counts_every_queue(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_check(rate=3, keep=None, timeout=150.0, echo=print) == 0
    said = capsys.readouterr().out
    for state in ("pending", "running", "sleeping", "failed", "completed", "cancelled"):
        assert re.search(rf"^{state} +first seen after +[0-9.]+ s$", said, re.MULTILINE)
    for queue in QUEUES:
        assert re.search(rf"^{queue.name}( +\d+){{6}}$", said, re.MULTILINE)
    assert "all 6 states seen within" in said


def test_the_check_fails_and_names_what_it_did_not_see_in_time() -> None:
    said: list[str] = []
    assert run_check(rate=3, keep=None, timeout=0.1, echo=said.append) == 1
    assert "not seen within 0.1 s: pending, running, sleeping, failed, completed, cancelled" in said


@pytest.mark.parametrize("rate", [0, -1, 1e9, float("nan"), float("inf")])
def test_a_rate_out_of_bounds_is_refused(rate: float) -> None:
    with pytest.raises(CannotStart, match=r"--rate must lie between 0\.1 and 200 tasks a second"):
        run_check(rate=rate, keep=None, echo=print)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "find_spec", lambda _name: None)
    with pytest.raises(CannotStart, match=r"pip install 'absurd-tui\[demo\]'"):
        run_check(rate=3, keep=None, echo=print)


def test_the_demo_ends_with_what_show_returns_and_loads_no_psycopg() -> None:
    shown = Shown(0.0)
    assert shown.process.wait(60) == 7
    assert shown.said.split()[-1] == "False"
    shown.assert_nothing_is_left()
    os.close(shown.terminal)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_nothing_is_left_when_the_demo_is_ended_by(number: signal.Signals, code: int) -> None:
    shown = Shown(60.0)
    shown.process.send_signal(number)
    assert shown.process.wait(60) == code
    shown.assert_nothing_is_left()
    os.close(shown.terminal)


def test_nothing_is_left_when_the_terminal_is_closed() -> None:
    shown = Shown(60.0)
    os.close(shown.terminal)
    shown.process.send_signal(signal.SIGHUP)
    assert shown.process.wait(60) == 129
    shown.assert_nothing_is_left()


@pytest.fixture
def kept() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="kept-", dir="/tmp"))
    parent.chmod(0o711)
    yield parent / "demo"
    shutil.rmtree(parent)


def test_a_kept_demo_has_its_tasks_again(kept: Path) -> None:
    async def tasks(dsn: str) -> set[str]:
        connection = await asyncpg.connect(dsn)
        rows = await connection.fetch(
            "SELECT task_id FROM absurd.t_billing WHERE enqueue_at < now() - interval '2 min'"
        )
        await connection.close()
        return {str(row["task_id"]) for row in rows}

    with stage.stage(rate=3, keep=kept, workers=False) as demo:
        before = asyncio.run(tasks(demo.dsn))
    with stage.stage(rate=3, keep=kept, workers=False) as demo:
        assert asyncio.run(tasks(demo.dsn)) == before
    assert before


@asynccontextmanager
async def spawning(database: Database, rate: float) -> AsyncIterator[None]:
    """The spawner at work in this database, without workers."""
    connection = await asyncpg.connect(database.dsn)
    for queue in QUEUES:
        await Lifecycle(connection).create_queue(queue.name, queue.storage_mode)
    spawner = Spawner(rate, Random(1))
    spawner.plan()
    running = asyncio.create_task(spawner.run(connection))
    try:
        yield
        assert not running.done()
    finally:
        running.cancel()
        connection.terminate()


async def test_without_workers_the_backlog_stays_bounded(
    database: Database, connection: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawner_module, "MOST_WAITING", 10)
    monkeypatch.setattr(spawner_module, "MEASURE_EVERY", 0.05)
    async with spawning(database, rate=200):
        await asyncio.sleep(3)
    for queue in QUEUES:
        waiting = await connection.fetchval(f"SELECT count(*) FROM absurd.r_{queue.name} WHERE state = 'pending'")
        assert waiting <= 10 + 40  # what one turn of the spawner adds, before it measures again


async def test_ended_tasks_are_cleaned_up_by_the_queues_policy(
    database: Database, connection: "asyncpg.Connection[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawner_module, "CLEAN_UP_EVERY", 0.1)
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("orders")
    await lifecycle.set_queue_policy("orders", cleanup_ttl=timedelta(hours=1))
    for hours in (2, 0):
        then = datetime.now(UTC) - timedelta(hours=hours)
        await connection.execute("SELECT set_config('absurd.fake_now', $1, false)", then.isoformat())
        spawned = await lifecycle.spawn("orders", "old" if hours else "new", {})
        await lifecycle.cancel("orders", spawned.task_id)
    names = "SELECT array_agg(task_name) FROM absurd.t_orders WHERE task_name IN ('old', 'new')"
    async with spawning(database, rate=1):
        for _ in range(900):
            if await connection.fetchval(names) == ["new"]:
                return
            await asyncio.sleep(0.1)
    pytest.fail("not cleaned up within 90 s")


@pytest.mark.parametrize(("rate", "seconds"), [(0.1, 7200), (3, 6667), (100, 200)])
def test_all_queues_together_keep_some_twenty_thousand_tasks(rate: float, seconds: int) -> None:
    assert QUEUES[0].kept(rate) == timedelta(seconds=seconds)
    assert all(queue.kept(rate) <= timedelta(seconds=seconds) for queue in QUEUES)
