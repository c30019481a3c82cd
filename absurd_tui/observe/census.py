"""Counts the tasks of every queue."""

import time
from collections.abc import Sequence

from absurd_tui.observe import count_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue, Row
from absurd_tui.observe.records import QueueReading
from absurd_tui.observe.rows import queue_reading

_DONE_MINUTES = 30
_DONE_EVERY = 15.0


class Census:
    """The counts of each queue. Remembers what was done in the last half hour."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._done: dict[str, tuple[int | None, ...]] = {}
        self._done_at = 0.0

    async def read(self, listed: Sequence[ListedQueue]) -> tuple[QueueReading, ...]:
        """Count every queue that may be asked."""
        readable = [queue for queue in listed if queue.refusal is None]
        found = await self._asking.gather(
            readable, lambda position, queue: count_queries.counts_branch(position, queue.name)
        )
        if time.monotonic() - self._done_at > _DONE_EVERY or not self._done.keys() >= {q.name for q in readable}:
            await self._read_done([queue for queue in readable if queue.name in found.rows])
        refused = dict(found.refused)
        return tuple(
            queue_reading(
                queue,
                found.rows[queue.name][0] if queue.name in found.rows else None,
                queue.refusal or refused.get(queue.name),
                self._done.get(queue.name, ()),
            )
            for queue in listed
        )

    async def _read_done(self, readable: Sequence[ListedQueue]) -> None:
        found = await self._asking.gather(
            readable, lambda position, queue: count_queries.done_branch(position, queue.name)
        )
        self._done = {queue.name: _cells(found.rows.get(queue.name, ())) for queue in readable}
        self._done_at = time.monotonic()


def _cells(rows: Sequence[Row]) -> tuple[int | None, ...]:
    counted = {row["ago"]: row["done"] for row in rows}
    complete = sum(counted.values()) < 2 * count_queries.LIVE_CAP
    oldest = max(counted, default=0)
    return tuple(counted.get(ago, 0) if complete or ago < oldest else None for ago in range(_DONE_MINUTES - 1, -1, -1))
