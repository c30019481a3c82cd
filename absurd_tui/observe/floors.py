"""From when on due tasks are looked for, so that dead entries of an index are not read again and again.

While a transaction is held open elsewhere, the entries of tasks that were claimed since stay at the head of the index
by due time, and whoever looks for the oldest pending task reads them all. A task that becomes pending is due at that
moment; so the time of the oldest only grows, but for a spawn that is committed late. Where counting has become dear,
tasks are looked for from a minute before the oldest that was seen, and every half minute from the beginning.
"""

import time
from collections.abc import Sequence
from math import inf
from typing import Any

from absurd_tui.observe.branches import MAX_QUEUES, Question

MARGIN, WHOLE_EVERY = 60.0, 30.0
DEAR = 0.02
"""Seconds that counting as many queues as one statement holds takes, from which on it is worth the risk."""


class Floors:
    """Remembers the oldest pending task of each queue."""

    def __init__(self) -> None:
        self._oldest: dict[str, float] = {}
        self._whole_at = -inf
        self._holds = False

    def begin(self, cost: float, queues: int, *, is_urged: bool) -> None:
        """Begin a reading in which counting so many queues costs so many seconds.

        One that is urged looks from the beginning.
        """
        now = time.monotonic()
        is_dear = cost >= DEAR * max(1.0, queues / MAX_QUEUES)
        self._holds = is_dear and not is_urged and now - self._whole_at < WHOLE_EVERY
        if not self._holds:
            self._whole_at = now

    def see(self, queue: str, oldest: float | None, now: float) -> None:
        """Take note of when a queue's oldest pending task is due; where there is none, the next will be after `now`."""
        self._oldest[queue] = now if oldest is None else oldest

    def arguments(self, asked: Sequence[Question[Any]]) -> Sequence[object]:
        """Give the floor of each question's queue, in seconds, as the argument of a statement that asks them."""
        oldest = self._oldest if self._holds else {}
        return ([oldest.get(question.queue.name, -inf) - MARGIN for question in asked],)
