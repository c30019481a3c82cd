"""The fake that the screen's tests read from behaves like the real database: both are held to the same tests."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from math import inf
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from fake_looks import POLICY
from fakes import FakeSource, FakeStage
from seeding import role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.event_records import EventsWanted
from absurd_tui.observe.following import FollowedTask
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.places import first_place, head_of, last_place, placed
from absurd_tui.observe.reasons import Sleep, why_sleeping
from absurd_tui.observe.records import Away, Count, Counts, Failure, Snapshot, State, View
from absurd_tui.observe.search.terms import Field, Filter, Op, Term, Value
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.observe.storage import DAY, Cron, Kept
from absurd_tui.observe.workers import Standing


class RealStage:
    """Puts tasks of a real database into states, through Absurd's own functions."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self.lifecycle = lifecycle
        self.places: dict[UUID, tuple[str, UUID]] = {}

    async def spawn(self, queue: str, name: str, *, max_attempts: int | None = None) -> UUID:
        options = SpawnOptions(max_attempts=max_attempts) if max_attempts else SpawnOptions()
        spawned = await self.lifecycle.spawn(queue, name, {"n": 1}, options)
        self.places[spawned.task_id] = (queue, spawned.run_id)
        return spawned.task_id

    async def claim(self, task_id: UUID, worker: str, timeout: int = 60) -> None:
        queue, _ = self.places[task_id]
        (claim,) = await self.lifecycle.claim(queue, worker, claim_timeout=timeout)
        assert claim.task_id == task_id, "a stage claims in the order it spawned"

    async def complete(self, task_id: UUID) -> None:
        await self.lifecycle.complete(*self.places[task_id], {"ok": True})

    async def fail(self, task_id: UUID, name: str, message: str) -> None:
        await self.lifecycle.fail(*self.places[task_id], {"name": name, "message": message})

    async def wait_for(self, task_id: UUID, event: str) -> None:
        queue, run_id = self.places[task_id]
        await self.lifecycle.await_event(queue, task_id, run_id, f"$awaitEvent:{event}", event)

    async def defer(self, task_id: UUID, seconds: int) -> None:
        await self.lifecycle.schedule_run(*self.places[task_id], seconds)

    async def cancel(self, task_id: UUID) -> None:
        await self.lifecycle.cancel(self.places[task_id][0], task_id)


class Scene:
    """A stage and the source that reads it."""

    def __init__(self, stage: RealStage | FakeStage, source: DatabaseSource | FakeSource) -> None:
        self.stage = stage
        self.source = source

    async def read(self, view: View | None = None) -> Snapshot:
        return await self.source.snapshot(view or View())


@pytest.fixture(params=["real", "fake"])
async def scene(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Scene]:
    if request.param == "fake":
        fake = FakeSource(queues=["mail", "orders"])
        await fake.open()
        yield Scene(FakeStage(fake), fake)
        return
    connection = await asyncpg.connect(database.dsn)
    lifecycle = Lifecycle(connection)
    for queue in ("mail", "orders"):
        await lifecycle.create_queue(queue)
    source = DatabaseSource(resolve(database.dsn, environ={}))
    await source.open()
    try:
        yield Scene(RealStage(lifecycle), source)
    finally:
        source.close()
        await connection.close()


def names(snapshot: Snapshot, state: State) -> list[str]:
    panel = snapshot.panel(state)
    assert panel is not None
    return [row.task_name for row in panel.rows]


def counts(snapshot: Snapshot, queue: str) -> Counts:
    reading = snapshot.queue(queue)
    assert reading is not None
    assert reading.counts is not None
    return reading.counts


async def test_each_state_has_its_panel_and_its_count(scene: Scene) -> None:
    stage = scene.stage
    for name in ("done", "failed", "waits", "deferred", "cancelled", "runs", "pends"):
        task_id = await stage.spawn("mail", name, max_attempts=1)
        if name in ("pends",):
            continue
        if name != "cancelled":
            await stage.claim(task_id, "worker-1")
        match name:
            case "done":
                await stage.complete(task_id)
            case "failed":
                await stage.fail(task_id, "KeyError", "no such key")
            case "waits":
                await stage.wait_for(task_id, "paid")
            case "deferred":
                await stage.defer(task_id, 900)
            case "cancelled":
                await stage.cancel(task_id)
    snapshot = await scene.read()
    assert {state: names(snapshot, state) for state in State} == {
        State.PENDING: ["pends"],
        State.RUNNING: ["runs"],
        State.SLEEPING: ["deferred", "waits"],
        State.FAILED: ["failed"],
        State.COMPLETED: ["done"],
        State.CANCELLED: ["cancelled"],
    }
    mail, orders = counts(snapshot, "mail"), counts(snapshot, "orders")
    assert [mail.of(state) for state in State] == [Count(1), Count(1), Count(2), Count(1), Count(1), Count(1)]
    assert [orders.of(state) for state in State] == [Count(0)] * 6
    assert mail.expired == Count(0)
    assert mail.oldest_due is not None
    assert mail.oldest_due <= snapshot.now
    assert (orders.oldest_due, orders.last_claim) == (None, None)


async def test_pending_and_claimed_are_in_the_order_of_their_times(scene: Scene) -> None:
    first, second = [await scene.stage.spawn("mail", name) for name in ("first", "second")]
    await scene.stage.spawn("orders", "third")
    assert names(await scene.read(), State.PENDING) == ["first", "second", "third"]
    await scene.stage.claim(first, "worker-1", timeout=600)
    await scene.stage.claim(second, "worker-2", timeout=30)
    assert names(await scene.read(), State.RUNNING) == ["second", "first"]


async def test_the_latest_finished_come_first(scene: Scene) -> None:
    long, short = [await scene.stage.spawn("mail", name) for name in ("long", "short")]
    await scene.stage.claim(long, "worker-1")
    await scene.stage.claim(short, "worker-1")
    await scene.stage.complete(short)
    await scene.stage.complete(long)
    assert names(await scene.read(), State.COMPLETED) == ["long", "short"]


async def test_a_view_of_one_queue_has_its_rows_alone_and_the_counts_of_all(scene: Scene) -> None:
    await scene.stage.spawn("mail", "letter")
    await scene.stage.spawn("orders", "order")
    snapshot = await scene.read(View(queue="orders", panels=(State.PENDING,)))
    assert names(snapshot, State.PENDING) == ["order"]
    assert snapshot.panel(State.RUNNING) is None
    assert [queue.name for queue in snapshot.queues] == ["mail", "orders"]
    assert [counts(snapshot, queue).pending for queue in ("mail", "orders")] == [Count(1), Count(1)]


async def test_a_claim_without_a_lease_never_expires(scene: Scene) -> None:
    await scene.stage.claim(await scene.stage.spawn("mail", "forever"), "worker-1", timeout=0)
    panel = (await scene.read()).panel(State.RUNNING)
    assert panel is not None
    assert [(row.worker, row.claim_expires_at) for row in panel.rows] == [("worker-1", None)]


async def test_a_wait_without_a_limit_and_a_deferral_tell_why_they_sleep(scene: Scene) -> None:
    waits, deferred = [await scene.stage.spawn("mail", name) for name in ("waits", "deferred")]
    await scene.stage.claim(waits, "worker-1")
    await scene.stage.wait_for(waits, "paid")
    await scene.stage.claim(deferred, "worker-1")
    await scene.stage.defer(deferred, 900)
    panel = (await scene.read()).panel(State.SLEEPING)
    assert panel is not None
    soon, never = panel.rows
    assert (why_sleeping(soon).kind, soon.available_at < inf) == (Sleep.DEFERRED, True)
    assert (why_sleeping(never).kind, why_sleeping(never).detail, never.available_at) == (Sleep.EVENT, "paid", inf)


async def test_a_followed_task_that_was_put_off_tells_whether_it_reached_a_step(scene: Scene) -> None:
    deferred = await scene.stage.spawn("mail", "deferred")
    await scene.stage.claim(deferred, "worker-1")
    await scene.stage.defer(deferred, 900)
    put_off = await followed(scene, deferred)
    assert (put_off.state, why_sleeping(put_off).kind, put_off.has_steps) == (State.SLEEPING, Sleep.DEFERRED, True)


async def test_no_more_rows_are_read_than_asked_for(scene: Scene) -> None:
    for number in range(5):
        await scene.stage.spawn("mail", f"task {number}")
    snapshot = await scene.read(View(rows=3))
    assert names(snapshot, State.PENDING) == ["task 0", "task 1", "task 2"]
    assert counts(snapshot, "mail").pending == Count(5)


async def followed(scene: Scene, task_id: UUID) -> FollowedTask:
    standings = await scene.source.standings("mail", [task_id])
    task = standings.tasks[task_id]
    assert task is not None
    return task


async def test_a_followed_task_is_told_from_its_spawn_to_its_end(scene: Scene) -> None:
    stage = scene.stage
    done, failed, waits = [await stage.spawn("mail", name, max_attempts=1) for name in ("done", "failed", "waits")]
    pending = await followed(scene, done)
    assert (pending.state, pending.attempt, pending.max_attempts, pending.is_over) == (State.PENDING, 1, 1, False)
    assert (pending.available_at, pending.worker, pending.started_at) == (pending.enqueued_at, None, None)
    for task_id in (done, failed, waits):
        await stage.claim(task_id, "worker-1")
    running = await followed(scene, done)
    assert (running.state, running.worker) == (State.RUNNING, "worker-1")
    assert running.started_at is not None
    assert running.claim_expires_at is not None
    assert running.claim_expires_at > running.started_at >= running.enqueued_at
    await stage.complete(done)
    await stage.fail(failed, "KeyError", "no such key")
    await stage.wait_for(waits, "paid")
    completed = await followed(scene, done)
    assert (completed.state, completed.worker, completed.is_over) == (State.COMPLETED, "worker-1", True)
    assert completed.ended_at is not None
    assert completed.ended_at >= running.started_at
    gave_up = await followed(scene, failed)
    assert (gave_up.state, gave_up.attempt, gave_up.failure) == (State.FAILED, 1, Failure("KeyError", "no such key"))
    asleep = await followed(scene, waits)
    assert (asleep.state, asleep.wake_event, asleep.available_at) == (State.SLEEPING, "paid", inf)
    await stage.cancel(waits)
    cancelled = await followed(scene, waits)
    assert (cancelled.state, cancelled.is_over) == (State.CANCELLED, True)
    assert cancelled.cancelled_at is not None


@pytest.mark.parametrize("state", [State.PENDING, State.COMPLETED])
async def test_a_panel_is_read_around_a_place_and_behind_its_head(scene: Scene, state: State) -> None:
    for number in range(12):
        task_id = await scene.stage.spawn("mail", f"{number}")
        if state is State.COMPLETED:
            await scene.stage.claim(task_id, "worker-1")
            await scene.stage.complete(task_id)
    expected = [f"{number}" for number in (reversed(range(12)) if state is State.COMPLETED else range(12))]
    view = View(panels=(state,), rows=2)
    snapshot = await scene.read(view)
    head = snapshot.panel(state)
    assert head is not None
    assert names(snapshot, state) == expected[:2]
    assert (head.before, head.after is None) == (None, False)
    kept = head_of(head.rows, snapshot.now) if state is State.COMPLETED else None
    start = first_place(state) if kept else placed(head.rows[-1])
    behind = await scene.read(replace(view, away=Away(state, start, start, kept)))
    assert names(behind, state) == expected[: 5 if kept else 4]
    page = behind.panel(state)
    assert page is not None
    assert (page.before, page.after) == (None, page.rows[-1].place)
    place = placed(page.rows[-1])
    deep = await scene.read(replace(view, away=Away(state, place, place, kept)))
    assert names(deep, state) == (expected[2:7] if kept else expected[1:6])
    end = last_place(state)
    last = (await scene.read(replace(view, away=Away(state, end, end)))).panel(state)
    assert last is not None
    assert [row.task_name for row in last.rows] == expected[-3:]
    assert (last.before, last.after) == (last.rows[0].place, None)


async def test_standings_name_every_task_that_was_asked_for_and_no_other(scene: Scene) -> None:
    there, other = [await scene.stage.spawn("mail", name) for name in ("there", "other")]
    missing = UUID(int=7)
    standings = await scene.source.standings("mail", [missing, there])
    assert {task_id: task is not None for task_id, task in standings.tasks.items()} == {missing: False, there: True}
    assert other not in standings.tasks
    nothing = await scene.source.standings("orders", [missing])
    assert nothing.tasks == {missing: None}
    assert nothing.now >= standings.now


async def test_a_key_that_no_task_has_has_no_holder(scene: Scene) -> None:
    await scene.stage.spawn("mail", "letter")
    assert await scene.source.key_holder("mail", "letter-7") is None


async def test_an_unknown_task_has_no_page(scene: Scene) -> None:
    assert await scene.source.task("mail", UUID(int=7)) is None


async def test_why_a_followed_task_sleeps_is_told_as_far_as_its_checkpoints_may_be_read(
    connection: asyncpg.Connection, database: Database
) -> None:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    task_id = (await lifecycle.spawn("mail", "naps", {})).task_id
    (claim,) = await lifecycle.claim("mail", "worker-1", 60)
    await lifecycle.set_checkpoint("mail", task_id, "lunch", {}, claim.run_id)
    await lifecycle.set_checkpoint("mail", task_id, "nap", {}, claim.run_id)
    await lifecycle.schedule_run("mail", claim.run_id, 600)
    async with role(connection, database) as readers:
        await connection.execute(f"grant select on absurd.t_mail, absurd.r_mail to {readers.name}")
        source = DatabaseSource(resolve(readers.dsn, environ={}))
        try:
            await source.open()
            for known in ((None, False), ("nap", True)):
                task = (await source.standings("mail", [task_id])).tasks[task_id]
                assert task is not None
                assert (task.reached_step, task.has_steps) == known
                await connection.execute(f"grant select on absurd.c_mail to {readers.name}")
        finally:
            source.close()


# what the screens beside the dashboard look at


async def test_workers_are_those_who_hold_runs_and_those_who_ended_some(scene: Scene) -> None:
    stage = scene.stage
    for name in ("done", "failed", "put off"):
        task_id = await stage.spawn("mail", name, max_attempts=1)
        await stage.claim(task_id, f"{name} by")
        match name:
            case "done":
                await stage.complete(task_id)
            case "failed":
                await stage.fail(task_id, "KeyError", "no such key")
            case "put off":
                await stage.defer(task_id, 900)
    for name, timeout in (("letter", 60), ("parcel", 0)):
        await stage.claim(await stage.spawn("mail", name), "holder:7", timeout=timeout)
    await stage.claim(await stage.spawn("orders", "order"), "holder:7")
    looked = await scene.source.workers(None)
    found = looked.found
    assert (found.asked, found.refused) == (2, ())
    workers = {worker.name: worker for worker in found.workers}
    assert set(workers) == {"done by", "failed by", "holder:7"}, "who put a run off is named in no row"
    holder = workers["holder:7"]
    assert (holder.queues, sorted(holder.tasks)) == (("mail", "orders"), ["letter", "order", "parcel"])
    assert [run.claim_expires_at is None for run in holder.runs].count(True) == 1
    assert holder.standing(found.now) is Standing.WORKS
    assert holder.oldest is not None
    assert holder.oldest <= found.now
    assert (workers["done by"].runs, workers["done by"].ended, workers["failed by"].ended) == ((), 1, 1)
    assert workers["done by"].ended_at is not None
    (alone,) = (await scene.source.workers("orders")).found.workers
    assert [run.task_name for run in alone.runs] == ["order"]


async def emit(scene: Scene, name: str, payload: object) -> None:
    if isinstance(scene.stage, RealStage):
        await scene.stage.lifecycle.emit_event("mail", name, payload)
    else:
        scene.stage.source.emit("mail", name, json.dumps(payload))


async def test_events_are_emitted_or_awaited_and_never_both(scene: Scene) -> None:
    for event in ("paid:1", "paid:1", "paid:2", "late"):
        task_id = await scene.stage.spawn("mail", f"waits for {event}")
        await scene.stage.claim(task_id, "worker-1")
        await scene.stage.wait_for(task_id, event)
    payloads: tuple[object, ...] = (None, 5, [], {"a": [1]})
    for number, payload in enumerate(payloads):
        await emit(scene, f"sent:{number}", payload)
    found = (await scene.source.event_list(EventsWanted(None))).found
    assert [(event.name, event.preview) for event in found.emitted] == [
        ("sent:3", '{"a": [1]}'),
        ("sent:2", "[]"),
        ("sent:1", "5"),
        ("sent:0", "null"),
    ]
    assert (found.after, found.asked, found.refused) == (None, 2, ())
    awaited = {event.name: (event.waiters, event.endless, event.first_timeout) for event in found.awaited}
    assert awaited == {"paid:1": (2, 2, None), "paid:2": (1, 1, None), "late": (1, 1, None)}
    some = (await scene.source.event_list(EventsWanted("mail", "paid:"))).found
    assert ({event.name for event in some.awaited}, some.emitted) == ({"paid:1", "paid:2"}, ())
    older = (await scene.source.event_list(EventsWanted("mail", start=found.emitted[2].place))).found
    assert [event.name for event in older.emitted] == ["sent:1", "sent:0"]
    waiters = (await scene.source.waiters("mail", "paid:1")).found
    assert ([waiter.task_name for waiter in waiters.waiters], waiters.emitted_at) == (["waits for paid:1"] * 2, None)
    first = waiters.waiters[0]
    assert (first.step, first.state, first.attempt, first.timeout_at) == ("paid:1", State.SLEEPING, 1, None)
    carried = (await scene.source.payload("mail", "sent:3")).found
    assert (json.loads(carried.text or ""), carried.is_whole) == ({"a": [1]}, True)
    gone = (await scene.source.payload("mail", "sent:9")).found
    assert (gone.text, gone.emitted_at) == (None, None)


async def test_a_new_queue_is_stored_as_its_policy_says_and_has_nothing_to_clean_up(scene: Scene) -> None:
    found = (await scene.source.storage()).found
    assert [queue.name for queue in found.queues] == ["mail", "orders"]
    assert (found.asked, found.refused, found.cron) == (2, (), Cron(is_there=False))
    for queue in found.queues:
        assert (queue.storage_mode, queue.policy, queue.ttl) == ("unpartitioned", POLICY, 30 * DAY)
        assert queue.kept == Kept(0, None, None)
        assert queue.tables is not None
        assert [(table.letter, table.live, table.dead) for table in queue.tables] == [(one, 0, 0) for one in "trcew"]
        assert queue.spawned is not None
        assert (queue.spawned.number, queue.spawned.a_day) == (0, None)
        assert not queue.is_behind(found.now)


async def test_of_a_queue_that_is_not_there_it_is_said(scene: Scene) -> None:
    found = (await scene.source.workers("gone")).found
    assert (found.asked, found.workers, found.refused[0][0]) == (1, (), "gone")


async def test_a_task_is_found_by_its_id_and_by_what_is_so_of_it(scene: Scene) -> None:
    there, other = [await scene.stage.spawn(queue, queue) for queue in ("mail", "orders")]
    found = await scene.source.find_ids([IdRange(there, there), IdRange(UUID(int=7), UUID(int=7))])
    assert [(task.queue, task.task_id, task.state, task.run_id) for task in found.tasks] == [
        ("mail", there, State.PENDING, None)
    ]
    assert (found.queues, found.refused) == (2, ())
    snapshot = await scene.read()
    wanted = Filter((Term(Field.STATE, Op.IS, (Value(("pending",)),)), Term(Field.QUEUE, Op.IS, (Value(("o", "")),))))
    steps = [progress async for progress in scene.source.search(wanted, snapshot.now)]
    assert [task.task_id for progress in steps for task in progress.found] == [other]
    assert [progress.is_over for progress in steps].index(True) == len(steps) - 1


async def test_the_tasks_in_a_state_are_listed_as_the_panel_has_them(scene: Scene) -> None:
    stage = scene.stage
    for queue, name in (("mail", "fails"), ("orders", "fails too"), ("mail", "pends"), ("orders", "pends too")):
        task_id = await stage.spawn(queue, name, max_attempts=1)
        if name.startswith("fails"):
            await stage.claim(task_id, "worker-1")
            await stage.fail(task_id, "KeyError", "no such key")
    snapshot = await scene.read()
    for state in (State.PENDING, State.FAILED, State.SLEEPING):
        panel = snapshot.panel(state)
        assert panel is not None
        listed = await scene.source.matching(["mail", "orders"], state)
        assert {(task.queue, task.task_id, task.run_id, task.task_name, task.attempt) for task in listed.tasks} == {
            (row.queue, row.task_id, row.run_id, row.task_name, row.attempt) for row in panel.rows
        }
        assert not listed.has_more
    (pends,) = (await scene.source.matching(["orders"], State.PENDING)).tasks
    assert pends.task_name == "pends too"


async def test_an_event_names_who_waits_for_it_in_its_queue(scene: Scene) -> None:
    task_id = await scene.stage.spawn("mail", "waits", max_attempts=1)
    await scene.stage.claim(task_id, "worker-1")
    await scene.stage.wait_for(task_id, "paid")
    event = await scene.source.event("mail", "paid")
    assert [(waiter.task_id, waiter.task_name) for waiter in event.waiters] == [(task_id, "waits")]
    assert (event.emitted_at, event.payload, event.has_more) == (None, "", False)
    for queue, name in (("orders", "paid"), ("mail", "unheard of")):
        assert (await scene.source.event(queue, name)).waiters == ()


async def test_the_whole_name_of_what_a_run_waits_for_is_read(scene: Scene) -> None:
    task_id = await scene.stage.spawn("mail", "waits", max_attempts=1)
    idle = await scene.stage.spawn("mail", "idle", max_attempts=1)
    await scene.stage.claim(task_id, "worker-1")
    await scene.stage.wait_for(task_id, f"invoice:{'x' * 190}")
    runs = {row.task_id: row.run_id for panel in (await scene.read()).panels for row in panel.rows}
    assert await scene.source.awaited_by("mail", runs[task_id]) == f"invoice:{'x' * 190}"
    assert await scene.source.awaited_by("mail", runs[idle]) is None
    assert await scene.source.awaited_by("orders", runs[task_id]) is None
