"""The screens beside the dashboard on a real database: whatever a queue is like, they say so and stay usable."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import text, until_not_shown, until_shown
from seeding import INSTANTS, put, role
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.event_records import EventsWanted
from absurd_tui.observe.parts import Part
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import View
from absurd_tui.observe.source import DatabaseSource

pytestmark = pytest.mark.slow

MANY = 200
COST = 1.0
"""Seconds of a backend that a look at all of them costs at most: some tens of milliseconds, and slack."""

SCREENS = pytest.mark.parametrize("key", ["W", "E", "Q"])
TITLES = {"W": "Workers seen", "E": "Awaited, not emitted", "Q": "1 Queues"}
LETTERS = {"W": "tr", "E": "ew", "Q": "tr"}
OF_ODD = {"W": ("q-worker:1",), "E": ("q-paid", "q-sent"), "Q": ('2 q"🎉', "unpartitioned")}
ODD = 'q"' + "🎉" * 13 + "'[b"


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    """Two queues, each with a run that somebody holds, an event that is awaited, and one that was emitted."""
    lifecycle = Lifecycle(connection)
    for queue in ("mail", ODD):
        await lifecycle.create_queue(queue)
        for _ in range(2):
            await lifecycle.spawn(queue, "letter", {})
            (claim,) = await lifecycle.claim(queue, f"{queue[:1]}-worker:1", 60)
        await lifecycle.await_event(queue, claim.task_id, claim.run_id, "$await:q-paid", "q-paid")
        await lifecycle.emit_event(queue, "q-sent", {"n": 1})
    return lifecycle


@asynccontextmanager
async def opened(dsn: str, key: str, queue: str | None = None) -> AsyncIterator[Pilot[int]]:
    async with watching(dsn, queue=queue) as pilot:
        await pilot.press(key)
        await until_shown(pilot, TITLES[key])
        yield pilot


async def stays_usable(pilot: Pilot[int], key: str) -> None:
    """Keys are still answered: the cursor moves, and the screen is left and entered again."""
    await pilot.press("down", "up")
    await pilot.press("D")
    await until_not_shown(pilot, TITLES[key])
    await pilot.press(key)
    await until_shown(pilot, TITLES[key])


@SCREENS
async def test_a_queue_of_any_name_is_read(lifecycle: Lifecycle, database: Database, key: str) -> None:
    async with opened(database.dsn, key, ODD) as pilot:
        await until_shown(pilot, *OF_ODD[key])
        await stays_usable(pilot, key)


@SCREENS
@pytest.mark.fault(29)
async def test_a_locked_queue_is_said_to_be_and_the_other_is_read(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database, key: str
) -> None:
    locker = await asyncpg.connect(database.dsn)
    transaction = locker.transaction()
    await transaction.start()
    try:
        for letter in "trew":
            await locker.execute(f"lock table {table(letter, ODD)} in access exclusive mode")
        async with opened(database.dsn, key) as pilot:
            await until_shown(pilot, "1 of 2 queues, ? says why", "mail")
            await stays_usable(pilot, key)
            await transaction.rollback()
            await pilot.press("R")
            await until_not_shown(pilot, "? says why")
    finally:
        await locker.close()


@SCREENS
@pytest.mark.fault(79)
async def test_a_queue_dropped_under_it_goes_and_its_tables_missing_are_told(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database, key: str
) -> None:
    async with opened(database.dsn, key) as pilot:
        await until_shown(pilot, "mail")
        for letter in LETTERS[key]:
            await connection.execute(f"drop table {table(letter, 'mail')}")
        await pilot.press("R")
        await until_shown(pilot, "1 of 2 queues, ? says why")
        await connection.execute("delete from absurd.queues")
        await pilot.press("R")
        await until_shown(pilot, "No queue yet.")
        await stays_usable(pilot, key)


@SCREENS
async def test_missing_rights_are_told_with_the_grant_that_gives_them(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database, key: str
) -> None:
    async with role(connection, database) as reader:
        tables = ", ".join(f"absurd.{letter}_mail" for letter in LETTERS[key])
        async with opened(reader.dsn, key, "mail") as pilot:
            grant = f"GRANT SELECT ON {tables} TO {reader.name};"
            await until_shown(pilot, f"role {reader.name} may not SELECT on absurd.", grant)
            await connection.execute(grant)
            await pilot.press("R")
            await until_not_shown(pilot, "may not SELECT")
            await stays_usable(pilot, key)


@SCREENS
@pytest.mark.fault(89)
async def test_times_without_end_are_shown(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database, key: str
) -> None:
    for number, instant in enumerate(INSTANTS):
        odd = f"'{instant}'"
        times = dict.fromkeys(("available_at", "claim_expires_at", "completed_at", "failed_at"), odd)
        for state in ("running", "completed", "failed"):
            await put(connection, "mail", state, run={**times, "claimed_by": f"'{state}-{number}'"})
        await connection.execute(f"""
            insert into absurd.e_mail values ('odd-{number}', '1', {odd});
            insert into absurd.w_mail (task_id, run_id, step_name, event_name, timeout_at, created_at)
            values (absurd.portable_uuidv7(), absurd.portable_uuidv7(), 's', 'awaited-{number}', {odd}, {odd})""")
    async with opened(database.dsn, key, "mail") as pilot:
        await until_shown(pilot, "mail")
        for _ in range(12):
            await pilot.press("down")
        assert pilot.app.is_running
        assert "Refused" not in text(pilot.app)
        await stays_usable(pilot, key)


@pytest.mark.slow
async def test_two_hundred_queues_are_read_in_few_statements_and_shown(
    connection: asyncpg.Connection, database: Database
) -> None:
    lifecycle = Lifecycle(connection)
    await connection.execute("set synchronous_commit = off")
    for number in range(MANY):
        await lifecycle.create_queue(f"q{number:03}")
        await lifecycle.emit_event(f"q{number:03}", f"sent:{number:03}", number)
    await put(connection, "q199", "running", run={"claimed_by": "'the-last:1'"})
    source = DatabaseSource(resolve(database.dsn, environ={}))
    try:
        await source.open()
        for look in (
            lambda: source.workers(None),
            lambda: source.event_list(EventsWanted(None)),
            lambda: source.event_list(EventsWanted(None, "sent:1")),
            source.storage,
        ):
            await look()
            looked = await look()
            assert (looked.found.asked, looked.found.refused) == (MANY, ())
            assert looked.cost < COST
        charged = next(cost for cost in (await source.snapshot(View())).costs if cost.part is Part.SCREENS)
        assert charged.readings == 8
        assert charged.statements <= 8 * 12
        assert (await source.weigh())[Part.SCREENS] > 0
    finally:
        source.close()
    async with watching(database.dsn) as pilot:
        for key, shown in (("W", "the-last:1"), ("E", "sent:199"), ("Q", "of 200")):
            await pilot.press(key)
            await until_shown(pilot, TITLES[key], shown)
