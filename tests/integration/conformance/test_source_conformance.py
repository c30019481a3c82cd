"""The fake that the screen's tests read from behaves like the real database: both are held to the same tests."""

from dataclasses import replace
from math import inf
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from scenes import Scene, counts, names
from seeding import role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.following import FollowedTask
from absurd_tui.observe.places import first_place, head_of, last_place, placed
from absurd_tui.observe.reasons import Sleep, why_sleeping
from absurd_tui.observe.records import Away, Count, Failure, State, View
from absurd_tui.observe.source import DatabaseSource


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
