"""What the screens beside the dashboard read does not grow with what is stored: no look reads a large table whole."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
from absurd_server import Database

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe import event_queries

START = ("2025-12-20 00:00:00+00", "event 7")
FROM = "(emitted_at, event_name) <= ($1::text::timestamptz, $2::text)"


def emitted(where: str = "true", prefix: str = "", scanned: int = 200) -> str:
    return event_queries.emitted_branch(0, "big", rows=200, scanned=scanned, where=where, prefix=prefix)


STATEMENTS: list[tuple[str, str, tuple[object, ...]]] = [
    ("emitted", emitted(), ()),
    ("emitted from", emitted(FROM), START),
    ("emitted by name", emitted(prefix="$1", scanned=20_000), ("event 77",)),
    ("emitted by name from", emitted(FROM, "$3", 20_000), (*START, "event 77")),
    ("awaited", event_queries.awaited_branch(0, "big", rows=200, scanned=20_000, prefix=""), ()),
    ("awaited by name", event_queries.awaited_branch(0, "big", rows=200, scanned=20_000, prefix="$1"), ("event 7",)),
    ("waiters", event_queries.waiters("big"), ("event 7",)),
    ("payload", event_queries.payload("big"), ("event 7",)),
]


@pytest.fixture(params=["unpartitioned", "partitioned"])
async def session(
    request: pytest.FixtureRequest, connection: asyncpg.Connection, database: Database
) -> AsyncIterator[Session]:
    """A queue of 60,000 events, a tenth of them awaited, and of 60,000 waits."""
    await Lifecycle(connection).create_queue("big", storage_mode=request.param)
    await connection.execute("""
        insert into absurd.e_big (event_name, payload, emitted_at)
        select 'event ' || n, case when n % 10 > 0 then '1'::jsonb end,
               case when n % 10 > 0 then timestamptz '2026-01-01' - n * interval '1 min' else 'epoch' end
          from generate_series(1, 60000) n""")
    await connection.execute("""
        insert into absurd.w_big (task_id, run_id, step_name, event_name, timeout_at)
        select absurd.portable_uuidv7(), absurd.portable_uuidv7(), 'step', 'event ' || (n / 10) * 10, null
          from generate_series(1, 60000) n""")
    for letter in "ew":
        await connection.execute(f"analyze absurd.{letter}_big")
    session = Session(resolve(database.dsn, environ={}))
    await session.open()
    yield session
    session.terminate()


def unbounded(node: dict[str, Any], *, is_bounded: bool = False) -> Iterator[str]:
    """The tables that a plan reads from end to end, unless it stops after some rows."""
    is_bounded = is_bounded or node["Node Type"] == "Limit"
    if node["Node Type"] == "Seq Scan" and not is_bounded:
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        passes = node["Node Type"] in ("Limit", "Append", "Result", "Subquery Scan")
        yield from unbounded(below, is_bounded=is_bounded and passes)


async def test_no_look_reads_a_large_table_from_end_to_end(session: Session) -> None:
    found, answered = {}, {}
    for name, statement, arguments in STATEMENTS:
        answered[name] = len(await session.fetch(statement, *arguments))
        ((plan,),) = await session.fetch(f"explain (format json) {statement}", *arguments)
        (root,) = json.loads(plan)
        read = {table for table in unbounded(root["Plan"]) if table.startswith(("e_big", "w_big"))}
        found[name] = sorted(read)
    assert {name: tables for name, tables in found.items() if tables} == {}
    assert {name: answered[name] for name in ("emitted", "emitted from", "awaited")} == dict.fromkeys(
        ("emitted", "emitted from", "awaited"), 200
    )
