"""The connection that reads: what it may do on the server, and what it leaves there."""

import asyncio

import asyncpg
import pytest
from absurd_server import Database
from seeding import names_of, put, reading

from absurd_tui.conninfo import resolve
from absurd_tui.database import session
from absurd_tui.database.faults import Fault, classify
from absurd_tui.database.session import Session, application_name
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.records import State, View

BACKENDS = """
select pid, application_name, state, backend_xid, xact_start, state_change from pg_stat_activity
 where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"""


@pytest.fixture
async def mail(connection: asyncpg.Connection) -> str:
    await Lifecycle(connection).create_queue("mail")
    await put(connection, "mail", "pending")
    return "mail"


async def backends(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(BACKENDS)
    return rows


async def test_it_reads_over_one_connection_that_says_who_it_is_and_leaves_nothing_open(
    connection: asyncpg.Connection, mail: str, database: Database
) -> None:
    async with reading(database.dsn) as reader:
        for _ in range(3):
            await reader.snapshot(View())
            (backend,) = await backends(connection)
            assert backend["application_name"] == application_name()
            assert (backend["state"], backend["xact_start"], backend["backend_xid"]) == ("idle", None, None)
        await reader.open()
        await reader.snapshot(View())
        assert len({row["application_name"] for row in await _settled(connection, 1)}) == 1
    assert await _settled(connection, 0) == []


async def _settled(connection: asyncpg.Connection, number: int) -> list[asyncpg.Record]:
    """A backend whose client is gone takes a moment to notice."""
    for _ in range(1_000):
        found = await backends(connection)
        if len(found) == number:
            break
        await asyncio.sleep(0.02)
    assert len(found) == number
    return found


def test_its_name_fits_what_postgresql_keeps() -> None:
    assert application_name().startswith("absurd-tui/")
    assert len(application_name().encode("ascii")) <= 63


@pytest.mark.fault(85)
async def test_the_server_itself_refuses_to_write_for_it(mail: str, database: Database) -> None:
    reader = Session(resolve(database.dsn, environ={}))
    await reader.open()
    try:
        for statement in (
            "select absurd.spawn_task('mail', 'x', '{}')",
            "delete from absurd.t_mail",
            "create table absurd.t_other (id int)",
        ):
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await reader.fetch(statement)
        settings = await reader.fetch(
            "select name, setting from pg_settings where name = any($1)", list(session.READING_SETTINGS)
        )
        assert dict(map(tuple, settings)) == session.READING_SETTINGS
    finally:
        reader.terminate()


@pytest.mark.parametrize(
    ("asked", "default", "is_met"),
    [
        ("read-write", "off", True),
        ("primary", "off", True),
        ("read-only", "off", False),
        ("read-write", "on", False),
        ("read-only", "on", True),
    ],
)
async def test_a_server_that_takes_writes_is_told_by_its_own_session_not_by_ours_that_only_reads(
    connection: asyncpg.Connection, database: Database, asked: str, default: str, is_met: bool
) -> None:
    await connection.execute(f'alter database "{database.name}" set default_transaction_read_only = {default}')
    reader = Session(resolve(database.dsn, environ={"PGTARGETSESSIONATTRS": asked}))
    if not is_met:
        with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
            await reader.open()
        return
    await reader.open()
    try:
        (row,) = await reader.fetch("select current_setting('default_transaction_read_only') as given")
        assert row["given"] == session.READING_SETTINGS["default_transaction_read_only"]
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await reader.fetch("create table x ()")
    finally:
        reader.terminate()


async def test_a_backend_that_was_ended_is_a_lost_connection_and_the_next_one_works(
    connection: asyncpg.Connection, mail: str, database: Database
) -> None:
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        (backend,) = await backends(connection)
        await connection.fetchval("select pg_terminate_backend($1, 5000)", backend["pid"])
        with pytest.raises((asyncpg.InterfaceError, asyncpg.PostgresConnectionError, ConnectionError)) as lost:
            await reader.snapshot(View())
        assert classify(lost.value) is Fault.RECONNECT
        await reader.open()
        assert names_of(await reader.snapshot(View()), State.PENDING) == ["task 1"]


async def test_a_backend_that_is_ended_in_the_middle_of_a_statement_is_a_lost_connection(
    connection: asyncpg.Connection, database: Database
) -> None:
    reader = Session(resolve(database.dsn, environ={}))
    await reader.open()
    running = asyncio.ensure_future(reader.fetch("select pg_sleep(60)"))
    (backend,) = await backends(connection)
    await connection.fetchval("select pg_terminate_backend($1, 5000)", backend["pid"])
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError, asyncpg.AdminShutdownError)) as lost:
        await running
    assert classify(lost.value) is Fault.RECONNECT
    assert not reader.is_open
    reader.terminate()


async def test_a_statement_without_an_answer_costs_the_connection_and_sends_no_cancel(
    connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Session(resolve(database.dsn, environ={}))
    await reader.open()
    with monkeypatch.context() as impatient:
        impatient.setattr(session, "CLIENT_SECONDS", 0.1)
        with pytest.raises(TimeoutError):
            await reader.fetch("select pg_sleep(1)")
    assert not reader.is_open
    with pytest.raises(asyncpg.InterfaceError):
        await reader.fetch("select 1")
    await reader.open()
    assert [tuple(row) for row in await reader.fetch("select 1")] == [(1,)]
    reader.terminate()


async def test_statements_asked_at_once_are_run_one_after_the_other(database: Database) -> None:
    reader = Session(resolve(database.dsn, environ={}))
    await reader.open()
    found = await asyncio.gather(*(reader.fetch("select $1::int as n, pg_sleep(0.01)", n) for n in range(5)))
    assert [rows[0]["n"] for rows in found] == [0, 1, 2, 3, 4]
    reader.terminate()


async def test_a_session_that_was_not_opened_says_so(database: Database) -> None:
    reader = Session(resolve(database.dsn, environ={}))
    assert not reader.is_open
    with pytest.raises(asyncpg.InterfaceError, match="connection is closed"):
        await reader.fetch("select 1")
    reader.terminate()
