"""What each call says when the database refuses it, or is lost in the middle of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from absurd_tui.errors import (
    AbsurdError,
    ConnectionLost,
    Denied,
    InvalidRequest,
    QueueMissing,
    TimedOut,
    Undecodable,
)
from absurd_tui.lifecycle import Lifecycle, SpawnOptions

NOBODY = UUID("01890000-0000-7000-8000-000000000000")

Call = Callable[[Lifecycle], Coroutine[Any, Any, Any]]

QUEUE_CALLS: dict[str, Call] = {
    "spawn": lambda lc: lc.spawn("nowhere", "order", None),
    "spawn with a key": lambda lc: lc.spawn("nowhere", "order", None, SpawnOptions(idempotency_key="k")),
    "claim": lambda lc: lc.claim("nowhere", "worker-1"),
    "complete": lambda lc: lc.complete("nowhere", NOBODY),
    "fail": lambda lc: lc.fail("nowhere", NOBODY, None),
    "cancel": lambda lc: lc.cancel("nowhere", NOBODY),
    "retry": lambda lc: lc.retry("nowhere", NOBODY),
    "extend_claim": lambda lc: lc.extend_claim("nowhere", NOBODY, 1),
    "schedule_run": lambda lc: lc.schedule_run("nowhere", NOBODY, 1),
    "get_result": lambda lc: lc.get_result("nowhere", NOBODY),
    "emit_event": lambda lc: lc.emit_event("nowhere", "paid"),
    "await_event": lambda lc: lc.await_event("nowhere", NOBODY, NOBODY, "wait", "paid"),
    "set_checkpoint": lambda lc: lc.set_checkpoint("nowhere", NOBODY, "step", 1, NOBODY),
    "get_checkpoint": lambda lc: lc.get_checkpoint("nowhere", NOBODY, "step"),
    "get_checkpoints": lambda lc: lc.get_checkpoints("nowhere", NOBODY, NOBODY),
    "cleanup_tasks": lambda lc: lc.cleanup_tasks("nowhere", 60),
    "cleanup_events": lambda lc: lc.cleanup_events("nowhere", 60),
}

SCHEMA_CALLS: dict[str, Call] = {
    "create_queue": lambda lc: lc.create_queue("nowhere"),
    "create_queue partitioned": lambda lc: lc.create_queue("nowhere", "partitioned"),
    "drop_queue": lambda lc: lc.drop_queue("nowhere"),
    "list_queues": lambda lc: lc.list_queues(),
    "get_queue_policy": lambda lc: lc.get_queue_policy("nowhere"),
    "set_queue_policy": lambda lc: lc.set_queue_policy("nowhere", cleanup_limit=1),
    "cleanup_all_queues": lambda lc: lc.cleanup_all_queues(),
    "get_schema_version": lambda lc: lc.get_schema_version(),
    "ensure_partitions": lambda lc: lc.ensure_partitions(),
    "list_detach_candidates": lambda lc: lc.list_detach_candidates(),
    "enable_cron": lambda lc: lc.enable_cron(),
    "disable_cron": lambda lc: lc.disable_cron(),
}

WRITES: dict[str, Call] = {
    "spawn": lambda lc: lc.spawn("mail", "order", None),
    "claim": lambda lc: lc.claim("mail", "worker-1"),
    "cancel": lambda lc: lc.cancel("mail", NOBODY),
    "retry": lambda lc: lc.retry("mail", NOBODY),
    "emit_event": lambda lc: lc.emit_event("mail", "paid"),
    "create_queue": lambda lc: lc.create_queue("other"),
    "drop_queue": lambda lc: lc.drop_queue("mail"),
    "set_queue_policy": lambda lc: lc.set_queue_policy("mail", cleanup_limit=1),
    "cleanup_tasks": lambda lc: lc.cleanup_tasks("mail", 0),
}


def one_line(error: AbsurdError) -> bool:
    return len(str(error).splitlines()) == 1


@pytest.fixture
async def other(database: Any) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        connection.terminate()


@pytest.mark.parametrize("call", QUEUE_CALLS.values(), ids=QUEUE_CALLS)
async def test_every_call_tells_a_missing_queue(lifecycle: Lifecycle, call: Call) -> None:
    with pytest.raises(QueueMissing, match="nowhere") as caught:
        await call(lifecycle)
    assert caught.value.sqlstate == "42P01"
    assert isinstance(caught.value.__cause__, asyncpg.UndefinedTableError)
    assert one_line(caught.value)


@pytest.mark.parametrize("call", (QUEUE_CALLS | SCHEMA_CALLS).values(), ids=QUEUE_CALLS | SCHEMA_CALLS)
async def test_every_call_tells_a_database_without_absurd(
    lifecycle: Lifecycle, connection: asyncpg.Connection, call: Call
) -> None:
    await connection.execute("alter schema absurd rename to elsewhere")
    with pytest.raises(QueueMissing, match='schema "absurd" does not exist') as caught:
        await call(lifecycle)
    assert caught.value.sqlstate == "3F000"


@pytest.mark.parametrize(
    ("dropped", "call"),
    [
        ("retry_task", QUEUE_CALLS["retry"]),
        ("get_schema_version", SCHEMA_CALLS["get_schema_version"]),
        ("cleanup_all_queues", SCHEMA_CALLS["cleanup_all_queues"]),
    ],
)
async def test_an_older_schema_is_told_with_the_functions_name(
    lifecycle: Lifecycle, connection: asyncpg.Connection, dropped: str, call: Call
) -> None:
    await connection.execute(f"drop function absurd.{dropped}")
    with pytest.raises(InvalidRequest, match=rf"^absurd\.{dropped} is not .* too old") as caught:
        await call(lifecycle)
    assert caught.value.sqlstate == "42883"
    assert one_line(caught.value)


async def test_a_result_column_of_a_later_schema_is_told_as_an_older_schema(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await connection.execute("""
        drop function absurd.spawn_task;
        create function absurd.spawn_task(text, text, jsonb, jsonb)
            returns table (task_id uuid, run_id uuid, attempt integer) language sql as
            'select gen_random_uuid(), gen_random_uuid(), 1'""")
    with pytest.raises(InvalidRequest, match="too old") as caught:
        await lifecycle.spawn(queue, "order", None)
    assert caught.value.sqlstate == "42703"


async def test_a_queue_that_vanishes_while_it_is_created_is_missing(
    lifecycle: Lifecycle, connection: asyncpg.Connection
) -> None:
    await connection.execute("create rule vanish as on insert to absurd.queues do instead nothing")
    with pytest.raises(QueueMissing, match="not found after create attempt") as caught:
        await lifecycle.create_queue("mail")
    assert caught.value.sqlstate == "P0001"


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
async def test_a_read_only_session_is_denied(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, call: Call
) -> None:
    await connection.execute("set default_transaction_read_only = on")
    with pytest.raises(Denied, match="read-only transaction") as caught:
        await call(lifecycle)
    assert caught.value.sqlstate == "25006"


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("right", ["nothing", "select"])
async def test_a_role_without_rights_is_denied(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Any, queue: str, call: Call, right: str
) -> None:
    role = f"guest_{database.name}"
    await connection.execute(f"create role {role}")
    try:
        if right == "select":
            await connection.execute(f"""
                grant usage on schema absurd to {role};
                grant select on all tables in schema absurd to {role}""")
        await connection.execute(f"set role {role}")
        with pytest.raises(Denied, match=r"permission denied|must be owner") as caught:
            await call(lifecycle)
        assert caught.value.sqlstate == "42501"
    finally:
        await connection.execute(f"reset role; drop owned by {role}; drop role {role}")


async def test_a_lock_timeout_changes_nothing(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    async with other.transaction():
        await other.execute("select 1 from absurd.t_mail for update")
        await connection.execute("set lock_timeout = 50")
        with pytest.raises(TimedOut, match="lock timeout") as caught:
            await lifecycle.cancel(queue, spawned.task_id)
    assert caught.value.sqlstate == "55P03"
    assert (await Lifecycle(other).get_result(queue, spawned.task_id)).state == "pending"


async def test_a_statement_timeout_changes_nothing(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    async with other.transaction():
        await other.execute("select 1 from absurd.t_mail for update")
        await connection.execute("set statement_timeout = 50")
        with pytest.raises(TimedOut, match="statement timeout") as caught:
            await lifecycle.cancel(queue, spawned.task_id)
    assert caught.value.sqlstate == "57014"
    assert (await Lifecycle(other).get_result(queue, spawned.task_id)).state == "pending"


async def test_a_serialization_failure_changes_nothing(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    with pytest.raises(TimedOut, match="could not serialize") as caught:  # noqa: PT012 the race needs both sides
        async with connection.transaction(isolation="repeatable_read"):
            await lifecycle.get_result(queue, spawned.task_id)
            await other.execute("update absurd.t_mail set task_name = 'changed'")
            await lifecycle.cancel(queue, spawned.task_id)
    assert caught.value.sqlstate == "40001"
    assert (await lifecycle.get_result(queue, spawned.task_id)).state == "pending"


async def waiting(connection: asyncpg.Connection, pid: int) -> None:
    """Wait until the backend waits for a lock."""
    query = "select wait_event_type = 'Lock' from pg_stat_activity where pid = $1"
    async with asyncio.timeout(60):
        while not await connection.fetchval(query, pid):  # noqa: ASYNC110 the server sends no event
            await asyncio.sleep(0.01)


async def test_a_lost_connection_leaves_the_outcome_unknown(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    async with other.transaction():
        await other.execute("select 1 from absurd.t_mail for update")
        call = asyncio.create_task(lifecycle.cancel(queue, spawned.task_id))
        await waiting(other, connection.get_server_pid())
        await other.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        with pytest.raises(ConnectionLost, match="took effect is unknown") as caught:
            await call
    assert caught.value.sqlstate == "08003"
    assert one_line(caught.value)
    with pytest.raises(ConnectionLost, match="nothing was sent"):
        await lifecycle.list_queues()


async def test_no_answer_in_the_drivers_time_leaves_the_outcome_unknown(
    database: Any, lifecycle: Lifecycle, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    impatient = await asyncpg.connect(database.dsn, command_timeout=0.1)
    try:
        async with other.transaction():
            await other.execute("select 1 from absurd.t_mail for update")
            with pytest.raises(ConnectionLost, match="no answer in time"):
                await Lifecycle(impatient).cancel(queue, spawned.task_id)
    finally:
        await impatient.close()


async def test_cancelling_the_caller_is_not_an_error_of_ours(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, other: asyncpg.Connection
) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    async with other.transaction():
        await other.execute("select 1 from absurd.t_mail for update")
        with pytest.raises(TimeoutError):  # not ConnectionLost
            async with asyncio.timeout(0.1):
                await lifecycle.cancel(queue, spawned.task_id)


async def test_a_busy_connection_refuses_the_second_call(
    lifecycle: Lifecycle, connection: asyncpg.Connection, other: asyncpg.Connection
) -> None:
    await other.execute("select pg_advisory_lock(1)")
    running = asyncio.create_task(connection.execute("select pg_advisory_lock(1)"))
    await waiting(other, connection.get_server_pid())
    with pytest.raises(InvalidRequest, match="another operation is in progress"):
        await lifecycle.list_queues()
    await other.execute("select pg_advisory_unlock(1)")
    await running
    assert await lifecycle.list_queues() == []


async def test_a_call_in_a_failed_transaction_is_refused(lifecycle: Lifecycle, connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        with pytest.raises(QueueMissing):
            await lifecycle.claim("nowhere", "worker-1")
        with pytest.raises(InvalidRequest) as caught:
            await lifecycle.list_queues()
        assert caught.value.sqlstate == "25P02"
        await connection.execute("rollback; begin")


async def test_a_queue_name_of_several_lines_makes_one_line(lifecycle: Lifecycle) -> None:
    with pytest.raises(QueueMissing) as caught:
        await lifecycle.claim("two\nlines\u2028three", "worker-1")
    assert one_line(caught.value)
    with pytest.raises(QueueMissing) as caught:
        await lifecycle.cleanup_all_queues("two\nlines")
    assert one_line(caught.value)
    with pytest.raises(QueueMissing) as caught:
        await lifecycle.get_queue_policy("two\nlines")
    assert one_line(caught.value)


async def test_a_key_too_long_for_its_index_is_an_invalid_request(lifecycle: Lifecycle, queue: str) -> None:
    key = "".join(map(chr, Random(1).choices(range(33, 0xD000), k=5000)))
    with pytest.raises(InvalidRequest, match="index") as caught:
        await lifecycle.spawn(queue, "order", None, SpawnOptions(idempotency_key=key))
    assert caught.value.sqlstate == "54000"


async def test_what_is_nobodys_fault_stays_a_plain_error(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await connection.execute("alter table absurd.t_mail add check (task_name <> 'forbidden')")
    with pytest.raises(AbsurdError, match="violates check constraint") as caught:
        await lifecycle.spawn(queue, "forbidden", None)
    assert type(caught.value) is AbsurdError
    assert caught.value.sqlstate == "23514"


@pytest.fixture
async def unencoded(connection: asyncpg.Connection, database: Any) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without an encoding, which holds a byte that is not UTF-8."""
    name = f"{database.name}_ascii"
    await connection.execute(f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0")
    try:
        ascii_only = await asyncpg.connect(database.dsn.replace(database.name, name))
        await ascii_only.execute("""
            create schema absurd;
            create function absurd.get_schema_version() returns text language sql as
                $$ select convert_from('\\x41ff', 'SQL_ASCII') $$""")
        try:
            yield ascii_only
        finally:
            await ascii_only.close()
    finally:
        await connection.execute(f"drop database {name}")


async def test_text_that_python_cannot_decode_keeps_its_bytes(unencoded: asyncpg.Connection) -> None:
    await unencoded.execute("set client_encoding to 'SQL_ASCII'")
    with pytest.raises(Undecodable) as caught:
        await Lifecycle(unencoded).get_schema_version()
    assert caught.value.text == "A\\xff"


async def test_text_that_the_server_cannot_send_is_not_the_requests_fault(unencoded: asyncpg.Connection) -> None:
    with pytest.raises(AbsurdError, match="invalid byte sequence") as caught:
        await Lifecycle(unencoded).get_schema_version()
    assert type(caught.value) is AbsurdError
