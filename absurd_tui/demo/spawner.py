"""The process that keeps the demo busy: `python -m absurd_tui.demo.spawner DSN RATE`.

Spawns the mix at its rate, emits the events some tasks wait for, and runs
Absurd's clean-up, so that hours of demo do not fill the disk. Ends when its
standard input does.
"""

import asyncio
import heapq
import itertools
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import NoReturn

import asyncpg

from absurd_tui.demo import mix
from absurd_tui.demo.children import end_with_owner
from absurd_tui.demo.counts import waiting_runs
from absurd_tui.demo.queues import QUEUES
from absurd_tui.errors import AbsurdError
from absurd_tui.lifecycle import Lifecycle

TICK = 0.2
MOST_WAITING = 400
"""Pending runs in a queue above which nothing more is spawned there: its workers do not keep up, or there are none."""

CLEAN_UP_EVERY = 20.0
MEASURE_EVERY = 2.0
TRY_AGAIN_AFTER = 2.0

log = logging.getLogger("spawner")
Act = Callable[[], Awaitable[None]]


class Spawner:
    """An agenda of acts by time, kept across lost connections."""

    def __init__(self, rate: float, random: Random) -> None:
        self.rate = rate
        self.random = random
        self.full: set[str] = set()
        self._agenda: list[tuple[float, int, Act]] = []
        self._order = itertools.count()
        self._connection: asyncpg.Connection[asyncpg.Record]
        self._lifecycle: Lifecycle

    def at(self, when: float, act: Act) -> None:
        """Do `act` at the time `when` of the monotonic clock."""
        heapq.heappush(self._agenda, (when, next(self._order), act))

    def plan(self) -> None:
        """Put the burst and everything that repeats on the agenda."""
        now = time.monotonic()
        for first, every, recipe in mix.TIMED:
            self._repeat(now + first, every, partial(self.spawn_one, recipe))
        for spawning in mix.burst(self.random):
            self.at(now, partial(self.spawn, spawning))
        self._repeat(now, 1 / self.rate, partial(self.spawn_one, mix.steady))
        self._repeat(now, MEASURE_EVERY, self.measure)
        self._repeat(now + CLEAN_UP_EVERY, CLEAN_UP_EVERY, self.clean_up)

    async def run(self, connection: "asyncpg.Connection[asyncpg.Record]") -> NoReturn:
        """Work off the agenda on this connection."""
        self._connection, self._lifecycle = connection, Lifecycle(connection)
        while True:
            while self._agenda and self._agenda[0][0] <= time.monotonic():
                _, _, act = heapq.heappop(self._agenda)
                await act()
            await asyncio.sleep(TICK)

    async def spawn(self, spawning: mix.Spawning) -> None:
        """Spawn a task, and plan the event that answers it."""
        queue = spawning.queue.name
        if queue in self.full:
            return
        await self._lifecycle.spawn(queue, spawning.task_name, spawning.params, spawning.options)
        if emission := spawning.emission:
            self.at(time.monotonic() + emission.after, partial(self.emit, queue, emission))

    async def spawn_one(self, recipe: mix.Recipe) -> None:
        """Spawn one task of a kind."""
        await self.spawn(recipe(self.random))

    async def emit(self, queue: str, emission: mix.Emission) -> None:
        """Emit an event that a task waits for."""
        await self._lifecycle.emit_event(queue, emission.event_name, emission.payload)

    async def measure(self) -> None:
        """See which queues have enough waiting already."""
        for queue in QUEUES:
            waiting = await waiting_runs(self._connection, queue.name, at_most=MOST_WAITING)
            (self.full.add if waiting >= MOST_WAITING else self.full.discard)(queue.name)

    async def clean_up(self) -> None:
        """Delete what ended longer ago than the queues' policies keep it."""
        await self._lifecycle.cleanup_all_queues()

    def _repeat(self, first: float, every: float, act: Act) -> None:
        async def again() -> None:
            # after a pause of the machine, go on from now and do not catch up
            self._repeat(max(first + every, time.monotonic() - TICK), every, act)
            await act()

        self.at(first, again)


async def keep_spawning(dsn: str, rate: float) -> NoReturn:
    """Spawn for ever, over new connections when one is lost."""
    spawner = Spawner(rate, Random())
    spawner.plan()
    while True:
        try:
            connection = await asyncpg.connect(dsn)
            try:
                await spawner.run(connection)
            finally:
                connection.terminate()
        except (AbsurdError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("goes on after %s: %s", type(error).__name__, error)
            await asyncio.sleep(TRY_AGAIN_AFTER)


def main(dsn: str, rate: float) -> None:
    """Run until standard input ends."""
    end_with_owner()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    asyncio.run(keep_spawning(dsn, rate))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
