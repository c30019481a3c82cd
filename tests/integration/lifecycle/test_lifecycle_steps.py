"""Checkpoints and events, against Absurd's own SQL."""

from datetime import UTC, datetime
from enum import Enum

import asyncpg
import pytest
from integration.lifecycle.given import set_clock

from absurd_tui.errors import InvalidRequest, NotFound, Undecodable
from absurd_tui.lifecycle import AwaitResult, Checkpoint, Claim, Lifecycle

SUSPENDED = AwaitResult(should_suspend=True, payload=None, timed_out=False)
TIMED_OUT = AwaitResult(should_suspend=False, payload=None, timed_out=True)


@pytest.fixture
async def claim(lifecycle: Lifecycle, queue: str) -> Claim:
    await lifecycle.spawn(queue, "order", {"id": 7})
    (claim,) = await lifecycle.claim(queue, "worker-1")
    return claim


async def await_paid(lifecycle: Lifecycle, claim: Claim, timeout: int | None = None) -> AwaitResult:
    return await lifecycle.await_event("mail", claim.task_id, claim.run_id, "wait", "paid", timeout)


async def claim_again(lifecycle: Lifecycle) -> Claim:
    (claim,) = await lifecycle.claim("mail", "worker-2")
    return claim


async def test_a_checkpoint_is_read_as_it_was_saved(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim
) -> None:
    await set_clock(connection, "2026-01-02 03:04:05.678901+00")
    await lifecycle.set_checkpoint(queue, claim.task_id, "charge", {"amount": 12.5}, claim.run_id)

    saved = Checkpoint(
        checkpoint_name="charge",
        state={"amount": 12.5},
        status="committed",
        owner_run_id=claim.run_id,
        updated_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )
    assert await lifecycle.get_checkpoint(queue, claim.task_id, "charge") == saved
    assert await lifecycle.get_checkpoints(queue, claim.task_id, claim.run_id) == [saved]
    assert await lifecycle.get_checkpoint(queue, claim.task_id, "ship") is None


async def test_a_checkpoint_can_be_written_again(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    for state in (1, None):
        await lifecycle.set_checkpoint(queue, claim.task_id, "charge", state, claim.run_id)
    (checkpoint,) = await lifecycle.get_checkpoints(queue, claim.task_id, claim.run_id)
    assert checkpoint.state is None


async def test_checkpoints_come_oldest_first(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim
) -> None:
    for minute, step in enumerate(["c", "a", "b"]):
        await set_clock(connection, f"2026-01-01 00:0{minute}:00+00")
        await lifecycle.set_checkpoint(queue, claim.task_id, step, minute, claim.run_id)
    checkpoints = await lifecycle.get_checkpoints(queue, claim.task_id, claim.run_id)
    assert [checkpoint.checkpoint_name for checkpoint in checkpoints] == ["c", "a", "b"]


async def test_a_later_attempt_sees_earlier_checkpoints_but_not_the_reverse(
    lifecycle: Lifecycle, queue: str, claim: Claim
) -> None:
    await lifecycle.set_checkpoint(queue, claim.task_id, "charge", 1, claim.run_id)
    await lifecycle.fail(queue, claim.run_id, "no")
    second = await claim_again(lifecycle)
    await lifecycle.set_checkpoint(queue, claim.task_id, "ship", 2, second.run_id)

    names = [checkpoint.checkpoint_name for checkpoint in await seen_by(lifecycle, second)]
    assert names == ["charge", "ship"]
    assert [checkpoint.checkpoint_name for checkpoint in await seen_by(lifecycle, claim)] == ["charge"]


async def seen_by(lifecycle: Lifecycle, claim: Claim) -> list[Checkpoint]:
    return await lifecycle.get_checkpoints("mail", claim.task_id, claim.run_id)


async def test_a_pending_checkpoint_is_shown_on_request_only(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim
) -> None:
    await lifecycle.set_checkpoint(queue, claim.task_id, "charge", 1, claim.run_id)
    await connection.execute("update absurd.c_mail set status = 'pending', owner_run_id = null, state = null")

    assert await lifecycle.get_checkpoint(queue, claim.task_id, "charge") is None
    pending = await lifecycle.get_checkpoint(queue, claim.task_id, "charge", include_pending=True)
    assert pending is not None
    assert (pending.status, pending.owner_run_id, pending.state) == ("pending", None, None)


@pytest.mark.parametrize("instant", ["infinity", "-infinity", "10000-01-01", "0100-01-01 BC"])
async def test_an_instant_beyond_python_is_none(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim, instant: str
) -> None:
    await lifecycle.set_checkpoint(queue, claim.task_id, "charge", 1, claim.run_id)
    await connection.execute("update absurd.c_mail set updated_at = $1::text::timestamptz", instant)
    checkpoint = await lifecycle.get_checkpoint(queue, claim.task_id, "charge")
    assert checkpoint is not None
    assert checkpoint.updated_at is None


@pytest.mark.parametrize(("extend_by", "expected"), [(None, 30), (0, 30), (300, 300)])
async def test_a_checkpoint_may_extend_the_lease(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, extend_by: int | None, expected: int
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    await lifecycle.spawn(queue, "order", None)
    claim = await claim_again(lifecycle)
    await lifecycle.set_checkpoint(queue, claim.task_id, "charge", 1, claim.run_id, extend_by)

    left = "select extract(epoch from claim_expires_at - absurd.current_time())::int from absurd.r_mail"
    assert await connection.fetchval(left) == expected


async def test_a_checkpoint_needs_a_name(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    with pytest.raises(InvalidRequest, match="step_name must be provided"):
        await lifecycle.set_checkpoint(queue, claim.task_id, " ", 1, claim.run_id)


async def test_checkpoints_of_another_tasks_run_are_refused(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    other = await lifecycle.spawn(queue, "order", None)
    with pytest.raises(InvalidRequest, match="does not belong to task"):
        await lifecycle.get_checkpoints(queue, other.task_id, claim.run_id)


async def test_an_event_that_was_emitted_is_taken_at_once(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    await lifecycle.emit_event(queue, "paid", {"amount": 12})
    taken = AwaitResult(should_suspend=False, payload={"amount": 12}, timed_out=False)
    assert await await_paid(lifecycle, claim) == taken
    checkpoint = await lifecycle.get_checkpoint(queue, claim.task_id, "wait")
    assert checkpoint is not None
    assert checkpoint.state == {"amount": 12}
    assert await await_paid(lifecycle, claim) == taken


async def test_the_first_emit_wins(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    await lifecycle.emit_event(queue, "paid", 1)
    await lifecycle.emit_event(queue, "paid", 2)
    assert (await await_paid(lifecycle, claim)).payload == 1


async def test_a_waiting_run_sleeps_until_the_event(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    assert await await_paid(lifecycle, claim) == SUSPENDED
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "sleeping"
    assert await lifecycle.claim(queue, "worker-2") == []

    await lifecycle.emit_event(queue, "paid", {"amount": 12})
    assert (await lifecycle.get_result(queue, claim.task_id)).state == "pending"
    again = await claim_again(lifecycle)
    assert (again.run_id, again.attempt) == (claim.run_id, 1)
    assert (again.wake_event, again.event_payload, again.event_received) == (None, {"amount": 12}, True)
    assert (await await_paid(lifecycle, again)).payload == {"amount": 12}


@pytest.mark.parametrize("emitted_before", [True, False])
async def test_an_emitted_null_is_not_a_time_out(
    lifecycle: Lifecycle, queue: str, claim: Claim, emitted_before: bool
) -> None:
    if not emitted_before:
        assert await await_paid(lifecycle, claim, 60) == SUSPENDED
    await lifecycle.emit_event(queue, "paid")
    if not emitted_before:
        claim = await claim_again(lifecycle)
        assert (claim.wake_event, claim.event_payload, claim.event_received) == (None, None, True)
    assert await await_paid(lifecycle, claim, 60) == AwaitResult(should_suspend=False, payload=None, timed_out=False)


@pytest.mark.parametrize("timeout", [60, 0])
async def test_a_wait_ends_by_time_out(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, timeout: int
) -> None:
    await set_clock(connection, "2026-01-01 00:00:00+00")
    await lifecycle.spawn(queue, "order", None)
    claim = await claim_again(lifecycle)
    assert await await_paid(lifecycle, claim, timeout) == SUSPENDED
    await set_clock(connection, f"2026-01-01 00:0{timeout // 60}:00+00")

    again = await claim_again(lifecycle)
    assert (again.run_id, again.wake_event, again.event_received) == (claim.run_id, "paid", False)
    assert await await_paid(lifecycle, again, timeout) == TIMED_OUT
    assert await lifecycle.get_checkpoint(queue, claim.task_id, "wait") is None


async def test_without_a_timeout_the_wait_has_no_end(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim
) -> None:
    await await_paid(lifecycle, claim)
    assert await connection.fetchval("select available_at = 'infinity' from absurd.r_mail")


async def test_an_event_needs_a_name(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    with pytest.raises(InvalidRequest, match="event_name must be provided"):
        await lifecycle.emit_event(queue, "")
    with pytest.raises(InvalidRequest, match="event_name must be provided"):
        await lifecycle.await_event(queue, claim.task_id, claim.run_id, "wait", " ")


async def test_an_unreadable_payload_is_kept_by_the_error(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, claim: Claim
) -> None:
    number = "9" * 4301
    await connection.execute("select absurd.emit_event('mail', 'paid', $1::text::jsonb)", number)
    for _ in range(2):
        with pytest.raises(Undecodable) as caught:
            await await_paid(lifecycle, claim)
        assert caught.value.text == number


async def test_a_run_that_is_gone_cannot_wait(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    with pytest.raises(NotFound):
        await lifecycle.await_event(queue, claim.task_id, claim.task_id, "wait", "paid")


class Names(str, Enum):  # noqa: UP042  # a StrEnum behaves well by itself
    """Names kept as many programs keep them; `str()` of a member is not its value."""

    STEP = "charge"
    EVENT = "paid"


class Seconds(int, Enum):
    LEASE = 60


async def test_of_an_enumeration_the_value_is_sent(lifecycle: Lifecycle, queue: str, claim: Claim) -> None:
    await lifecycle.set_checkpoint(queue, claim.task_id, Names.STEP, Names.EVENT, claim.run_id, Seconds.LEASE)
    (saved,) = await lifecycle.get_checkpoints(queue, claim.task_id, claim.run_id)
    assert (saved.checkpoint_name, saved.state) == ("charge", "paid")

    await lifecycle.emit_event(queue, Names.EVENT, {"amount": 12})
    assert (await await_paid(lifecycle, claim)).payload == {"amount": 12}
