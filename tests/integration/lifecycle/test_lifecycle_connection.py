"""Over what a `Lifecycle` works: any connection, its owner's settings, its owner's transaction."""

import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import absurd_tui.lifecycle
from absurd_tui.errors import CannotConnect, InvalidConnection, InvalidRequest, QueueMissing
from absurd_tui.lifecycle import AwaitResult, CleanupCount, Lifecycle, SpawnOptions, connect

CODED = (
    *("json", "jsonb", "uuid", "timestamptz", "timestamp", "interval", "numeric"),
    *("bool", "int2", "int4", "int8", "float4", "float8"),
)


def refuse(value: Any) -> Any:
    raise AssertionError(f"a codec of the owner's was used on {value!r}")


@pytest.fixture
async def customised(database: Any) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose owner decodes and encodes everything differently."""
    connection = await asyncpg.connect(database.dsn)
    for type_name in CODED:
        await connection.set_type_codec(type_name, schema="pg_catalog", encoder=refuse, decoder=refuse)
    try:
        yield connection
    finally:
        await connection.close()


async def everything(lifecycle: Lifecycle, queue: str) -> None:
    """A call on each function whose arguments or columns a codec or a search_path could touch."""
    await lifecycle.create_queue(queue, "partitioned")
    options = SpawnOptions(max_attempts=3, headers={"a": 1}, idempotency_key="k")
    spawned = await lifecycle.spawn(queue, "order", {"id": [1, "2", None]}, options)
    assert (spawned.attempt, spawned.created) == (1, True)
    assert (await lifecycle.spawn(queue, "order", None, options)).created is False
    (claim,) = await lifecycle.claim(queue, "worker-1")
    assert (claim.attempt, claim.max_attempts) == (1, 3)
    assert (claim.task_id, claim.params, claim.headers) == (spawned.task_id, {"id": [1, "2", None]}, {"a": 1})
    await lifecycle.set_checkpoint(queue, claim.task_id, "step", Decimal("1.50"), claim.run_id, 60)
    checkpoint = await lifecycle.get_checkpoint(queue, claim.task_id, "step", include_pending=True)
    assert checkpoint is not None
    assert (checkpoint.state, checkpoint.owner_run_id) == (1.5, claim.run_id)
    assert checkpoint.updated_at is not None
    assert abs(checkpoint.updated_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert await lifecycle.get_checkpoints(queue, claim.task_id, claim.run_id) == [checkpoint]
    awaited = await lifecycle.await_event(queue, claim.task_id, claim.run_id, "wait", "paid", 30)
    assert awaited == AwaitResult(should_suspend=True, payload=None, timed_out=False)
    await lifecycle.emit_event(queue, "paid", {"amount": 1})
    (claim,) = await lifecycle.claim(queue, "worker-1")
    await lifecycle.extend_claim(queue, claim.run_id, 5)
    await lifecycle.schedule_run(queue, claim.run_id, 0.0)
    (claim,) = await lifecycle.claim(queue, "worker-1")
    await lifecycle.fail_with_retry(queue, claim.run_id, {"why": "no"}, datetime(2000, 1, 1, tzinfo=UTC))
    (claim,) = await lifecycle.claim(queue, "worker-1")
    await lifecycle.complete(queue, claim.run_id, "done")
    assert (await lifecycle.get_result(queue, claim.task_id)).result == "done"
    await lifecycle.set_queue_policy(queue, cleanup_ttl=timedelta(days=2), cleanup_limit=7)
    policy = await lifecycle.get_queue_policy(queue)
    assert (policy.cleanup_ttl, policy.cleanup_limit) == (timedelta(days=2), 7)
    await lifecycle.ensure_partitions(queue)
    assert await lifecycle.list_detach_candidates(queue) == []
    assert await lifecycle.cleanup_tasks(queue, 3600) == 0
    assert await lifecycle.cleanup_all_queues(queue) == [CleanupCount(queue, 0, 0)]
    await lifecycle.drop_queue(queue)


async def test_the_owners_codecs_are_never_used(customised: asyncpg.Connection) -> None:
    await everything(Lifecycle(customised), "mail")


async def test_json_is_not_encoded_twice_where_a_jsonb_codec_is_set(
    connection: asyncpg.Connection, lifecycle: Lifecycle, queue: str
) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    await lifecycle.spawn(queue, "order", {"id": 1})
    assert await connection.fetchval("select jsonb_typeof(params) from absurd.t_mail") == "object"


async def test_search_path_changes_nothing(lifecycle: Lifecycle, connection: asyncpg.Connection) -> None:
    await connection.execute("set search_path = pg_catalog")
    await everything(lifecycle, "mail")


async def test_a_hostile_search_path_reaches_nothing_of_ours(
    lifecycle: Lifecycle, connection: asyncpg.Connection
) -> None:
    await connection.execute("""
        create schema hostile;
        create function hostile.refuse(timestamptz, interval) returns timestamptz language plpgsql as
            $$ begin raise 'hostile +'; end $$;
        create operator hostile.+ (leftarg = timestamptz, rightarg = interval, function = hostile.refuse);
        create function hostile.make_interval(secs double precision) returns interval language plpgsql as
            $$ begin raise 'hostile make_interval'; end $$;
        create function hostile.isfinite(interval) returns boolean language plpgsql as
            $$ begin raise 'hostile isfinite'; end $$;
        create function hostile.concat_ws(text, variadic bigint[]) returns text language plpgsql as
            $$ begin raise 'hostile concat_ws'; end $$""")
    await lifecycle.create_queue("mail")
    spawned = await lifecycle.spawn("mail", "order", None)
    await lifecycle.claim("mail", "worker-1")

    await connection.execute("set search_path = hostile, pg_catalog")
    await lifecycle.schedule_run("mail", spawned.run_id, 1)
    assert (await lifecycle.get_result("mail", spawned.task_id)).state == "sleeping"
    assert (await lifecycle.get_queue_policy("mail")).cleanup_ttl == timedelta(days=30)
    assert await lifecycle.get_checkpoint("mail", spawned.task_id, "step") is None


async def test_an_undone_transaction_of_the_caller_leaves_nothing(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    transaction = connection.transaction()
    await transaction.start()
    spawned = await lifecycle.spawn(queue, "order", None)
    await lifecycle.emit_event(queue, "paid")
    await lifecycle.create_queue("other")
    await transaction.rollback()

    assert await lifecycle.list_queues() == [queue]
    assert await lifecycle.claim(queue, "worker-1") == []
    assert await connection.fetchval("select count(*) from absurd.e_mail") == 0
    assert await connection.fetchval("select count(*) from absurd.t_mail where task_id = $1", spawned.task_id) == 0


async def test_calls_are_part_of_the_callers_transaction_itself(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    """A row written in a savepoint would carry another transaction id."""
    async with connection.transaction():
        await lifecycle.spawn(queue, "order", None)
        own = "select xmin::text::bigint = pg_current_xact_id()::text::bigint % 4294967296 from absurd.t_mail"
        assert await connection.fetchval(own)


async def test_an_error_leaves_the_callers_transaction_failed(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    with pytest.raises(QueueMissing):  # noqa: PT012 the error ends the transaction
        async with connection.transaction():
            await lifecycle.spawn(queue, "order", None)
            await lifecycle.spawn("nowhere", "order", None)
    assert await lifecycle.claim(queue, "worker-1") == []


async def test_what_is_refused_before_it_is_sent_leaves_the_transaction_usable(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    async with connection.transaction():
        with pytest.raises(InvalidRequest):
            await lifecycle.spawn(queue, "order", float("nan"))
        await lifecycle.spawn(queue, "order", None)
    assert len(await lifecycle.claim(queue, "worker-1")) == 1


async def test_a_connection_from_a_pool_serves(database: Any) -> None:
    async with asyncpg.create_pool(database.dsn, min_size=1, max_size=1) as pool:
        async with pool.acquire() as connection:
            lifecycle = Lifecycle(connection)
            await everything(lifecycle, "mail")
        with pytest.raises(InvalidRequest, match="released back to the pool"):
            await lifecycle.list_queues()


async def test_a_connection_without_a_statement_cache_serves(database: Any) -> None:
    connection = await asyncpg.connect(database.dsn, statement_cache_size=0)
    try:
        await everything(Lifecycle(connection), "mail")
    finally:
        await connection.close()


async def test_connect_opens_and_closes_a_connection_of_its_own(database: Any, connection: asyncpg.Connection) -> None:
    others = """select count(*) from pg_stat_activity where datname = current_database()
                and pid <> pg_backend_pid() and backend_type = 'client backend'"""
    async with connect(database.dsn) as lifecycle:
        assert await lifecycle.get_schema_version() == "0.5.1"
        assert await connection.fetchval(others) == 1
    with pytest.raises(absurd_tui.lifecycle.ConnectionLost):
        await lifecycle.list_queues()


async def test_connect_takes_the_dsn_from_the_environment(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABSURD_DATABASE_URL", database.dsn)
    async with connect() as lifecycle:
        assert await lifecycle.list_queues() == []


async def test_an_error_in_the_body_is_not_hidden_by_a_dead_connection(
    database: Any, connection: asyncpg.Connection
) -> None:
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()"
    with pytest.raises(KeyError, match="mine"):  # noqa: PT012 the connection ends within the block
        async with connect(database.dsn):
            await connection.execute(kill, database.name)
            raise KeyError("mine")


async def test_a_database_that_does_not_exist_cannot_be_connected_to(database: Any) -> None:
    with pytest.raises(CannotConnect, match=r'database ".*_gone" does not exist') as caught:
        async with connect(database.dsn.replace(database.name, f"{database.name}_gone")):
            pass
    assert caught.value.sqlstate == "3D000"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:s3cr3t@127.0.0.1:1/db",
        "host=/nonexistent user=u password=s3cr3t dbname=db",
        "postgresql://u:s3cr3t@no-such-host.invalid/db",
    ],
)
async def test_where_nobody_listens_no_password_is_told(dsn: str) -> None:
    with pytest.raises(CannotConnect) as caught:
        async with connect(dsn):
            pass
    assert caught.value.sqlstate is None
    assert "s3cr3t" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


async def test_a_bad_string_is_an_invalid_connection() -> None:
    with pytest.raises(InvalidConnection) as caught:
        async with connect("postgresql://u:s3cr3t@host:port/db"):
            pass
    assert "s3cr3t" not in str(caught.value)


def test_options_records_and_errors_load_no_driver() -> None:
    program = """
        import sys
        from absurd_tui.lifecycle import Claim, InvalidRequest, SpawnOptions, encode_options
        assert encode_options(SpawnOptions()) == "{}"
        assert "asyncpg" not in sys.modules, "asyncpg was imported"
        import absurd_tui.lifecycle as lifecycle
        assert "connect" in dir(lifecycle) and not hasattr(lifecycle, "nothing")
        assert lifecycle.Lifecycle.__name__ == "Lifecycle"
        assert "asyncpg" in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_everything_public_is_there() -> None:
    for name in absurd_tui.lifecycle.__all__:
        assert getattr(absurd_tui.lifecycle, name) is not None


async def test_the_example_runs(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    documentation = absurd_tui.lifecycle.__doc__
    assert documentation is not None
    lines = documentation.splitlines()
    example = textwrap.dedent("\n".join(line for line in lines if not line or line.startswith("    ")))
    scope: dict[str, Any] = {}
    exec(example, scope)
    await scope["main"](database.dsn)
    assert capsys.readouterr().out == "completed {'sent': 42}\n"


async def test_ids_are_plain_uuids(lifecycle: Lifecycle, queue: str) -> None:
    spawned = await lifecycle.spawn(queue, "order", None)
    assert type(spawned.task_id) is UUID
