"""Walks through failed attempts, newest claim first, over every queue that is asked.

It reads while somebody looks, and takes no more than a hundredth of a backend. It ends after a week,
or after so many attempts; what has failed since it began is read at the heads of the queues.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from absurd_tui.database.faults import Fault, classify, sentence
from absurd_tui.observe.branches import refusal
from absurd_tui.observe.failure_groups import FailedRun, FailedTask, Fingerprint, Group, Groups, Window
from absurd_tui.observe.failure_queries import PAGE
from absurd_tui.observe.places import LATEST
from absurd_tui.observe.records import Place, Snapshot
from absurd_tui.observe.slot import SupersededError

MOST = 20_000
"""How many attempts are looked at."""
SHARE = 100
_LEAST_PAUSE, _REFRESHED_EVERY, _AFTER_TROUBLE, _COVERED = 0.05, 5.0, 2.0, 0.2
"""Seconds."""


@dataclass(frozen=True, slots=True)
class FailedPage:
    """Failed attempts, newest claim first: when they were read by the database's clock, and what seconds that cost."""

    runs: tuple[FailedRun, ...]
    now: float | None
    seconds: float


class ReadsFailures(Protocol):
    """What failed attempts are read from."""

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        """Read a page of those before a place."""
        ...


class Looks(Protocol):
    """Who looks at the groups."""

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        ...

    @property
    def is_looking(self) -> bool:
        """Whether anything of it can be seen."""
        ...

    def repaint(self) -> None:
        """Show what was read."""
        ...


@dataclass(slots=True)
class _Queue:
    """How far one queue was walked: the place to go on from, and when its newest were read."""

    name: str
    place: Place = LATEST
    reached: float = inf
    is_done: bool = False
    refreshed: float = -inf


class FailureWalk:
    """What was found, and how far back was looked."""

    def __init__(self, source: ReadsFailures, queues: Sequence[str], role: str) -> None:
        self._source = source
        self._role = role
        self._names = tuple(queues)
        self._queues = [_Queue(name) for name in self._names]
        self._groups = Groups()
        self._refused: list[str] = []
        self.trouble = ""
        """Why nothing could be read just now: raw."""

    async def run(self, looker: Looks) -> None:
        """Read as long as somebody is there, and while it can be seen."""
        while looker.is_open:
            if not looker.is_looking:
                await asyncio.sleep(_COVERED)
                continue
            pause = await self.step()
            if looker.is_open:
                looker.repaint()
            await asyncio.sleep(pause)

    def groups(self, now: float, window: Window) -> tuple[Group, ...]:
        """Give the groups that have failed within a window."""
        return self._groups.told(now, window)

    def failed_for_good(self, common: Fingerprint, now: float, window: Window) -> tuple[FailedTask, ...]:
        """Give the tasks that failed for good with an error within a window, the newest first."""
        return self._groups.failed_for_good(common, now - window)

    @property
    def looked_at(self) -> int:
        """How many attempts were looked at."""
        return len(self._groups)

    @property
    def back_to(self) -> float:
        """From which claims on every failed attempt was looked at; -inf where there are no others."""
        return max((queue.reached for queue in self._queues), default=-inf)

    @property
    def is_capped(self) -> bool:
        """Whether it has ended because there are too many."""
        return self.looked_at >= MOST and any(not queue.is_done for queue in self._queues)

    @property
    def is_over(self) -> bool:
        """Whether nothing older is looked for."""
        return self.looked_at >= MOST or all(queue.is_done for queue in self._queues)

    @property
    def refused(self) -> tuple[str, ...]:
        """Why queues could not be read: raw."""
        return tuple(self._refused)

    async def step(self) -> float:
        """Read one page, the next further back or the newest; give how many seconds to pause."""
        head = self._head_to_refresh()
        queue = head or self._next()
        if queue is None:
            return _REFRESHED_EVERY / 5
        try:
            page = await self._source.failed_runs(queue.name, LATEST if head else queue.place)
        except SupersededError:
            return _COVERED
        except Exception as error:
            return self._not_read(queue, error)
        self.trouble = ""
        fresh = self._groups.add(page.runs)
        if head is not None:
            queue.refreshed = time.monotonic()
            if fresh == PAGE:
                self._begin_anew()
        else:
            self._walked(queue, page)
        return max(_LEAST_PAUSE, SHARE * page.seconds)

    def _walked(self, queue: _Queue, page: FailedPage) -> None:
        if queue.place == LATEST:
            queue.refreshed = time.monotonic()
        if len(page.runs) < PAGE:
            queue.is_done, queue.reached = True, -inf
            return
        queue.place, queue.reached = page.runs[-1].place, page.runs[-1].claimed_at
        queue.is_done = page.now is not None and queue.reached < page.now - Window.WEEK

    def _next(self) -> _Queue | None:
        """Give the queue that was walked back the least, so that all are known from the same time on."""
        if self.looked_at >= MOST:
            return None
        going_on = [queue for queue in self._queues if not queue.is_done]
        return max(going_on, key=lambda queue: queue.reached, default=None)

    def _head_to_refresh(self) -> _Queue | None:
        """Give a queue that was begun, whose newest attempts were read longest ago, where that is long enough."""
        begun = [queue for queue in self._queues if queue.reached < inf]
        oldest = min(begun, key=lambda queue: queue.refreshed, default=None)
        return oldest if oldest is not None and time.monotonic() - oldest.refreshed > _REFRESHED_EVERY else None

    def _begin_anew(self) -> None:
        """Forget all: so much has failed meanwhile that what lies between is not known."""
        self._groups = Groups()
        self._queues = [_Queue(queue.name) for queue in self._queues]

    def _not_read(self, queue: _Queue, error: Exception) -> float:
        if classify(error) is Fault.PANEL:
            why = refusal(error, queue.name, self._role)
            self._refused.append(f"{queue.name}: {why.reason}")
            self._queues.remove(queue)
        else:
            self.trouble = sentence(error)
        return _AFTER_TROUBLE


def walk_through(source: ReadsFailures, snapshot: Snapshot, queue: str | None) -> FailureWalk:
    """Begin a walk through the failures of one queue of a snapshot, or of all that could be read."""
    readable = [reading.name for reading in snapshot.queues if reading.counts is not None]
    return FailureWalk(source, [name for name in readable if queue in (None, name)], snapshot.server.role)
