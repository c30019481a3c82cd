"""The page of a task, read from a real database in which Absurd's own functions put it into every state."""

import asyncio
import json
from collections.abc import AsyncIterator
from math import inf
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from absurd_server import Database

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Cancellation, Claim, FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe.reasons import Canceller, Sleep, who_cancelled, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_queries import WHOLE_CHARACTERS, key_holder
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import PARAMS, RESULT, TaskPage, checkpoint_part, failure_part
from absurd_tui.observe.task_rows import row_of

QUEUE = 'odd "queue" %s\n[b]'
HOSTILE = "\x1b]0;pwned\x07[/red]\u202e"


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    session = Session(resolve(database.dsn, environ={}))
    yield session
    session.terminate()


@pytest.fixture
def reader(session: Session) -> TaskReader:
    return TaskReader(session)


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue(QUEUE)
    return lifecycle


async def spawned(lifecycle: Lifecycle, options: SpawnOptions | None = None, params: Any = None) -> UUID:
    info = await lifecycle.spawn(QUEUE, "charge_card", params, options or SpawnOptions(max_attempts=2))
    return info.task_id


async def claimed(lifecycle: Lifecycle, options: SpawnOptions | None = None, lease: int = 60) -> Claim:
    await spawned(lifecycle, options)
    return await claim(lifecycle, lease)


async def claim(lifecycle: Lifecycle, lease: int = 60) -> Claim:
    (taken,) = await lifecycle.claim(QUEUE, "pay-a:1", lease)
    return taken


async def read(reader: TaskReader, task_id: UUID) -> TaskPage:
    page = await reader.task(QUEUE, task_id)
    assert page is not None
    return page


def is_open(session: Session) -> bool:
    return session.is_open


async def test_a_pending_task(lifecycle: Lifecycle, reader: TaskReader) -> None:
    options = SpawnOptions(
        max_attempts=4,
        headers={"trace": "x"},
        idempotency_key="k-1",
        retry_strategy=FixedRetry(60),
        cancellation=Cancellation(max_duration=900, max_delay=60),
    )
    page = await read(reader, await spawned(lifecycle, options, {"order": 1}))
    assert (page.state, page.attempts, page.max_attempts) == (State.PENDING, 1, 4)
    assert (page.task_name, page.queue, page.idempotency_key) == ("charge_card", QUEUE, "k-1")
    assert page.params.text == '{"order": 1}'
    assert page.headers is not None
    assert page.headers.text == '{"trace": "x"}'
    assert page.result is None
    assert json.loads(page.retry_strategy or "") == {"kind": "fixed", "base_seconds": 60}
    assert (page.max_duration, page.max_delay) == ("900", "60")
    assert page.first_started_at is None
    assert page.cancelled_at is None
    (run,) = page.runs
    assert (run.attempt, run.state, run.started_at, run.reason) == (1, State.PENDING, None, None)
    assert 0 <= page.now - page.enqueued_at < 60
    assert page.waits == ()
    assert page.checkpoints == ()
    assert not page.is_over


async def test_a_running_task_with_checkpoints(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.set_checkpoint(QUEUE, taken.task_id, "first", {"a": 1}, taken.run_id)
    await lifecycle.set_checkpoint(QUEUE, taken.task_id, "second", None, taken.run_id)
    page = await read(reader, taken.task_id)
    (run,) = page.runs
    assert (run.state, run.worker) == (State.RUNNING, "pay-a:1")
    assert run.claim_expires_at is not None
    assert 0 < run.claim_expires_at - page.now <= 60
    assert page.first_started_at == run.started_at is not None
    assert [(step.checkpoint_name, step.owner_run_id) for step in page.checkpoints] == [
        ("first", taken.run_id),
        ("second", taken.run_id),
    ]
    first = await reader.document(QUEUE, taken.task_id, checkpoint_part("first"))
    assert first is not None
    assert first.text == '{"a": 1}'
    assert first.size == page.checkpoints[0].size


async def test_a_run_without_a_lease(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle, lease=0)
    page = await read(reader, taken.task_id)
    assert page.runs[0].claim_expires_at is None


async def test_a_task_that_backs_off_has_its_failure(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle, SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(60)))
    await lifecycle.fail(QUEUE, taken.run_id, {"name": "HTTPError", "message": "503", "traceback": "at x"})
    page = await read(reader, taken.task_id)
    failed, waiting = page.runs
    assert page.state is State.SLEEPING
    assert failed.state is State.FAILED
    assert failed.failed_at == failed.ended_at is not None
    assert failed.reason is not None
    assert json.loads(failed.reason.text or "")["traceback"] == "at x"
    assert waiting.started_at is None
    assert waiting.available_at > page.now
    row = row_of(page)
    assert row is not None
    assert why_sleeping(row).kind is Sleep.RETRY
    assert row.failure is not None
    assert row.failure.name == "HTTPError"


async def test_a_task_that_waits_for_an_event(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.await_event(QUEUE, taken.task_id, taken.run_id, "$awaitEvent:" + HOSTILE, HOSTILE)
    page = await read(reader, taken.task_id)
    (wait,) = page.waits
    assert (wait.event_name, wait.timeout_at) == (HOSTILE, None)
    assert page.runs[0].available_at == inf
    row = row_of(page)
    assert row is not None
    assert why_sleeping(row).kind is Sleep.EVENT


async def test_a_wait_with_a_limit(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.await_event(QUEUE, taken.task_id, taken.run_id, "s", "e", timeout=300)
    page = await read(reader, taken.task_id)
    assert page.waits[0].timeout_at == page.runs[0].available_at < inf


async def test_a_deferred_task(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.schedule_run(QUEUE, taken.run_id, 60)
    row = row_of(await read(reader, taken.task_id))
    assert row is not None
    assert why_sleeping(row).kind is Sleep.DEFERRED


async def test_a_completed_task(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle)
    await lifecycle.complete(QUEUE, taken.run_id, {"ok": True})
    page = await read(reader, taken.task_id)
    assert page.state is State.COMPLETED
    assert page.is_over
    assert page.result is not None
    assert page.result.text == '{"ok": true}'
    assert page.runs[0].completed_at is not None


async def test_a_failed_task_and_its_retry_in_place(lifecycle: Lifecycle, reader: TaskReader) -> None:
    taken = await claimed(lifecycle, SpawnOptions(max_attempts=1))
    await lifecycle.fail(QUEUE, taken.run_id, {"message": "no"})
    assert (await read(reader, taken.task_id)).state is State.FAILED
    await lifecycle.retry(QUEUE, taken.task_id)
    page = await read(reader, taken.task_id)
    assert page.state is State.PENDING
    assert [run.attempt for run in page.runs] == [1, 2]


async def test_a_cancelled_task(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle)
    await lifecycle.cancel(QUEUE, task_id)
    page = await read(reader, task_id)
    assert page.state is State.CANCELLED
    assert page.cancelled_at is not None
    row = row_of(page)
    assert row is not None
    assert who_cancelled(row) is Canceller.OPERATOR


async def test_a_task_that_was_cancelled_because_its_next_attempt_would_start_too_late(
    lifecycle: Lifecycle, reader: TaskReader
) -> None:
    late = SpawnOptions(max_attempts=5, retry_strategy=FixedRetry(2000), cancellation=Cancellation(max_duration=1000))
    taken = await claimed(lifecycle, late)
    await lifecycle.fail(QUEUE, taken.run_id, {"message": "once"})
    row = row_of(await read(reader, taken.task_id))
    assert row is not None
    assert (row.state, who_cancelled(row)) == (State.CANCELLED, Canceller.OVER_DURATION)


async def test_a_task_that_is_no_more(lifecycle: Lifecycle, connection: asyncpg.Connection, reader: TaskReader) -> None:
    assert await reader.task(QUEUE, uuid4()) is None
    taken = await claimed(lifecycle)
    await lifecycle.complete(QUEUE, taken.run_id)
    await read(reader, taken.task_id)
    await lifecycle.cleanup_tasks(QUEUE, 0)
    assert await reader.task(QUEUE, taken.task_id) is None
    assert await reader.document(QUEUE, taken.task_id, PARAMS) is None


@pytest.mark.parametrize("value", [None, 5, [], "text", {}, True, 1.5])
async def test_documents_of_any_json_type(lifecycle: Lifecycle, reader: TaskReader, value: Any) -> None:
    await lifecycle.spawn(QUEUE, "t", value, SpawnOptions(max_attempts=1))
    taken = await claim(lifecycle)
    await lifecycle.fail(QUEUE, taken.run_id, value)
    page = await read(reader, taken.task_id)
    assert page.params.text == json.dumps(value)
    reason = page.runs[0].reason
    assert reason is not None
    assert reason.text == json.dumps(value)


async def test_documents_keep_every_digit_and_escape(connection: asyncpg.Connection, reader: TaskReader) -> None:
    await connection.execute("select absurd.create_queue($1)", QUEUE)
    stored = '{"amount": 12345678901234567890.1200, "text": "\\u202e\\u001b[2J"}'
    row = await connection.fetchrow("select task_id from absurd.spawn_task($1, $2, $3)", QUEUE, HOSTILE, stored)
    assert row is not None
    page = await read(reader, row["task_id"])
    assert page.task_name == HOSTILE
    assert page.params.text is not None
    assert "12345678901234567890.1200" in page.params.text


async def test_five_megabytes_are_fetched_only_on_request(
    connection: asyncpg.Connection, lifecycle: Lifecycle, reader: TaskReader
) -> None:
    noise = "select string_agg(md5(n::text), '') from generate_series(1, 160000) n"
    value = json.dumps({"noise": await connection.fetchval(noise)})
    task_id = await spawned(lifecycle, SpawnOptions(max_attempts=1), json.loads(value))
    page = await read(reader, task_id)
    assert page.params.text is None
    assert 3_000_000 < page.params.size < 6_000_000
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_whole
    assert whole.text == value
    taken = await claim(lifecycle)
    await lifecycle.fail(QUEUE, taken.run_id, json.loads(value))
    reason = (await read(reader, task_id)).runs[0].reason
    assert reason is not None
    assert reason.text is None
    loaded = await reader.document(QUEUE, task_id, failure_part(taken.run_id))
    assert loaded is not None
    assert loaded.text == value
    assert await reader.document(QUEUE, task_id, RESULT) is None


async def test_a_text_that_is_small_only_when_compressed_is_cut(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle, params={"a": "x" * 1_000_000})
    params = (await read(reader, task_id)).params
    assert params.text is not None
    assert params.is_cut
    assert not params.is_whole
    assert len(params.text) < 100_000
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_whole


async def test_even_a_whole_document_has_an_end(lifecycle: Lifecycle, reader: TaskReader) -> None:
    task_id = await spawned(lifecycle, params="x" * (WHOLE_CHARACTERS + 10))
    whole = await reader.document(QUEUE, task_id, PARAMS)
    assert whole is not None
    assert whole.is_cut
    assert whole.text is not None
    assert len(whole.text) == WHOLE_CHARACTERS


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
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(60):
        while is_open(session):  # noqa: ASYNC110 - the driver tells of it in no other way
            await asyncio.sleep(0.01)
    assert (await read(reader, task_id)).task_id == task_id


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
