"""Panels that many queues share: planned once, whoever has rows, and each row where it is found now."""

from collections.abc import Iterator
from math import inf

import asyncpg
import pytest
from absurd_server import Database
from integration.statements import Statements, statements
from seeding import put, reading

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import STATEMENTS_KEPT, Session
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe import asking, beats, census, panels
from absurd_tui.observe.depths import FEW_QUEUES
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import PanelReading, Snapshot, State, View

pytestmark = pytest.mark.slow

QUEUES = [f"q{number:02}" for number in range(12)]
PLANS = "select count(*), sum(custom_plans) as custom, sum(generic_plans) as generic from pg_prepared_statements"
AGO = "now() - n * interval '1 s'"


@pytest.fixture(autouse=True)
def ungoverned(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is read less often because this machine is slow."""
    monkeypatch.setattr(beats, "slowed", lambda demands, budget: {})


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with statements(monkeypatch) as ran:
        yield ran


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    made = Lifecycle(connection)
    for queue in QUEUES:
        await made.create_queue(queue)
    return made


def shown(snapshot: Snapshot, state: State) -> list[tuple[str, str]]:
    return [(row.queue, row.task_name) for row in the(snapshot, state).rows]


def the(snapshot: Snapshot, state: State) -> PanelReading:
    panel = snapshot.panel(state)
    assert panel is not None
    return panel


async def work(lifecycle: Lifecycle, queue: str, ending: str) -> None:
    """Spawn a task, claim it, and end it so."""
    await lifecycle.spawn(queue, ending, {}, SpawnOptions(max_attempts=1))
    (claimed,) = await lifecycle.claim(queue, worker_id="w")
    if ending == "fails":
        await lifecycle.fail(queue, claimed.run_id, {"message": "no"})
    else:
        await lifecycle.complete(queue, claimed.run_id, {})


async def test_who_has_rows_changes_no_statement_that_has_been_planned(
    lifecycle: Lifecycle, database: Database, spied: Statements
) -> None:
    for queue in QUEUES:
        await work(lifecycle, queue, "completes")
        await lifecycle.spawn(queue, "waits", {})
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        for queue in QUEUES:
            await lifecycle.claim(queue, "w")
            await reader.snapshot(View())
        planned = {text for text in spied.texts if "spots" in text}
        assert len(planned) == 1
        spied.clear()
        for queue in QUEUES:
            await lifecycle.cancel(queue, (await lifecycle.spawn(queue, "gone", {})).task_id)
            await work(lifecycle, queue, "completes")
            await reader.snapshot(View(rows=20 + QUEUES.index(queue)))
        merged = [text for text in spied.texts if "spots" in text]
        assert len(merged) >= len(QUEUES)
        assert len(set(merged) - planned) == len(QUEUES), "a queue's first cancelled task gives it a branch, once"
        spied.clear()
        for queue in QUEUES:
            await work(lifecycle, queue, "completes")
            await reader.snapshot(View())
        assert {text for text in spied.texts if "spots" in text} == {merged[-1]}


@pytest.mark.parametrize("chosen", [None, "q03"])
async def test_each_statement_is_planned_once_whatever_its_arguments(
    lifecycle: Lifecycle, database: Database, chosen: str | None
) -> None:
    for queue in QUEUES:
        await work(lifecycle, queue, "fails")
    session = Session(resolve(database.dsn, environ={}), plans_once=True)
    reader = Reader(session, "tester@db/test")
    await reader.open()
    try:
        for _ in range(4):
            await work(lifecycle, "q03", "completes")
            await reader.snapshot(View(chosen))
        (plans,) = await session.fetch(PLANS)
        assert (plans["custom"], plans["generic"] > 10) == (0, True)
    finally:
        session.terminate()


async def test_a_connection_keeps_so_many_statements_and_no_more(database: Database) -> None:
    session = Session(resolve(database.dsn, environ={}), plans_once=True)
    await session.open()
    try:
        for number in range(STATEMENTS_KEPT + 20):
            await session.fetch(f"select {number} as number")
        ((kept, *_),) = await session.fetch(PLANS)
        assert STATEMENTS_KEPT <= kept <= STATEMENTS_KEPT + 1
    finally:
        session.terminate()


async def test_what_was_tried_again_is_not_shown_as_failed_though_as_many_have_failed(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for queue in QUEUES:
        await work(lifecycle, queue, "fails")
    async with reading(database.dsn) as reader:
        failed = the(await reader.snapshot(View()), State.FAILED)
        assert {row.queue for row in failed.rows} == {*QUEUES}
        again = next(row for row in failed.rows if row.queue == "q05")
        await lifecycle.retry("q05", again.task_id)
        await put(connection, "q05", "failed")
        found = await reader.snapshot(View())
        q05 = found.queue("q05")
        assert q05 is not None
        assert q05.counts is not None
        assert q05.counts.failed.value == 1, "as many as before"
        by_state = {panel.state: {row.task_id for row in panel.rows} for panel in found.panels}
        assert again.task_id in by_state[State.PENDING] - by_state[State.FAILED]


async def test_what_failed_in_the_place_of_what_was_tried_again_is_shown_at_once(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await work(lifecycle, "q05", "fails")
    async with reading(database.dsn) as reader:
        (again,) = the(await reader.snapshot(View()), State.FAILED).rows
        await lifecycle.retry("q05", again.task_id)
        await put(connection, "q05", "failed", task={"task_name": "'other'"})
        assert shown(await reader.snapshot(View()), State.FAILED) == [("q05", "other")]


async def test_a_task_that_failed_is_shown_though_many_attempts_have_failed_since(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for state in ("failed", "cancelled"):
        await put(
            connection, "q05", "failed", task={"state": f"'{state}'"}, run={"available_at": "now() - interval '1 day'"}
        )
    await put(connection, "q05", "failed", number=400, task={"state": "'completed'"}, run={"available_at": AGO})
    async with reading(database.dsn) as reader:
        found = await reader.snapshot(View())
        for state in (State.FAILED, State.CANCELLED):
            assert shown(found, state) == [("q05", "task 1")]


async def test_what_older_counts_did_not_name_is_shown_as_soon_as_they_are_read_again(
    lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lifecycle.spawn("q01", "waits", {})
    monkeypatch.setattr(census, "_LONG", 0)
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        monkeypatch.setattr(census, "_LONG_EVERY", inf)
        await lifecycle.spawn("q05", "late", {})
        assert shown(await reader.snapshot(View()), State.PENDING) == [("q01", "waits")], "its count is older"
        monkeypatch.setattr(census, "_LONG_EVERY", 0.0)
        assert shown(await reader.snapshot(View()), State.PENDING) == [("q01", "waits"), ("q05", "late")]


async def test_attempts_that_were_tried_again_are_shown_of_a_queue_without_a_failed_task(
    lifecycle: Lifecycle, database: Database
) -> None:
    for queue in QUEUES:
        await lifecycle.spawn(queue, "again", {})
        (claimed,) = await lifecycle.claim(queue, worker_id="w")
        await lifecycle.fail(queue, claimed.run_id, {"message": "no"})
    async with reading(database.dsn) as reader:
        found = await reader.snapshot(View(with_retried=True))
        assert {queue for queue, _ in shown(found, State.FAILED)} == {*QUEUES}


@pytest.mark.parametrize("is_pooled", [False, True])
async def test_rows_that_stand_where_they_stood_are_shown_again_though_nothing_else_is_asked(
    lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch, is_pooled: bool
) -> None:
    monkeypatch.setattr(asking.Asking, "is_pooled", is_pooled)
    for queue in QUEUES:
        await work(lifecycle, queue, "fails")
    async with reading(database.dsn) as reader:
        for states in ((State.FAILED,), tuple(State)):
            for _ in range(3):
                found = await reader.snapshot(View(panels=states))
                assert {queue for queue, _ in shown(found, State.FAILED)} == {*QUEUES}
                await work(lifecycle, "q01", "completes")


async def test_what_ends_after_long_is_shown_though_many_were_claimed_since(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for queue in QUEUES:
        await put(connection, queue, "completed", number=200, run={"available_at": AGO, "completed_at": AGO})
    ((_, run_id),) = await put(
        connection,
        "q07",
        "running",
        task={"task_name": "'long'"},
        run={"available_at": "now() - interval '1 h'", "claim_expires_at": "now() + interval '1 h'"},
    )
    async with reading(database.dsn) as reader:
        assert shown(await reader.snapshot(View()), State.RUNNING) == [("q07", "long")]
        await lifecycle.complete("q07", run_id, {})
        for _ in range(3):
            found = await reader.snapshot(View())
            assert shown(found, State.RUNNING) == []
            assert ("q07", "long") in shown(found, State.COMPLETED)
            await work(lifecycle, "q01", "completes")


async def test_a_queue_that_was_asked_for_few_is_asked_for_more_where_it_has_the_first(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, spied: Statements
) -> None:
    for number, queue in enumerate(QUEUES):
        late = f"now() - interval '{1 if number else 90} minutes' + n * interval '1 s'"
        await put(connection, queue, "pending", number=50, run={"available_at": late})
    async with reading(database.dsn) as reader:
        found = await reader.snapshot(View(rows=40))
        assert shown(found, State.PENDING) == [("q00", f"task {number}") for number in range(1, 41)]
        assert the(found, State.PENDING).after is not None
        assert len({text for text in spied.texts if "spots" in text}) == 1


async def test_a_queue_whose_checkpoints_are_locked_is_named_once_and_left_alone(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, spied: Statements
) -> None:
    for queue in QUEUES:
        await work(lifecycle, queue, "fails")
        await put(connection, queue, "sleeping", run={"available_at": "now() + interval '1 h'"})
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        other = await asyncpg.connect(database.dsn)
        async with other.transaction():
            await other.execute("lock table absurd.c_q09 in access exclusive mode")
            for number in range(2):
                spied.clear()
                await work(lifecycle, "q01", "completes")
                found = await reader.snapshot(View())
                asked = [text for text in spied.texts if "spots" in text and '"r_q09"' in text]
                assert bool(asked) == (number == 0), "it rests"
                for state in (State.SLEEPING, State.FAILED):
                    assert {row.queue for row in the(found, state).rows} == {*QUEUES} - {"q09"}
                assert "q09" in dict(the(found, State.FAILED).refused)
                assert ("q01", "completes") in shown(found, State.COMPLETED)
        await other.close()


SOON = "now() + n / 3 * interval '1 s'"
ODD = {
    State.PENDING: {"available_at": "case when n % 5 = 0 then '-infinity' else now() - n / 3 * interval '1 s' end"},
    State.RUNNING: {
        "available_at": "now() - n * interval '1 s'",
        "claim_expires_at": f"case n % 4 when 0 then null when 1 then 'infinity' else {SOON} end",
    },
    State.SLEEPING: {"available_at": f"case when n % 5 = 0 then 'infinity' else {SOON} end"},
    State.COMPLETED: {
        "available_at": AGO,
        "completed_at": "case when n % 6 > 0 then now() - n / 3 * interval '1 s' end",
    },
    State.FAILED: {"available_at": AGO, "failed_at": "case when n % 6 > 0 then now() - n / 3 * interval '1 s' end"},
    State.CANCELLED: {"available_at": "case when n % 4 = 0 then 'infinity' else now() - n / 3 * interval '1 s' end"},
}


@pytest.mark.parametrize("rows", [7, 30, 60])
@pytest.mark.parametrize("with_retried", [False, True])
async def test_many_queues_show_what_they_would_if_they_were_few(
    connection: asyncpg.Connection,
    lifecycle: Lifecycle,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rows: int,
    with_retried: bool,
) -> None:
    for number, queue in enumerate(QUEUES):
        for state, run in ODD.items():
            task = {"cancelled_at": "now() - n / 4 * interval '1 s'"} if state is State.CANCELLED else {}
            await put(connection, queue, state, number=3 + 2 * number, run=run, task=task)
        await connection.execute(f"""
            update absurd.t_{queue} set state = 'cancelled', cancelled_at = now()
             where task_id in (select task_id from absurd.r_{queue} where state = 'failed' order by run_id limit 2);
            update absurd.t_{queue} set state = 'pending' where task_id in (
              select task_id from absurd.r_{queue} where state = 'failed' order by run_id desc limit 1);
            update absurd.r_{queue} set failure_reason = '{{"name": "E", "message": "no"}}', result = '[1]'
             where state in ('failed', 'completed');
            insert into absurd.c_{queue} (task_id, checkpoint_name, state, owner_run_id)
            select task_id, 'step', '1', run_id from absurd.r_{queue}""")
    await connection.execute("update absurd.r_q03 set started_at = now() where state = 'sleeping'")
    read = []
    for few in (FEW_QUEUES, 100):
        monkeypatch.setattr(panels, "FEW_QUEUES", few)
        async with reading(database.dsn) as reader:
            read.append((await reader.snapshot(View(rows=rows, with_retried=with_retried))).panels)
    for many, together in zip(*read, strict=True):
        assert len(many.rows) == rows
        assert many == together, many.state
