"""The table: what can be true after each of the operations, with somebody on the other side who brings it about."""

import json
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import CALLS, OPERATIONS, QUEUE, WITHOUT_TARGET, Stage, give_up_soon
from seeding import role
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations import aftermath
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import (
    AlreadyEmitted,
    AlreadySo,
    Changed,
    Done,
    Emitted,
    Gone,
    Locked,
    NotApplied,
    Refused,
    Unknown,
)
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, EmitEvent, FailRun, Request, RetryTask, SpawnTask, TaskRequest

pytestmark = pytest.mark.slow

OUTCOMES = (Done, AlreadySo, Changed, Gone, Refused, Locked, NotApplied, Unknown)

CANNOT_HAPPEN = {
    ("retry as new", AlreadySo): "each press makes another task, as the dialog says",
    ("extend", AlreadySo): "a lease that somebody else set is another lease than the one seen: changed",
    ("spawn", Changed): "a spawn has no target that could change",
    ("spawn", Gone): "a spawn has no target that could go; a queue that is gone refuses",
    ("emit", Changed): "an event that was emitted meanwhile is emitted already",
    ("emit", Gone): "an event need not be there to be emitted",
}

Interference = Callable[[Stage, Request], Awaitable[None]]


async def cancelled_meanwhile(stage: Stage, request: Request) -> None:
    assert isinstance(request, CancelTask)
    await stage.lifecycle.cancel(QUEUE, request.target.task_id)


async def retried_meanwhile(stage: Stage, request: Request) -> None:
    assert isinstance(request, RetryTask)
    await stage.lifecycle.retry(QUEUE, request.target.task_id)


async def failed_again_meanwhile(stage: Stage, request: Request) -> None:
    assert isinstance(request, RetryTask)
    retried = await stage.lifecycle.retry(QUEUE, request.target.task_id)
    await stage.claim()
    await stage.lifecycle.fail(QUEUE, retried.run_id, {"message": "again"})


async def completed_meanwhile(stage: Stage, request: Request) -> None:
    assert isinstance(request, TaskRequest)
    await stage.complete(request.target.task_id)


async def deleted_meanwhile(stage: Stage, request: Request) -> None:
    assert isinstance(request, TaskRequest)
    await stage.delete(request.target.task_id)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_cell_is_tested_or_has_a_reason(operation: str, outcome: type) -> None:
    tested = {
        *((operation, kind) for operation in OPERATIONS for kind in (Done, Refused, Locked, NotApplied, Unknown)),
        *((operation, Gone) for operation in OPERATIONS if operation not in WITHOUT_TARGET),
        *((operation, Changed) for operation, _ in CHANGES),
        *((operation, AlreadySo) for operation in ("cancel", "retry", "fail", "spawn", "emit")),
    }
    assert ((operation, outcome) in tested) is not ((operation, outcome) in CANNOT_HAPPEN)


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_done(stage: Stage, performer: Performer, operation: str) -> None:
    request = await stage.request(operation)
    outcome = await performer.perform(request)
    assert isinstance(outcome, Done)
    assert await stage.is_done(request)
    if isinstance(outcome, Emitted):
        assert outcome.woken == 1
        return
    assert outcome.after is not None
    task_id = outcome.spawned[0] if outcome.spawned else request.target.task_id  # type: ignore[union-attr]  # no spawn
    row = await stage.row(task_id)
    assert (outcome.after.state, outcome.after.attempt) == (row["state"], row["attempt"])
    assert outcome.after.claim_expires_at == row["claim_expires_at"]


@pytest.mark.fault(57)
async def test_already_cancelled(stage: Stage, performer: Performer) -> None:
    request = await stage.request("cancel")
    await cancelled_meanwhile(stage, request)
    outcome = await performer.perform(request)
    assert isinstance(outcome, AlreadySo)
    assert outcome.after is not None
    assert outcome.after.state is State.CANCELLED
    assert outcome.since is not None
    assert 0 < outcome.after.read_at - outcome.since < 60


async def test_already_retried(stage: Stage, performer: Performer) -> None:
    request = await stage.request("retry")
    await retried_meanwhile(stage, request)
    outcome = await performer.perform(request)
    assert isinstance(outcome, AlreadySo)
    assert outcome.after is not None
    assert (outcome.after.state, outcome.after.attempt) == (State.PENDING, 2)
    assert outcome.since is not None
    assert 0 < outcome.after.read_at - outcome.since < 60
    assert (await stage.row(request.target.task_id))["attempts"] == 2  # type: ignore[union-attr]  # a retry


async def test_already_failed(stage: Stage, performer: Performer) -> None:
    request = await stage.request("fail")
    assert isinstance(request, FailRun)
    await stage.lifecycle.fail(QUEUE, request.target.run_id, {"message": "the worker's own"})
    outcome = await performer.perform(request)
    assert isinstance(outcome, AlreadySo)
    assert outcome.after is not None
    assert (outcome.after.state, outcome.after.attempt) == (State.PENDING, 2)
    assert outcome.since is not None
    assert 0 <= outcome.after.read_at - outcome.since < 60
    assert (await stage.row(request.target.task_id))["attempts"] == 2


@pytest.mark.fault(70)
async def test_already_emitted(stage: Stage, performer: Performer) -> None:
    request = await stage.request("emit")
    assert isinstance(request, EmitEvent)
    await stage.lifecycle.emit_event(QUEUE, request.event_name, {"paid": 7})
    outcome = await performer.perform(request)
    assert isinstance(outcome, AlreadyEmitted)
    assert json.loads(outcome.payload) == {"paid": 7}
    assert outcome.since is not None
    assert 0 < outcome.now - outcome.since < 60
    kept = await stage.connection.fetchval(
        "select payload from absurd.e_mail where event_name = $1", request.event_name
    )
    assert json.loads(kept) == {"paid": 7}


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
async def test_already_spawned(stage: Stage, performer: Performer, mode: str) -> None:
    await stage.lifecycle.create_queue("orders", mode)
    options = SpawnOptions(idempotency_key="order-1")
    first = await stage.lifecycle.spawn("orders", "another name", None, options)
    outcome = await performer.perform(SpawnTask("orders", "welcome", {}, options))
    assert isinstance(outcome, AlreadySo)
    assert outcome.existing == first.task_id
    assert outcome.after is not None
    assert outcome.after.state is State.PENDING
    assert await stage.connection.fetchval("select count(*) from absurd.t_orders") == 1


CHANGES: list[tuple[str, Interference]] = [
    ("cancel", completed_meanwhile),
    ("retry", failed_again_meanwhile),
    ("retry as new", retried_meanwhile),
    ("extend", completed_meanwhile),
    ("fail", completed_meanwhile),
]


@pytest.mark.parametrize(("operation", "interfere"), CHANGES)
async def test_changed(stage: Stage, performer: Performer, operation: str, interfere: Interference) -> None:
    request = await stage.request(operation)
    assert isinstance(request, TaskRequest)
    await interfere(stage, request)
    before = await stage.row(request.target.task_id)
    outcome = await performer.perform(request)
    assert isinstance(outcome, Changed)
    assert outcome.after is not None
    row = await stage.row(request.target.task_id)
    assert (outcome.after.state, outcome.after.attempt) == (row["state"], row["attempt"])
    assert (row["claim_expires_at"], row["max_attempts"]) == (before["claim_expires_at"], before["max_attempts"])
    assert await stage.count() == 1


async def test_a_run_that_another_worker_claimed_is_not_failed(stage: Stage, performer: Performer) -> None:
    request = await stage.request("fail")
    assert isinstance(request, FailRun)
    await stage.connection.execute("select absurd.schedule_run('mail', $1, now())", request.target.run_id)
    await stage.claim()
    row = await stage.row(request.target.task_id)
    assert (row["run_id"], row["attempt"], row["state"]) == (request.target.run_id, 1, "running")
    outcome = await performer.perform(request)
    assert isinstance(outcome, Refused)
    assert "claimed anew" in outcome.reason
    assert not await stage.is_done(request)
    assert isinstance(await performer.perform(await stage.fail_run(request.target.task_id)), Done)


@pytest.mark.parametrize(("had_ended", "wanted"), [(True, Refused), (False, Done)])
async def test_a_lease_that_had_ended_and_holds_again_keeps_a_run_from_being_failed(
    stage: Stage, performer: Performer, had_ended: bool, wanted: type
) -> None:
    task_id = await stage.running(options=SpawnOptions(max_attempts=2))
    if had_ended:
        await stage.connection.execute("update absurd.r_mail set claim_expires_at = now() - interval '1 minute'")
    request = await stage.fail_run(task_id)
    await stage.lifecycle.extend_claim(QUEUE, request.target.run_id, 90)
    outcome = await performer.perform(request)
    assert isinstance(outcome, wanted)
    assert await stage.is_done(request) is (wanted is Done)


@pytest.mark.fault(83)
@pytest.mark.parametrize("operation", [operation for operation in OPERATIONS if operation not in WITHOUT_TARGET])
async def test_gone(stage: Stage, performer: Performer, operation: str) -> None:
    request = await stage.request(operation)
    await deleted_meanwhile(stage, request)
    assert await performer.perform(request) == Gone()
    assert await stage.count() == 0


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_refused_until_what_the_refusal_names_is_granted(
    stage: Stage, database: Database, audit: Audit, operation: str
) -> None:
    request = await stage.request(operation)
    async with role(stage.connection, database) as limited:
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        try:
            refused = await performer.perform(request)
            assert isinstance(refused, Refused)
            assert limited.name in refused.reason
            assert any(f"absurd.{letter}_mail" in refused.reason for letter in "rte")
            assert not await stage.is_done(request)
            assert refused.remedy is not None
            await stage.connection.execute(refused.remedy)
            assert isinstance(await performer.perform(request), Done)
        finally:
            await performer.close()
    assert await stage.is_done(request)


@pytest.mark.fault(58)
@pytest.mark.usefixtures("short_lock")
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_locked_by_another_session_which_is_named(
    stage: Stage, database: Database, performer: Performer, operation: str
) -> None:
    request = await stage.request(operation)
    other = await asyncpg.connect(database.dsn, server_settings={"application_name": "nightly report"})
    try:
        async with other.transaction():
            if isinstance(request, SpawnTask):
                await Lifecycle(other).spawn(QUEUE, "welcome", {}, request.options)
            else:
                await other.execute("select from absurd.t_mail for update")
            outcome = await performer.perform(request)
            pid = other.get_server_pid()
    finally:
        other.terminate()
    assert isinstance(outcome, Locked)
    assert (outcome.pid, outcome.application) == (pid, "nightly report")
    assert outcome.seconds is not None
    assert 0 < outcome.seconds < 60
    assert isinstance(request, SpawnTask) or not await stage.is_done(request)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_not_applied_where_the_connection_ends_at_the_call(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await stage.request(operation)
    proxy.arm(CALLS[operation], Harm.CUT_BEFORE)
    outcome = await proxied.perform(request)
    assert proxy.struck == 1
    assert isinstance(outcome, NotApplied)
    assert not await stage.is_done(request)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_unknown_where_the_commit_was_sent_and_nobody_answers_any_more(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_soon(monkeypatch)
    monkeypatch.setattr(aftermath, "ASKED_FOR", 0.7)
    request = await stage.request(operation)
    await performer_is_warm(proxied)
    proxy.arm(COMMIT, Harm.SWALLOW_ANSWER)
    proxy.is_refusing = True
    outcome = await proxied.perform(request)
    assert isinstance(outcome, Unknown)
    assert outcome.xid is not None
    status = await stage.connection.fetchval("select pg_xact_status($1::text::xid8)", str(outcome.xid))
    assert status == "committed"
    assert await stage.is_done(request)


async def performer_is_warm(performer: Performer) -> None:
    """Have it open its connection, so that afterwards no new one need be made for a write."""
    refused = await performer.perform(SpawnTask("no such queue", "welcome", {}))
    assert isinstance(refused, Refused)
    assert "no such queue" in refused.reason
