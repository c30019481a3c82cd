"""Behind PgBouncer in transaction mode: reading, writing and the layer work, and nothing of them is left there."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import absurdctl
import asyncpg
import pytest
from pooler import Pooler, needs_pgbouncer, pgbouncer
from screen import until_shown
from statement_proxy import Harm, statement_proxy

from absurd_tui import dialing
from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.database import session, writing
from absurd_tui.database.faults import Fault, classify, lacks_room
from absurd_tui.database.session import Session
from absurd_tui.database.writing import WriteSession
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.doctor.examination import examine
from absurd_tui.doctor.records import Level
from absurd_tui.lifecycle import SpawnInfo, connect
from absurd_tui.observe.once import read_once
from absurd_tui.observe.records import State, View
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import Done, Locked, NotApplied
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, Target
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp

pytestmark = [needs_pgbouncer, pytest.mark.xdist_group("pooler"), pytest.mark.fault(22), pytest.mark.slow]

POOL = 3
GONE_WITHIN = writing.IDLE_SECONDS + 4
OPEN = "select count(*) from pg_stat_activity where application_name like 'absurd-tui/%' and xact_start is not null"
LEFT = "select name from pg_prepared_statements"


@pytest.fixture(scope="module")
def server() -> Iterator[LocalPostgres]:
    with LocalPostgres() as postgres:

        async def furnish() -> None:
            admin = await asyncpg.connect(postgres.dsn())
            await admin.execute(absurdctl.BUNDLED_SCHEMA_SQL)
            await admin.execute("select absurd.create_queue('mail')")
            await admin.close()

        asyncio.run(furnish())
        yield postgres


@pytest.fixture(scope="module")
def pooler(server: LocalPostgres) -> Iterator[Pooler]:
    with pgbouncer(server.folder / "socket", default_pool_size=str(POOL)) as pooler:
        yield pooler


@pytest.fixture
def spec(pooler: Pooler) -> ConnSpec:
    return resolve(pooler.dsn("postgres"), environ={})


@pytest.fixture
async def spawned(pooler: Pooler) -> SpawnInfo:
    async with connect(pooler.dsn("postgres")) as lifecycle:
        return await lifecycle.spawn("mail", "receipt", {"order": 7})


@pytest.fixture
async def others(pooler: Pooler) -> AsyncIterator[list[asyncpg.Connection]]:
    """Other clients of the pooler, as many as it has connections to the server."""
    made = [await asyncpg.connect(pooler.dsn("postgres"), statement_cache_size=0) for _ in range(POOL)]
    yield made
    for client in made:
        client.terminate()


async def on_every_backend(others: list[asyncpg.Connection], question: str) -> list[Any]:
    """Ask each of the pooler's connections to the server at once."""
    for client in others:
        await client.execute("begin")
    found = [await client.fetch(question) for client in others]
    for client in others:
        await client.execute("rollback")
    return [tuple(row) for rows in found for row in rows]


async def assert_as_before(others: list[asyncpg.Connection], server: LocalPostgres, *settings: str) -> None:
    """Other clients see the settings of a session in which nobody has set any."""
    fresh = await asyncpg.connect(server.dsn())
    for name in settings:
        value = await fresh.fetchval(f"show {name}")
        assert await on_every_backend(others, f"show {name}") == [(value,)] * POOL
    await fresh.close()


def cancel(spawned: SpawnInfo) -> CancelTask:
    return CancelTask(Target("mail", spawned.task_id, spawned.run_id, "receipt", State.PENDING, 1, None, 0.0))


async def test_many_readers_share_few_connections_and_leave_nothing_there(
    spec: ConnSpec, spawned: SpawnInfo, others: list[asyncpg.Connection], server: LocalPostgres
) -> None:
    async def read() -> None:
        source = DatabaseSource(spec)
        server = await source.open()
        assert server.is_pooled
        for _ in range(10):
            snapshot = await source.snapshot(View(), is_urged=True)
            reading = snapshot.queue("mail")
            assert reading is not None
            assert reading.refusal is None
            page = await source.task("mail", spawned.task_id)
            assert page is not None
        assert await source.weigh()
        source.close()

    await asyncio.gather(*(read() for _ in range(5)))
    assert await on_every_backend(others, LEFT) == []
    await assert_as_before(others, server, *session.READING_SETTINGS, *session.PLANNED_ONCE)


async def test_the_doctor_tells_of_the_pooler_and_leaves_nothing_there(
    pooler: Pooler, others: list[asyncpg.Connection], server: LocalPostgres
) -> None:
    for dsn in (server.dsn(), pooler.dsn("postgres")):
        report = await examine(resolve(dsn, environ={}))
        assert [check for check in report.checks if check.level is Level.PROBLEM] == []
        assert any(check.name == "pooler" for check in report.checks) == (dsn != server.dsn())
    assert await on_every_backend(others, LEFT) == []
    await assert_as_before(others, server, *session.READING_SETTINGS, *session.PLANNED_ONCE)


async def test_one_frame_is_read_and_leaves_nothing_there(
    spec: ConnSpec, spawned: SpawnInfo, others: list[asyncpg.Connection]
) -> None:
    snapshot = await read_once(spec, View("mail"))
    assert snapshot.server.is_pooled
    assert snapshot.panel(State.PENDING) is not None
    assert await on_every_backend(others, LEFT) == []


async def test_a_reading_is_bounded_and_may_not_write(spec: ConnSpec, others: list[asyncpg.Connection]) -> None:
    reader = Session(spec)
    await reader.open()
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await reader.fetch("select absurd.spawn_task('mail', 'x', '{}')")
    for name, value in session.READING_SETTINGS.items():
        if name != "default_transaction_read_only":
            (row,) = await reader.fetch("select setting from pg_settings where name = $1", name)
            assert row["setting"] == value
    await others[0].execute("begin; lock table absurd.t_mail")
    for _ in range(2):
        with pytest.raises(asyncpg.LockNotAvailableError):
            await reader.fetch("select count(*) from absurd.t_mail")
    await others[0].execute("rollback")
    assert len(await reader.fetch("select count(*) from absurd.t_mail")) == 1
    reader.terminate()
    assert await on_every_backend(others, LEFT) == []


async def test_the_header_says_that_a_pooler_stands_between(spec: ConnSpec, spawned: SpawnInfo) -> None:
    async with AbsurdApp(DatabaseSource(spec), Settings(every=0.2)).run_test(size=(120, 40)) as pilot:
        await until_shown(pilot, "via pooler", "live", "receipt")


async def test_statements_that_are_not_there_any_more_show_a_pooler(
    server: LocalPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looks_direct(*_: object) -> bool:
        return False

    monkeypatch.setattr(dialing, "_is_pooled", looks_direct)
    taken = ",".join({*session.READING_SETTINGS, *session.PLANNED_ONCE, *writing.WRITING_SETTINGS})
    with pgbouncer(server.folder / "socket", ignore_startup_parameters=taken) as lenient:
        spec = resolve(lenient.dsn("postgres"), environ={})
        for made in (Session(spec, plans_once=True), WriteSession(spec)):
            await made.open()
            await made.fetch("select 1 as one")
            other = await asyncpg.connect(lenient.dsn("postgres"), statement_cache_size=0)
            await other.execute("deallocate all")
            other.terminate()
            with pytest.raises(asyncpg.InvalidSQLStatementNameError) as shown:
                await made.fetch("select 1 as one")
            assert classify(shown.value) is Fault.RECONNECT
            assert not made.is_open
            await made.open()
            for _ in range(2):
                (row,) = await made.fetch("select 1 as one")
                assert row["one"] == 1
            made.terminate()


async def test_the_layer_works_over_a_pooler(
    pooler: Pooler, others: list[asyncpg.Connection], server: LocalPostgres
) -> None:
    async def work(number: int) -> None:
        async with connect(pooler.dsn("postgres")) as lifecycle:
            for _ in range(20):
                made = await lifecycle.spawn("mail", f"of {number}", {"n": number})
                result = await lifecycle.get_result("mail", made.task_id)
                assert result is not None
                assert result.state == "pending"

    await asyncio.gather(*(work(number) for number in range(5)))
    await assert_as_before(others, server, "jit")
    assert await on_every_backend(others, LEFT) == []


# writes


async def test_a_write_is_done_and_leaves_nothing(
    spec: ConnSpec, spawned: SpawnInfo, others: list[asyncpg.Connection], server: LocalPostgres
) -> None:
    performer = Performer(spec, audit=Audit(None))
    outcome = await performer.perform(cancel(spawned))
    assert isinstance(outcome, Done)
    assert outcome.after is not None
    assert outcome.after.state is State.CANCELLED
    assert await on_every_backend(others, LEFT) == []
    await assert_as_before(others, server, *writing.LIMITS)
    await performer.close()


async def test_who_holds_the_row_is_named(spec: ConnSpec, spawned: SpawnInfo, server: LocalPostgres) -> None:
    holder = await asyncpg.connect(server.dsn(), server_settings={"application_name": "nightly report"})
    performer = Performer(spec, audit=Audit(None))
    async with holder.transaction():
        await holder.execute("select from absurd.r_mail where task_id = $1 for update", spawned.task_id)
        outcome = await performer.perform(cancel(spawned))
    assert isinstance(outcome, Locked)
    assert (outcome.pid, outcome.application) == (holder.get_server_pid(), "nightly report")
    await performer.close()
    await holder.close()


@pytest.mark.parametrize(("step", "passing"), [("for update", 0), ("for update", 1), ("cancel_task", 1)])
async def test_a_client_that_vanishes_in_a_write_holds_nothing_for_longer_than_it_may(
    pooler: Pooler, spawned: SpawnInfo, server: LocalPostgres, monkeypatch: pytest.MonkeyPatch, step: str, passing: int
) -> None:
    monkeypatch.setattr(writing, "CLIENT_SECONDS", writing.IDLE_SECONDS + 2)
    admin = await asyncpg.connect(server.dsn())
    async with statement_proxy("127.0.0.1", pooler.port) as proxy:
        performer = Performer(
            resolve(f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable", environ={}),
            audit=Audit(None),
        )
        proxy.arm(step, Harm.SWALLOW_REQUEST, skip=passing)  # the message that begins it names every step
        writing_now = asyncio.create_task(performer.perform(cancel(spawned)))
        await proxy.striking()
        begun = time.monotonic()
        while await admin.fetchval(OPEN):
            assert time.monotonic() - begun < GONE_WITHIN
            await asyncio.sleep(0.1)
        assert isinstance(await writing_now, NotApplied)
        await performer.close()
    assert await admin.fetchval("select state from absurd.t_mail where task_id = $1", spawned.task_id) == "pending"
    await admin.close()


# a pooler that is full


@pytest.mark.fault(24)
async def test_a_pooler_without_room_is_asked_again_and_lives(server: LocalPostgres) -> None:
    with pgbouncer(server.folder / "socket", max_client_conn="1", query_wait_timeout="1") as full:
        spec = resolve(full.dsn("postgres"), environ={})
        first, second = Session(spec), Session(spec)
        await opened(first)
        with pytest.raises(asyncpg.ProtocolViolationError) as refused:
            await second.open()
        assert lacks_room(refused.value)
        assert classify(refused.value, connecting=True) is Fault.RECONNECT
        first.terminate()
        await opened(second)
        assert len(await second.fetch("select 1")) == 1
        second.terminate()
        assert full.process.poll() is None


async def opened(reader: Session) -> None:
    """Open a session as soon as the pooler has seen that others have gone."""
    async with asyncio.timeout(60):
        while not reader.is_open:
            try:
                await reader.open()
            except asyncpg.ProtocolViolationError:
                await asyncio.sleep(0.05)
