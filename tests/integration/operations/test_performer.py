"""The one way to write: one request at a time for a target, nothing in read-only mode, a record of everything."""

import asyncio
import dataclasses
import json
import stat
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import EVENT, KEYED, OPERATIONS, QUEUE, Stage, until
from seeding import role
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle import SpawnOptions
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.cancel import Cancel
from absurd_tui.operations.outcomes import Done, Gone, Refused, StillUnderWay
from absurd_tui.operations.perform import Performer, left_behind
from absurd_tui.operations.requests import EmitEvent, SpawnTask, TaskRequest

OURS = (
    "select count(*) from pg_stat_activity where application_name like 'absurd-tui/%' and datname = current_database()"
)

NONE_OF_OURS = OURS.replace("count(*)", "count(*) = 0")


@pytest.mark.fault(64)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_held_key_does_it_once(stage: Stage, performer: Performer, operation: str) -> None:
    request = await stage.request(operation)
    outcomes = await asyncio.gather(*(performer.perform(request) for _ in range(30)))
    assert isinstance(outcomes[0], Done)
    assert outcomes[1:] == [StillUnderWay(operation.split(maxsplit=1)[0])] * 29
    assert await stage.count() == (2 if operation == "retry as new" else 1)
    assert performer.pending() == ()
    assert [record.outcome for record in performer.audit.records] == ["done"]


async def test_different_targets_wait_for_each_other_and_are_all_done(stage: Stage, performer: Performer) -> None:
    requests = [await stage.request("cancel") for _ in range(5)]
    outcomes = await asyncio.gather(*map(performer.perform, requests))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    assert await stage.connection.fetchval(OURS) == 1


async def test_a_right_that_came_after_the_connection_was_made_counts(
    stage: Stage, database: Database, audit: Audit
) -> None:
    cancel, retry = await stage.request("cancel"), await stage.request("retry")
    await stage.connection.execute("revoke execute on function absurd.retry_task from public")
    async with role(stage.connection, database) as operator:
        await stage.connection.execute(f'grant all on all tables in schema absurd to "{operator.name}"')
        performer = Performer(resolve(operator.dsn, environ={}), audit=audit)
        assert isinstance(await performer.perform(cancel), Done)
        await stage.connection.execute(f'grant execute on function absurd.retry_task to "{operator.name}"')
        assert isinstance(await performer.perform(retry), Done)
        await performer.close()


@pytest.mark.fault(85)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_read_only_makes_no_connection(stage: Stage, spec: ConnSpec, audit: Audit, operation: str) -> None:
    request = await stage.request(operation)
    performer = Performer(spec, audit=audit, is_read_only=True)
    outcome = await performer.perform(request)
    assert isinstance(outcome, Refused)
    assert "read-only" in outcome.reason
    assert not await stage.is_done(request)
    assert await stage.connection.fetchval(OURS) == 0
    await performer.close()


async def test_bad_input_makes_no_connection(spec: ConnSpec, audit: Audit) -> None:
    nowhere = dataclasses.replace(spec, hosts=(("127.0.0.1", 1),))
    outcome = await Performer(nowhere, audit=audit).perform(SpawnTask(QUEUE, " \t", {}))
    assert outcome == Refused("A task needs a name.")


@pytest.mark.fault(62)
async def test_who_stops_waiting_stops_nothing(stage: Stage, database: Database, performer: Performer) -> None:
    request = await stage.request("cancel")
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.t_mail for update")
        waiting = asyncio.create_task(performer.perform(request))
        await stage.until_we_wait_for_a_lock()
        waiting.cancel()
        await asyncio.wait({waiting})
        (pending,) = performer.pending()
        assert pending.request == request
        assert not pending.is_open_question
    await other.close()
    await until(lambda: stage.is_done(request))
    await performer.close()
    (record,) = performer.audit.records
    assert record.outcome == "done"


@pytest.mark.slow
@pytest.mark.fault(62)
async def test_leaving_waits_a_second_and_tells_what_is_left(
    stage: Stage, database: Database, performer: Performer
) -> None:
    request = await stage.request("cancel")
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.t_mail for update")
        performing = asyncio.create_task(performer.perform(request))
        await stage.until_we_wait_for_a_lock()
        begun = asyncio.get_running_loop().time()
        (left,) = await performer.close()
        assert 0.9 < asyncio.get_running_loop().time() - begun < 6
    await other.close()
    assert "was not committed, and the server undoes it" in left_behind(left).text
    (record,) = performer.audit.records
    assert record.outcome == "not applied"
    await asyncio.wait({performing})
    await until(lambda: stage.connection.fetchval(NONE_OF_OURS))
    assert not await stage.is_done(request)


@pytest.mark.fault(62)
async def test_leaving_during_a_commit_tells_how_to_look(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    request = await stage.request("cancel")
    proxy.arm(COMMIT, Harm.SWALLOW_ANSWER)
    performing = asyncio.create_task(proxied.perform(request))
    await until(lambda: stage.is_done(request))
    (left,) = await proxied.close(within=0.1)
    await asyncio.wait({performing})
    assert left.is_open_question
    (record,) = proxied.audit.records
    assert (record.outcome, record.xid) == ("unknown", left.xid)
    told = left_behind(left).text
    assert "is not known" in told
    statement = told.partition("not known. ")[2].removesuffix(" tells.")
    assert await stage.connection.fetchval(statement) == "committed"


async def test_leaving_waits_for_what_is_quick(stage: Stage, performer: Performer) -> None:
    request = await stage.request("cancel")
    performing = asyncio.create_task(performer.perform(request))
    await asyncio.sleep(0)
    assert await performer.close(within=60) == ()
    assert isinstance(await performing, Done)
    assert await stage.is_done(request)
    assert isinstance(await performer.perform(await stage.request("cancel")), Refused)
    await until(lambda: stage.connection.fetchval(NONE_OF_OURS))


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_write_leaves_a_record(stage: Stage, performer: Performer, tmp_path: Path, operation: str) -> None:
    request = await stage.request(operation)
    outcome = await performer.perform(request)
    assert isinstance(outcome, Done)
    (record,) = performer.audit.records
    name = EVENT if operation == "emit" else "welcome"
    assert (record.operation, record.queue, record.task_name) == (operation.split(maxsplit=1)[0], QUEUE, name)
    assert (record.role, record.outcome, record.clock) == ("postgres", "done", "database")
    assert record.xid is not None
    path = tmp_path / "state" / "audit.jsonl"
    kept = json.loads(path.read_text())
    assert kept["sql"] == record.sql
    assert kept["spawned"] == [str(task_id) for task_id in outcome.spawned]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("operation", ["cancel", "retry", "retry as new", "extend"])
async def test_the_kept_statement_is_one_that_does_it(stage: Stage, performer: Performer, operation: str) -> None:
    request, again = await stage.request(operation), await stage.request(operation)
    await performer.perform(request)
    first = performer.audit.records[0].sql
    assert first is not None
    assert isinstance(again, TaskRequest)
    assert isinstance(request, TaskRequest)
    for old, new in ((request.target.task_id, again.target.task_id), (request.target.run_id, again.target.run_id)):
        first = first.replace(str(old), str(new))
    before = await stage.count()
    await stage.connection.execute(first)
    if operation == "retry as new":
        assert await stage.count() == before + 1
    else:
        assert await stage.is_done(again)


@pytest.mark.parametrize("broken", ["look", "read_back"])
async def test_an_error_of_ours_before_the_commit_leaves_a_record_and_nothing_else(
    stage: Stage, performer: Performer, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    request = await stage.request("cancel")
    monkeypatch.setattr(Cancel, broken, fail)
    with pytest.raises(KeyError):
        await performer.perform(request)
    (record,) = performer.audit.records
    assert (record.outcome, bool(record.sql)) == ("not applied", broken == "read_back")
    assert "The program failed (KeyError) before the COMMIT was sent. Nothing changed." in record.told
    assert "hunter2" not in repr(record)
    await until(lambda: stage.connection.fetchval(NONE_OF_OURS))
    assert not await stage.is_done(request)
    assert performer.pending() == ()


async def test_an_error_of_ours_after_the_commit_was_sent_leaves_it_open(
    stage: Stage, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await stage.request("cancel")
    commit = WriteSession.commit

    async def commit_and_fail(session: WriteSession) -> bool:
        await commit(session)
        raise KeyError("hunter2")

    monkeypatch.setattr(WriteSession, "commit", commit_and_fail)
    with pytest.raises(KeyError):
        await performer.perform(request)
    (record,) = performer.audit.records
    assert record.outcome == "unknown"
    assert f"before the COMMIT was answered. Transaction {record.xid}." in record.told
    assert await stage.connection.fetchval(f"select pg_xact_status('{record.xid}')") == "committed"


async def test_an_error_of_ours_while_a_lost_commit_is_looked_up_leaves_it_open(
    stage: Stage, proxied: Performer, proxy: StatementProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await stage.request("cancel")
    proxy.arm(COMMIT, Harm.CUT_AFTER)
    monkeypatch.setattr(Cancel, "confirm", fail)
    with pytest.raises(KeyError):
        await proxied.perform(request)
    (record,) = proxied.audit.records
    assert (record.outcome, record.xid is None) == ("unknown", False)
    assert await stage.is_done(request)


async def fail(*_: object) -> None:
    raise KeyError("hunter2")


async def test_nothing_that_was_not_called_is_kept_as_a_statement(stage: Stage, performer: Performer) -> None:
    request = await stage.request("cancel")
    assert isinstance(request, TaskRequest)
    await stage.delete(request.target.task_id)
    assert await performer.perform(request) == Gone()
    (record,) = performer.audit.records
    assert (record.sql, record.absurdctl, record.xid) == (None, None, None)


async def test_no_payload_is_kept(stage: Stage, performer: Performer, tmp_path: Path) -> None:
    options = SpawnOptions(headers={"token": "hunter2"}, idempotency_key=KEYED.idempotency_key)
    outcome = await performer.perform(SpawnTask(QUEUE, "welcome", {"card": "hunter2"}, options, count=2))
    assert isinstance(outcome, Done)
    for payload in ({"card": "hunter2"}, {"other": "hunter2"}):
        await performer.perform(EmitEvent(QUEUE, EVENT, payload))
    assert [record.outcome for record in performer.audit.records] == ["done", "done", "already so"]
    assert "hunter2" not in (tmp_path / "state" / "audit.jsonl").read_text()
    assert "hunter2" not in repr(performer.audit.records)
