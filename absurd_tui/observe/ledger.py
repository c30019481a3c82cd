"""What is known of one queue's ended tasks, reading by reading, and how sure it is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import floor, inf
from uuid import UUID

from absurd_tui.observe.horizon import Horizon
from absurd_tui.observe.records import Count
from absurd_tui.observe.windows import ADVANCE_ROWS, LAG, Ended, History, Made, Pace, Span, Step, Tally


@dataclass(frozen=True, slots=True)
class Signs:
    """What may betray a deletion: rows that statistics say were deleted, and the files that hold the runs.

    The statistics lag: a session may keep its own for ten seconds after it committed (before PostgreSQL 15 for as
    long as it is idle). They fall when they are reset.
    """

    deleted: int
    files: str


@dataclass(frozen=True, slots=True)
class Tail:
    """One reading of what lies after the watermark, and of the stragglers before it, all in one snapshot.

    `table` is the oid of the queue's runs. `living` counts the runs that may still end between `counted_from` and the
    watermark, `known` those of them that are stragglers. `left` are stragglers that can no longer end there.
    `is_fake` says that Absurd's clock is not the database's (`absurd.fake_now`).
    """

    table: int
    signs: Signs
    now: float
    xmin: int
    xmax: int
    is_fake: bool
    tally: Tally
    made: Made
    ended: Sequence[Ended]
    left: Sequence[UUID]
    living: int
    known: int

    @property
    def rows(self) -> int:
        """How many entries of indexes it took to count it."""
        return self.tally.rows + self.made.rows


@dataclass(frozen=True, slots=True)
class Counting:
    """What one span of a queue's history holds: its tally and the runs that may still end there, in one snapshot.

    `made` is None where it was not counted.
    """

    table: int
    now: float
    tally: Tally
    living: Mapping[UUID, float]
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many tasks the planner expects in each state that ends; None where it has no statistics."""

    completed: int | None = None
    failed: int | None = None
    cancelled: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How many tasks of a queue have ended.

    `completed` and `failed_runs` are exact where they are plain; `failed`, the tasks, and `cancelled` never are:
    a task that its own max_duration ended is cancelled, and its run failed. What is capped is still being counted.

    A plain number can be wrong: until the statistics tell of a deletion (see `Signs`); and, for a quarter of an hour
    at most, where a claim waited for half a minute before it wrote and its run ended before the next reading, or
    somebody moved a run into the past by `absurd.schedule_run` and failed it between two readings.
    """

    completed: Count
    failed_runs: Count
    failed: Count
    cancelled: Count


@dataclass(frozen=True, slots=True)
class Ledger:
    """One queue's history with its latest tail.

    `counts_made` is False once the server gave up counting what was made: there is much more of it than has ended.
    """

    table: int
    signs: Signs
    horizon: Horizon
    history: History
    pace: Pace = field(default_factory=Pace)
    tail: Tail | None = None
    estimate: Estimate | None = None
    cancelled: Count | None = None
    cancelled_at: float = -inf
    has_advanced: bool = False
    counts_made: bool = True

    @staticmethod
    def begun(tail: Tail) -> "Ledger":
        """Begin with a tail of which only the clock and the signs count: it was read before there was a watermark."""
        horizon = Horizon().seen(tail.now, tail.xmin, tail.xmax)
        return Ledger(tail.table, tail.signs, horizon, History(floor(tail.now - LAG)))

    def read(self, tail: Tail) -> "Ledger":
        """Add a tail that was read after this history's watermark; one of another table, or clock, begins anew."""
        if tail.table != self.table:
            return Ledger.begun(tail)
        if self.horizon.is_set_back(tail.now):
            return replace(Ledger.begun(tail), estimate=self.estimate, cancelled=self.cancelled)
        history = self.history.settled(tail.ended, tail.left)
        is_late = history.is_sure and not history.is_doubtful and tail.living > tail.known
        if tail.signs != self.signs or is_late:
            history = history.doubted(tail.now)
        horizon = self.horizon.seen(tail.now, tail.xmin, tail.xmax)
        return replace(self, signs=tail.signs, horizon=horizon, history=history, tail=tail)

    def next_step(self) -> Step | None:
        """Say what to count next for the total to be plain, or None when nothing is missing."""
        if self.tail is None:
            return None
        now, closed = self.tail.now, self._closed(self.tail)
        may_advance = self.tail.rows >= ADVANCE_ROWS
        in_turn = may_advance and not self.has_advanced
        step = self.history.next_step(now, closed, self.pace, advances=in_turn)
        if step is None and may_advance:
            step = self.history.next_step(now, closed, self.pace, advances=True)
        return self._possible(step)

    def next_again(self) -> Step | None:
        """Say what to count next although nothing is missing, so that a plain total stays certain, or None."""
        if self.tail is None:
            return None
        return self._possible(self.history.next_again(self.tail.now, self.pace))

    def next_unmade(self) -> Step | None:
        """Say of what to count what was made, for the number of failed tasks, or None."""
        return self.history.next_unmade() if self.counts_made else None

    def counted(self, span: Span, counting: Counting, seconds: float) -> "Ledger":
        """Add the count of the span that was due, and what it took; the count of another table adds nothing.

        What passed lately is as long as it is: counting it says nothing about how much to take of the past.
        """
        if self.tail is None or counting.table != self.table:
            return self
        is_advance = span.start == self.history.watermark
        return replace(
            self,
            history=self.history.counted(
                span,
                counting.tally,
                counting.living,
                counting.made,
                at=counting.now,
                closed=self._closed(self.tail),
            ),
            pace=self.pace if is_advance else self.pace.after(counting.tally, seconds),
            has_advanced=is_advance,
        )

    def with_made(self, span: Span, made: Made) -> "Ledger":
        """Add what was made in the span that was due."""
        return replace(self, history=self.history.with_made(span, made))

    def _possible(self, step: Step | None) -> Step | None:
        return step if step is None or self.counts_made else replace(step, made=False)

    @property
    def total(self) -> Total | None:
        """What a screen may show, or None while nothing was read after a watermark."""
        if self.tail is None:
            return None
        sum_ = self.history.tally + self.tail.tally
        estimate = self.estimate or Estimate()
        if not self.history.is_complete:
            return Total(
                _at_least(sum_.completed, estimate.completed),
                Count(sum_.failed, is_capped=True),
                _at_least(0, estimate.failed),
                self.cancelled or _at_least(0, estimate.cancelled),
            )
        is_estimate = not self.is_plain
        return Total(
            Count(sum_.completed, is_estimate=is_estimate),
            Count(sum_.failed, is_estimate=is_estimate),
            self._failed(sum_.failed, self.tail.made, estimate),
            self.cancelled or _at_least(0, estimate.cancelled),
        )

    @property
    def is_plain(self) -> bool:
        """Whether the numbers of completed and of failed runs are certain."""
        return self.tail is not None and self.history.is_certain(self.tail.now)

    def _failed(self, runs: int, lately: Made, estimate: Estimate) -> Count:
        """Give how many tasks failed: what failed of the runs, but for those after which there was another."""
        before = self.history.made if self.counts_made else None
        if before is None:
            return _at_least(0, estimate.failed)
        made = before + lately
        return Count(max(runs - (made.runs - made.tasks), 0), is_estimate=True)

    def _closed(self, tail: Tail) -> float:
        """Until when the past is closed: never, where Absurd's sessions may have a clock of their own."""
        return -inf if tail.is_fake else self.horizon.closed


def _at_least(counted: int, estimate: int | None) -> Count:
    """Give what the planner expects, or what was counted so far where it expects nothing."""
    if estimate is None:
        return Count(counted, is_capped=True)
    return Count(max(counted, estimate), is_estimate=True)
