"""Totals of a real queue over random histories: in one snapshot, what is plain is what a count of everything finds."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import asyncpg
import pytest
from absurd_server import Database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from absurd_tui.conninfo import resolve
from absurd_tui.database.session import Session
from absurd_tui.errors import WrongState
from absurd_tui.lifecycle import FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe import ledger, totals, windows
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue
from absurd_tui.observe.ledger import Total
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import Count
from absurd_tui.observe.totals import Totals

pytestmark = pytest.mark.slow


def hundredths(time: float) -> float:
    return math.floor(time * 100) / 100


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes takes hundredths of a second, and what takes thousands of rows a few."""
    for module, name, value in (
        (windows, "LAG", 0.03),
        (ledger, "LAG", 0.03),
        (windows, "floor", hundredths),
        (ledger, "floor", hundredths),
        (windows, "ADVANCE_SECONDS", 0.01),
        (ledger, "ADVANCE_ROWS", 0),
        (windows, "RECOUNT_AFTER", 0.3),
        (totals, "ROUND", 0.0),
        (windows, "UNSURE_AFTER", 0.03),
        (windows, "MAX_STRAGGLERS", 4),
        (windows, "_ROWS", (2, 4, 8)),
        (totals, "SHARE", 0),
    ):
        monkeypatch.setattr(module, name, value)


def is_plain(count: Count) -> bool:
    return not count.is_capped and not count.is_estimate


@dataclass
class Observed:
    """A queue, who works on it, and who reads its totals."""

    dsn: str
    worker: asyncpg.Connection
    holder: asyncpg.Connection
    asking: Asking
    queue: str
    mode: str
    holds: bool = False
    knows_failed: bool = False
    totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        self.totals = Totals(self.asking)

    @property
    def listed(self) -> ListedQueue:
        return ListedQueue(self.queue, self.mode, 0, may_checkpoints=True, refusal=None)

    async def read(self) -> Total | None:
        """Read the totals, and count everything in the same snapshot: what is plain is equal."""
        await self.asking.fetch("begin isolation level repeatable read read only")
        try:
            total = (await self.totals.read([self.listed])).get(self.queue)
            await self.totals.count_on()
            runs = await self._states("r")
            tasks = await self._states("t")
        finally:
            await self.asking.fetch("commit")
        if total is None:
            return None
        assert runs.get("completed", 0) == tasks.get("completed", 0)
        for count, state in ((total.completed, "completed"), (total.failed_runs, "failed")):
            if is_plain(count):
                assert count.value == runs.get(state, 0), state
        self.knows_failed = total.failed == Count(tasks.get("failed", 0), is_estimate=True)
        return total

    async def read_until_plain(self) -> Total:
        for _ in range(300):
            total = await self.read()
            if total is not None and is_plain(total.completed) and is_plain(total.failed_runs) and self.knows_failed:
                return total
            await asyncio.sleep(0.01)
        raise AssertionError("a total becomes plain, and the failed tasks are known, when nothing happens any more")

    async def _states(self, letter: str) -> dict[str, int]:
        rows = await self.asking.fetch(f"select state, count(*) as n from {table(letter, self.queue)} group by 1")
        return {row["state"]: row["n"] for row in rows}

    async def pick(self, number: int, *states: str) -> list[asyncpg.Record]:
        """The run that a number chooses among those of some states, if there is one that nobody holds."""
        rows = await self.worker.fetch(
            f"select run_id, task_id from {table('r', self.queue)} where state = any($1) order by run_id"
            " for update skip locked",
            states,
        )
        return [rows[number % len(rows)]] if rows else []

    async def act(self, kind: str, number: int) -> None:
        lifecycle = Lifecycle(self.worker)
        if kind == "spawn":
            options = SpawnOptions(max_attempts=1 + number % 3, retry_strategy=FixedRetry(0))
            await lifecycle.spawn(self.queue, "task", {}, options)
        elif kind == "claim":
            await lifecycle.claim(self.queue, "worker", 3600, 1 + number % 4)
        elif kind == "hold" and not self.holds:
            await self.holder.execute("begin")
            await Lifecycle(self.holder).claim(self.queue, "holder", 3600, 1 + number % 3)
            self.holds = True
        elif kind == "let go":
            await self.let_go(number)
        elif kind == "complete":
            for run in await self.pick(number, "running"):
                await lifecycle.complete(self.queue, run["run_id"], {})
        elif kind == "fail":
            for run in await self.pick(number, "running", "running", "sleeping"):
                await lifecycle.fail(self.queue, run["run_id"], {"message": "no"})
        elif kind == "fail sleeper":
            for run in await self.pick(number, "sleeping"):
                await lifecycle.fail(self.queue, run["run_id"], {"message": "an operator's"})
        elif kind == "sleep":
            for run in await self.pick(number, "running"):
                await lifecycle.schedule_run(self.queue, run["run_id"], (0.0, 0.02, 3600.0)[number % 3])
        elif kind == "await":
            for run in await self.pick(number, "running"):
                timeout = (None, 0, 3600)[number % 3]
                await lifecycle.await_event(self.queue, run["task_id"], run["run_id"], "step", f"e{number}", timeout)
        elif kind == "emit":
            await lifecycle.emit_event(self.queue, f"e{number}", {})
        elif kind == "retry":
            with suppress(WrongState):
                for run in await self.pick(number, "failed"):
                    await lifecycle.retry(self.queue, run["task_id"])
        elif kind == "cancel":
            for run in await self.pick(number, "pending", "running", "sleeping"):
                await lifecycle.cancel(self.queue, run["task_id"])
        elif kind == "clean up":
            await self.clean_up(1 + number % 3)
        elif kind == "create again":
            await self.let_go(0)
            await lifecycle.drop_queue(self.queue)
            await lifecycle.create_queue(self.queue, storage_mode=self.mode)
        elif kind == "wait":
            await asyncio.sleep(number / 1000)

    async def clean_up(self, number: int) -> None:
        """Clean up on a connection that ends, which tells the statistics at once."""
        connection = await asyncpg.connect(self.dsn)
        await Lifecycle(connection).cleanup_tasks(self.queue, 0, number)
        await connection.close()

    async def let_go(self, number: int) -> None:
        """Commit the claim that is held open, whose runs may have ended in it."""
        if not self.holds:
            return
        runs = await self.holder.fetch(
            f"select run_id from {table('r', self.queue)} where claimed_by = 'holder' and state = 'running'"
        )
        for run in runs[: number % 3]:
            await Lifecycle(self.holder).complete(self.queue, run["run_id"], {})
        await self.holder.execute("commit")
        self.holds = False


@asynccontextmanager
async def observed(database: Database, queue: str = "mail", mode: str = "unpartitioned") -> AsyncIterator[Observed]:
    session = Session(resolve(database.dsn, environ={}), plans_once=True)
    asking = Asking(session)
    await asking.open()
    worker, holder = await asyncpg.connect(database.dsn), await asyncpg.connect(database.dsn)
    try:
        await Lifecycle(worker).create_queue(queue, storage_mode=mode)
        yield Observed(database.dsn, worker, holder, asking, queue, mode)
    finally:
        await holder.close()
        await worker.close()
        session.terminate()


async def test_a_lock_met_while_it_is_counted_what_was_made_costs_only_that_step(database: Database) -> None:
    async with observed(database, "locked") as queue:
        for kind in ("spawn", "claim", "fail"):
            await queue.act(kind, 0)
        await queue.read_until_plain()
        await asyncio.sleep(0.1)
        await queue.totals.read([queue.listed])
        await queue.holder.execute(f"begin; lock table {table('t', 'locked')} in access exclusive mode")
        for _ in range(3):
            await queue.totals.count_on()
        await queue.holder.execute("rollback")
        await queue.read_until_plain()


COMMON = ["spawn", "spawn", "claim", "claim", "complete", "complete", "fail", "sleep", "hold", "let go", "wait"]
KINDS = [*COMMON, "fail sleeper", "await", "emit", "retry", "cancel", "clean up"]
acts = st.one_of(
    *[st.tuples(st.sampled_from(KINDS), st.integers(0, 60))] * 5,
    *[st.tuples(st.just("read"), st.integers(1, 6))] * 3,
    st.tuples(st.just("create again"), st.just(0)),
)
names: Iterator[str] = (f"queue {number}" for number in range(10_000))


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(history=st.lists(acts, min_size=10, max_size=60))
async def test_what_is_plain_is_equal_whatever_happened(
    database: Database, mode: str, history: list[tuple[str, int]]
) -> None:
    async with observed(database, next(names), mode) as queue:
        await queue.read_until_plain()
        for kind, number in history:
            if kind == "read":
                for _ in range(number):
                    await queue.read()
            else:
                await queue.act(kind, number)
        await queue.let_go(1)
        await queue.read_until_plain()
