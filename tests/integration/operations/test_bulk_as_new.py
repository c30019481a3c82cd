"""Many failed tasks retried as new: each copy names its original, and no failure is copied twice."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.bulk_stage import bulk, frozen, kinds, seen, states
from integration.operations.stage import QUEUE, Stage, give_up_soon, until
from seeding import put, role
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Cancellation, FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations import aftermath
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.bulk import Stage as At
from absurd_tui.operations.bulk_check import Fate, split
from absurd_tui.operations.bulk_export import export
from absurd_tui.operations.copies import HEADER, key
from absurd_tui.operations.outcomes import AlreadySo, Done, Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import Act

COPIES = """
select c.task_id, c.task_name, c.params::text, c.headers, c.retry_strategy::text, c.max_attempts, c.cancellation::text,
       c.state
  from absurd.t_mail c where c.headers ->> 'absurd-tui-copied-from' = $1"""

WAITING = "select count(*) > 0 from pg_locks where not granted"


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
async def test_each_has_a_copy_that_names_it_and_stays_failed(
    stage: Stage, performer: Performer, audit: Audit, tmp_path: Path
) -> None:
    options = SpawnOptions(
        1, FixedRetry(7), Cancellation(max_duration=3600), {"trace": 1.50, "nothing": None}, "order-1"
    )
    special = await stage.failed(options)
    await frozen(stage.connection, "failed", 120)
    targets = await seen(stage.connection)
    run = bulk(performer, Act.RETRY_AS_NEW, targets)
    await run.begin()
    assert run.stage is At.OVER
    assert kinds(run) == {"Done": 121}
    assert await states(stage.connection) == {"failed": 121, "pending": 121}
    (copy,) = await stage.connection.fetch(COPIES, f"{QUEUE}/{special}")
    assert json.loads(copy["headers"]) == {
        "trace": 1.5,
        "nothing": None,
        "absurd-tui-copied-from": f"{QUEUE}/{special}",
    }
    (original,) = await stage.connection.fetch(
        "select task_name, params::text, retry_strategy::text, max_attempts, cancellation::text"
        " from absurd.t_mail where task_id = $1",
        special,
    )
    assert {key: copy[key] for key in dict(original)} == dict(original)
    place = [target.task_id for target in targets].index(special)
    outcome = run.outcomes[place]
    assert isinstance(outcome, Done)
    assert outcome.spawned == (copy["task_id"],)
    items = [item for record in audit.records for item in record.items]
    assert {item.task_id: item.spawned for item in items}[special] == copy["task_id"]
    assert {record.operation for record in audit.records} == {"retry as new"}
    lines = [json.loads(line) for line in export(run, tmp_path, 1_790_000_000.0, "db").read_text().splitlines()]
    assert UUID(lines[place]["copy"]) == copy["task_id"]


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
async def test_what_was_copied_is_left_out_of_a_second_run_and_told(stage: Stage, performer: Performer) -> None:
    first = await frozen(stage.connection, "failed", 3)
    await bulk(performer, Act.RETRY_AS_NEW, first).begin()
    ((fresh, _),) = await put(stage.connection, QUEUE, "failed")
    targets = tuple(target for target in await seen(stage.connection) if target.state is State.FAILED)
    found = await split(Act.RETRY_AS_NEW, targets, performer.check_batch, lambda number: True)
    assert found is not None
    assert (found.count(Fate.COPIED), found.count(Fate.DONE)) == (3, 1)
    assert [target.task_id for target in found.ready] == [fresh]
    run = bulk(performer, Act.RETRY_AS_NEW, targets)
    await run.begin()
    assert kinds(run) == {"AlreadySo": 3, "Done": 1}
    assert all(isinstance(outcome, AlreadySo | Done) and outcome.after for outcome in run.outcomes)
    assert (await states(stage.connection)).total() == 8


async def test_one_that_moved_on_is_left_alone(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "failed", 4)
    await stage.lifecycle.retry(QUEUE, targets[0].task_id)
    await stage.delete(targets[1].task_id)
    run = bulk(performer, Act.RETRY_AS_NEW, targets)
    await run.begin()
    assert kinds(run) == {"Done": 2, "Changed": 1, "Gone": 1}
    assert await states(stage.connection) == {"failed": 2, "pending": 3}


async def test_two_runs_at_once_copy_each_once(stage: Stage, performer: Performer, database: Database) -> None:
    targets = await frozen(stage.connection, "failed", 3)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("select from absurd.t_mail where task_id = $1 for update", targets[0].task_id)
            run = bulk(performer, Act.RETRY_AS_NEW, targets)
            await run.begin()
            assert kinds(run) == {"Done": 2, "Locked": 1}
    finally:
        await other.close()
    await run.go_on()
    assert kinds(run) == {"Done": 3}
    assert await states(stage.connection) == {"failed": 3, "pending": 3}


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
async def test_a_task_that_only_has_the_key_of_a_copy_is_not_told_as_one(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "failed", 6)
    named, bare, of_another, real, listed, _ = targets
    await stage.connection.execute(
        "update absurd.t_mail set headers = '[1]' where task_id = any($1)", [bare.task_id, listed.task_id]
    )
    await bulk(performer, Act.RETRY_AS_NEW, [real, listed]).begin()
    names = {f"{QUEUE}/{target.task_id}": target for target in targets}
    forged = [
        (named, "another_name", {HEADER: f"{QUEUE}/{named.task_id}"}),
        (bare, bare.task_name, {}),
        (of_another, of_another.task_name, {HEADER: next(iter(names))}),
    ]
    holders = {}
    for target, name, headers in forged:
        options = SpawnOptions(idempotency_key=key(target.run_id), headers=headers)
        holders[target.task_id] = (await stage.lifecycle.spawn(QUEUE, name, {}, options)).task_id
    before = (await states(stage.connection)).total()
    found = await split(Act.RETRY_AS_NEW, targets, performer.check_batch, lambda number: True)
    assert found is not None
    assert [found.count(fate) for fate in (Fate.REFUSED, Fate.COPIED, Fate.DONE)] == [3, 2, 1]
    run = bulk(performer, Act.RETRY_AS_NEW, targets)
    await run.begin()
    for target, outcome in zip(targets, run.outcomes, strict=True):
        if holder := holders.get(target.task_id):
            end = str(holder)[-8:]
            assert outcome == Refused(f"Another task, …{end}, holds the idempotency key of such a copy.")
    assert kinds(run) == {"Refused": 3, "AlreadySo": 2, "Done": 1}
    assert (await states(stage.connection)).total() == before + 1


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
async def test_a_key_that_is_taken_between_the_look_and_the_call_is_told_by_who_has_it(
    stage: Stage, performer: Performer, database: Database
) -> None:
    forged, free, copied = await frozen(stage.connection, "failed", 3)
    other = await asyncpg.connect(database.dsn)
    copy = {HEADER: f"{QUEUE}/{copied.task_id}"}
    try:
        async with other.transaction():
            for target, headers in ((forged, {}), (copied, copy)):
                options = SpawnOptions(idempotency_key=key(target.run_id), headers=headers)
                await Lifecycle(other).spawn(QUEUE, target.task_name, {}, options)
            run = bulk(performer, Act.RETRY_AS_NEW, [forged, free, copied])
            running = asyncio.create_task(run.begin())
            await until(lambda: stage.connection.fetchval(WAITING))
        await running
    finally:
        await other.close()
    assert [type(outcome) for outcome in run.outcomes] == [Refused, Done, AlreadySo]


@pytest.mark.slow
async def test_what_is_unknown_is_gone_on_with_and_is_not_copied_again(
    stage: Stage, proxied: Performer, proxy: StatementProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_soon(monkeypatch)
    monkeypatch.setattr(aftermath, "ASKED_FOR", 0.7)
    targets = await frozen(stage.connection, "failed", 120)
    proxy.arm(COMMIT, Harm.SWALLOW_ANSWER, skip=1)
    run = bulk(proxied, Act.RETRY_AS_NEW, targets)
    running = asyncio.create_task(run.begin())
    await proxy.striking()
    proxy.is_refusing = True
    await running
    assert run.stage is At.HALTED
    assert kinds(run) == {"Done": 100, "Unknown": 20}
    proxy.is_refusing = False
    await run.go_on()
    assert kinds(run) == {"Done": 100, "AlreadySo": 20}
    assert await states(stage.connection) == {"failed": 120, "pending": 120}


async def test_a_connection_lost_at_commit_is_looked_up_by_the_copies(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    targets = await frozen(stage.connection, "failed", 5)
    proxy.arm(COMMIT, Harm.CUT_AFTER)
    run = bulk(proxied, Act.RETRY_AS_NEW, targets)
    await run.begin()
    assert kinds(run) == {"Done": 5}
    copies = {outcome.spawned for outcome in run.outcomes if isinstance(outcome, Done)}
    assert len(copies) == 5
    assert await states(stage.connection) == {"failed": 5, "pending": 5}


async def test_a_role_without_the_right_is_told_which_grant_is_missing(
    stage: Stage, database: Database, audit: Audit
) -> None:
    targets = await frozen(stage.connection, "failed", 2)
    async with role(stage.connection, database) as viewer:
        await stage.connection.execute(f'grant select on all tables in schema absurd to "{viewer.name}"')
        performer = Performer(resolve(viewer.dsn, environ={}), audit=audit)
        run = bulk(performer, Act.RETRY_AS_NEW, targets)
        await run.begin()
        assert isinstance(run.failure, Refused)
        assert run.failure.remedy is not None
        await stage.connection.execute(run.failure.remedy)
        await run.go_on()
        await performer.close()
    assert kinds(run) == {"Done": 2}


async def test_the_kept_statement_is_one_that_does_it(stage: Stage, performer: Performer) -> None:
    await bulk(performer, Act.RETRY_AS_NEW, await frozen(stage.connection, "failed", 2)).begin()
    statement = performer.audit.records[0].sql
    assert statement is not None
    await stage.connection.execute(statement)
    assert (await states(stage.connection)).total() == 4, "the keys are in it"
    await stage.connection.execute("delete from absurd.t_mail where state = 'pending'")
    await stage.connection.execute(statement)
    assert await states(stage.connection) == {"failed": 2, "pending": 2}
    assert len(await stage.connection.fetch("select from absurd.t_mail where headers ? 'absurd-tui-copied-from'")) == 2
