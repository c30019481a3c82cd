"""Two hundred queues on one screen: few statements, and every panel merged as if it were one queue."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from math import inf
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database, Server
from absurdctl import BUNDLED_SCHEMA_SQL
from integration.statements import Statements, statements
from seeding import counts_of, put, reading

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import asking, beats, census, count_queries, examining, far, listing
from absurd_tui.observe.queries import quoted
from absurd_tui.observe.records import Snapshot, State, View

pytestmark = pytest.mark.slow

MANY, READINGS = 200, 5
HOSTILE = "q\"%{queue}'$1😀"
AGO = "now() - (n * {number} % 997 + 1) * interval '1 s'"
TIMES = {
    State.PENDING: {"available_at": AGO},
    State.RUNNING: {"available_at": AGO, "claim_expires_at": "now() + (n * {number} % 89 + 60) * interval '1 s'"},
    State.SLEEPING: {"available_at": "now() + (n * {number} % 991 + 60) * interval '1 s'"},
    State.FAILED: {"available_at": AGO, "failed_at": AGO, "failure_reason": '\'{"message": "\\u001b[2J"}\''},
    State.COMPLETED: {"available_at": AGO, "completed_at": AGO},
    State.CANCELLED: {"available_at": AGO},
}
SORTS = {
    State.PENDING: "available_at",
    State.RUNNING: "claim_expires_at",
    State.SLEEPING: "available_at",
    State.FAILED: "failed_at desc",
    State.COMPLETED: "completed_at desc",
    State.CANCELLED: "available_at desc",
}
"""In the order of a panel; here tasks are cancelled when they are due."""


@pytest.fixture(autouse=True)
def spied(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with statements(monkeypatch) as ran:
        yield ran


@pytest.fixture
def ungoverned(monkeypatch: pytest.MonkeyPatch) -> None:
    """No part is read less often because this machine is slow."""
    monkeypatch.setattr(beats, "slowed", lambda demands, budget: {})


@pytest.fixture
def without_slower_beats(ungoverned: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read every few seconds is read once, however long a reading takes here."""
    for module, name in ((census, "_DONE_EVERY"), (examining, "_EVERY"), (listing, "_EVERY")):
        monkeypatch.setattr(module, name, inf)


async def furnish(connection: asyncpg.Connection, number: int = MANY) -> list[str]:
    """Make queues with rows in every state; one has as many as a panel shows, so that others are pushed out."""
    names = [*(f"q{index:03}" for index in range(number - 1)), HOSTILE]
    for index, name in enumerate(names):
        await Lifecycle(connection).create_queue(name)
        for state, times in TIMES.items():
            rows = 70 if index == 7 else 1 + index % 4
            run = {column: time.replace("{number}", str(7 * index + 3)) for column, time in times.items()}
            task = {"cancelled_at": run["available_at"]} if state is State.CANCELLED else {}
            await put(connection, name, state, number=rows, run=run, task=task)
    return names


async def expected(connection: asyncpg.Connection, names: list[str], state: State) -> list[float]:
    """The times of the first sixty rows of all queues."""
    key = SORTS[state]
    column = key.removesuffix(" desc")
    union = " union all ".join(
        f"select {column} from absurd.{quoted('r_' + name)} where state = '{state}'" for name in names
    )
    rows = await connection.fetch(
        f"select extract(epoch from {column})::float8 as at from ({union}) x order by {key} limit 60"
    )
    return [row["at"] for row in rows]


def times(snapshot: Snapshot, state: State) -> list[float]:
    panel = snapshot.panel(state)
    assert panel is not None
    assert panel.refused == ()
    found = {
        State.RUNNING: [row.claim_expires_at for row in panel.rows],
        State.CANCELLED: [row.cancelled_at for row in panel.rows],
        State.FAILED: [row.ended_at for row in panel.rows],
        State.COMPLETED: [row.ended_at for row in panel.rows],
    }.get(state, [row.available_at for row in panel.rows])
    return [at for at in found if at is not None]


async def agrees(connection: asyncpg.Connection, names: list[str], snapshot: Snapshot) -> None:
    for state in State:
        assert times(snapshot, state) == pytest.approx(await expected(connection, names, state)), state
    for queue in snapshot.queues:
        assert queue.counts is not None, queue.refusal
        rows = 70 if queue.name == "q007" else 1 + names.index(queue.name) % 4
        assert [queue.counts.of(state).value for state in State] == [rows] * 6, queue.name


async def something_ends(connection: asyncpg.Connection) -> None:
    await connection.execute("select pg_current_xact_id()")


async def test_a_poll_of_200_queues_takes_ten_round_trips_and_shows_the_first_of_all(
    connection: asyncpg.Connection, database: Database, without_slower_beats: None, spied: Statements
) -> None:
    names = await furnish(connection)
    async with reading(database.dsn) as reader:
        await reader.snapshot(View())
        trips = []
        for _ in range(READINGS):
            await something_ends(connection)
            spied.clear()
            snapshot = await reader.snapshot(View())
            assert any("place_at" in text for text in spied.texts), "the panels are read too"
            trips.append(len(spied))
        assert max(trips[1:]) <= 10, trips
        await agrees(connection, names, snapshot)
        locked = max(text.count("absurd.") for text in spied.texts)
        assert locked > 0


async def test_a_queue_at_fault_among_many_stands_alone(
    connection: asyncpg.Connection, database: Database, spied: Statements
) -> None:
    names = await furnish(connection, 60)
    await connection.execute(f"alter table absurd.{quoted('r_' + HOSTILE)} rename column available_at to due_at")
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        assert [queue.name for queue in snapshot.queues if queue.refusal is not None] == [HOSTILE]
        await agrees(connection, names[:-1], replace(snapshot, queues=tuple(q for q in snapshot.queues if q.counts)))


async def test_what_reads_a_small_queue_whole_counts_what_its_indexes_count(
    connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(connection, 12)
    await connection.execute("""
        update absurd.t_q003 set state = 'cancelled' where state = 'failed';
        update absurd.r_q003 set claim_expires_at = now() - interval '1 s' where state = 'running';
        update absurd.r_q002 set available_at = now() - interval '5 s' where state in ('sleeping', 'completed')""")
    read = []
    for cap in (count_queries.SMALL_CAP, 0):
        monkeypatch.setattr(count_queries, "SMALL_CAP", cap)
        async with reading(database.dsn) as reader:
            read.append([queue.counts for queue in (await reader.snapshot(View())).queues])
    assert read[0] == read[1]


# far away


@pytest.fixture(scope="module")
def with_xml() -> Iterator[str]:
    """A server of this machine's own that was built with XML; the wheel's was not."""
    binaries = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if not binaries:
        pytest.skip("no PostgreSQL with XML on this machine, and the wheel's was built without")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ABSURD_TUI_PG_BIN", str(binaries[-1]))
        try:
            with LocalPostgres() as postgres:
                yield postgres.dsn()
        except CannotStart as error:
            pytest.skip(f"the PostgreSQL of this machine does not start: {error}")


@pytest.fixture
async def elsewhere(with_xml: str) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """A connection to an own database of that server, with Absurd's schema, and its connection string."""
    admin = await asyncpg.connect(with_xml)
    await admin.execute("create database far")
    dsn = Server(with_xml, "", "").dsn("far")
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(BUNDLED_SCHEMA_SQL)
        yield connection, dsn
    finally:
        await connection.close()
        await admin.execute("drop database far with (force)")
        await admin.close()


async def test_far_away_all_queues_are_counted_in_one_statement(
    elsewhere: tuple[asyncpg.Connection, str],
    monkeypatch: pytest.MonkeyPatch,
    without_slower_beats: None,
    spied: Statements,
) -> None:
    connection, dsn = elsewhere
    names = await furnish(connection)
    monkeypatch.setattr(asking, "FAR", -1.0)
    async with reading(dsn) as reader:
        await reader.snapshot(View())
        trips, by_xml = [], []
        for _ in range(READINGS):
            await something_ends(connection)
            spied.clear()
            snapshot = await reader.snapshot(View())
            trips.append(len(spied))
            by_xml.append(sum("query_to_xml" in text for text in spied.texts))
        assert max(trips[1:]) <= 10, trips
        assert min(by_xml) == 1
        await agrees(connection, names, snapshot)
        panel = snapshot.panel(State.FAILED)
        assert panel is not None
        assert {row.failure.message for row in panel.rows if row.failure} == {"\x1b[2J"}


async def test_far_away_a_queue_at_fault_stands_alone_too(
    elsewhere: tuple[asyncpg.Connection, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, dsn = elsewhere
    await furnish(connection, 60)
    await connection.execute("alter table absurd.r_q013 rename column available_at to due_at")
    monkeypatch.setattr(asking, "FAR", -1.0)
    async with reading(dsn) as reader:
        snapshot = await reader.snapshot(View())
    assert [queue.name for queue in snapshot.queues if queue.refusal is not None] == ["q013"]


async def test_far_away_a_queue_may_be_called_as_a_part_of_the_statement_is(
    elsewhere: tuple[asyncpg.Connection, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, dsn = elsewhere
    await furnish(connection, 60)
    lifecycle = Lifecycle(connection)
    for name in ("{floor}", "{queue}"):
        await lifecycle.create_queue(name)
        await lifecycle.spawn(name, "waits", {})
    monkeypatch.setattr(asking, "FAR", -1.0)
    async with reading(dsn) as reader:
        snapshot = await reader.snapshot(View())
    for name in ("{floor}", "{queue}"):
        assert counts_of(snapshot, name).pending.value == 1


@pytest.mark.parametrize("refuses", ["select this_server_has_no_xml()", "do 'begin raise feature_not_supported; end'"])
async def test_without_xml_a_far_server_is_read_in_few_statements_all_the_same(
    connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch, refuses: str
) -> None:
    names = await furnish(connection, 60)
    monkeypatch.setattr(asking, "FAR", -1.0)
    monkeypatch.setattr(far, "WORKS", refuses)
    async with reading(database.dsn) as reader:
        await agrees(connection, names, await reader.snapshot(View()))


def test_an_answer_has_what_the_driver_would_give() -> None:
    value = {
        "qi": 0,
        "run_id": "0193a41f-6b02-7c3e-a4d1-8e529f3a7c1e",
        "place_at": "\\x00ff",
        "available_at": "Infinity",
        "task_name": "Infinity",
        "preview": "<answer>&",
        "ended_at": None,
        "is_retried": False,
    }
    encoded = base64.encodebytes(json.dumps([value]).encode()).decode()
    (row,) = far.rows(f"<row><answer>{encoded}</answer></row>")
    assert (row["run_id"].hex[-8:], row["place_at"], row["available_at"]) == ("9f3a7c1e", b"\x00\xff", float("inf"))
    assert (row["task_name"], row["preview"], row["ended_at"]) == ("Infinity", "<answer>&", None)
    assert row["is_retried"] is False
