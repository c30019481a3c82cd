"""Many tasks at once on a real database: what is done is read back one by one, and nobody is waited for."""

import asyncio
import json
import stat
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.bulk_stage import bulk, frozen, kinds, seen, states
from integration.operations.stage import QUEUE, Stage
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.lifecycle import Cancellation, SpawnOptions
from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.observe.records import State
from absurd_tui.operations import bulk as bulk_module
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult
from absurd_tui.operations.bulk import BulkPlan, BulkRun
from absurd_tui.operations.bulk import Stage as At
from absurd_tui.operations.bulk_check import Fate, split
from absurd_tui.operations.bulk_export import export
from absurd_tui.operations.outcomes import Done, Refused
from absurd_tui.operations.perform import Performer, left_behind
from absurd_tui.operations.requests import Act, TaskBatch

POISON = """
create function no() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
create trigger no before update on absurd.t_mail for each row when (old.task_name = 'task 7') execute function no()"""


@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
@pytest.mark.parametrize(
    ("act", "before", "after"), [(Act.CANCEL, "pending", "cancelled"), (Act.RETRY, "failed", "pending")]
)
async def test_all_are_done_in_batches_of_a_hundred_and_each_is_read_back(
    stage: Stage, performer: Performer, audit: Audit, act: Act, before: str, after: str
) -> None:
    targets = await frozen(stage.connection, before, 250)
    run = bulk(performer, act, targets)
    await run.begin()
    assert at(run) is At.OVER
    assert kinds(run) == {"Done": 250}
    assert await states(stage.connection) == {after: 250}
    for outcome, now in zip(run.outcomes, await seen(stage.connection), strict=True):
        assert isinstance(outcome, Done)
        assert outcome.after is not None
        assert (outcome.after.state, outcome.after.attempt) == (now.state, now.attempt)
    assert [len(record.items) for record in audit.records] == [100, 100, 50]
    assert [record.outcome for record in audit.records] == ["done"] * 3


async def test_a_cancelled_live_task_leaves_neither_run_nor_wait(stage: Stage, performer: Performer) -> None:
    await stage.running()
    run = bulk(performer, Act.CANCEL, await seen(stage.connection))
    await run.begin()
    assert kinds(run) == {"Done": 1}
    assert [row["state"] for row in await stage.connection.fetch("select state from absurd.r_mail")] == ["cancelled"]


async def test_what_moved_on_is_left_alone_and_told(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "failed", 40)
    for target in targets[::2]:
        await stage.lifecycle.retry(QUEUE, target.task_id)
    run = bulk(performer, Act.RETRY, targets)
    await run.begin()
    assert kinds(run) == {"Done": 20, "AlreadySo": 20}
    assert {target.attempt for target in await seen(stage.connection)} == {2}
    assert await stage.connection.fetchval("select count(*) from absurd.r_mail") == 80


async def test_a_list_of_which_half_was_done_changed_or_deleted(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "pending", 40)
    await stage.lifecycle.cancel(QUEUE, targets[0].task_id)
    await stage.delete(targets[1].task_id)
    await stage.lifecycle.claim(QUEUE, "worker-1", 60, 18)
    run = bulk(performer, Act.CANCEL, targets)
    await run.begin()
    assert kinds(run) == {"Done": 20, "AlreadySo": 1, "Gone": 1, "Changed": 18}
    assert (await states(stage.connection))["running"] == 18


async def test_locked_rows_are_skipped_at_once_and_can_be_gone_on_with(
    stage: Stage, performer: Performer, database: Database
) -> None:
    targets = await frozen(stage.connection, "running", 30)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.fetch(
                "select from absurd.r_mail where run_id = any($1) for update", [t.run_id for t in targets[:2]]
            )
            await other.fetch("select from absurd.t_mail where task_id = $1 for update", targets[2].task_id)
            run = bulk(performer, Act.CANCEL, targets)
            async with asyncio.timeout(30):  # the locks are not waited for: the server would wait two minutes
                await run.begin()
            assert kinds(run) == {"Done": 27, "Locked": 3}
            assert run.left == [0, 1, 2]
    finally:
        await other.close()
    await run.go_on()
    assert kinds(run) == {"Done": 30}
    assert await states(stage.connection) == {"cancelled": 30}


async def test_a_task_that_cannot_be_done_costs_only_itself(stage: Stage, performer: Performer, audit: Audit) -> None:
    targets = await frozen(stage.connection, "failed", 20)
    await stage.connection.execute(POISON)
    run = bulk(performer, Act.RETRY, targets)
    await run.begin()
    assert at(run) is At.OVER
    assert kinds(run) == {"Done": 19, "Refused": 1}
    (refused,) = [outcome for outcome in run.outcomes if isinstance(outcome, Refused)]
    assert "not this one" in refused.reason
    assert (await states(stage.connection)) == {"pending": 19, "failed": 1}
    assert Counter(record.outcome for record in audit.records) == {"refused": 2, "done": 19}


async def test_one_that_cannot_be_done_costs_only_itself_also_where_all_were_locked_before(
    stage: Stage, performer: Performer, database: Database
) -> None:
    targets = await frozen(stage.connection, "failed", 20)
    await stage.connection.execute(POISON)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.fetch("select from absurd.t_mail for update")
            run = bulk(performer, Act.RETRY, targets)
            await run.begin()
            assert kinds(run) == {"Locked": 20}
    finally:
        await other.close()
    await run.go_on()
    assert kinds(run) == {"Done": 19, "Refused": 1}
    assert (await states(stage.connection)) == {"pending": 19, "failed": 1}


async def test_a_retry_that_would_be_lost_is_not_made(stage: Stage, performer: Performer) -> None:
    await stage.failed(SpawnOptions(max_attempts=1, cancellation=Cancellation(max_duration=3600)))
    await stage.connection.execute("update absurd.t_mail set first_started_at = now() - interval '2 hours'")
    targets = await frozen(stage.connection, "failed", 3)
    run = bulk(performer, Act.RETRY, targets)
    await run.begin()
    assert kinds(run) == {"Done": 3, "WouldBeLost": 1}


async def test_a_dry_run_splits_the_list_and_changes_nothing(
    stage: Stage, performer: Performer, audit: Audit, database: Database
) -> None:
    await stage.failed(SpawnOptions(max_attempts=1, cancellation=Cancellation(max_duration=3600)))
    await stage.connection.execute("update absurd.t_mail set first_started_at = now() - interval '2 hours'")
    await stage.pending()
    targets = await frozen(stage.connection, "failed", 118)
    retried = next(target for target in reversed(targets) if target.task_name == "task 5")
    held = next(target for target in targets if target.task_name == "task 6")
    await stage.lifecycle.retry(QUEUE, retried.task_id)
    before = await states(stage.connection)
    told: list[int] = []

    def checked(number: int) -> bool:
        told.append(number)
        return True

    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.fetch("select from absurd.t_mail where task_id = $1 for update", held.task_id)
            found = await split(Act.RETRY, targets, performer.check_batch, checked)
    finally:
        await other.close()
    assert found is not None
    counts = {fate: number for fate in Fate if (number := found.count(fate))}
    assert counts == {Fate.DONE: 116, Fate.LOCKED: 1, Fate.LOST: 1, Fate.MOVED_ON: 1, Fate.REFUSED: 1}
    assert len(found.ready) == 117
    assert len(found.left_out) == 3
    assert told == [100, 120]
    assert await states(stage.connection) == before
    assert audit.records == ()


async def test_a_dry_run_that_nobody_waits_for_ends(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "failed", 250)
    assert await split(Act.RETRY, targets, performer.check_batch, lambda number: number < 100) is None


@pytest.mark.slow
@pytest.mark.usefixtures("short_lock")
async def test_a_lock_met_within_the_call_costs_only_its_own_task(
    stage: Stage, performer: Performer, database: Database
) -> None:
    await stage.waiting("invoice.paid")
    targets = await frozen(stage.connection, "pending", 4)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("select from absurd.w_mail for update")
            run = bulk(performer, Act.CANCEL, targets)
            await run.begin()
    finally:
        await other.close()
    assert kinds(run) == {"Done": 4, "Locked": 1}
    assert await states(stage.connection) == {"cancelled": 4, "sleeping": 1}


async def test_leaving_ends_a_run_and_what_was_in_flight_is_in_the_audit(
    stage: Stage, performer: Performer, audit: Audit, database: Database
) -> None:
    await stage.waiting("invoice.paid")
    targets = await frozen(stage.connection, "pending", 150)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("select from absurd.w_mail for update")
            run = bulk(performer, Act.CANCEL, targets)
            running = asyncio.create_task(run.begin())
            await stage.until_we_wait_for_a_lock()
            (left,) = await performer.close(within=0.1)
            assert not left.is_open_question
            await asyncio.gather(running, return_exceptions=True)
    finally:
        await other.close()
    assert (await states(stage.connection))["cancelled"] in (0, 100)
    assert audit.records[-1].outcome == "not applied"
    assert "the cancel of mail › 100 tasks was still under way: it was not committed" in left_behind(left).text


async def test_a_connection_lost_in_the_call_halts_and_what_is_left_can_be_gone_on_with(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    targets = await frozen(stage.connection, "failed", 250)
    proxy.arm("absurd.retry_task", Harm.CUT_BEFORE, skip=1)
    run = bulk(proxied, Act.RETRY, targets)
    await run.begin()
    assert at(run) is At.HALTED
    assert kinds(run) == {"Done": 100, "not reached": 150}
    assert await states(stage.connection) == {"pending": 100, "failed": 150}
    await run.go_on()
    assert at(run) is At.OVER
    assert kinds(run) == {"Done": 250}
    assert {target.attempt for target in await seen(stage.connection)} == {2}


@pytest.mark.parametrize(("harm", "done"), [(Harm.CUT_AFTER, 250), (Harm.CUT_BEFORE, 100)])
async def test_a_connection_lost_at_commit_is_looked_up(
    stage: Stage, proxied: Performer, proxy: StatementProxy, harm: Harm, done: int
) -> None:
    targets = await frozen(stage.connection, "pending", 250)
    proxy.arm(COMMIT, harm, skip=1)
    run = bulk(proxied, Act.CANCEL, targets)
    await run.begin()
    assert proxy.struck == 1
    assert kinds(run)["Done"] == done
    assert kinds(run)["Unknown"] == 0
    assert (await states(stage.connection))["cancelled"] == done
    await run.go_on()
    assert kinds(run) == {"Done": 250}


async def test_stop_stops_after_the_call_in_flight(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "pending", 250)

    async def perform(batch: TaskBatch) -> BatchResult:
        run.stop()
        return await performer.perform_batch(batch)

    run = BulkRun(BulkPlan(Act.CANCEL, targets, pace=None), perform, _never_read)
    await run.begin()
    assert at(run) is At.STOPPED
    assert kinds(run) == {"Done": 100, "not reached": 150}
    await run.go_on()
    assert at(run) is At.STOPPED
    await run.go_on()
    assert at(run) is At.OVER
    assert kinds(run) == {"Done": 250}


@pytest.mark.slow
async def test_the_gentle_pace_is_kept(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "pending", 9)
    run = BulkRun(BulkPlan(Act.CANCEL, targets, pace=6), performer.perform_batch, _never_read)
    began = asyncio.get_running_loop().time()
    await run.begin()
    assert kinds(run) == {"Done": 9}
    assert asyncio.get_running_loop().time() - began >= 0.9


async def test_the_canary_is_watched_to_its_end_before_the_rest_is_asked_for(
    stage: Stage, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_module, "WATCHED_EVERY", 0.01)
    targets = await frozen(stage.connection, "failed", 20)
    looks: list[list[UUID]] = []

    async def watch(queue: str, task_ids: Sequence[UUID]) -> Standings:
        looks.append(list(task_ids))
        over = State.COMPLETED if len(looks) > 1 else State.RUNNING
        return Standings(0.0, {task_id: _stands(task_id, over) for task_id in task_ids})

    run = BulkRun(BulkPlan(Act.RETRY, targets, canary=5, pace=None), performer.perform_batch, watch)
    await run.begin()
    assert at(run) is At.ASKING
    assert [len(look) for look in looks] == [5, 5]
    assert await states(stage.connection) == {"pending": 5, "failed": 15}
    await run.go_on()
    assert at(run) is At.OVER
    assert await states(stage.connection) == {"pending": 20}


async def test_the_result_is_written_down_for_its_owner_alone(
    stage: Stage, performer: Performer, tmp_path: Path
) -> None:
    targets = await frozen(stage.connection, "failed", 3)
    await stage.lifecycle.retry(QUEUE, targets[1].task_id)
    run = bulk(performer, Act.RETRY, targets)
    await run.begin()
    folder = tmp_path / "state"
    path, again = export(run, folder, 1_790_000_000.0, "db"), export(run, folder, 1_790_000_000.0, "db")
    assert path != again
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["task_id"] for line in lines] == [str(target.task_id) for target in targets]
    assert [line["outcome"] for line in lines] == ["done", "already so", "done"]


def at(run: BulkRun) -> At:
    return run.stage


async def _never_read(queue: str, task_ids: Sequence[UUID]) -> Standings:
    raise AssertionError


def _stands(task_id: UUID, state: State) -> FollowedTask:
    return FollowedTask(
        task_id=task_id,
        state=state,
        attempt=2,
        max_attempts=2,
        worker=None,
        claim_expires_at=None,
        available_at=0.0,
        started_at=None,
        ended_at=None,
        enqueued_at=0.0,
        cancelled_at=None,
        wake_event=None,
        failure=None,
    )
