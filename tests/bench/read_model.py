"""What a refresh costs the server, beside what Habitat and absurdctl ask of it, under a load of workers."""

import asyncio
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
from absurdctl import BUNDLED_SCHEMA_SQL
from bench.cost import cpu_seconds, own_memory
from bench.dataset import fill
from bench.rivals import absurdctl, habitat
from bench.timed_terminal import environment

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.observe.poll import Poll
from absurd_tui.observe.queries import table
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import Snapshot, View

QUEUE, MANY, SMALL_TASKS = "large", 200, 214
REFRESHES, SETTLES, COUNTED_WITHIN = 10, 15, 1800
"""How many readings are measured, after how many of that view, and for how many the history may be counted before."""

WATCHED_AFTER, WATCHED_FOR, SAMPLED_EVERY = 60.0, 60.0, 0.05
"""For how many seconds a poll is watched, after how many in which it learns what it costs, and how often."""

SETTINGS = {
    "shared_buffers": "1GB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_planning": "on",
    "max_wal_size": "4GB",
    "fsync": "off",
    "full_page_writes": "off",
}
_COST = """
select coalesce(sum(total_exec_time + total_plan_time), 0) as ms, sum(calls)::int as statements,
       coalesce(sum(shared_blks_hit + shared_blks_read), 0)::bigint as pages
  from pg_stat_statements s join pg_roles r on r.oid = s.userid where r.rolname = $1"""
_THROUGH_THE_INDEXES = (
    "select count(*) from (select from {r} where state in ('completed', 'failed') order by state, available_at) x",
    "select count(*) from (select from {r} order by run_id) x",
    "select count(*) from (select from {t} order by task_id) x",
)
_BLOCKED = """
select count(*) from pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) b
  join pg_stat_activity by on by.pid = b where by.application_name like 'absurd-tui/%'"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one refresh took of the server."""

    ms: float
    pages: float
    statements: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.ms + other.ms, self.pages + other.pages, self.statements + other.statements)


@dataclass(frozen=True, slots=True)
class Watched:
    """A while of polling: how much of a core our backend took, how many MB, and how often somebody waited for it."""

    core: float
    memory: float
    readings: int
    samples: int
    waits: int


@contextmanager
def server(kept: Path) -> Iterator[LocalPostgres]:
    """The benchmark's server; its data stay in a folder for the next run."""
    with LocalPostgres(kept, settings=SETTINGS) as postgres:
        yield postgres


async def furnish(postgres: LocalPostgres, name: str, queues: Mapping[str, int]) -> str:
    """Make a database with queues of so many tasks, unless it is there; its connection string for our own role."""
    admin = await asyncpg.connect(postgres.dsn())
    for role in ("dashboard", "rival"):
        if not await admin.fetchval("select exists (select from pg_roles where rolname = $1)", role):
            await admin.execute(f"create role {role} superuser login")
    if not await admin.fetchval("select exists (select from pg_database where datname = $1)", name):
        await admin.execute(f"create database {name}_unfinished")
        connection = await asyncpg.connect(postgres.dsn(f"{name}_unfinished"))
        await connection.execute(BUNDLED_SCHEMA_SQL)
        for queue, tasks in queues.items():
            await fill(connection, queue, tasks)
        await connection.execute("create extension pg_stat_statements")
        await connection.close()
        await admin.execute(f"alter database {name}_unfinished rename to {name}")
    await admin.close()
    await _tidy(postgres.dsn(name), queues)
    return postgres.dsn(name)


async def _tidy(dsn: str, queues: Iterable[str]) -> None:
    """Leave the data as autovacuum would and a server in use has them: vacuumed, and their indexes in memory.

    What an earlier run worked on, or when that was, does not make the next one dearer.
    """
    connection = await asyncpg.connect(dsn)
    await connection.execute("vacuum analyze")
    await connection.execute("set enable_seqscan = off; set enable_bitmapscan = off")
    for queue in queues:
        for statement in _THROUGH_THE_INDEXES:
            await connection.execute(statement.format(t=table("t", queue), r=table("r", queue)))
    await connection.close()


async def refreshes(dsn: str, views: Sequence[View], worked: str) -> Sequence[Cost]:
    """Read each view ten times in a row, a second apart, while a queue is worked on; what one of them cost.

    One reader does it all, after some readings to warm up. Before that it has all the time a large history needs to be
    counted; what was worked off meanwhile is vacuumed, so that it is as much beside a small history.
    """
    session = Session(resolve(_as(dsn, "dashboard"), environ={}), plans_once=True)
    reader, watcher = Reader(session, "bench"), await asyncpg.connect(dsn)
    costs = []
    try:
        await reader.open()
        with working(dsn, worked):
            await _let_it_count(reader, views[0])
            await watcher.execute("vacuum")
            for view in views:
                for _ in range(SETTLES):
                    await reader.snapshot(view)
                    await asyncio.sleep(1.0)
                await watcher.execute("select pg_stat_statements_reset()")
                for _ in range(REFRESHES):
                    await reader.snapshot(view)
                    await asyncio.sleep(1.0)
                costs.append(await _cost(watcher, "dashboard", REFRESHES))
        return costs
    finally:
        session.terminate()
        await watcher.close()


async def _let_it_count(reader: Reader, view: View) -> None:
    for _ in range(COUNTED_WITHIN):
        if not _is_counting(await reader.snapshot(view)):
            return
        await asyncio.sleep(1.0)


async def rivals(dsn: str, queue: str, rounds: int) -> Mapping[str, Cost]:
    """Run what the others ask at each refresh; what one of them cost, by its name."""
    costs = {}
    theirs, watcher = await asyncpg.connect(_as(dsn, "rival")), await asyncpg.connect(dsn)
    for name, statements in {**habitat(queue), **absurdctl(queue)}.items():
        await watcher.execute("select pg_stat_statements_reset()")
        for _ in range(rounds):
            for statement in statements:
                await theirs.fetch(statement)
        costs[name] = await _cost(watcher, "rival", rounds)
    costs["Habitat, both"] = costs["Habitat, overview"] + costs["Habitat, failed tasks"]
    await theirs.close()
    await watcher.close()
    return costs


async def watched(dsn: str, view: View) -> Watched:
    """Poll as the program does for some seconds, and look at what that does to the server and to others."""
    session = Session(resolve(_as(dsn, "dashboard"), environ={}), plans_once=True)
    read: list[Snapshot] = []
    poll = Poll(Reader(session, "bench"), every=1.0, snapshot_arrived=read.append, link_changed=lambda _: None)
    poll.watch(view)
    watcher = await asyncpg.connect(dsn)
    polling = asyncio.create_task(poll.run())
    try:
        await asyncio.sleep(WATCHED_AFTER)
        pids = [
            row["pid"] for row in await watcher.fetch("select pid from pg_stat_activity where usename = 'dashboard'")
        ]
        loop = asyncio.get_running_loop()
        read.clear()
        begun, before = loop.time(), sum(map(cpu_seconds, pids))
        waits = samples = 0
        while loop.time() - begun < WATCHED_FOR:
            waits += await watcher.fetchval(_BLOCKED)
            samples += 1
            await asyncio.sleep(SAMPLED_EVERY)
        core = (sum(map(cpu_seconds, pids)) - before) / (loop.time() - begun)
        return Watched(core, sum(map(own_memory, pids)), len(read), samples, waits)
    finally:
        polling.cancel()
        session.terminate()
        await watcher.close()


def _is_counting(snapshot: Snapshot) -> bool:
    """Whether what has ended is still being counted for the first time."""
    counts = [queue.counts for queue in snapshot.queues if queue.counts is not None]
    return any(count.completed.is_capped or count.completed.is_estimate for count in counts)


@contextmanager
def working(dsn: str, queue: str) -> Iterator[None]:
    """Have another process work on a queue."""
    worker = subprocess.Popen([sys.executable, "-m", "bench.programs.work", dsn, queue], env=environment())
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def ratio(theirs: Sequence[float], ours: float) -> float:
    """How many times more the others take."""
    return median(theirs) / ours if ours else float("inf")


def _as(dsn: str, role: str) -> str:
    return dsn.replace("postgres@", f"{role}@", 1)


async def _cost(watcher: asyncpg.Connection, role: str, rounds: int) -> Cost:
    row = await watcher.fetchrow(_COST, role)
    assert row is not None
    return Cost(row["ms"] / rounds, float(row["pages"]) / rounds, (row["statements"] or 0) / rounds)
