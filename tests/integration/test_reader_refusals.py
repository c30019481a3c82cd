"""What cannot be read is told with its reason, and everything else lives."""

import asyncio
import time

import asyncpg
import pytest
from absurd_server import Database
from seeding import counts_of, names_of, put, reading, role, rows_of

from absurd_tui.database import session
from absurd_tui.errors import CannotStart
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe import resting
from absurd_tui.observe.branches import refusal
from absurd_tui.observe.lock_holders import HeldLockError, with_holder
from absurd_tui.observe.lock_queries import HOLDER
from absurd_tui.observe.records import Away, Count, Refusal, Snapshot, State, View

QUEUES = ("mail", "orders", "secret")
MISSING = "its tables are missing"


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    await connection.execute("set application_name = 'migration'")
    lifecycle = Lifecycle(connection)
    for queue in QUEUES:
        await lifecycle.create_queue(queue)
        await lifecycle.spawn(queue, f"of {queue}", {})
    return lifecycle


@pytest.fixture
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a queue that refused again at once."""
    monkeypatch.setattr(resting, "REST_SECONDS", 0.0)


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


def refusals(snapshot: Snapshot) -> dict[str, str]:
    return {queue.name: queue.refusal.reason for queue in snapshot.queues if queue.refusal is not None}


def pending(snapshot: Snapshot) -> set[str]:
    return set(names_of(snapshot, State.PENDING))


# rights


async def test_a_queue_that_the_role_may_not_read_is_refused_alone_until_it_is_granted(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database) as readers:
        for queue in ("mail", "orders"):
            await connection.execute(f"grant select on absurd.t_{queue}, absurd.r_{queue} to {readers.name}")
        async with reading(readers.dsn) as reader:
            snapshot = await reader.snapshot(View())
            (_, _, secret) = snapshot.queues
            assert secret.counts is None
            assert secret.refusal is not None
            assert secret.refusal.reason == f"role {readers.name} may not SELECT on absurd.t_secret, r_secret"
            assert pending(snapshot) == {"of mail", "of orders"}
            assert counts_of(snapshot, "mail").pending == Count(1)
            assert (await reader.snapshot(View("secret"))).panel(State.PENDING) is not None
            assert secret.refusal.remedy is not None
            await connection.execute(secret.refusal.remedy)
            granted = await reader.snapshot(View(), is_urged=True)
            assert refusals(granted) == {}
            assert "of secret" in pending(granted)
            await connection.execute(f"revoke select on absurd.r_secret from {readers.name}")
            assert list(refusals(await reader.snapshot(View()))) == ["secret"]


async def test_without_a_right_on_checkpoints_sleepers_are_read_all_the_same(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    (claim,) = await lifecycle.claim("mail", "worker-1", 60)
    await lifecycle.set_checkpoint("mail", claim.task_id, "nap", {}, claim.run_id)
    await lifecycle.schedule_run("mail", claim.run_id, 600)
    async with role(connection, database) as readers:
        await connection.execute(f"grant select on absurd.t_mail, absurd.r_mail to {readers.name}")
        for step in (None, "nap"):
            async with reading(readers.dsn) as reader:
                panel = (await reader.snapshot(View("mail"))).panel(State.SLEEPING)
                assert panel is not None
                assert [row.reached_step for row in panel.rows] == [step]
            await connection.execute(f"grant select on absurd.c_mail to {readers.name}")


@pytest.mark.parametrize(
    ("revoked", "lacks", "allows"),
    [
        ("usage on schema absurd", "lacks USAGE on schema absurd", "GRANT USAGE ON SCHEMA absurd TO"),
        ("select on absurd.queues", "may not read absurd.queues", "GRANT SELECT ON absurd.queues TO"),
    ],
)
async def test_without_the_rights_to_list_queues_it_does_not_start_and_says_what_would_allow_it(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, revoked: str, lacks: str, allows: str
) -> None:
    async with role(connection, database) as readers:
        async with reading(readers.dsn) as reader:
            await connection.execute(f"revoke {revoked} from {readers.name}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.snapshot(View())
        with pytest.raises(CannotStart) as refused:
            async with reading(readers.dsn):
                pass
        told = str(refused.value)
        assert lacks in told
        assert readers.name in told
        await connection.execute(told[told.index(allows) :])
        async with reading(readers.dsn) as reader:
            assert len((await reader.snapshot(View())).queues) == len(QUEUES)


async def test_a_role_that_may_not_call_the_version_function_still_reads(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database) as readers:
        await connection.execute("revoke execute on function absurd.get_schema_version() from public")
        async with reading(readers.dsn) as reader:
            assert (await reader.snapshot(View())).server.absurd_version is None


# the schema


@pytest.mark.fault(34)
async def test_a_database_without_absurd_says_how_to_install_it(
    connection: asyncpg.Connection, database: Database
) -> None:
    await connection.execute("drop schema absurd cascade")
    with pytest.raises(CannotStart, match=f"no Absurd schema in database {database.name}.*absurdctl init"):
        async with reading(database.dsn):
            pass
    await connection.execute("create schema absurd")
    with pytest.raises(CannotStart, match="has no table queues"):
        async with reading(database.dsn):
            pass


async def test_a_queue_without_its_tables_is_refused_alone(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await connection.execute("drop table absurd.r_secret")
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    assert refusals(snapshot) == {"secret": MISSING}
    assert pending(snapshot) == {"of mail", "of orders"}


async def test_an_older_schema_is_read_as_far_as_it_goes(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await connection.execute("drop function absurd.get_schema_version()")
    await connection.execute("alter table absurd.queues drop column storage_mode cascade")
    async with reading(database.dsn) as reader:
        server = await reader.open()
        snapshot = await reader.snapshot(View())
    assert server.absurd_version is None
    assert {queue.storage_mode for queue in snapshot.queues} == {"unpartitioned"}
    assert pending(snapshot) == {"of mail", "of orders", "of secret"}


async def test_keys_are_read_cut_where_the_tasks_of_a_queue_have_them(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for queue in ("mail", "orders"):
        await lifecycle.spawn(queue, f"keyed in {queue}", {}, SpawnOptions(idempotency_key="k" * 300))
    await connection.execute("alter table absurd.t_orders drop column idempotency_key")
    async with reading(database.dsn) as reader:
        head = await reader.snapshot(View())
        place = rows_of(head, State.PENDING)[0].place
        assert place is not None
        away = await reader.snapshot(View(away=Away(State.PENDING, place, place)))
    for snapshot in (head, away):
        found = {row.task_name: row.idempotency_key for row in rows_of(snapshot, State.PENDING)}
        assert found["keyed in mail"] == "k" * 200
        assert found["keyed in orders"] is None
        assert found["of mail"] is None


# queues that come and go


@pytest.mark.fault(32)
async def test_a_queue_that_is_dropped_goes_and_one_that_is_made_anew_comes_back(
    lifecycle: Lifecycle, database: Database
) -> None:
    async with reading(database.dsn) as reader:
        assert len((await reader.snapshot(View())).queues) == 3
        await lifecycle.drop_queue("secret")
        snapshot = await reader.snapshot(View())
        assert ([queue.name for queue in snapshot.queues], refusals(snapshot)) == (["mail", "orders"], {})
        await lifecycle.create_queue("secret")
        await lifecycle.spawn("secret", "anew", {})
        snapshot = await reader.snapshot(View())
        assert refusals(snapshot) == {}
        assert "anew" in pending(snapshot)
        assert (await reader.snapshot(View("no such queue"))).panel(State.PENDING) is not None


async def test_a_queue_that_is_dropped_in_the_middle_of_a_reading_is_refused_and_the_others_live(
    lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = session.Session.fetch

    async def drop_after_the_list(self: session.Session, statement: str, *arguments: object) -> object:
        rows = await fetch(self, statement, *arguments)
        if "from absurd.queues" in statement:
            await lifecycle.drop_queue("secret")
        return rows

    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        await lifecycle.emit_event("mail", "paid")  # where nothing has ended, nothing is read again
        monkeypatch.setattr(session.Session, "fetch", drop_after_the_list)
        snapshot = await reader.snapshot(View())
        assert list(refusals(snapshot)) == ["secret"]
        assert MISSING in refusals(snapshot)["secret"]
        assert pending(snapshot) == {"of mail", "of orders"}
        after = await reader.snapshot(View())
        assert [queue.name for queue in after.queues] == ["mail", "orders"]


# locks and slowness


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
        while not await other.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110 - polled
            await asyncio.sleep(0.02)
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
