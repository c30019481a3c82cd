"""The page of a task, read from a real database in which Absurd's own functions put it into every state."""

import json
from math import inf
from uuid import uuid4

import asyncpg
from integration.task_reader.stored_task import HOSTILE, QUEUE, claimed, read, spawned

from absurd_tui.lifecycle import Cancellation, FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe.reasons import Canceller, Sleep, who_cancelled, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import PARAMS, checkpoint_part
from absurd_tui.observe.task_rows import row_of


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
