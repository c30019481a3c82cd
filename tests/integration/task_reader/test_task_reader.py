"""How a task is read: what may be missing, what is refused, and over which connection."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from absurd_server import Database
from integration.task_reader.stored_task import HOSTILE, QUEUE, claimed, read, spawned

from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_queries import documents, key_holder
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import failure_part

END_THE_OTHERS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid()"""


def is_open(session: Session) -> bool:
    return session.is_open


async def test_more_attempts_than_are_read_are_said_to_be_more(
    connection: asyncpg.Connection, lifecycle: Lifecycle, reader: TaskReader
) -> None:
    task_id = await spawned(lifecycle, SpawnOptions())
    await connection.execute("""
        do $$ begin
            for n in 1..505 loop
                perform absurd.fail_run(q, run_id, '{"message": "no"}')
                   from (select queue_name as q from absurd.queues) q,
                        lateral absurd.claim_task(q, 'w', 60, 1) c;
            end loop;
        end $$""")
    page = await read(reader, task_id)
    assert page.has_more_runs
    assert [run.attempt for run in page.runs] == list(range(7, 507))
    assert page.runs[-2].reason is not None
    assert page.runs[-2].reason.text is not None
    oldest = page.runs[0].reason
    assert oldest is not None
    assert oldest.text is None
    loaded = await reader.document(QUEUE, task_id, failure_part(page.runs[0].run_id))
    assert loaded is not None
    assert loaded.text == '{"message": "no"}'


async def test_parts_that_may_not_be_read_leave_the_page(
    connection: asyncpg.Connection, lifecycle: Lifecycle, session: Session, reader: TaskReader
) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.await_event(QUEUE, taken.task_id, taken.run_id, "s", "e")
    role = f"viewer_{uuid4().hex}"
    quoted = ", ".join('absurd."' + f"{letter}_{QUEUE}".replace('"', '""') + '"' for letter in "tr")
    await connection.execute(f"create role {role}; grant usage on schema absurd to {role}")
    try:
        await connection.execute(f"grant select on {quoted} to {role}; grant {role} to current_user")
        await session.open()
        await session.fetch(f"set role {role}")
        page = await read(reader, taken.task_id)
        assert page.state is State.SLEEPING
        assert page.checkpoints == ()
        assert page.waits == ()
        assert page.checkpoints_refusal is not None
        assert "may not read absurd.c_" in page.checkpoints_refusal.reason
        assert page.waits_refusal is not None
        assert "may not read absurd.w_" in page.waits_refusal.reason
        await connection.execute(f"revoke select on {quoted} from {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.task(QUEUE, taken.task_id)
    finally:
        session.terminate()
        await connection.execute(f"drop owned by {role}; drop role {role}")


async def test_the_connection_is_opened_on_first_use_and_again_after_it_was_lost(
    connection: asyncpg.Connection, lifecycle: Lifecycle, session: Session, reader: TaskReader
) -> None:
    task_id = await spawned(lifecycle)
    assert not is_open(session)
    await read(reader, task_id)
    assert is_open(session)
    await connection.execute(END_THE_OTHERS)
    async with asyncio.timeout(60):
        while is_open(session):  # noqa: ASYNC110 - the driver tells of it in no other way
            await asyncio.sleep(0.01)
    assert (await read(reader, task_id)).task_id == task_id


async def test_a_connection_that_ends_in_the_middle_of_a_page_is_made_anew(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    session: Session,
    reader: TaskReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task_id = await spawned(lifecycle)
    await read(reader, task_id)
    fetch, ended = Session.fetch, 0

    async def end_before_the_documents(self: Session, statement: str, *arguments: object) -> object:
        nonlocal ended
        if statement == documents(QUEUE) and not ended:
            ended = await connection.fetchval(END_THE_OTHERS)
        return await fetch(self, statement, *arguments)

    monkeypatch.setattr(Session, "fetch", end_before_the_documents)
    assert (await read(reader, task_id)).task_id == task_id
    assert ended == 1


async def test_a_locked_table_is_an_error_and_not_the_end(
    database: Database, lifecycle: Lifecycle, session: Session, reader: TaskReader
) -> None:
    task_id = await spawned(lifecycle)
    await read(reader, task_id)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute('lock table absurd."t_' + QUEUE.replace('"', '""') + '" in access exclusive mode')
            with pytest.raises(asyncpg.LockNotAvailableError):
                await reader.task(QUEUE, task_id)
    finally:
        await other.close()
    assert session.is_open
    await read(reader, task_id)


async def test_the_newest_of_the_waiting_requests_is_read(lifecycle: Lifecycle, reader: TaskReader) -> None:
    one, two, three = [await spawned(lifecycle) for _ in range(3)]
    first, second, third = (asyncio.ensure_future(reader.task(QUEUE, task_id)) for task_id in (one, two, three))
    with pytest.raises(SupersededError):
        await second
    pages = [await first, await third]
    assert [page.task_id if page else None for page in pages] == [one, three]


async def test_a_schema_from_before_idempotency_keys(
    connection: asyncpg.Connection, lifecycle: Lifecycle, reader: TaskReader
) -> None:
    task_id = await spawned(lifecycle)
    table = 'absurd."t_' + QUEUE.replace('"', '""') + '"'
    await connection.execute(f"alter table {table} drop column idempotency_key")
    assert (await read(reader, task_id)).idempotency_key is None
    assert await reader.key_holder(QUEUE, "k") is None


async def test_a_partitioned_queue(connection: asyncpg.Connection, reader: TaskReader) -> None:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue(QUEUE, "partitioned")
    taken = await claimed(lifecycle, SpawnOptions(idempotency_key="k"))
    page = await read(reader, taken.task_id)
    assert (page.state, page.idempotency_key) == (State.RUNNING, "k")


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
async def test_the_task_that_has_a_key_is_found_by_an_index(
    connection: asyncpg.Connection, reader: TaskReader, session: Session, mode: str
) -> None:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue(QUEUE, mode)
    await lifecycle.create_queue("other", mode)
    for number in range(300):
        await spawned(lifecycle, SpawnOptions(idempotency_key=f"k{number}"))
    taken = await claimed(lifecycle, SpawnOptions(idempotency_key=HOSTILE))
    assert await reader.key_holder(QUEUE, HOSTILE) is not None
    first = await reader.key_holder(QUEUE, "k0")
    assert first is not None
    assert (first.task_id, first.task_name, first.state) == (taken.task_id, "charge_card", State.RUNNING)
    assert await reader.key_holder(QUEUE, "k") is None
    assert await reader.key_holder("other", "k0") is None
    statement = key_holder(QUEUE, has_table=mode == "partitioned").replace("$1", "'k0'")
    plan = "\n".join(row[0] for row in await session.fetch(f"explain {statement}"))
    assert "Seq Scan" not in plan
