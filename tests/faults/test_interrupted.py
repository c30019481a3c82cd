"""Connections that end under the dashboard: it goes on by itself, with few attempts, and tells what lasts."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import text, until, until_shown
from statement_proxy import Harm, StatementProxy, statement_proxy

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.poll import Poll
from absurd_tui.observe.records import Link, LinkState
from absurd_tui.ui import mending
from absurd_tui.ui.app import AbsurdApp

pytestmark = pytest.mark.slow

TASK = "send_letter"
A_POLL = "pg_current_snapshot()"
OURS = "from pg_stat_activity where datname = current_database() and application_name like 'absurd-tui/%'"
MOST_CONNECTIONS = 3
LONG_ENOUGH = 20.0
"""Seconds in which a connection is made however busy the machine is."""

LEAST_PAUSE = 0.3
"""Seconds after an attempt that failed; the first step is half a second, less a fifth."""


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.spawn("mail", TASK, {})
    return lifecycle


@pytest.fixture
async def proxy(database: Database) -> AsyncIterator[StatementProxy]:
    host, port = resolve(database.dsn, environ={}).hosts[0]
    async with statement_proxy(host, port) as proxy:
        yield proxy


@dataclass
class Attempts:
    """When each connection was asked for, and when each loss said that it would be, in the order of both."""

    events: list[tuple[str, float]] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(event == kind for event, _ in self.events)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Attempts:
    noted = Attempts()
    connect, set_link = Session.open, Poll._set_link

    async def opened(self: Session) -> None:
        noted.events.append(("asked", time.monotonic()))
        await connect(self)

    def linked(self: Poll, link: Link) -> None:
        if link.state is LinkState.LOST and link.retry_at is not None:
            assert not link.attempt or link.retry_at - time.monotonic() > LEAST_PAUSE
            noted.events.append(("lost", link.retry_at))
        set_link(self, link)

    monkeypatch.setattr(Session, "open", opened)
    monkeypatch.setattr(Poll, "_set_link", linked)
    return noted


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Link]:
    """Every state of the connection that the screen has been told."""
    links: list[Link] = []
    take = AbsurdApp._link_changed

    def noted(self: AbsurdApp, link: Link) -> None:
        links.append(link)
        take(self, link)

    monkeypatch.setattr(AbsurdApp, "_link_changed", noted)
    return links


async def count(connection: asyncpg.Connection) -> Any:
    return await connection.fetchval(f"select count(*) {OURS}")


@pytest.mark.fault(6)
async def test_a_backend_that_is_ended_all_the_time_is_asked_for_once_a_step(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, attempts: Attempts
) -> None:
    async with watching(database.dsn, every=0.2) as pilot:
        end = time.monotonic() + 3.0
        while time.monotonic() < end:
            assert await count(connection) <= MOST_CONNECTIONS
            await connection.execute(f"select pg_terminate_backend(pid) {OURS}")
            await asyncio.sleep(0.05)
        await lifecycle.spawn("mail", "afterwards", {})
        await until_shown(pilot, " live ", TASK, "afterwards")
        assert await count(connection) == 1
    assert attempts.count("lost") > 2
    for (before, retry_at), (event, at) in zip(attempts.events, attempts.events[1:], strict=False):
        if event == "asked":
            assert before == "lost", "one attempt for each loss"
            assert at >= retry_at - 0.02, "and not before its pause is over"


async def test_a_connection_that_is_told_of_its_end_before_it_ends_is_made_anew(
    lifecycle: Lifecycle, proxy: StatementProxy, database: Database
) -> None:
    proxy.arm(A_POLL, Harm.GOODBYE)
    async with watching(through(proxy, "127.0.0.1", database)) as pilot:
        await until_shown(pilot, " live ", TASK)
        assert proxy.struck == 1


@pytest.mark.fault(9)
@pytest.mark.parametrize("harm", [Harm.CUT_BEFORE, Harm.CUT_AFTER])
async def test_a_reset_in_the_middle_of_a_statement_is_told_while_it_lasts(
    lifecycle: Lifecycle, proxy: StatementProxy, database: Database, harm: Harm
) -> None:
    async with watching(through(proxy, "127.0.0.1", database)) as pilot:
        proxy.is_refusing = True
        proxy.arm(A_POLL, harm)
        await until_shown(pilot, "UNKNOWN", "LOST", "No answer from the database for", "Everything below is from", TASK)
        assert proxy.struck == 1
        proxy.is_refusing = False
        await lifecycle.spawn("mail", "afterwards", {})
        await until_shown(pilot, " live ", TASK, "afterwards")


@pytest.mark.fault(12)
async def test_a_host_that_loses_its_address_is_waited_for(
    lifecycle: Lifecycle, proxy: StatementProxy, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def nowhere(*_arguments: object, **_named: object) -> None:
        nonlocal asked
        asked += 1
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with watching(through(proxy, "localhost", database)) as pilot:
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", nowhere)
            proxy.arm(A_POLL, Harm.CUT_AFTER)
            await until_shown(pilot, "LOST", "Everything below is from", TASK, "The host's name could not be resolved.")
            await until(pilot, lambda: re.search(r"Attempt [3-9] in", text(pilot.app)) is not None)
            assert asked >= 2
        await until_shown(pilot, " live ", TASK)


@pytest.mark.fault(30)
async def test_an_idle_session_that_the_server_ends_is_made_anew_without_a_word(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    database: Database,
    attempts: Attempts,
    told: list[Link],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mending, "MENDED_WITHIN", LONG_ENOUGH)
    await connection.execute(f"alter database {database.name} set idle_session_timeout = '500ms'")
    async with watching(database.dsn, every=0.8) as pilot:
        await pilot.press("1", "enter")
        await until_shown(pilot, "Timeline", TASK, "esc back")
        begun = attempts.count("asked")
        while attempts.count("asked") < begun + 4:
            assert "Not read" not in text(pilot.app)
            await pilot.pause(0.02)
        await pilot.press("escape")
        await lifecycle.spawn("mail", "afterwards", {})
        await until_shown(pilot, " live ", "afterwards")
    assert attempts.count("lost") > 1
    assert {link.state for link in told} == {LinkState.LIVE}


def through(proxy: StatementProxy, host: str, database: Database) -> str:
    return f"postgresql://postgres@{host}:{proxy.port}/{database.name}?sslmode=disable"
