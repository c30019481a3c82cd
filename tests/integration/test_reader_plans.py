"""No statement of a poll reads a large table from end to end: what it costs does not grow with what is stored."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from math import inf
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from seeding import put

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import (
    count_queries,
    failure_queries,
    panel_queries,
    queries,
    rate_queries,
    spot_queries,
    storage_queries,
    symptom_queries,
    task_queries,
    total_queries,
    worker_queries,
)
from absurd_tui.observe.places import INFINITY, LATEST, literal
from absurd_tui.observe.records import State
from absurd_tui.observe.totals import lowest_id

LARGE = 1000
STORED = {
    "completed": 82_000,
    "failed": 7_000,
    "cancelled": 4_000,
    "pending": 3_000,
    "running": 1_500,
    "sleeping": 2_500,
}
PAST = "now() - n * interval '30 s'"
RUNS = {
    "completed": {"available_at": PAST, "completed_at": PAST},
    "failed": {"available_at": PAST, "failed_at": PAST, "failure_reason": '\'{"message": "no"}\''},
    "cancelled": {"available_at": "case when n % 3 = 0 then 'infinity' else now() - n * interval '1 min' end"},
    "pending": {"available_at": PAST},
    "running": {"available_at": PAST, "claim_expires_at": "case when n % 9 > 0 then now() + n * interval '1 s' end"},
    "sleeping": {"available_at": "case when n % 3 = 0 then 'infinity' else now() + n * interval '1 s' end"},
}


def tail_arguments(watermark: float, stragglers: int) -> tuple[object, ...]:
    told = "{" + ",".join(map(str, ids(stragglers))) + "}"
    return ([watermark], [watermark - 3600], [lowest_id(watermark)], [told], ["absurd.r_big"])


def ids(number: int) -> list[UUID]:
    """Ids of no task."""
    return [UUID(int=each) for each in range(1, number + 1)]


ENDED = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
LATELY = 1_750_000_000.0
FLOOR = ([LATELY],)
GAPS = ((None, UUID(int=1)), (UUID(int=2**128 - 2), None))
SPAN = (LATELY, LATELY + 60, "absurd.r_big")
IDS = (lowest_id(LATELY), lowest_id(LATELY + 60))


def merged(with_retried: bool) -> str:
    """The panels of many queues, for one of them."""
    spots = [
        spot_queries.spot_branch(at, 0, "big", state, with_retried=with_retried and state is State.FAILED)
        for at, state in enumerate(State)
    ]
    return spot_queries.merged_statement(
        spots, [spot_queries.whole_branch(0, "big", with_waits=True, may_checkpoints=True, has_keys=True)]
    )


# what a poll runs, by its name, with its arguments; and a page of the failures
STATEMENTS: list[tuple[str, str, tuple[object, ...]]] = [
    ("moment", queries.MOMENT, ()),
    ("list", queries.queue_list(has_modes=True), ()),
    ("counts", count_queries.counts_branch(0, "big", frozenset()), FLOOR),
    ("counts but the ended", count_queries.counts_branch(0, "big", ENDED), FLOOR),
    ("done", count_queries.done_branch(0, "big"), ()),
    ("failed runs", panel_queries.failed_runs_branch(0, "big", has_keys=True), ([60],)),
    *(
        (
            f"panel {state} of {rows}",
            panel_queries.panel_branch(0, "big", state, may_checkpoints=True, has_keys=True),
            ([rows], *((FLOOR if rows == 8 else ([-inf],)) if state is State.PENDING else ())),
        )
        for state in State
        for rows in (0, 8, 60)
    ),
    *(
        (
            f"merged {rows}{' tried again' if with_retried else ''}",
            merged(with_retried),
            ([rows] * 6, ["{}"], 60, FLOOR[0]),
        )
        for with_retried in (False, True)
        for rows in (0, 8, 60)
    ),
    *(
        (f"finished {state}", panel_queries.finished_branch(0, "big", state, has_keys=True), ([f"{{{UUID(int=7)}}}"],))
        for state in (State.COMPLETED, State.FAILED)
    ),
    *((f"standings of {number}", task_queries.standings("big"), (ids(number),)) for number in (1, 1000)),
    ("reached steps", task_queries.reached_steps("big"), (ids(1000), ids(1000))),
    ("tail", total_queries.tail_branch(0, "big"), tail_arguments(time.time() - 30, 0)),
    ("tail with stragglers", total_queries.tail_branch(0, "big"), tail_arguments(time.time() - 3600, 100)),
    ("span", total_queries.span_statement("big"), SPAN),
    ("made", total_queries.made_statement("big"), IDS),
    ("cancelled", total_queries.cancelled_statement("big"), ()),
    ("minutes", rate_queries.minutes_statement("big"), ()),
    ("times", rate_queries.times_statement("big"), ()),
    ("kept", storage_queries.kept_branch(0, "big", newest=20_000, events=True, gaps=GAPS), (lowest_id(LATELY),)),
    ("workers", worker_queries.worker_branch(0, "big", held=1000, ended=200, may_checkpoints=True), ()),
    ("poison", symptom_queries.poison_branch(0, "big"), ([UUID(int=0)],)),
    ("gone", symptom_queries.gone_branch(0, "big"), ()),
    ("failing", symptom_queries.failing_branch(0, "big"), ()),
    ("trend", symptom_queries.trend_branch(0, "big"), ()),
    ("deferred", symptom_queries.deferred_branch(0, "big"), ()),
    ("failures", failure_queries.page_statement("big"), (literal(INFINITY), LATEST.run_id)),
    ("flow", symptom_queries.flow_branch(0, "big"), (lowest_id(time.time() - 300), time.time() - 300)),
]


@pytest.fixture(params=["unpartitioned", "partitioned"])
async def session(
    request: pytest.FixtureRequest, connection: asyncpg.Connection, database: Database
) -> AsyncIterator[Session]:
    """A reading session on a queue of 100,000 tasks, some of them retried before, with checkpoints."""
    await Lifecycle(connection).create_queue("big", storage_mode=request.param)
    for state, number in STORED.items():
        await put(connection, "big", state, number=number, run=RUNS[state], task={"params": "'{\"n\": 1}'"})
    await connection.execute("""
        insert into absurd.c_big (task_id, checkpoint_name, state, owner_run_id)
        select task_id, 'step', '{}', run_id from absurd.r_big""")
    await connection.execute("""
        insert into absurd.r_big (run_id, task_id, attempt, state, available_at, failed_at)
        select absurd.portable_uuidv7(), task_id, 0, 'failed', available_at - interval '1 min', now()
          from absurd.r_big where state = 'completed' limit 15000""")
    for letter in "trc":
        await connection.execute(f"analyze absurd.{letter}_big")
    session = Session(resolve(database.dsn, environ={}), plans_once=True)
    await session.open()
    yield session
    session.terminate()


def scans(node: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from scans(below)


async def plan(session: Session, statement: str, arguments: int) -> dict[str, Any]:
    """The plan that a poll has, which is one for all arguments."""
    await session.fetch(f"prepare polled as {statement}")
    nothing = f"({', '.join(['null'] * arguments)})" if arguments else ""
    ((told,),) = await session.fetch(f"explain (format json) execute polled{nothing}")
    await session.fetch("deallocate polled")
    (root,) = json.loads(told)
    return dict(root["Plan"])


async def test_no_poll_reads_a_large_table_from_end_to_end(session: Session) -> None:
    sizes = await session.fetch(
        "select relname::text, reltuples from pg_class where relname ~ '^[trc]_big' and reltuples >= $1", LARGE
    )
    large = {row["relname"] for row in sizes}
    assert large, "there is something to read"
    found, answered = {}, {}
    for name, statement, arguments in STATEMENTS:
        answered[name] = len(await session.fetch(statement, *arguments))
        found[name] = [*large.intersection(scans(await plan(session, statement, len(arguments))))]
    assert {name: tables for name, tables in found.items() if tables} == {}
    assert 25 <= answered["done"] <= 31
    assert answered["minutes"] > 25
    assert {name: answered[f"panel {name} of 60"] for name in State} == dict.fromkeys(State, 60)
    assert {name: answered[f"panel {name} of 8"] for name in State} == dict.fromkeys(State, 8)
    assert {name: answered[f"panel {name} of 0"] for name in State} == dict.fromkeys(State, 0)
    assert [answered[f"merged {rows}"] for rows in (0, 8, 60)] == [0, 6 * 8, 6 * 60]
    assert (answered["failed runs"], answered["standings of 1000"], answered["counts"]) == (60, 1, 1)
