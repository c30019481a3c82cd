"""Counts the tasks of every queue."""

from collections.abc import Mapping, Sequence
from math import inf

from absurd_tui.observe import count_queries, ended
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats
from absurd_tui.observe.branches import ListedQueue, Question, Row, merged
from absurd_tui.observe.floors import Floors
from absurd_tui.observe.ledger import Total
from absurd_tui.observe.parts import Part
from absurd_tui.observe.rates import counted_minutes
from absurd_tui.observe.records import QueueReading, Refusal, State
from absurd_tui.observe.rows import is_outgrown, queue_reading, small_counts
from absurd_tui.observe.totals import Totals

_DONE_MINUTES = 30
_DONE_EVERY = 15.0
_LONG, _LONG_EVERY = 5_000, 3.0
"""From so many rows on that a count looks at, it is made only every so many seconds."""


class Census:
    """The counts of each queue.

    Remembers what was done in the last half hour, what large queues have ended, and which are larger than they seem.
    """

    def __init__(self, asking: Asking, beats: Beats, floors: Floors) -> None:
        self._asking = asking
        self._floors = floors
        self._beats = beats
        self._rows: dict[str, Row] = {}
        self._refused: Mapping[str, Refusal] = {}
        self._done: Mapping[str, tuple[int | None, ...]] = {}
        self._totals = Totals(asking)
        self._known: Mapping[str, Total] = {}
        self._left_out: Mapping[str, frozenset[State]] = {}
        self._outgrown: set[str] = set()

    def forget_totals(self) -> None:
        """Count what large queues have ended anew, because the connection is another."""
        self._totals.forget()
        self._left_out = {}
        self._outgrown = set()

    async def read(
        self, listed: Sequence[ListedQueue], now: float, *, is_urged: bool = False
    ) -> tuple[QueueReading, ...]:
        """Give the counts of every queue that may be asked, as they are at `now` or were at their last beat."""
        readable = [queue for queue in listed if queue.refusal is None]
        names = tuple(queue.name for queue in readable)
        if self._beats.is_due(Part.COUNTS, names, every=_LONG_EVERY if self._looks_at_many() else 0.0):
            await self._read_counts(readable, now, is_urged=is_urged)
            self._beats.read(Part.COUNTS, names, until=self._changes_at())
        large = [queue for queue in readable if queue.name in self._rows and ended.is_large(self._rows[queue.name])]
        names_of_large = tuple(queue.name for queue in large)
        if self._beats.is_due(Part.TOTALS, names_of_large, every=_LONG_EVERY if self._totals.is_long else 0.0):
            with self._asking.account.charging(Part.TOTALS):
                self._known = await self._totals.read(large)
            self._left_out = {name: ended.left_out(self._rows[name], total) for name, total in self._known.items()}
            self._beats.read(Part.TOTALS, names_of_large, until=-inf if self._totals.has_begun else inf)
        if await self._totals.count_on():
            self._beats.forget(Part.TOTALS)
        if self._beats.is_due(Part.DONE, names, every=_DONE_EVERY):
            with self._asking.account.charging(Part.DONE):
                await self._read_done([queue for queue in readable if queue.name in self._rows])
            self._beats.read(Part.DONE, names)
        return tuple(self._reading(queue) for queue in listed)

    async def _read_counts(self, readable: Sequence[ListedQueue], now: float, *, is_urged: bool) -> None:
        with self._asking.account.charging(Part.COUNTS):
            small = [queue for queue in readable if queue.is_small and queue.name not in self._outgrown]
            found_small = merged(await self._asking.count([Question(queue, None) for queue in small], _small_branch))
            self._outgrown |= {name for name, rows in found_small.rows.items() if is_outgrown(rows)}
            large = [queue for queue in readable if queue not in small or queue.name in self._outgrown]
            self._floors.begin(self._asking.account.cost(Part.COUNTS), len(large), is_urged=is_urged)
            questions = [Question(queue, self._left_out.get(queue.name, frozenset())) for queue in large]
            found = merged(await self._asking.count(questions, count_queries.counts_branch, self._floors.arguments))
        self._rows = {name: small_counts(rows) for name, rows in found_small.rows.items()}
        self._rows.update((name, rows[0]) for name, rows in found.rows.items())
        for name, row in self._rows.items():
            self._floors.see(name, row["oldest_pending"], now)
        refused = (*found_small.refused, *found.refused)
        self._refused = {name: self._asking.resting.rest(name, refusal) for name, refusal in refused}

    def _looks_at_many(self) -> bool:
        """Whether one queue at least has a long backlog."""
        live = ("pending", "running", "sleeping", "done_last_minute")
        return any(sum(row[column] for column in live) > _LONG for row in self._rows.values())

    def _changes_at(self) -> float:
        """Give when the clock alone changes a count."""
        return min((row["changes_at"] for row in self._rows.values() if row["changes_at"] is not None), default=inf)

    def _reading(self, queue: ListedQueue) -> QueueReading:
        return queue_reading(
            queue,
            self._rows.get(queue.name) if queue.refusal is None else None,
            self._known.get(queue.name),
            queue.refusal or self._refused.get(queue.name),
            self._done.get(queue.name, ()),
        )

    async def _read_done(self, readable: Sequence[ListedQueue]) -> None:
        found = merged(await self._asking.count([Question(queue, None) for queue in readable], _done_branch))
        self._done = {
            name: counted_minutes(rows, "done", _DONE_MINUTES, 2 * count_queries.LIVE_CAP)
            for name, rows in found.rows.items()
        }


def _small_branch(position: int, queue: str, _: None) -> str:
    return count_queries.small_branch(position, queue)


def _done_branch(position: int, queue: str, _: None) -> str:
    return count_queries.done_branch(position, queue)
