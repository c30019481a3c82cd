"""Queues that cannot be read for a while, or go away: they say so, and everything else lives."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import text, until, until_not_shown, until_shown
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.database import session
from absurd_tui.doctor import examine, statements_for
from absurd_tui.errors import CannotStart
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import resting
from absurd_tui.observe.once import read_once
from absurd_tui.observe.records import LinkState, Snapshot, View
from absurd_tui.ui.app import AbsurdApp

pytestmark = pytest.mark.slow

QUEUE, OTHER = "mail", "orders"
TASK = "send_letter"
UNDER_WAY = """
select count(*) from pg_stat_activity
 where datname = current_database() and application_name like 'absurd-tui/%' and state = 'active'"""


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    for queue in (QUEUE, OTHER):
        await lifecycle.create_queue(queue)
    await lifecycle.spawn(QUEUE, TASK, {})
    return lifecycle


@pytest.fixture
async def other(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's session, whose name is as bad as a name can be."""
    other = await asyncpg.connect(database.dsn)
    await other.execute("set application_name = 'night [red]report'")
    yield other
    await other.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is read."""
    statements: list[str] = []
    fetch = session.Session.fetch

    async def noted(self: session.Session, statement: str, *arguments: object) -> object:
        statements.append(statement)
        return await fetch(self, statement, *arguments)

    monkeypatch.setattr(session.Session, "fetch", noted)
    return statements


def app_of(pilot: Pilot[int]) -> AbsurdApp:
    assert isinstance(pilot.app, AbsurdApp)
    return pilot.app


@pytest.mark.fault(29)
async def test_a_locked_queue_names_who_has_locked_it_and_the_others_live(
    lifecycle: Lifecycle, database: Database, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "REST_SECONDS", 3.0)
    said = f"locked by pid {other.get_server_pid()} (night [red]report)"
    async with watching(database.dsn, every=0.2) as pilot:
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", TASK, "Timeline")
        async with other.transaction():
            await other.execute(f"lock table absurd.t_{QUEUE} in access exclusive mode")
            await until_shown(pilot, f"Not read: {said}.")
            await pilot.press("escape")
            for name in ("ship", "bill"):
                await lifecycle.spawn(OTHER, name, {})
                await until_shown(pilot, name, f"{QUEUE} cannot be read.", said)
        await until_not_shown(pilot, said)
        await until_shown(pilot, TASK, "ship", "bill")


@pytest.mark.fault(29)
async def test_a_locked_list_of_queues_names_who_has_locked_it(
    lifecycle: Lifecycle, database: Database, other: asyncpg.Connection
) -> None:
    said = f"absurd.queues is locked by pid {other.get_server_pid()} (night [red]report)."
    spec = resolve(database.dsn, environ={})
    async with watching(database.dsn, every=0.2) as pilot:
        await until_shown(pilot, TASK)
        async with other.transaction():
            await other.execute("lock table absurd.queues in access exclusive mode")
            await until_shown(pilot, " LOST ", "Nothing was read for", said, TASK)
            with pytest.raises(CannotStart, match=re.escape(said)):
                await read_once(spec, View())
            (problem,) = [check for check in (await examine(spec)).checks if check.section == "queues"]
            assert problem.told == said
            with pytest.raises(CannotStart, match=re.escape(said)):
                await statements_for(spec, "operator")
        await until_shown(pilot, " live ", TASK)


@pytest.mark.fault(28)
async def test_a_queue_that_takes_too_long_is_told_as_such_and_asked_less_and_less(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resting, "REST_SECONDS", 1.0)
    monkeypatch.setitem(session.READING_SETTINGS, "statement_timeout", "200")
    most = 0
    async with watching(database.dsn, every=0.2, queue=QUEUE) as pilot:
        await until_shown(pilot, TASK)
        for _ in range(3):
            await lifecycle.spawn(OTHER, "ship", {})
        await connection.execute(f"alter table absurd.r_{QUEUE} rename to r_stored")
        await connection.execute(
            f"create view absurd.r_{QUEUE} as select * from absurd.r_stored where pg_sleep(1) is not null"
        )
        for seconds in (1, 2):
            while f"Refused: no answer within 2s. Tried again every {seconds}s." not in text(pilot.app):
                most = max(most, await connection.fetchval(UNDER_WAY))
                await pilot.pause(0.02)
        assert f"{QUEUE} cannot be read." in text(pilot.app)
        assert " live " in text(pilot.app)
        assert re.search(rf"{OTHER} +3 ", text(pilot.app)), "the others are read"
        await connection.execute(f"drop view absurd.r_{QUEUE}")
        await connection.execute(f"alter table absurd.r_stored rename to r_{QUEUE}")
        await until_shown(pilot, TASK)
    assert most == 1, "one statement at a time"


@pytest.mark.fault(31)
async def test_a_queue_that_is_dropped_while_it_is_chosen_goes_with_one_word(
    lifecycle: Lifecycle, database: Database, asked: list[str]
) -> None:
    async with watching(database.dsn, every=0.2, queue=QUEUE) as pilot:
        await until_shown(pilot, OTHER, TASK)
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", "Timeline", TASK)
        await lifecycle.drop_queue(QUEUE)
        await until_shown(pilot, f"Queue {QUEUE} no longer exists.", "Below is what was read last.", TASK)
        asked.clear()
        await until(pilot, lambda: len(asked) > 5)
        assert not any(f"_{QUEUE}" in statement for statement in asked), "it is not asked for again"
        assert app_of(pilot)._watch.told(0.0) == ()
        await pilot.press("c")
        await until_shown(pilot, f"cancel: queue {QUEUE} no longer exists.")
        await pilot.press("escape")
        await until_shown(pilot, f"Queue {QUEUE} no longer exists.", OTHER, " live ")
        assert not re.search(rf"^ *{QUEUE} ", text(pilot.app), re.MULTILINE), "its row is away"
        assert app_of(pilot)._watch.told(0.0) == ()
        await lifecycle.create_queue(QUEUE)
        await lifecycle.spawn(QUEUE, "anew", {})
        await until_shown(pilot, "anew", " live ")


@pytest.mark.fault(33)
async def test_a_column_that_is_added_under_the_poll_is_not_seen(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    links: list[LinkState] = []
    async with watching(database.dsn, every=0.2) as pilot:
        app = app_of(pilot)
        take = app._snapshot_arrived

        def seen(snapshot: Snapshot) -> None:
            links.append(app._watch.link.state)
            assert all(queue.refusal is None for queue in snapshot.queues)
            assert not any(panel.refused for panel in snapshot.panels)
            take(snapshot)

        app._poll._snapshot_arrived = seen
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", "Timeline", TASK)
        for number in range(6):
            for letter in "trcew":
                await connection.execute(f"alter table absurd.{letter}_{QUEUE} add column note_{number} text")
            links.clear()
            await until(pilot, lambda: len(links) > 1)
            assert set(links) == {LinkState.LIVE}
            assert "Not read" not in text(pilot.app)
        await pilot.press("escape")
        await lifecycle.spawn(QUEUE, "afterwards", {})
        await until_shown(pilot, "afterwards", TASK)
