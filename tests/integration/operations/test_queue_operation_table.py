"""The table: what can be true after each of the operations on a whole queue, with somebody who brings it about."""

import asyncio

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.queue_stage import NEW_QUEUE, QUEUE_CALLS, QUEUE_OPERATIONS, QueueStage
from integration.operations.stage import QUEUE, give_up_soon
from seeding import role
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.conninfo import resolve
from absurd_tui.operations import aftermath, table_locks
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.create_queue import refusal
from absurd_tui.operations.outcomes import (
    AlreadySo,
    Changed,
    Done,
    Gone,
    Locked,
    NotApplied,
    Refused,
    Removed,
    Unknown,
)
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.queue_requests import (
    CleanUp,
    CreateQueue,
    DropQueue,
    QueueRequest,
    SetQueuePolicy,
)
from absurd_tui.operations.requests import SpawnTask

pytestmark = pytest.mark.slow

OUTCOMES = (Done, AlreadySo, Changed, Gone, Refused, Locked, NotApplied, Unknown)
ON_ONE_THAT_IS = tuple(operation for operation in QUEUE_OPERATIONS if operation != "create queue")
OWNERS = ("drop queue", "make partitions")
"""What only the owner of a queue's tables may do."""

CANNOT_HAPPEN = {
    ("create queue", Changed): "there is no queue yet that could change",
    ("create queue", Gone): "there is no queue yet that could go",
    ("drop queue", AlreadySo): "one that somebody else dropped is gone",
    ("clean up", AlreadySo): "what somebody else deleted is not counted as deleted by this: done, with fewer rows",
    ("set policy", AlreadySo): "a policy that somebody else set is another than the one seen: changed",
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
def test_every_cell_is_tested_or_has_a_reason(operation: str, outcome: type) -> None:
    everywhere = (Done, Refused, Locked, NotApplied, Unknown)
    tested = {
        *((each, kind) for each in QUEUE_OPERATIONS for kind in everywhere),
        *((each, kind) for each in ON_ONE_THAT_IS for kind in (Gone, Changed)),
        ("create queue", AlreadySo),
        *((each, AlreadySo) for each in ("make partitions", "enable cron", "disable cron", "detach partitions")),
    }
    assert ((operation, outcome) in tested) is not ((operation, outcome) in CANNOT_HAPPEN)


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
async def test_done(queues: QueueStage, performer: Performer, operation: str) -> None:
    request = await queues.request(operation)
    outcome = await performer.perform(request)
    assert isinstance(outcome, Done)
    assert await queues.is_done(request)
    if isinstance(request, CleanUp):
        assert outcome.removed == Removed(1, 0, left=0)
    else:
        assert outcome.queue_after is not None
        assert outcome.queue_after.created_at == await queues.created_at(request.queue)
    (record,) = performer.audit.records
    assert (record.operation, record.outcome, record.queue) == (operation, "done", request.queue)
    assert record.sql is not None
    assert QUEUE_CALLS[operation] in record.sql


async def test_a_partitioned_queue_is_made(queues: QueueStage, performer: Performer) -> None:
    outcome = await performer.perform(CreateQueue(NEW_QUEUE, "partitioned"))
    assert isinstance(outcome, Done)
    assert outcome.queue_after is not None
    assert outcome.queue_after.storage_mode == "partitioned"
    assert await queues.table("i", NEW_QUEUE)


async def test_already_created(queues: QueueStage, performer: Performer) -> None:
    outcome = await performer.perform(CreateQueue(QUEUE))
    assert isinstance(outcome, AlreadySo)
    assert outcome.since == await queues.created_at(QUEUE)


async def test_created_by_somebody_else_at_the_same_moment(
    queues: QueueStage, database: Database, performer: Performer
) -> None:
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("select absurd.create_queue($1)", NEW_QUEUE)
            asked = asyncio.create_task(performer.perform(CreateQueue(NEW_QUEUE)))
            await queues.stage.until_we_wait_for_a_lock()
        assert isinstance(await asked, AlreadySo)
    finally:
        await other.close()


async def test_the_same_name_stored_otherwise_is_refused(queues: QueueStage, performer: Performer) -> None:
    outcome = await performer.perform(CreateQueue(QUEUE, "partitioned"))
    assert isinstance(outcome, Refused)
    assert "stored unpartitioned" in outcome.reason


@pytest.mark.parametrize("stage", ["partitioned"], indirect=True)
async def test_what_is_a_partition_of_another_queue_is_left_alone(queues: QueueStage, performer: Performer) -> None:
    name = f"{QUEUE}_d"  # Absurd takes the default partition for the new queue's table, and says nothing
    await queues.stage.lifecycle.create_queue(name)
    made = await queues.created_at(name)
    assert made is not None
    clean_up = CleanUp(name, made, ttl=0, cutoff=made, limit=10, with_events=False, tasks=0, events=0)
    for request in (DropQueue(name, made, "0 pending"), clean_up):
        outcome = await performer.perform(request)
        assert isinstance(outcome, Refused)
        assert "absurd.t_mail_d" in outcome.reason
    assert await queues.table("t", name)


async def test_what_is_another_queue_is_not_taken_for_a_partition(queues: QueueStage, performer: Performer) -> None:
    await queues.stage.lifecycle.create_queue("post_d")
    outcome = await performer.perform(CreateQueue("post", "partitioned"))
    assert isinstance(outcome, Refused)
    assert "absurd.t_post_d" in outcome.reason
    assert await queues.created_at("post") is None


async def test_tables_that_a_dropped_queue_left_are_not_taken_over(queues: QueueStage, performer: Performer) -> None:
    await queues.connection.execute("delete from absurd.queues")
    outcome = await performer.perform(CreateQueue(QUEUE))
    assert isinstance(outcome, Refused)
    assert "absurd.t_mail" in outcome.reason
    assert await queues.created_at(QUEUE) is None


@pytest.mark.fault(80)
@pytest.mark.parametrize("operation", ON_ONE_THAT_IS)
async def test_changed_where_it_was_made_anew(queues: QueueStage, performer: Performer, operation: str) -> None:
    request = await queues.request(operation)
    await queues.make_anew(QUEUE)
    await queues.stage.pending()
    outcome = await performer.perform(request)
    assert isinstance(outcome, Changed)
    assert outcome.queue_after is not None
    assert outcome.queue_after.created_at == await queues.created_at(QUEUE)
    assert await queues.stage.count() == 1
    assert not await queues.is_done(request)


async def test_changed_where_somebody_else_set_the_same_value(queues: QueueStage, performer: Performer) -> None:
    request = await queues.request("set policy")
    await queues.stage.lifecycle.set_queue_policy(QUEUE, cleanup_ttl="1 day")
    assert isinstance(await performer.perform(request), Changed)
    assert not await queues.is_done(request)


async def test_what_somebody_else_set_beside_it_is_no_hindrance(queues: QueueStage, performer: Performer) -> None:
    request = await queues.request("set policy")
    await queues.stage.lifecycle.set_queue_policy(QUEUE, cleanup_limit=7)
    assert isinstance(await performer.perform(request), Done)
    assert (await queues.stage.lifecycle.get_queue_policy(QUEUE)).cleanup_limit == 7


async def test_a_key_that_no_policy_has_and_a_value_that_is_none_are_refused(
    queues: QueueStage, performer: Performer
) -> None:
    made = await queues.created_at(QUEUE)
    assert made is not None
    for values, said in (((("clean_ttl", "1 day"),), "clean_ttl"), ((("cleanup_ttl", "soon"),), "interval")):
        outcome = await performer.perform(SetQueuePolicy(QUEUE, made, values, ()))
        assert isinstance(outcome, Refused)
        assert said in outcome.reason


@pytest.mark.parametrize("operation", ON_ONE_THAT_IS)
async def test_gone(queues: QueueStage, performer: Performer, operation: str) -> None:
    request = await queues.request(operation)
    await queues.stage.lifecycle.drop_queue(QUEUE)
    assert await performer.perform(request) == Gone()


@pytest.mark.parametrize("operation", [each for each in QUEUE_OPERATIONS if each not in (*OWNERS, "detach partitions")])
async def test_refused_until_what_the_refusal_names_is_granted(
    queues: QueueStage, database: Database, audit: Audit, operation: str
) -> None:
    request = await queues.request(operation)
    async with role(queues.connection, database) as limited:
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        try:
            refused = await performer.perform(request)
            assert isinstance(refused, Refused)
            assert limited.name in refused.reason
            assert not await queues.is_done(request)
            assert refused.remedy is not None
            await queues.connection.execute(refused.remedy)
            assert isinstance(await performer.perform(request), Done)
        finally:
            await performer.close()
    if operation == "set policy":  # a queue goes with the role that owns it
        assert await queues.is_done(request)


@pytest.mark.parametrize("operation", OWNERS)
async def test_it_is_refused_to_whom_the_tables_do_not_belong(
    queues: QueueStage, database: Database, audit: Audit, operation: str
) -> None:
    request = await queues.request(operation)
    owner = await queues.connection.fetchval("select current_user")
    async with role(queues.connection, database) as limited:
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        outcome = await performer.perform(request)
        await performer.close()
    assert isinstance(outcome, Refused)
    assert f"belong to {owner}" in outcome.reason
    assert not await queues.is_done(request)


@pytest.mark.fault(79)
@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
async def test_locked_by_another_session_which_is_named(
    queues: QueueStage,
    database: Database,
    performer: Performer,
    short_lock: None,
    operation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_locks, "TRIES", 3)
    request = await queues.request(operation)
    other = await asyncpg.connect(database.dsn, server_settings={"application_name": "nightly report"})
    try:
        async with other.transaction():
            await (_reader(other) if isinstance(request, DropQueue) else _writer(other, request))
            outcome = await performer.perform(request)
            pid = other.get_server_pid()
            assert not await queues.is_done(request)
    finally:
        other.terminate()
    assert isinstance(outcome, Locked)
    assert (outcome.pid, outcome.application) == (pid, "nightly report")


async def _reader(other: asyncpg.Connection) -> None:
    await other.fetch("select from absurd.t_mail")


async def _writer(other: asyncpg.Connection, request: QueueRequest) -> None:
    if isinstance(request, CreateQueue):
        await other.execute("select absurd.create_queue($1)", request.queue)
    elif isinstance(request, CleanUp):
        await other.execute("select from absurd.t_mail for update")
    else:
        await other.execute("select from absurd.queues for update")


@pytest.mark.fault(79)
async def test_workers_get_on_while_a_drop_waits_for_a_reader(
    queues: QueueStage, database: Database, performer: Performer, real_limits: None
) -> None:
    request = await queues.request("drop queue")
    reader, worker = await asyncpg.connect(database.dsn), await asyncpg.connect(database.dsn)
    loop = asyncio.get_running_loop()
    longest = 0.0
    try:
        async with reader.transaction():
            await _reader(reader)
            begun = loop.time()
            dropping = asyncio.create_task(performer.perform(request))
            while not dropping.done():
                before = loop.time()
                await worker.fetch("select * from absurd.claim_task($1, 'worker-1', 30, 1)", QUEUE)
                longest = max(longest, loop.time() - before)
                await asyncio.sleep(0.01)
            took = loop.time() - begun
            outcome = await dropping
    finally:
        await reader.close()
        await worker.close()
    assert isinstance(outcome, Locked)
    assert longest < 1.5, "a worker waited for as long as one try of the drop, and not for all of them"
    assert took < 10


@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
async def test_not_applied_where_the_connection_ends_at_the_call(
    queues: QueueStage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await queues.request(operation)
    proxy.arm(QUEUE_CALLS[operation], Harm.CUT_BEFORE)
    outcome = await proxied.perform(request)
    assert proxy.struck == 1
    assert isinstance(outcome, NotApplied)
    assert not await queues.is_done(request)


@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
async def test_a_commit_whose_answer_was_lost_is_done(
    queues: QueueStage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await queues.request(operation)
    proxy.arm(COMMIT, Harm.CUT_AFTER)
    outcome = await proxied.perform(request)
    assert proxy.struck == 1
    assert isinstance(outcome, Done)
    assert await queues.is_done(request)


@pytest.mark.parametrize("operation", QUEUE_OPERATIONS)
async def test_unknown_where_the_commit_was_sent_and_nobody_answers_any_more(
    queues: QueueStage, proxied: Performer, proxy: StatementProxy, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_soon(monkeypatch)
    monkeypatch.setattr(aftermath, "ASKED_FOR", 0.7)
    request = await queues.request(operation)
    assert isinstance(await proxied.perform(SpawnTask("no such queue", "welcome", {})), Refused)
    proxy.arm(COMMIT, Harm.SWALLOW_ANSWER)
    performing = asyncio.create_task(proxied.perform(request))
    await proxy.striking()
    proxy.is_refusing = True
    outcome = await performing
    assert isinstance(outcome, Unknown)
    assert outcome.xid is not None
    assert await queues.is_done(request)


async def test_names_of_any_kind_are_made_and_dropped(queues: QueueStage, performer: Performer) -> None:
    for name in ('Quo"ted', "with.dot", "50%", "; drop table absurd.queues", "-q", "ünï", "x" * 57):
        assert isinstance(await performer.perform(CreateQueue(name)), Done)
        made = await queues.created_at(name)
        assert made is not None
        assert isinstance(await performer.perform(DropQueue(name, made)), Done)
        assert await queues.created_at(name) is None
    assert await queues.created_at(QUEUE) is not None


def test_what_is_too_long_or_blank_or_cannot_be_stored_is_no_name() -> None:
    assert [bool(refusal(name)) for name in ("", " ", "\t", "x" * 58, "é" * 29, "a\0", "\ud800")] == [True] * 7
    assert refusal("é" * 28) is None
