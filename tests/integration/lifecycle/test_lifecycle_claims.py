"""Tasks from their spawning to their claims, and the leases of these, against Absurd's own SQL."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from integration.lifecycle.given import claimed, run_row, set_clock

from absurd_tui.errors import (
    AlreadyFailed,
    InvalidRequest,
    NoActiveClaim,
)
from absurd_tui.lifecycle import (
    Cancellation,
    Claim,
    ClaimUndecodable,
    ExponentialRetry,
    FixedRetry,
    Lifecycle,
    SpawnInfo,
    SpawnOptions,
    TaskResult,
)
from absurd_tui.lifecycle.failures import failure


async def test_a_spawned_task_is_pending_with_its_first_attempt(lifecycle: Lifecycle, queue: str) -> None:
    spawned = await lifecycle.spawn(queue, "welcome", {"user": 42})

    assert (spawned.attempt, spawned.created) == (1, True)
    assert (type(spawned.task_id), type(spawned.run_id)) == (UUID, UUID)
    assert await lifecycle.get_result(queue, spawned.task_id) == TaskResult("pending", None, None)


async def test_every_option_is_stored_as_absurd_reads_it(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    options = SpawnOptions(
        max_attempts=4,
        retry_strategy=ExponentialRetry(30, 2, 600),
        cancellation=Cancellation(3600, max_delay=60),
        headers={"trace": "ab"},
        idempotency_key="welcome-42",
    )
    spawned = await lifecycle.spawn(queue, "welcome", None, options)

    row = await connection.fetchrow("select * from absurd.t_mail where task_id = $1", spawned.task_id)
    assert row is not None
    assert row["max_attempts"] == 4
    strategy = {"kind": "exponential", "base_seconds": 30, "factor": 2, "max_seconds": 600}
    assert json.loads(row["retry_strategy"]) == strategy
    assert json.loads(row["cancellation"]) == {"max_duration": 3600, "max_delay": 60}
    assert json.loads(row["headers"]) == {"trace": "ab"}
    assert row["idempotency_key"] == "welcome-42"
    assert row["params"] == "null"


async def test_a_known_idempotency_key_returns_the_first_task(lifecycle: Lifecycle, queue: str) -> None:
    options = SpawnOptions(idempotency_key="welcome-42")
    first = await lifecycle.spawn(queue, "welcome", {"user": 42}, options)
    second = await lifecycle.spawn(queue, "other", {"user": 43}, options)

    assert second == SpawnInfo(first.task_id, first.run_id, 1, created=False)
    (claim,) = await lifecycle.claim(queue, "worker-1", qty=5)
    assert (claim.task_name, claim.params) == ("welcome", {"user": 42})


async def test_a_claim_carries_what_was_spawned(lifecycle: Lifecycle, queue: str) -> None:
    options = SpawnOptions(max_attempts=3, retry_strategy=FixedRetry(5), headers=["h"])
    spawned = await lifecycle.spawn(queue, "welcome", {"user": 42}, options)
    (claim,) = await lifecycle.claim(queue, "worker-1", 60, 5)

    assert claim == Claim(
        run_id=spawned.run_id,
        task_id=spawned.task_id,
        attempt=1,
        task_name="welcome",
        params={"user": 42},
        retry_strategy={"kind": "fixed", "base_seconds": 5},
        max_attempts=3,
        headers=["h"],
        wake_event=None,
        event_payload=None,
        event_received=False,
    )
    assert (await lifecycle.get_result(queue, spawned.task_id)).state == "running"


async def test_what_is_not_set_stays_none_in_the_claim(lifecycle: Lifecycle, queue: str) -> None:
    claim = await claimed(lifecycle, queue)
    assert (claim.retry_strategy, claim.max_attempts, claim.headers) == (None, None, None)


async def test_claims_take_the_oldest_first_and_no_run_twice(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    spawned = []
    for minute in range(5):
        await set_clock(connection, f"2026-01-01 00:0{minute}:00+00")
        spawned.append(await lifecycle.spawn(queue, "welcome", minute))

    first = await lifecycle.claim(queue, "worker-1", 30, 2)
    rest = await lifecycle.claim(queue, "worker-2", 30, 9)
    assert [claim.run_id for claim in first + rest] == [info.run_id for info in spawned]
    assert [claim.params for claim in first + rest] == [0, 1, 2, 3, 4]
    assert await lifecycle.claim(queue, "worker-3") == []


async def test_the_lease_lasts_as_long_as_asked(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    leased = await run_row(connection, (await claimed(lifecycle, queue, lease=90)).run_id)
    unleased = await run_row(connection, (await claimed(lifecycle, queue, lease=0)).run_id)

    assert leased["claim_expires_at"] == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert leased["claimed_by"] == "worker-1"
    assert unleased["claim_expires_at"] is None


async def test_an_expired_lease_costs_the_attempt(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    first = await claimed(lifecycle, queue, lease=30)
    await set_clock(connection, "2026-01-01 00:01:00+00")
    (second,) = await lifecycle.claim(queue, "worker-2")

    assert (second.task_id, second.attempt) == (first.task_id, 2)
    with pytest.raises(AlreadyFailed) as caught:
        await lifecycle.complete(queue, first.run_id)
    assert caught.value.sqlstate == "AB002"


async def test_extending_sets_the_lease_from_now(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    claim = await claimed(lifecycle, queue, lease=600)
    await lifecycle.extend_claim(queue, claim.run_id, 30)
    row = await run_row(connection, claim.run_id)
    assert row["claim_expires_at"] == datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC)


async def test_a_run_without_a_lease_has_none_to_extend(lifecycle: Lifecycle, queue: str) -> None:
    claim = await claimed(lifecycle, queue, lease=0)
    with pytest.raises(NoActiveClaim) as caught:
        await lifecycle.extend_claim(queue, claim.run_id, 30)
    assert caught.value.sqlstate == "P0001"


@pytest.mark.parametrize(("defer", "seconds"), [(90, 90), (0.25, 0.25), (0, 0)])
async def test_a_deferred_run_is_claimed_again_by_the_databases_clock(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, defer: float, seconds: float
) -> None:
    start = datetime(2001, 1, 1, tzinfo=UTC)
    await set_clock(connection, start.isoformat())
    claim = await claimed(lifecycle, queue)
    await lifecycle.schedule_run(queue, claim.run_id, defer)

    row = await run_row(connection, claim.run_id)
    due = start + timedelta(seconds=seconds)
    assert (row["state"], row["available_at"], row["claimed_by"]) == ("sleeping", due, None)
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "sleeping"
    await set_clock(connection, due.isoformat())
    (again,) = await lifecycle.claim(queue, "worker-2")
    assert (again.run_id, again.attempt) == (claim.run_id, 1)


async def test_a_blank_task_name_is_refused_with_absurds_words(lifecycle: Lifecycle, queue: str) -> None:
    with pytest.raises(InvalidRequest, match=r"^task_name must be provided$") as caught:
        await lifecycle.spawn(queue, "  ", None)
    assert caught.value.sqlstate == "P0001"


async def test_what_absurd_itself_says_about_a_strategy_is_an_invalid_request(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await connection.execute("""select absurd.retry_delay_seconds('{"kind": "cubic"}', 1)""")
    translated = failure(caught.value)
    assert type(translated) is InvalidRequest
    assert translated.sqlstate == "AB003"


async def test_an_unreadable_claim_keeps_the_readable_ones(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    number = "1" + "0" * 4300
    spawned = [await lifecycle.spawn(queue, "welcome", index) for index in range(3)]
    await connection.execute(
        "update absurd.t_mail set params = $2::text::jsonb where task_id = $1", spawned[1].task_id, number
    )
    with pytest.raises(ClaimUndecodable) as caught:
        await lifecycle.claim(queue, "worker-1", qty=3)

    assert caught.value.text == number
    assert caught.value.run_ids == (spawned[1].run_id,)
    assert [claim.params for claim in caught.value.claims] == [0, 2]
    await lifecycle.fail(queue, caught.value.run_ids[0], "unreadable")
