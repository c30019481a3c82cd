"""The server goes away and comes back, or falls silent: the dashboard stays, tells how old its data are, and quits."""

import asyncio
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import absurdctl
import asyncpg
import pytest
from fault_proxy import FaultProxy
from terminal import QUITS_WITHIN, Terminal, terminal

from absurd_tui.demo.postgres import LocalPostgres

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("outage")]

DATABASE = "watched"
QUEUE = "mail"
TASK, LATER = "send_letter", "after_the_sleep"
MOST_CONNECTIONS = 2
"""One for the polls, one for the pages."""

STALE_WITHIN = 20.0
"""Seconds; the promise is four, the rest is slack for a loaded machine."""

EVERY = 0.2
SLEEPS = 2.5
"""Seconds, in which there would have been a dozen polls."""

A_POLL = "pg_current_snapshot()"
FRESH_WITHIN = 5.0
OURS = "FROM pg_stat_activity WHERE application_name LIKE 'absurd-tui/%'"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalPostgres]:
    """A server whose data outlive a stop."""
    parent = Path(tempfile.mkdtemp(prefix="outage-", dir="/tmp"))
    parent.chmod(0o711)
    postgres = LocalPostgres(parent / "kept", settings={"fsync": "off"})
    try:
        postgres.start()
        asyncio.run(_furnish(postgres))
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(parent)


async def _furnish(postgres: LocalPostgres) -> None:
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    await admin.close()
    watched = await asyncpg.connect(postgres.dsn(DATABASE))
    await watched.execute(absurdctl.BUNDLED_SCHEMA_SQL)
    await watched.execute(f"SELECT absurd.create_queue('{QUEUE}')")
    await watched.execute(f"SELECT absurd.spawn_task('{QUEUE}', '{TASK}', '{{}}')")
    await watched.close()


def in_database(server: LocalPostgres, statement: str) -> Any:
    """Run a statement in the database that is watched."""
    return ask(server, statement, DATABASE)


def ask(server: LocalPostgres, question: str, database: str = "postgres") -> Any:
    """Ask the server something over a connection of our own."""

    async def asked() -> Any:
        admin = await asyncpg.connect(server.dsn(database))
        try:
            return await admin.fetchval(question)
        finally:
            await admin.close()

    return asyncio.run(asked())


def backends(server: LocalPostgres) -> set[int]:
    """The server's processes that serve the dashboard; one that was ended may take a moment to go."""
    return set(ask(server, f"SELECT coalesce(array_agg(pid), '{{}}') {OURS}"))


def stop(server: LocalPostgres, how: str) -> None:
    if how == "immediate":
        postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGQUIT)
        while (server.folder / "socket" / ".s.PGSQL.5432").exists():
            time.sleep(0.01)
    server.stop()  # a kept server is stopped fast


@contextmanager
def through_proxy(server: LocalPostgres, *, is_silent: bool = False) -> Iterator[tuple[FaultProxy, Terminal]]:
    """The dashboard on the server, by way of a proxy."""
    with FaultProxy(server.folder / "socket" / ".s.PGSQL.5432") as proxy:
        if is_silent:
            proxy.swallow()
        with terminal("--dsn", f"postgresql://postgres@127.0.0.1:{proxy.port}/{DATABASE}") as shown:
            yield proxy, shown


def until_live(shown: Terminal) -> None:
    shown.until_shown(" live ", TASK)


def until_stale(shown: Terminal) -> None:
    shown.until_shown("UNKNOWN", " LOST ", "No answer from the database for", "Everything below is from", TASK)


def until_tried_again(shown: Terminal) -> None:
    """Read until the screen counts an attempt after the first."""
    shown.until(lambda: re.search(r"Attempt ([2-9]|[1-9]\d+) in", shown.text) is not None)


def assert_keys_work(shown: Terminal) -> None:
    shown.press("?")
    shown.until_shown("─ Keys ─")
    shown.press("escape")
    shown.until(lambda: "─ Keys ─" not in shown.text)
    shown.press("4")
    shown.until_shown("No failed task")
    shown.press("1")
    shown.until_shown("1 of 1")


def assert_quits(shown: Terminal) -> None:
    shown.press("q")
    assert shown.wait(QUITS_WITHIN) == 0
    shown.assert_restored()
    assert shown.said == []


@pytest.mark.fault(1, 2, 3)
@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_stops_greys_the_screen_and_its_return_brings_it_back(server: LocalPostgres, how: str) -> None:
    with terminal("--dsn", server.dsn(DATABASE), has_colours=True) as shown:
        until_live(shown)
        bright = shown.colours(TASK)
        stop(server, how)
        until_stale(shown)
        shown.until(lambda: shown.colours(TASK).isdisjoint(bright))
        until_tried_again(shown)
        assert_keys_work(shown)
        server.start()
        until_live(shown)
        shown.until(lambda: shown.colours(TASK) == bright)
        shown.until(lambda: ask(server, f"SELECT count(*) {OURS}") <= MOST_CONNECTIONS)
        assert_quits(shown)


@pytest.mark.fault(5)
def test_a_backend_that_is_ended_again_and_again_is_replaced_by_one(server: LocalPostgres) -> None:
    with terminal("--dsn", server.dsn(DATABASE)) as shown:
        until_live(shown)
        ended: set[int] = set()
        for _ in range(3):
            shown.until(lambda: 0 < len(backends(server) - ended) <= MOST_CONNECTIONS)
            ended.update(backends(server))
            ask(server, f"SELECT count(pg_terminate_backend(pid)) {OURS}")
        shown.until(lambda: len(backends(server)) == 1 and backends(server).isdisjoint(ended))
        until_live(shown)
        assert_quits(shown)
        shown.until(lambda: ask(server, f"SELECT count(*) {OURS}") == 0)


@pytest.mark.fault(8)
def test_a_server_that_falls_silent_is_stale_within_seconds_and_live_again(server: LocalPostgres) -> None:
    with through_proxy(server) as (proxy, shown):
        until_live(shown)
        proxy.swallow()
        begun = time.monotonic()
        until_stale(shown)
        assert time.monotonic() - begun < STALE_WITHIN
        shown.until_shown("The database did not answer in time.")
        assert_keys_work(shown)
        shown.press("enter")
        shown.until_shown("esc back")
        shown.press("escape")
        shown.until_shown("1 of 1")
        proxy.heal()
        until_live(shown)
        shown.until(lambda: ask(server, f"SELECT count(*) {OURS}") <= MOST_CONNECTIONS)
        assert_quits(shown)


@pytest.mark.fault(43)
def test_it_quits_while_the_server_is_silent_on_every_connection(server: LocalPostgres) -> None:
    with through_proxy(server) as (proxy, shown):
        until_live(shown)
        shown.press("1")
        shown.until_shown("Pending  1 of 1")
        shown.press("enter")
        shown.until_shown("Timeline", "Facts", "esc back")
        shown.until(lambda: ask(server, f"SELECT count(*) {OURS}") == MOST_CONNECTIONS)
        proxy.swallow()
        shown.look(1.2)  # a poll and a page are on their way
        assert_quits(shown)


@pytest.mark.fault(10, 43)
def test_it_quits_while_it_connects_to_a_server_that_never_answers(server: LocalPostgres) -> None:
    with through_proxy(server, is_silent=True) as (proxy, shown):
        shown.until_shown("CONNECTING", f"Connecting to postgres@127.0.0.1:{proxy.port}/{DATABASE}.")
        assert_quits(shown)


@pytest.mark.fault(43)
def test_it_quits_while_the_server_is_away(server: LocalPostgres) -> None:
    with terminal("--dsn", server.dsn(DATABASE)) as shown:
        until_live(shown)
        stop(server, "fast")
        try:
            until_stale(shown)
            assert_quits(shown)
        finally:
            server.start()


@pytest.mark.fault(45)
def test_after_a_sleep_it_reads_at_once_and_goes_on_as_before(server: LocalPostgres) -> None:
    log = server.folder / "log"

    def polls() -> int:
        return log.read_text(errors="replace").count(A_POLL)

    with every_statement_logged(server), terminal("--dsn", server.dsn(DATABASE), "--every", f"{EVERY}") as shown:
        until_live(shown)
        shown.until(lambda: polls() > 2)
        shown.process.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        before = polls()
        in_database(server, f"SELECT absurd.spawn_task('{QUEUE}', '{LATER}', '{{}}')")
        time.sleep(SLEEPS)
        assert polls() == before
        begun = time.monotonic()
        shown.process.send_signal(signal.SIGCONT)
        shown.until_shown(" live ", LATER)
        assert time.monotonic() - begun < FRESH_WITHIN
        shown.look(1.0)
        assert polls() - before <= (time.monotonic() - begun) / EVERY + 2
        assert_quits(shown)


@contextmanager
def every_statement_logged(server: LocalPostgres) -> Iterator[None]:
    """Have the server log what it is asked; afterwards the later task is cancelled."""
    ask(server, f"ALTER DATABASE {DATABASE} SET log_statement = 'all'")
    try:
        yield
    finally:
        ask(server, f"ALTER DATABASE {DATABASE} RESET log_statement")
        cancel = f"SELECT absurd.cancel_task('{QUEUE}', task_id) FROM absurd.t_{QUEUE} WHERE task_name = '{LATER}'"
        in_database(server, cancel)
