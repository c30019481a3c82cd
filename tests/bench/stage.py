"""An embedded PostgreSQL with two databases: the demo's own, at rest, and one with a queue of many claimed tasks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import asyncpg
from absurdctl import BUNDLED_SCHEMA_SQL
from seeding import put

from absurd_tui.demo.history import write_history
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.demo.queues import QUEUES
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.queries import table

QUEUE = "mail"
LEASE, BETWEEN = 300.0, 0.01
"""Seconds until the first claim ends, short enough for its row to count down, and until each next one."""


@dataclass(frozen=True, slots=True)
class Databases:
    """Connection strings: `idle` has the demo's queues and an hour of history, `large` a queue of claimed tasks."""

    idle: str
    large: str


@contextmanager
def databases(rows: int) -> Iterator[Databases]:
    """Start the server, make both databases, and take everything down. Raises CannotStart."""
    with LocalPostgres() as postgres:
        made = Databases(postgres.dsn("idle"), postgres.dsn("large"))
        asyncio.run(_make(postgres.dsn(), made, rows))
        yield made


def renew_claims(dsn: str) -> None:
    """Let every claim of the large queue have begun just now, and end one shortly after the other."""
    asyncio.run(_renew_claims(dsn))


def backends(dsn: str) -> list[int]:
    """The processes of the server that serve others than us in this database."""
    return asyncio.run(_backends(dsn))


async def _make(admin_dsn: str, made: Databases, rows: int) -> None:
    admin = await asyncpg.connect(admin_dsn)
    for name in ("idle", "large"):
        await admin.execute(f"create database {name}")
    await admin.close()
    idle, large = await asyncpg.connect(made.idle), await asyncpg.connect(made.large)
    for connection in (idle, large):
        await connection.execute(BUNDLED_SCHEMA_SQL)
    for queue in QUEUES:
        await Lifecycle(idle).create_queue(queue.name, queue.storage_mode)
    await Lifecycle(idle).ensure_partitions()
    await write_history(idle, Random(7))
    await Lifecycle(large).create_queue(QUEUE)
    await put(
        large,
        QUEUE,
        "running",
        number=rows,
        task={"task_name": "'task ' || lpad(n::text, 5, '0')", "first_started_at": "now()"},
        run={
            "claimed_by": "'worker-' || n % 7",
            "started_at": "now()",
            "claim_expires_at": "now()",
        },
    )
    for connection in (idle, large):
        await connection.execute("vacuum analyze")
        await connection.close()


async def _renew_claims(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    runs = table("r", QUEUE)
    try:
        await connection.execute(f"""
            update {runs} r
               set started_at = now(), claim_expires_at = now() + make_interval(secs => {LEASE} + n * {BETWEEN})
              from (select run_id, row_number() over (order by run_id) as n from {runs}) x
             where r.run_id = x.run_id""")
    finally:
        await connection.close()


async def _backends(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(
            "select pid from pg_stat_activity where datname = current_database()"
            " and backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    return [row["pid"] for row in found]
