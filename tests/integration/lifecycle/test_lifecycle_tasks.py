"""Runs and tasks to their end, and tried again, against Absurd's own SQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from integration.lifecycle.given import claimed, failed, latest_run, run_row, set_clock

from absurd_tui.errors import (
    AlreadyFailed,
    Cancelled,
    InvalidRequest,
    NotFound,
    Undecodable,
    WrongState,
)
from absurd_tui.lifecycle import (
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    Lifecycle,
    NoRetry,
    RetryOptions,
    SpawnInfo,
    SpawnOptions,
    TaskResult,
)


@pytest.mark.parametrize(
    "result",
    [
        None,
        True,
        0,
        -7,
        10**4299,
        0.1,
        1.0,
        Decimal("0.1000000000000000055511151231257827"),
        'é\t"\\/€😀',
        [],
        {"a": [{}]},
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:12]}",
)
async def test_a_result_comes_back_as_it_was_given(lifecycle: Lifecycle, queue: str, result: Any) -> None:
    claim = await claimed(lifecycle, queue)
    await lifecycle.complete(queue, claim.run_id, result)

    stored = await lifecycle.get_result(queue, claim.task_id)
    assert stored == TaskResult("completed", result, None)
    assert type(stored.result) is type(result)


async def test_completing_without_a_state_stores_json_null(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    claim = await claimed(lifecycle, queue)
    await lifecycle.complete(queue, claim.run_id)

    assert await connection.fetchval("select completed_payload::text from absurd.t_mail") == "null"
    assert (await run_row(connection, claim.run_id))["state"] == "completed"


async def test_only_one_of_two_concurrent_completions_succeeds(lifecycle: Lifecycle, database: Any, queue: str) -> None:
    claim = await claimed(lifecycle, queue)
    other = await asyncpg.connect(database.dsn)
    try:
        outcomes = await asyncio.gather(
            lifecycle.complete(queue, claim.run_id, "first"),
            Lifecycle(other).complete(queue, claim.run_id, "second"),
            return_exceptions=True,
        )
    finally:
        await other.close()

    winner = outcomes.index(None)
    assert isinstance(outcomes[1 - winner], WrongState)
    assert (await lifecycle.get_result(queue, claim.task_id)).result == ("first", "second")[winner]


async def test_failing_queues_the_next_attempt_by_the_retry_strategy(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    claim = await claimed(lifecycle, queue, SpawnOptions(retry_strategy=ExponentialRetry(10, 3.0, 60.0)))
    delays = []
    for _ in range(4):
        await lifecycle.fail(queue, claim.run_id, {"message": "no"})
        following = await latest_run(connection, claim.task_id)
        assert following["state"] == "sleeping"
        delays.append(following["available_at"])
        await set_clock(connection, following["available_at"].isoformat())
        (claim,) = await lifecycle.claim(queue, "worker-1")

    steps = [later - sooner for sooner, later in zip([datetime(2026, 1, 1, tzinfo=UTC), *delays], delays, strict=False)]
    assert steps == [timedelta(seconds=seconds) for seconds in (10, 30, 60, 60)]


@pytest.mark.parametrize("strategy", [None, NoRetry(), FixedRetry(0)])
async def test_without_a_delay_the_next_attempt_is_pending_at_once(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, strategy: NoRetry | FixedRetry | None
) -> None:
    claim = await failed(lifecycle, queue, SpawnOptions(retry_strategy=strategy))

    assert (await latest_run(connection, claim.task_id))["state"] == "pending"
    assert await lifecycle.get_result(queue, claim.task_id) == TaskResult("pending", None, None)
    (again,) = await lifecycle.claim(queue, "worker-1")
    assert (again.task_id, again.attempt) == (claim.task_id, 2)


async def test_the_last_attempt_fails_the_task_with_its_reason(lifecycle: Lifecycle, queue: str) -> None:
    claim = await failed(lifecycle, queue)
    assert await lifecycle.get_result(queue, claim.task_id) == TaskResult("failed", None, {"message": "no"})


async def test_failing_beyond_the_longest_duration_cancels_the_task(lifecycle: Lifecycle, queue: str) -> None:
    options = SpawnOptions(retry_strategy=FixedRetry(60), cancellation=Cancellation(30))
    claim = await failed(lifecycle, queue, options)
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "cancelled"


async def test_a_retry_time_overrides_the_strategy(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    claim = await claimed(lifecycle, queue, SpawnOptions(retry_strategy=FixedRetry(5)))
    retry_at = datetime(2031, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
    await connection.execute("set datestyle = 'SQL, DMY'; set timezone = 'Asia/Tokyo'")
    await lifecycle.fail_with_retry(queue, claim.run_id, None, retry_at)

    following = await latest_run(connection, claim.task_id)
    assert (following["state"], following["available_at"]) == ("sleeping", retry_at)


async def test_a_retry_time_in_the_past_means_now(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    claim = await claimed(lifecycle, queue)
    await lifecycle.fail_with_retry(queue, claim.run_id, "no", datetime(1, 1, 1, tzinfo=UTC))
    assert (await latest_run(connection, claim.task_id))["state"] == "pending"


async def test_cancelling_stops_the_task_and_tells_its_worker(lifecycle: Lifecycle, queue: str) -> None:
    claim = await claimed(lifecycle, queue)
    await lifecycle.cancel(queue, claim.task_id)

    assert (await lifecycle.get_result(queue, claim.task_id)).state == "cancelled"
    for call in (
        lifecycle.complete(queue, claim.run_id),
        lifecycle.fail(queue, claim.run_id, "no"),
        lifecycle.extend_claim(queue, claim.run_id, 30),
        lifecycle.set_checkpoint(queue, claim.task_id, "step", 1, claim.run_id),
        lifecycle.await_event(queue, claim.task_id, claim.run_id, "step", "paid"),
    ):
        with pytest.raises(Cancelled) as caught:
            await call
        assert caught.value.sqlstate == "AB001"


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
async def test_cancelling_an_ended_task_changes_nothing(lifecycle: Lifecycle, queue: str, end: str) -> None:
    if end == "failed":
        claim = await failed(lifecycle, queue)
    else:
        claim = await claimed(lifecycle, queue)
        if end == "completed":
            await lifecycle.complete(queue, claim.run_id, "done")
        else:
            await lifecycle.cancel(queue, claim.task_id)
    before = await lifecycle.get_result(queue, claim.task_id)
    await lifecycle.cancel(queue, claim.task_id)
    assert before == await lifecycle.get_result(queue, claim.task_id)
    assert before.state == end


async def test_a_retry_in_place_adds_one_attempt(lifecycle: Lifecycle, queue: str) -> None:
    claim = await failed(lifecycle, queue)
    retried = await lifecycle.retry(queue, claim.task_id)

    assert retried == SpawnInfo(claim.task_id, retried.run_id, 2, created=False)
    assert retried.run_id != claim.run_id
    (again,) = await lifecycle.claim(queue, "worker-1")
    assert (again.run_id, again.attempt, again.max_attempts) == (retried.run_id, 2, 2)


@pytest.mark.parametrize("options", [RetryOptions(max_attempts=7), SpawnOptions(max_attempts=7)])
async def test_a_retry_may_set_the_attempts(
    lifecycle: Lifecycle, queue: str, options: RetryOptions | SpawnOptions
) -> None:
    claim = await failed(lifecycle, queue)
    await lifecycle.retry(queue, claim.task_id, options)
    (again,) = await lifecycle.claim(queue, "worker-1")
    assert again.max_attempts == 7


async def test_a_retry_may_spawn_a_copy(lifecycle: Lifecycle, queue: str) -> None:
    claim = await failed(lifecycle, queue, SpawnOptions(max_attempts=1, headers={"trace": "ab"}))
    copy = await lifecycle.retry(queue, claim.task_id, RetryOptions(max_attempts=3, spawn_new=True))

    assert (copy.attempt, copy.created) == (1, True)
    assert copy.task_id != claim.task_id
    (again,) = await lifecycle.claim(queue, "worker-1")
    assert (again.task_id, again.params, again.headers) == (copy.task_id, claim.params, claim.headers)
    assert again.max_attempts == 3
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "failed"


async def test_a_retry_with_other_options_is_refused_before_it_is_sent(lifecycle: Lifecycle, queue: str) -> None:
    claim = await failed(lifecycle, queue)
    with pytest.raises(InvalidRequest, match="headers, idempotency_key"):
        await lifecycle.retry(queue, claim.task_id, SpawnOptions(max_attempts=2, headers=1, idempotency_key="k"))
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "failed"


async def test_a_retry_needs_more_attempts_than_were_made(lifecycle: Lifecycle, queue: str) -> None:
    claim = await failed(lifecycle, queue)
    with pytest.raises(InvalidRequest, match="greater than current attempts") as caught:
        await lifecycle.retry(queue, claim.task_id, RetryOptions(max_attempts=1))
    assert caught.value.sqlstate == "P0001"


async def test_only_a_failed_task_can_be_retried(lifecycle: Lifecycle, queue: str) -> None:
    claim = await claimed(lifecycle, queue)
    with pytest.raises(WrongState, match="not currently failed") as caught:
        await lifecycle.retry(queue, claim.task_id)
    assert caught.value.sqlstate == "P0001"


async def test_ids_are_accepted_as_text(lifecycle: Lifecycle, queue: str) -> None:
    claim = await claimed(lifecycle, queue)
    await lifecycle.complete(queue, str(claim.run_id).upper(), 1)
    assert (await lifecycle.get_result(queue, claim.task_id.hex)).result == 1


async def test_an_ended_run_cannot_be_ended_again(lifecycle: Lifecycle, queue: str) -> None:
    completed = await claimed(lifecycle, queue)
    await lifecycle.complete(queue, completed.run_id)
    for call in (
        lifecycle.complete(queue, completed.run_id),
        lifecycle.fail(queue, completed.run_id, "no"),
        lifecycle.schedule_run(queue, completed.run_id, 1),
        lifecycle.extend_claim(queue, completed.run_id, 1),
        lifecycle.await_event(queue, completed.task_id, completed.run_id, "step", "paid"),
    ):
        with pytest.raises(WrongState) as caught:
            await call
        assert caught.value.sqlstate == "P0001"

    broken = await failed(lifecycle, queue)
    for call in (
        lifecycle.complete(queue, broken.run_id),
        lifecycle.fail(queue, broken.run_id, "no"),
        lifecycle.extend_claim(queue, broken.run_id, 1),
        lifecycle.set_checkpoint(queue, broken.task_id, "step", 1, broken.run_id),
    ):
        with pytest.raises(AlreadyFailed) as caught_failed:
            await call
        assert caught_failed.value.sqlstate == "AB002"


async def test_unknown_tasks_and_runs_are_not_found(lifecycle: Lifecycle, queue: str) -> None:
    nobody = uuid4()
    for call in (
        lifecycle.get_result(queue, nobody),
        lifecycle.cancel(queue, nobody),
        lifecycle.retry(queue, nobody),
        lifecycle.complete(queue, nobody),
        lifecycle.extend_claim(queue, nobody, 1),
        lifecycle.set_checkpoint(queue, nobody, "step", 1, nobody),
        lifecycle.get_checkpoints(queue, nobody, nobody),
        lifecycle.await_event(queue, nobody, nobody, "step", "paid"),
    ):
        with pytest.raises(NotFound, match=r"not found"):
            await call
    # Absurd does not say whether such a run exists
    for call in (lifecycle.fail(queue, nobody, "no"), lifecycle.schedule_run(queue, nobody, 1)):
        with pytest.raises(WrongState):
            await call


async def test_an_unreadable_result_carries_its_text(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    claim = await claimed(lifecycle, queue)
    nested = "[" * 5000 + "]" * 5000
    await connection.execute("select absurd.complete_run('mail', $1, $2::text::jsonb)", claim.run_id, nested)
    with pytest.raises(Undecodable) as caught:
        await lifecycle.get_result(queue, claim.task_id)
    assert caught.value.text == nested
