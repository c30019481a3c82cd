"""A clean-up batch by batch: what it counts, what it never touches, how it is stopped, and who works beside it."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import QUEUE, Stage, until
from seeding import put
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.conninfo import ConnSpec
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.queries import table
from absurd_tui.operations import sweep
from absurd_tui.operations.clean_up_count import CleanUpCount, count_clean_up
from absurd_tui.operations.outcomes import Changed, Done, Gone, Locked, Outcome, Refused, Removed
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.queue_requests import CleanUp

HOUR = 3_600
ENDED = "now() - interval '2 hours'"


async def put_ended(stage: Stage, number: int, queue: str = QUEUE) -> None:
    """Put in tasks that completed two hours ago."""
    await put(stage.connection, queue, "completed", number=number, run={"completed_at": ENDED, "available_at": ENDED})


async def counted(spec: ConnSpec, ttl: int = HOUR) -> CleanUpCount:
    found = await count_clean_up(spec, QUEUE, ttl=ttl)
    assert isinstance(found, CleanUpCount)
    return found


def request_of(count: CleanUpCount, *, limit: int, with_events: bool = True, ttl: int = HOUR) -> CleanUp:
    return CleanUp(QUEUE, count.created_at, ttl, count.cutoff, limit, with_events, count.tasks, count.events)


async def stored(stage: Stage, letter: str) -> int:
    number: int = await stage.connection.fetchval(f"select count(*) from {table(letter, QUEUE)}")
    return number


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LONGEST_REST", 0.0)


@pytest.mark.fault(81)
@pytest.mark.parametrize("stage", ["unpartitioned", "partitioned"], indirect=True)
async def test_what_is_counted_goes_and_nothing_else(
    stage: Stage, spec: ConnSpec, performer: Performer, at_once: None
) -> None:
    await put_ended(stage, 25)
    for state in ("failed", "cancelled"):
        await put(stage.connection, QUEUE, state, number=2, task={"cancelled_at": ENDED}, run={"failed_at": ENDED})
    young, waiting = await stage.completed(), await stage.pending()
    await stage.lifecycle.emit_event(QUEUE, "old", 1)
    await stage.lifecycle.emit_event(QUEUE, "new", 1)
    await stage.connection.execute(f"update absurd.e_mail set emitted_at = {ENDED} where event_name = 'old'")
    count = await counted(spec)
    assert (count.completed, count.failed, count.cancelled, count.events, count.awaited) == (25, 2, 2, 1, 0)
    assert await performer.perform(request_of(count, limit=10)) == Done(None, removed=Removed(29, 1, left=0))
    assert {row["task_id"] for row in await stage.connection.fetch("select task_id from absurd.t_mail")} == {
        young,
        waiting,
    }
    assert (await stored(stage, "r"), await stored(stage, "e")) == (2, 1)
    (record,) = performer.audit.records
    assert (record.operation, record.outcome) == ("clean up", "done")
    assert record.before is not None
    assert record.before.endswith("29 tasks, 1 events")
    assert "Cleaned up · queue mail: 29 tasks, 1 event · Counted again: none" in record.told


@pytest.mark.slow
async def test_what_ends_after_the_count_is_left_however_old_it_becomes(
    stage: Stage, spec: ConnSpec, performer: Performer
) -> None:
    await put_ended(stage, 1)
    await asyncio.sleep(1.1)  # whole seconds are what Absurd counts in
    count = await counted(spec, ttl=0)
    late = await stage.cancelled()
    await asyncio.sleep(1.1)
    assert await performer.perform(request_of(count, limit=10, ttl=0)) == Done(None, removed=Removed(1, 0, left=0))
    assert (await stage.row(late))["state"] == "cancelled"


async def test_events_are_left_where_only_tasks_are_asked_for(
    stage: Stage, spec: ConnSpec, performer: Performer
) -> None:
    await stage.lifecycle.emit_event(QUEUE, "old", 1)
    await stage.connection.execute(f"update absurd.e_mail set emitted_at = {ENDED}")
    request = request_of(await counted(spec), limit=10, with_events=False)
    assert await performer.perform(request) == Done(None, removed=Removed(0, 0, left=0))
    assert await stored(stage, "e") == 1


async def test_it_stops_between_two_batches_and_says_what_is_gone(
    stage: Stage, spec: ConnSpec, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_ended(stage, 30)
    request = request_of(await counted(spec), limit=10)
    rest = sweep.Sweep._rest

    async def stop_then_rest(self: sweep.Sweep, seconds: float) -> None:
        (pending,) = performer.pending()
        assert pending.progress is not None
        assert (pending.progress.done, pending.progress.of) == (10, 30)
        assert performer.stop()
        assert not performer.stop()
        await rest(self, 60.0)

    monkeypatch.setattr(sweep.Sweep, "_rest", stop_then_rest)
    began = time.monotonic()
    outcome = await performer.perform(request)
    assert time.monotonic() - began < 30
    assert outcome == Done(None, removed=Removed(10, 0, cut_short=sweep.STOPPED))
    assert await stage.count() == 20
    (record,) = performer.audit.records
    assert record.outcome == "cut short"
    assert performer.pending() == ()


async def test_a_batch_that_fails_does_not_hide_what_is_gone(
    stage: Stage, spec: ConnSpec, proxied: Performer, proxy: StatementProxy, at_once: None
) -> None:
    await put_ended(stage, 30)
    request = request_of(await counted(spec), limit=10)
    proxy.arm("absurd.cleanup_tasks", Harm.CUT_BEFORE, skip=1)
    outcome = await proxied.perform(request)
    assert isinstance(outcome, Done)
    assert outcome.removed is not None
    assert outcome.removed.tasks == 30 - await stage.count() == 10
    assert "connection was lost" in (outcome.removed.cut_short or "")


async def test_leaving_ends_it_after_the_batch_and_leaves_a_record(
    stage: Stage, spec: ConnSpec, performer: Performer
) -> None:
    await put_ended(stage, 30)
    request = request_of(await counted(spec), limit=1)
    running = asyncio.create_task(performer.perform(request))

    async def has_begun() -> bool:
        return any(pending.progress is not None and pending.progress.done for pending in performer.pending())

    await until(has_begun)
    await performer.close(within=30)
    outcome = await running
    assert isinstance(outcome, Done)
    assert outcome.removed is not None
    assert outcome.removed.tasks == 30 - await stage.count()
    assert outcome.removed.cut_short is not None
    assert performer.audit.records[-1].outcome == "cut short"


async def test_a_batch_that_was_looked_up_leaves_no_question_about_the_next(
    stage: Stage, spec: ConnSpec, database: Database, proxied: Performer, proxy: StatementProxy, at_once: None
) -> None:
    await put_ended(stage, 10)
    await stage.connection.execute("update absurd.r_mail set completed_at = completed_at - interval '1 hour'")
    await put_ended(stage, 10)
    request = request_of(await counted(spec), limit=10)
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.r_mail where completed_at > now() - interval '150 minutes' for update")
        proxy.arm(COMMIT, Harm.CUT_AFTER)
        running = asyncio.create_task(proxied.perform(request))
        await stage.until_we_wait_for_a_lock()
        assert [pending.is_open_question for pending in proxied.pending()] == [False]
        await proxied.close(within=0)
    await other.close()
    await asyncio.gather(running, return_exceptions=True)
    assert proxied.audit.records[-1].told.endswith("The program was left before the COMMIT was sent. These are gone.")


@pytest.mark.parametrize("change", ["dropped", "made anew"])
async def test_another_queue_than_the_one_counted_is_not_touched(
    stage: Stage, spec: ConnSpec, performer: Performer, change: str
) -> None:
    await put_ended(stage, 1)
    request = request_of(await counted(spec), limit=10)
    await stage.lifecycle.drop_queue(QUEUE)
    outcome: Outcome
    if change == "dropped":
        outcome = await performer.perform(request)
        assert isinstance(outcome, Gone)
    else:
        await stage.lifecycle.create_queue(QUEUE)
        await put_ended(stage, 1)
        outcome = await performer.perform(request)
        assert isinstance(outcome, Changed)
        assert await stage.count() == 1


@pytest.mark.slow
@pytest.mark.usefixtures("short_lock")
async def test_rows_that_somebody_holds_end_it(
    stage: Stage, spec: ConnSpec, database: Database, performer: Performer
) -> None:
    await put_ended(stage, 1)
    request = request_of(await counted(spec), limit=10)
    other = await asyncpg.connect(database.dsn)
    async with other.transaction():
        await other.execute("select from absurd.t_mail for update")
        outcome = await performer.perform(request)
    await other.close()
    assert isinstance(outcome, Locked)
    assert outcome.pid is not None


async def test_what_cannot_be_counted_says_why(stage: Stage, spec: ConnSpec) -> None:
    assert await count_clean_up(spec, "nowhere", ttl=0) == Refused("There is no such queue any more.")


@pytest.fixture
async def workers(stage: Stage, database: Database) -> AsyncIterator[list[float]]:
    """Two workers that spawn, claim and complete without a pause; how long each round took."""
    took: list[float] = []
    connections = [await asyncpg.connect(database.dsn) for _ in range(2)]
    working = [asyncio.create_task(_work(Lifecycle(each), f"worker-{n}", took)) for n, each in enumerate(connections)]
    yield took
    for task in working:
        task.cancel()
    ended = await asyncio.gather(*working, return_exceptions=True)
    for each in connections:
        each.terminate()
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def _work(lifecycle: Lifecycle, worker: str, took: list[float]) -> None:
    while True:
        began = time.monotonic()
        await lifecycle.spawn(QUEUE, "welcome", {})
        for claim in await lifecycle.claim(QUEUE, worker, 60):
            await lifecycle.complete(QUEUE, claim.run_id)
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.005)


@pytest.mark.slow
async def test_a_hundred_thousand_tasks_go_beside_workers_that_are_hardly_slowed(
    stage: Stage, spec: ConnSpec, performer: Performer, workers: list[float]
) -> None:
    await put_ended(stage, 100_000)
    await stage.connection.execute("analyze absurd.t_mail, absurd.r_mail")
    del workers[:]
    await asyncio.sleep(1.5)
    before, alone = statistics.median(workers), len(workers)
    request = request_of(await counted(spec), limit=10_000)
    del workers[:]
    outcome = await performer.perform(request)
    during, worst = statistics.median(workers), max(workers)
    assert outcome == Done(None, removed=Removed(100_000, 0, left=0))
    assert alone > 20
    assert during < 6 * before + 0.02, f"a round took {during:.3f} s instead of {before:.3f} s"
    assert worst < 3.0, f"one round took {worst:.3f} s"
