"""Walking a panel page by page: every row exactly once and in order, whatever the times, and while rows come and go."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from seeding import INSTANTS, put, reading

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.page_queries import SCANNED
from absurd_tui.observe.places import (
    EARLIEST,
    LATEST,
    first_place,
    head_of,
    instant_place,
    last_place,
    microseconds,
    order,
    placed,
)
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import Away, Head, PanelReading, Place, Snapshot, State, TaskRow, View

ROWS = 20
IN_ONE_QUEUE = 250
TIES = "now() - (n / 40) * interval '1 microsecond'"
"""Forty of them at one microsecond."""

ENDLESS = "case when n % 5 = 0 then 'infinity' else now() + (n / 40) * interval '1 microsecond' end"
RUNS = {
    State.PENDING: {"available_at": TIES},
    State.RUNNING: {"claim_expires_at": f"case when n % 5 > 0 then {TIES} end", "available_at": TIES},
    State.SLEEPING: {"available_at": ENDLESS},
    State.FAILED: {"available_at": TIES, "failed_at": "now() - random() * interval '1 h'"},
    State.COMPLETED: {"available_at": TIES, "completed_at": "now() - random() * interval '1 h'"},
    State.CANCELLED: {"available_at": ENDLESS},
}
ENDED = {
    State.FAILED: {"failed_at": "now()"},
    State.COMPLETED: {"completed_at": "now()"},
    State.CANCELLED: {},
}
pytestmark = pytest.mark.slow


@pytest.fixture
async def reader(connection: asyncpg.Connection, database: Database) -> AsyncIterator[Reader]:
    """Three queues, one of them in partitions."""
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.create_queue("orders")
    await lifecycle.create_queue("parted", storage_mode="partitioned")
    async with reading(database.dsn) as reader:
        yield reader


def panel_of(snapshot: Snapshot, state: State) -> PanelReading:
    panel = snapshot.panel(state)
    assert panel is not None
    assert panel.refused == ()
    return panel


async def read(reader: Reader, view: View) -> PanelReading:
    (state,) = view.panels
    return panel_of(await reader.snapshot(view), state)


async def walk(
    reader: Reader, view: View, start: Away, *, down: bool, between: Callable[[], object] | None = None
) -> list[TaskRow]:
    """Go from page to page as a cursor at the last row does, or at the first."""
    met: dict[UUID, TaskRow] = {}
    away = start
    for _ in range(200):
        page = await read(reader, replace(view, away=away))
        ahead = list(page.rows) if down else list(reversed(page.rows))
        for row in _passed_by(page, ahead, next(reversed(met.values()), None), down=down):
            assert row.run_id not in met
            met[row.run_id] = row
        going_on = page.after if down else page.before
        if going_on is None:
            return list(met.values())
        edge = (page.rows[-1] if down else page.rows[0]).place if page.rows else None
        held = edge or (away.up if down else away.down)
        away = Away(away.state, held, going_on, away.head) if down else Away(away.state, going_on, held, away.head)
        if between is not None:
            await between()  # type: ignore[misc]
    raise AssertionError("the walk does not end")


def _passed_by(page: PanelReading, ahead: list[TaskRow], cursor: TaskRow | None, *, down: bool) -> list[TaskRow]:
    """The rows ahead of a cursor, also when the row under it is gone."""
    if cursor is None:
        return ahead
    ids = [row.run_id for row in ahead]
    if cursor.run_id in ids:
        return ahead[ids.index(cursor.run_id) + 1 :]
    here = order(page.state, placed(cursor))
    return [row for row in ahead if (order(page.state, placed(row)) > here) is down]


def at(state: State, place: Place, head: Head | None = None) -> Away:
    return Away(state, place, place, head)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("queue", ["mail", "parted", None])
async def test_a_walk_down_and_up_meets_every_row_once_and_in_order(
    connection: asyncpg.Connection, reader: Reader, state: State, queue: str | None
) -> None:
    made = set()
    for name in ("mail", "parted", "orders"):
        here = await put(connection, name, state, number=IN_ONE_QUEUE, run=RUNS[state])
        made |= {run_id for _, run_id in here} if queue in (None, name) else set()
    view = View(queue, (state,), ROWS)
    down = await walk(reader, view, at(state, first_place(state)), down=True)
    assert {row.run_id for row in down} == made
    places = [order(state, placed(row)) for row in down]
    assert places == sorted(places)
    assert len({place.at for row in down if (place := row.place) is not None}) < len(down) / 10, "there were ties"
    up = await walk(reader, view, at(state, last_place(state)), down=False)
    assert [row.run_id for row in reversed(up)] == [row.run_id for row in down]


@pytest.mark.parametrize("state", [State.FAILED, State.COMPLETED, State.CANCELLED])
async def test_what_follows_the_head_of_ended_tasks_is_every_other_one_once(
    connection: asyncpg.Connection, reader: Reader, state: State
) -> None:
    made = {
        run_id
        for name in ("mail", "parted")
        for _, run_id in await put(connection, name, state, number=150, run=RUNS[state])
    }
    view = View(None, (state,), ROWS)
    snapshot = await reader.snapshot(view)
    first = panel_of(snapshot, state)
    assert len(first.rows) == ROWS
    assert first.after is not None
    head = head_of(first.rows, snapshot.now)
    late = await put(connection, "mail", state, number=9, run={"available_at": "now()", **ENDED[state]})
    down = await walk(reader, view, at(state, first_place(state), head), down=True)
    assert [row.run_id for row in down[:ROWS]] == [row.run_id for row in first.rows], "the head stays as it was"
    assert len(down) == len({row.run_id for row in down})
    assert {row.run_id for row in down} - {run_id for _, run_id in late} == made
    if state is not State.CANCELLED:
        assert not {row.run_id for row in down} & {run_id for _, run_id in late}, "what is newer is not among the older"
    up = await walk(reader, view, at(state, last_place(state), head), down=False)
    assert [row.run_id for row in reversed(up)] == [row.run_id for row in down]


@pytest.mark.parametrize("state", State)
async def test_no_row_that_stays_is_missed_or_met_twice_while_others_come_and_go(
    connection: asyncpg.Connection, reader: Reader, state: State
) -> None:
    stays = {run_id for _, run_id in await put(connection, "mail", state, number=IN_ONE_QUEUE, run=RUNS[state])}
    going = [run_id for _, run_id in await put(connection, "mail", state, number=IN_ONE_QUEUE, run=RUNS[state])]

    async def come_and_go() -> None:
        await put(connection, "mail", state, number=5, run=RUNS[state])
        gone = [going.pop() for _ in range(min(5, len(going)))]
        await connection.execute("delete from absurd.r_mail where run_id = any($1::uuid[])", gone)

    view = View("mail", (state,), ROWS)
    for is_down, start in ((True, first_place(state)), (False, last_place(state))):
        met = await walk(reader, view, at(state, start), down=is_down, between=come_and_go)
        places = [order(state, placed(row)) for row in met]
        assert places == sorted(places, reverse=not is_down)
        assert stays <= {row.run_id for row in met}


async def test_failed_tasks_are_found_behind_thousands_of_attempts_that_were_retried(
    connection: asyncpg.Connection, reader: Reader
) -> None:
    old = {
        run_id
        for _, run_id in await put(
            connection, "mail", "failed", number=30, run={"available_at": "now() - interval '2 h'"}
        )
    }
    retried = await put(
        connection, "mail", "failed", number=2 * SCANNED + 500, run={"available_at": "now() - interval '1 h'"}
    )
    await connection.execute(
        "update absurd.t_mail set state = 'completed' where task_id = any($1)", [task for task, _ in retried]
    )
    new = {run_id for _, run_id in await put(connection, "mail", "failed", number=30)}
    view = View("mail", (State.FAILED,), ROWS)
    down = await walk(reader, view, at(State.FAILED, LATEST), down=True)
    assert {row.run_id for row in down} == old | new
    up = await walk(reader, view, at(State.FAILED, EARLIEST), down=False)
    assert [row.run_id for row in reversed(up)] == [row.run_id for row in down]
    every = await walk(reader, replace(view, with_retried=True, rows=500), at(State.FAILED, LATEST), down=True)
    assert len(every) == 2 * SCANNED + 560


async def test_a_place_is_exact_to_the_microsecond_in_any_year(connection: asyncpg.Connection, reader: Reader) -> None:
    for at_time in INSTANTS:
        finite = "infinity" not in at_time
        for step in range(3 if finite and "294276" not in at_time else 1):
            await put(
                connection,
                "mail",
                "pending",
                run={"available_at": f"timestamptz '{at_time}' + {step} * interval '1 microsecond'"}
                if finite
                else {"available_at": f"'{at_time}'"},
            )
    for step in range(3):
        await put(
            connection,
            "mail",
            "pending",
            run={"available_at": f"timestamptz '9999-12-31 12:00:00.000001+00' + {step} * interval '1 microsecond'"},
        )
    view = View("mail", (State.PENDING,), 2)
    down = await walk(reader, view, at(State.PENDING, EARLIEST), down=True)
    times = [placed(row).at for row in down]
    assert len(down) == len({row.run_id for row in down}) == 9
    assert times == sorted(times)
    assert [later - sooner for sooner, later in pairwise(times)].count(1) == 4
    for row in down:
        page = await read(reader, replace(view, away=at(State.PENDING, placed(row))))
        assert row.run_id in {found.run_id for found in page.rows}


async def test_a_time_to_go_to_is_met_by_the_first_row_from_then_on(
    connection: asyncpg.Connection, reader: Reader
) -> None:
    await put(
        connection,
        "mail",
        "pending",
        number=500,
        run={"available_at": "timestamptz '2026-01-01 00:00+00' + n * interval '1 s'"},
    )
    await put(
        connection,
        "orders",
        "completed",
        number=500,
        run={"available_at": "timestamptz '2026-01-01 00:00+00' + n * interval '1 s'"},
    )
    then = microseconds(1_767_225_600 + 250)
    for state, first in ((State.PENDING, "task 250"), (State.COMPLETED, "task 250")):
        place = instant_place(state, then)
        page = await read(reader, View(None, (state,), ROWS, away=at(state, place)))
        below = [row for row in page.rows if order(state, placed(row)) >= order(state, place)]
        assert below[0].task_name == first
        assert len(page.rows) == 2 * (ROWS * 3 // 2)


async def test_a_queue_that_refuses_leaves_the_pages_of_the_others(
    connection: asyncpg.Connection, reader: Reader, database: Database
) -> None:
    for name in ("mail", "orders"):
        await put(connection, name, "pending", number=50)
    view = View(None, (State.PENDING,), ROWS)
    await reader.snapshot(view)
    other = await asyncpg.connect(database.dsn)
    try:
        async with other.transaction():
            await other.execute("lock table absurd.r_orders in access exclusive mode")
            snapshot = await reader.snapshot(replace(view, away=at(State.PENDING, EARLIEST)))
    finally:
        await other.close()
    panel = snapshot.panel(State.PENDING)
    assert panel is not None
    assert [name for name, _ in panel.refused] == ["orders"]
    assert {row.queue for row in panel.rows} == {"mail"}


async def test_going_on_reads_that_panel_alone_and_a_later_poll_everything(
    connection: asyncpg.Connection, reader: Reader
) -> None:
    await put(connection, "mail", "pending", number=200, run=RUNS[State.PENDING])
    view = View(None, rows=ROWS)
    first = await reader.snapshot(view)
    await put(connection, "mail", "completed")
    place = placed(panel_of(first, State.PENDING).rows[-1])
    away = at(State.PENDING, place)
    turned = await reader.snapshot(replace(view, away=away))
    assert panel_of(turned, State.PENDING).away == away
    assert len(panel_of(turned, State.PENDING).rows) > ROWS
    assert turned.view.away == away
    assert (turned.queues, turned.taken, turned.cost) == (first.queues, first.taken, first.cost)
    assert panel_of(turned, State.COMPLETED).rows == ()
    polled = await reader.snapshot(replace(view, away=away))
    assert polled.taken > first.taken
    assert len(panel_of(polled, State.COMPLETED).rows) == 1
    assert panel_of(polled, State.PENDING).rows == panel_of(turned, State.PENDING).rows


async def test_back_at_the_head_of_a_database_in_which_nothing_happens_its_rows_are_there(
    connection: asyncpg.Connection, reader: Reader
) -> None:
    await put(connection, "mail", "pending", number=200, run=RUNS[State.PENDING])
    view = View(None, rows=ROWS)
    first = panel_of(await reader.snapshot(view), State.PENDING)
    last = last_place(State.PENDING)
    end = panel_of(await reader.snapshot(replace(view, away=at(State.PENDING, last))), State.PENDING)
    assert not {row.run_id for row in end.rows} & {row.run_id for row in first.rows}
    again = panel_of(await reader.snapshot(view), State.PENDING)
    assert (again.away, again.rows) == (None, first.rows)
