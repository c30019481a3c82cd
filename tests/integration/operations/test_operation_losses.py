"""The connection is lost at each step, or delivers late: what is told is what the database holds in the end.

Each step of every operation is tried. Spawn alone has no step for the lock and for the reading before its call: there
is no task yet. All of a case that is never applied share one request: had one of them taken effect, the next would be
told something else.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.conftest import through
from integration.operations.stage import CALLS, OPERATIONS, QUEUE, Stage, give_up_soon, until
from statement_proxy import COMMIT, Harm, StatementProxy, statement_proxy

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database import writing
from absurd_tui.lifecycle import SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations import aftermath
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, NotApplied, Outcome, Unknown
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, Request, SpawnTask
from absurd_tui.operations.spawn import fresh_key

pytestmark = pytest.mark.slow

SERVER_GIVES_UP = writing.IDLE_SECONDS + 1
FREED_WITHIN = 5.0
XID, READ = "pg_current_xact_id", "t.xmin as"
LOOKED_AT = (("lock", "for update", 0), ("reading", READ, 0))


def steps(operation: str) -> list[tuple[str, str, int]]:
    """The steps before the COMMIT: a name, a part of the statement, and how many that hold it come before."""
    looked_at: tuple[tuple[str, str, int], ...] = () if operation == "spawn" else LOOKED_AT
    call = ("call", CALLS[operation], 0)
    if operation == "emit":
        looked_at = (("lock", "for update", 0), ("reading", "count(distinct", 0))
        return [("begin", "begin", 0), *looked_at, ("xid", XID, 0), call, ("reading back", "xmin::text", 1)]
    return [("begin", "begin", 0), *looked_at, ("xid", XID, 0), call, ("reading back", READ, len(looked_at) // 2)]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    give_up_soon(monkeypatch)


@dataclass(frozen=True)
class Lane:
    """A request, and a performer whose connections go through a proxy of its own."""

    request: Request
    proxy: StatementProxy
    performer: Performer

    async def performed(self) -> Outcome:
        return await self.performer.perform(self.request)


@dataclass(frozen=True)
class Lanes:
    """All operations at once, side by side in one queue, which had so many tasks `before`."""

    stage: Stage
    by_operation: Mapping[str, Lane]
    before: int

    def arm(self, statements: Mapping[str, str], harm: Harm) -> None:
        for operation, lane in self.by_operation.items():
            lane.proxy.arm(statements[operation], harm)

    def heal(self) -> None:
        for lane in self.by_operation.values():
            lane.proxy.heal()

    async def performed(self) -> dict[str, Outcome]:
        outcomes = await asyncio.gather(*(lane.performed() for lane in self.by_operation.values()))
        assert all(lane.proxy.struck == 1 for lane in self.by_operation.values())
        return dict(zip(self.by_operation, outcomes, strict=True))

    async def took_effect(self) -> tuple[set[str], int]:
        """Which operations on a task took effect, and how many tasks are new."""
        on_a_task = {
            operation: self.by_operation[operation].request for operation in ("cancel", "retry", "extend", "fail")
        }
        done = {operation for operation, request in on_a_task.items() if await self.stage.is_done(request)}
        return done, await self.stage.count() - self.before


NOTHING: tuple[set[str], int] = (set(), 0)
EVERYTHING = ({"cancel", "retry", "extend", "fail"}, 2)


@pytest.fixture
async def lanes(stage: Stage, spec: ConnSpec, audit: Audit) -> AsyncIterator[Lanes]:
    host, port = spec.hosts[0]
    made = {}
    async with AsyncExitStack() as stack:
        for operation in OPERATIONS:
            proxy = await stack.enter_async_context(statement_proxy(host, port))
            performer = Performer(through(spec, proxy), audit=audit)
            stack.push_async_callback(performer.close)
            made[operation] = Lane(await stage.request(operation), proxy, performer)
        yield Lanes(stage, made, await stage.count())


async def assert_nothing_is_locked(stage: Stage) -> None:
    """What a lost transaction held is free within the time that is promised."""
    async with asyncio.timeout(FREED_WITHIN):
        for table in ("r", "t"):
            await stage.connection.execute(f"select from absurd.{table}_mail for update")


@pytest.mark.fault(61)
@pytest.mark.parametrize("harm", [Harm.CUT_BEFORE, Harm.CUT_AFTER])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_lost_before_the_commit_is_not_applied(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str, harm: Harm
) -> None:
    request = await stage.request(operation)
    for number, (step, statement, earlier) in enumerate(steps(operation), start=1):
        proxy.arm(statement, harm, skip=earlier)
        outcome = await proxied.perform(request)
        assert proxy.struck == number, f"there was no {step}"
        assert outcome == NotApplied("The connection was lost before the COMMIT was sent."), step
    await assert_nothing_is_locked(stage)
    assert not await stage.is_done(request)
    assert isinstance(await proxied.perform(request), Done)
    assert await stage.is_done(request)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_commit_that_never_arrived_is_not_applied(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await stage.request(operation)
    proxy.arm(COMMIT, Harm.CUT_BEFORE)
    outcome = await proxied.perform(request)
    assert outcome == NotApplied("The connection was lost during COMMIT, and the server undid the transaction.")
    assert not await stage.is_done(request)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("harm", [Harm.CUT_AFTER, Harm.SWALLOW_ANSWER])
async def test_a_commit_whose_answer_was_lost_is_done(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str, harm: Harm, impatient: None
) -> None:
    request = await stage.request(operation)
    proxy.arm(COMMIT, harm)
    outcome = await proxied.perform(request)
    assert proxy.struck == 1
    assert isinstance(outcome, Done)
    assert await stage.is_done(request)
    assert bool(outcome.spawned) is (operation in ("retry as new", "spawn"))


@pytest.mark.fault(61)
@pytest.mark.usefixtures("real_limits", "impatient")
async def test_a_call_that_arrives_late_changes_nothing(lanes: Lanes) -> None:
    lanes.arm(CALLS, Harm.SWALLOW_REQUEST)
    for operation, outcome in (await lanes.performed()).items():
        assert isinstance(outcome, NotApplied), operation
    await assert_nothing_is_locked(lanes.stage)
    lanes.heal()
    await asyncio.sleep(0.5)
    assert await lanes.took_effect() == NOTHING
    await asyncio.sleep(SERVER_GIVES_UP)
    assert await lanes.took_effect() == NOTHING


@pytest.mark.usefixtures("impatient")
async def test_a_commit_that_arrives_late_is_waited_for(lanes: Lanes) -> None:
    lanes.arm(dict.fromkeys(OPERATIONS, COMMIT), Harm.SWALLOW_REQUEST)
    performing = asyncio.create_task(lanes.performed())
    await asyncio.sleep(1.5)
    assert not performing.done()
    assert await lanes.took_effect() == NOTHING
    for lane in lanes.by_operation.values():
        (pending,) = lane.performer.pending()
        assert pending.is_open_question
    lanes.heal()
    for operation, outcome in (await performing).items():
        assert isinstance(outcome, Done), operation
    assert await lanes.took_effect() == EVERYTHING


@pytest.mark.usefixtures("real_limits", "impatient")
async def test_a_commit_that_arrives_after_the_server_gave_up_changes_nothing(lanes: Lanes) -> None:
    lanes.arm(dict.fromkeys(OPERATIONS, COMMIT), Harm.SWALLOW_REQUEST)
    for operation, outcome in (await lanes.performed()).items():
        assert isinstance(outcome, NotApplied), operation
    lanes.heal()
    await asyncio.sleep(0.5)
    assert await lanes.took_effect() == NOTHING


@pytest.mark.fault(75)
@pytest.mark.parametrize("harm", [Harm.CUT_BEFORE, Harm.CUT_AFTER])
async def test_a_spawn_whose_commit_was_lost_is_there_once_after_it_was_sent_again(
    stage: Stage, proxied: Performer, proxy: StatementProxy, harm: Harm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftermath, "ASKED_FOR", 0.7)
    monkeypatch.setattr(writing, "CONNECT_SECONDS", 0.7)
    request = SpawnTask(QUEUE, "welcome", {}, SpawnOptions(idempotency_key=fresh_key()))
    assert isinstance(await proxied.perform(await stage.request("cancel")), Done)
    before = await stage.count()
    proxy.arm(COMMIT, harm)
    proxy.is_refusing = True
    assert isinstance(await proxied.perform(request), Unknown)
    proxy.is_refusing = False
    again = await proxied.perform(request)
    assert isinstance(again, AlreadySo if harm is Harm.CUT_AFTER else Done)
    assert await stage.count() == before + 1


async def test_what_others_did_after_a_commit_with_a_lost_answer_is_told(
    stage: Stage, proxied: Performer, proxy: StatementProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_soon(monkeypatch, 4.0)  # the others must have acted by then
    request = await stage.request("retry")
    proxy.arm(COMMIT, Harm.SWALLOW_ANSWER)
    performing = asyncio.create_task(proxied.perform(request))
    await until(lambda: stage.is_done(request))
    await stage.claim()
    outcome = await performing
    assert isinstance(outcome, Done)
    assert outcome.after is not None
    assert (outcome.after.state, outcome.after.attempt) == (State.RUNNING, 2)


async def test_a_connection_that_died_unnoticed_is_made_anew(stage: Stage, performer: Performer) -> None:
    first, second = await stage.request("cancel"), await stage.request("cancel")
    assert isinstance(await performer.perform(first), Done)
    await stage.connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name like 'absurd-tui/%' and datname = current_database()"
    )
    assert isinstance(await performer.perform(second), Done)


async def test_a_connection_that_dies_at_its_next_use_is_made_anew(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    first, second = await stage.request("cancel"), await stage.request("cancel")
    assert isinstance(await proxied.perform(first), Done)
    proxy.arm("begin", Harm.CUT_BEFORE)
    assert isinstance(await proxied.perform(second), Done)
    assert proxy.struck == 1


async def test_no_server_at_all_is_not_applied(stage: Stage, proxied: Performer, proxy: StatementProxy) -> None:
    request = await stage.request("cancel")
    proxy.is_refusing = True
    outcome = await proxied.perform(request)
    assert isinstance(outcome, NotApplied)
    assert outcome.reason.startswith("No connection: ")
    proxy.is_refusing = False
    assert isinstance(await proxied.perform(request), Done)


async def test_the_victim_of_a_deadlock_tries_once_more(stage: Stage, database: Database, performer: Performer) -> None:
    request = await stage.request("cancel")
    assert isinstance(request, CancelTask)
    # the one that has waited so long looks for a deadlock, once: it must find it, and the other not look before
    await stage.connection.execute(f"alter database {database.name} set deadlock_timeout = '4s'")
    other = await asyncpg.connect(database.dsn, server_settings={"deadlock_timeout": "100s"})
    try:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("select from absurd.t_mail for update")  # the wrong order: the task before its run
        performing = asyncio.create_task(performer.perform(request))
        await stage.until_we_wait_for_a_lock()
        await other.execute("update absurd.r_mail set claimed_by = 'another'")
        await transaction.commit()
    finally:
        other.terminate()
    assert isinstance(await performing, Done)
    assert (await stage.row(request.target.task_id))["state"] == "cancelled"


async def test_a_table_altered_under_a_prepared_statement_is_prepared_for_anew(
    stage: Stage, performer: Performer
) -> None:
    assert isinstance(await performer.perform(await stage.request("cancel")), Done)
    await stage.connection.execute("alter table absurd.t_mail alter column attempts type bigint")
    assert isinstance(await performer.perform(await stage.request("cancel")), Done)


async def test_a_lock_that_is_let_go_in_time_costs_only_the_wait(
    stage: Stage, database: Database, performer: Performer
) -> None:
    request = await stage.request("cancel")
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("select from absurd.r_mail for update")
            performing = asyncio.create_task(performer.perform(request))
            await stage.until_we_wait_for_a_lock()
            await other.execute("select absurd.complete_run($1, run_id, 'null') from absurd.r_mail", QUEUE)
    finally:
        other.terminate()
    outcome = await performing
    assert isinstance(outcome, Changed)
    assert outcome.after is not None
    assert outcome.after.state is State.COMPLETED


async def test_two_at_once_spawn_one(stage: Stage, performer: Performer, proxied: Performer) -> None:
    request = await stage.request("spawn")
    assert isinstance(request, SpawnTask)
    outcomes = await asyncio.gather(performer.perform(request), proxied.perform(request))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadySo", "Done"]
    assert await stage.count() == 1
