"""What cannot be read is told with its reason, and everything else lives."""

import asyncpg
import pytest
from absurd_server import Database
from seeding import counts_of, pending, reading, refusals, role, rows_of

from absurd_tui.database import session
from absurd_tui.errors import CannotStart
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import Away, Count, State, View

MISSING = "its tables are missing"


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
            assert len((await reader.snapshot(View())).queues) == 3


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
