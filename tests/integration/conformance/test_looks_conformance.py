"""What the screens beside the dashboard look at: the fake and the real database are held to the same tests."""

import json
from uuid import UUID

from fake_looks import POLICY
from scenes import RealStage, Scene

from absurd_tui.observe.event_records import EventsWanted
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.records import State
from absurd_tui.observe.search.terms import Field, Filter, Op, Term, Value
from absurd_tui.observe.storage import DAY, Cron, Kept
from absurd_tui.observe.workers import Standing


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
