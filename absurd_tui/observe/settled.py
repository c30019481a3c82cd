"""Rows of ended tasks that are not read again at each poll, where looking for them costs much.

To find the tasks that failed for good, or that `max_duration` cancelled, thousands of failed runs are looked at, most
of which were tried again. While a queue's counts stay as they were, the same rows would be found, but for a task that
was retried or cleaned up while another took its place in the count. So they are read again only every few seconds.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from absurd_tui.observe.depths import FEW_QUEUES
from absurd_tui.observe.records import Counts, ReadAt, State, View

Item = TypeVar("Item")

EVERY = {State.FAILED: 10.0, State.CANCELLED: 30.0}
MANY = 500
"""Where fewer failed, looking is cheap, and what is shown is never older than the poll."""


@dataclass(frozen=True, slots=True)
class Kept(Generic[Item]):
    """The rows that a queue gave, or where they stand, and how many were asked for where it gave as many."""

    items: Sequence[Item]
    full: int
    signs: Hashable
    read: ReadAt


class Settled(Generic[Item]):
    """Remembers the rows of each queue's failed and cancelled tasks, or where they stand."""

    def __init__(self) -> None:
        self._kept: dict[tuple[State, str], Kept[Item]] = {}

    def forget(self) -> None:
        """Read everything again."""
        self._kept = {}

    def forget_of(self, state: State, names: Collection[str]) -> None:
        """Read again what some queues gave for one panel."""
        for name in names:
            self._kept.pop((state, name), None)

    def items(
        self, state: State, queue: str, asked: "tuple[View, Counts | None]", read: ReadAt, *, among: int
    ) -> Kept[Item] | None:
        """Give the rows of a queue that need not be read again at `read`; None where they must."""
        counts, kept = asked[1], self._kept.get((state, queue))
        if kept is None or counts is None or not (among > FEW_QUEUES or _is_costly(counts)):
            return None
        is_young = read.ticks - kept.read.ticks < EVERY[state]
        return kept if is_young and kept.signs == _signs(*asked) else None

    def keep(
        self,
        state: State,
        queue: str,
        asked: "tuple[View, Counts | None]",
        found: Sequence[Item],
        full: int,
        read: ReadAt,
    ) -> None:
        """Remember what a queue gave at `read`."""
        if state in EVERY and asked[1] is not None:
            self._kept[state, queue] = Kept(tuple(found), full, _signs(*asked), read)


def _signs(view: View, counts: "Counts | None") -> Hashable:
    """Give what must be the same for the same rows to be found; an estimate says nothing of that."""
    ended = (counts.failed, counts.cancelled) if counts is not None else ()
    return (view.queue, view.rows, view.with_retried, *(count for count in ended if not count.is_estimate))


def _is_costly(counts: Counts) -> bool:
    return any(
        count.value > MANY or count.is_capped or count.is_estimate for count in (counts.failed, counts.cancelled)
    )
