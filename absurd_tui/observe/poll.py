"""The poll: one reading at a time, never more than its share of a backend, and what to do when it fails.

The next reading comes no sooner than some sixty times what one costs as seen from here,
which is two per cent of a backend; the median of the last three counts, once there are
three, so that one reading that had to wait for a lock does not; and neither the first of
a connection nor what was learned in a later one, because what is asked for the first time
is also planned. After a lost connection it tries again with growing, jittered pauses; a
password, a role or a database that is refused is not tried again.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Protocol

from absurd_tui.database.faults import Fault, classify, lacks_room, sentence
from absurd_tui.errors import CannotStart
from absurd_tui.observe.governor import BUDGET, SEEN
from absurd_tui.observe.records import Link, LinkState, Server, Snapshot, View

SHARE = 1 / (SEEN * BUDGET)
_MEDIAN_OF = 3
_BACKOFF = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_WITHOUT_ROOM = 5.0
"""Seconds at least until a server that has no connection left is asked again: each try costs it a process."""


class Reads(Protocol):
    """What a poll reads from: the database's Reader, or what stands for it in tests."""

    async def open(self) -> Server:
        """Connect and learn whom we are talking to."""
        ...

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        """Read what a view asks for; where urged, also what is read less often to spare the database."""
        ...


class Poll:
    """Reads again and again, and hands over each snapshot and each change of the connection."""

    def __init__(
        self,
        reader: Reads,
        *,
        every: float,
        snapshot_arrived: Callable[[Snapshot], None],
        link_changed: Callable[[Link], None],
    ) -> None:
        self._reader = reader
        self._every = every
        self._snapshot_arrived = snapshot_arrived
        self._link_changed = link_changed
        self._view = View()
        self._nudged = asyncio.Event()
        self._is_urged = False
        self._link = Link(LinkState.CONNECTING, time.monotonic())
        self._pause = every
        self._costs: deque[float] = deque(maxlen=_MEDIAN_OF)

    @property
    def every(self) -> float:
        """How many seconds lie between two readings as asked for."""
        return self._every

    @property
    def pause(self) -> float:
        """How many seconds lie between two readings in fact: more than `every` on a slow database."""
        return self._pause

    def watch(self, view: View) -> None:
        """Ask for another view, and read it now."""
        if view != self._view:
            self._view = view
            self._nudged.set()

    def set_every(self, seconds: float) -> None:
        """Change the seconds between two readings."""
        self._every = seconds
        self._nudged.set()

    def nudge(self) -> None:
        """Read everything, or connect, now."""
        self._is_urged = True
        self._nudged.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._nudged.clear()
            try:
                if self._link.state is not LinkState.LIVE:
                    self._costs.clear()
                    await self._reader.open()
                snapshot = await self._read()
            except Exception as error:
                await self._wait_after(error)
                continue
            if self._link.state is LinkState.LIVE:
                self._costs.append(snapshot.cost - snapshot.learned)
            else:
                self._set_link(Link(LinkState.LIVE, time.monotonic()))
            self._pause = max(self._every, SHARE * median(self._costs) if len(self._costs) == _MEDIAN_OF else 0.0)
            self._snapshot_arrived(snapshot)
            await self._wait(self._pause)

    async def _read(self) -> Snapshot:
        is_urged, self._is_urged = self._is_urged, False
        try:
            return await self._reader.snapshot(self._view, is_urged=is_urged)
        except Exception as error:
            if classify(error) is not Fault.RETRY_ONCE:
                raise
            return await self._reader.snapshot(self._view, is_urged=is_urged)

    async def _wait_after(self, error: Exception) -> None:
        was_live = self._link.state is LinkState.LIVE
        fault = classify(error, connecting=not was_live)
        now = time.monotonic()
        since = now if was_live else self._link.since
        if isinstance(error, CannotStart) or fault is Fault.STOP:
            reason = str(error) if isinstance(error, CannotStart) else sentence(error)
            self._set_link(Link(LinkState.REFUSED, since, reason, self._link.attempt + 1))
            self._nudged.clear()
            await self._wait(None)
            self._set_link(replace(self._link, state=LinkState.CONNECTING))
            return
        attempt = 0 if was_live else self._link.attempt + 1
        pause = 0.0 if was_live else self._backoff(attempt, error)
        has_answered = classify(error) is Fault.PANEL
        self._set_link(Link(LinkState.LOST, since, sentence(error), attempt, now + pause, has_answered))
        await self._wait(pause)

    def _backoff(self, attempt: int, error: Exception) -> float:
        step = _BACKOFF[min(attempt, len(_BACKOFF)) - 1]
        return max(step, _WITHOUT_ROOM if lacks_room(error) else 0.0) * random.uniform(0.8, 1.2)

    async def _wait(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self._nudged.wait(), seconds)
        except TimeoutError:
            return

    def _set_link(self, link: Link) -> None:
        self._link = link
        self._link_changed(link)
