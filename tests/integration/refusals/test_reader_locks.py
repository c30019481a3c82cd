"""What is locked or slow is refused with who holds it, and everything else lives."""

import asyncio
import time

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import until
from seeding import counts_of, pending, put, reading, refusals

from absurd_tui.database import session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import resting
from absurd_tui.observe.branches import refusal
from absurd_tui.observe.lock_holders import HeldLockError, with_holder
from absurd_tui.observe.lock_queries import HOLDER
from absurd_tui.observe.records import Count, Refusal, State, View


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds each statement took that a lock has ended."""
    fetch = session.Session.fetch
    waited: list[float] = []

    async def measured(self: session.Session, statement: str, *arguments: object) -> object:
        begun = time.monotonic()
        try:
            return await fetch(self, statement, *arguments)
        except asyncpg.LockNotAvailableError:
            waited.append(time.monotonic() - begun)
            raise

    monkeypatch.setattr(session.Session, "fetch", measured)
    return waited


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every look for who has locked a queue."""
    fetch = session.Session.fetch
    looked: list[object] = []

    async def noted(self: session.Session, statement: str, *arguments: object) -> object:
        if statement == HOLDER:
            looked.append(arguments)
        return await fetch(self, statement, *arguments)

    monkeypatch.setattr(session.Session, "fetch", noted)
    return looked


def locked_by(connection: asyncpg.Connection) -> Refusal:
    return Refusal(f"locked by pid {connection.get_server_pid()} (migration)")


async def test_a_locked_queue_is_refused_within_the_lock_timeout_and_lives_again(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    database: Database,
    no_rest: None,
    waits: list[float],
    looks: list[object],
) -> None:
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        await lifecycle.emit_event("mail", "paid")  # where nothing has ended, nothing is read again
        assert looks == []
        async with connection.transaction():
            await connection.execute("lock table absurd.r_secret in access exclusive mode")
            snapshot = await reader.snapshot(View())
            found = snapshot.queue("secret")
            assert found is not None
            assert found.counts is None
            assert refusals(snapshot) == {"secret": locked_by(connection).reason}
            assert pending(snapshot) == {"of mail", "of orders"}
            assert len(waits) <= 3, "it is waited for while it is searched for, and not again by each panel"
            assert all(0.2 <= waited < 2.0 for waited in waits), "within the lock time-out, and slack"
            assert len(looks) == 1
        await lifecycle.emit_event("mail", "sent")
        assert pending(await reader.snapshot(View())) == {"of mail", "of orders", "of secret"}


async def test_a_locked_queue_rests_so_that_it_does_not_slow_the_others(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
) -> None:
    monkeypatch.setattr(resting, "REST_SECONDS", 600.0)
    async with reading(database.dsn) as reader, connection.transaction():
        await connection.execute("lock table absurd.t_secret, absurd.r_secret in access exclusive mode")
        await reader.snapshot(View())
        assert len(waits) == 3, "once with all, once with half of them, once alone"
        snapshot = await reader.snapshot(View())
        assert len(waits) == 3
        assert refusals(snapshot) == {"secret": locked_by(connection).reason}


@pytest.mark.parametrize("locked", ["reindex index absurd.r_secret_pkey", "drop table absurd.w_secret"])
async def test_a_lock_on_any_part_of_a_queue_has_a_holder(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, locked: str
) -> None:
    refused = asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
    async with reading(database.dsn) as reader, connection.transaction():
        assert await with_holder(refused, "secret", reader._asking.fetch) is refused
        await connection.execute(locked)
        for queue, has_holder in {"mail": False, "secret": True}.items():
            named = await with_holder(refused, queue, reader._asking.fetch)
            assert isinstance(named, HeldLockError) == has_holder
        assert refusal(named, "secret", "") == locked_by(connection)


async def test_a_lock_on_a_partition_has_a_holder(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await connection.execute("set application_name = 'migration'")
    await lifecycle.create_queue("parts", storage_mode="partitioned")
    partition = await connection.fetchval(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'absurd.r_parts'::regclass limit 1"
    )
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        await lifecycle.emit_event("mail", "paid")  # where nothing has ended, nothing is read again
        async with connection.transaction():
            await connection.execute(f"lock table {partition} in access exclusive mode")
            assert refusals(await reader.snapshot(View())) == {"parts": locked_by(connection).reason}


async def test_who_waits_for_a_lock_keeps_readers_out_and_is_told_as_waiting(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    other = await asyncpg.connect(database.dsn)
    async with reading(database.dsn) as reader, other.transaction():
        await other.execute("lock table absurd.r_secret in access share mode")
        waiting = asyncio.create_task(connection.execute("alter table absurd.r_secret add column note text"))
        await until(lambda: other.fetchval("select count(*) > 0 from pg_locks where not granted"))
        told = refusals(await reader.snapshot(View()))
    await waiting
    await other.close()
    who = f"pid {connection.get_server_pid()} (migration)"
    assert told == {"secret": f"{who} waits to lock it; readers wait behind"}


@pytest.mark.slow
async def test_a_queue_that_takes_too_long_is_refused_and_the_others_live(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session.READING_SETTINGS, "statement_timeout", "500")
    monkeypatch.setattr(resting, "REST_SECONDS", 0.3)
    late = cancelled(monkeypatch)
    for queue in ("orders", "secret"):  # what is no table is never taken for small, so both are in one statement
        await connection.execute(f"alter table absurd.r_{queue} rename to r_{queue}_stored")
        await connection.execute(f"create view absurd.r_{queue} as select * from absurd.r_{queue}_stored")
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        assert late == []
        await connection.execute(
            "create or replace view absurd.r_secret as"
            " select * from absurd.r_secret_stored where pg_sleep(1) is not null"
        )
        for most in (2, 1):
            late.clear()
            snapshot = await reader.snapshot(View())
            assert refusals(snapshot) == {"secret": "no answer within 2s"}
            assert pending(snapshot) == {"of mail", "of orders"}
            assert len(late) == most, "it is looked for once, and asked alone from then on"
            await asyncio.sleep(resting.REST_SECONDS)
            await lifecycle.emit_event("mail", f"paid {most}")  # where nothing has ended, nothing is read again


def cancelled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that took too long."""
    fetch = session.Session.fetch
    late: list[str] = []

    async def noted(self: session.Session, statement: str, *arguments: object) -> object:
        try:
            return await fetch(self, statement, *arguments)
        except asyncpg.QueryCanceledError:
            late.append(statement)
            raise

    monkeypatch.setattr(session.Session, "fetch", noted)
    return late


async def test_what_a_lone_panel_refuses_is_told_in_that_panel(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await put(connection, "secret", "cancelled")
    await connection.execute("alter table absurd.t_secret alter column cancellation type text using 'no json'")
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View(panels=(State.PENDING,)))
    panel = snapshot.panel(State.PENDING)
    assert panel is not None
    assert [name for name, _ in panel.refused] == ["secret"]
    assert {row.queue for row in panel.rows} == {"mail", "orders"}
    assert counts_of(snapshot, "secret").pending == Count(1)


async def test_a_queue_that_is_locked_once_it_was_counted_has_no_half_hour_rather_than_an_empty_one(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lifecycle.create_queue("orders")
    await put(connection, "mail", "completed")
    fetch = session.Session.fetch

    async def locked_meanwhile(self: session.Session, statement: str, *arguments: object) -> object:
        if "as done," not in statement:
            return await fetch(self, statement, *arguments)
        async with connection.transaction():
            await connection.execute("lock table absurd.r_mail in access exclusive mode")
            return await fetch(self, statement, *arguments)

    monkeypatch.setattr(session.Session, "fetch", locked_meanwhile)
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    done = {queue.name: queue.done for queue in snapshot.queues}
    assert counts_of(snapshot, "mail").completed == Count(1)
    assert (done["mail"], done["orders"]) == ((), (0,) * 30)
