"""How many rows each queue is asked for, where many queues share one panel.

A panel of two hundred queues shows sixty rows. So each queue is asked for a few, and only
one that may have more of the rows to be shown is asked again for as many as are shown.
Who needed that, and who had rows at all, is remembered for a while; who had rows is named
for longer by statements that do not ask it, because one that stays the same is planned once.
"""

import time
from collections.abc import Collection, Sequence
from math import inf

from absurd_tui.observe.branches import ListedQueue
from absurd_tui.observe.records import State

FEW_QUEUES = 8
FEW_ROWS = 8
REMEMBERED, NAMED = 60.0, 3600.0
"""Seconds."""

_PASSED = frozenset({State.PENDING, State.RUNNING, State.COMPLETED})
"""The states that nearly every task passes: who has rows of one will have some of the others."""
_Place = tuple[State, str]


class Depths:
    """Remembers, of each panel, which queues had rows lately and which of them many."""

    def __init__(self) -> None:
        self._had: dict[_Place, float] = {}
        self._deep: dict[_Place, float] = {}

    def worth_asking(self, state: State, chosen: Sequence[ListedQueue], have: Collection[str]) -> Sequence[ListedQueue]:
        """Give the queues that have rows of a state, or had lately; all of few queues."""
        now = time.monotonic()
        self._had.update(((state, name), now) for name in have)
        return self._having(state, chosen, now - REMEMBERED)

    def worth_naming(self, state: State, chosen: Sequence[ListedQueue]) -> Sequence[ListedQueue]:
        """Give the queues that had rows of a state not long ago, or soon will have; all of few queues."""
        since = time.monotonic() - NAMED
        if state not in _PASSED:
            return self._having(state, chosen, since)
        names = {queue.name for passed in _PASSED for queue in self._having(passed, chosen, since)}
        return [queue for queue in chosen if queue.name in names]

    def rows(self, state: State, queue: str, chosen: int, shown: int) -> int:
        """Say how many rows of a queue are read, of `chosen` queues that share a panel of so many that are `shown`."""
        if chosen <= FEW_QUEUES or self._deep.get((state, queue), 0.0) > time.monotonic():
            return shown
        return min(FEW_ROWS, shown)

    def needed(self, state: State, queue: str) -> None:
        """Read as many rows of a queue as are shown, from now on for a while."""
        self._deep[state, queue] = time.monotonic() + REMEMBERED

    def _having(self, state: State, chosen: Sequence[ListedQueue], since: float) -> Sequence[ListedQueue]:
        if len(chosen) <= FEW_QUEUES:
            return chosen
        return [queue for queue in chosen if self._had.get((state, queue.name), -inf) > since]
