"""The connection is lost at each step, or delivers late: what is told is what the database holds in the end."""

import asyncio

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import CALLS, OPERATIONS, QUEUE, Stage, give_up_soon, until
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.database import writing
from absurd_tui.observe.records import State
from absurd_tui.operations.outcomes import Changed, Done, NotApplied
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, SpawnTask

pytestmark = pytest.mark.slow

SERVER_GIVES_UP = writing.IDLE_SECONDS + 1
XID, READ = "pg_current_xact_id", "t.xmin::text"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    give_up_soon(monkeypatch)


@pytest.mark.parametrize("harm", [Harm.CUT_BEFORE, Harm.CUT_AFTER])
@pytest.mark.parametrize("statement", ["begin", "for update", READ, XID, CALLS["cancel"]])
async def test_lost_before_the_commit_is_not_applied(
    stage: Stage, proxied: Performer, proxy: StatementProxy, statement: str, harm: Harm
) -> None:
    request = await stage.request("cancel")
    proxy.arm(statement, harm)
    outcome = await proxied.perform(request)
    assert proxy.struck == 1
    assert isinstance(outcome, NotApplied)
    await asyncio.sleep(0.2)
    assert not await stage.is_done(request)
    assert isinstance(await proxied.perform(request), Done)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_call_that_took_place_and_was_not_committed_is_not_applied(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await stage.request(operation)
    proxy.arm(CALLS[operation], Harm.CUT_AFTER)
    assert isinstance(await proxied.perform(request), NotApplied)
    await asyncio.sleep(0.2)
    assert not await stage.is_done(request)


@pytest.mark.parametrize("harm", [Harm.CUT_BEFORE, Harm.CUT_AFTER])
async def test_what_was_called_and_not_read_back_is_not_applied(
    stage: Stage, proxied: Performer, proxy: StatementProxy, harm: Harm
) -> None:
    request = await stage.request("cancel")
    proxy.arm(READ, harm, skip=1)  # the first reading is before the call
    assert isinstance(await proxied.perform(request), NotApplied)
    assert proxy.struck == 1
    await asyncio.sleep(0.2)
    assert not await stage.is_done(request)


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


@pytest.mark.usefixtures("real_limits")
@pytest.mark.parametrize("operation", ["cancel", "spawn"])
async def test_a_call_that_arrives_late_changes_nothing(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str, impatient: None
) -> None:
    request = await stage.request(operation)
    proxy.arm(CALLS[operation], Harm.SWALLOW_REQUEST)
    assert isinstance(await proxied.perform(request), NotApplied)
    proxy.heal()
    await asyncio.sleep(0.5)
    assert not await stage.is_done(request)
    await asyncio.sleep(SERVER_GIVES_UP)
    assert not await stage.is_done(request)


@pytest.mark.parametrize("operation", ["cancel", "extend"])
async def test_a_commit_that_arrives_late_is_waited_for(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str, impatient: None
) -> None:
    request = await stage.request(operation)
    proxy.arm(COMMIT, Harm.SWALLOW_REQUEST)
    performing = asyncio.create_task(proxied.perform(request))
    await asyncio.sleep(1.5)
    assert not performing.done()
    assert not await stage.is_done(request)
    (pending,) = proxied.pending()
    assert pending.is_open_question
    proxy.heal()
    assert isinstance(await performing, Done)
    assert await stage.is_done(request)


@pytest.mark.usefixtures("real_limits")
async def test_a_commit_that_arrives_after_the_server_gave_up_changes_nothing(
    stage: Stage, proxied: Performer, proxy: StatementProxy, impatient: None
) -> None:
    request = await stage.request("cancel")
    proxy.arm(COMMIT, Harm.SWALLOW_REQUEST)
    assert isinstance(await proxied.perform(request), NotApplied)
    proxy.heal()
    await asyncio.sleep(0.5)
    assert not await stage.is_done(request)


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
