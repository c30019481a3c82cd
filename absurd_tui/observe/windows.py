"""The history of a queue's ended runs, cut into windows of time that were counted one by one. Pure.

A run that ends keeps `available_at`, the time of its last claim. So what was counted
before a watermark stays as it is, but for the stragglers: runs that were running or
asleep there, which may end there still. What else can change it (clean-up, a partition
detached, an operator who fails a sleeper) is either seen as a doubt, or found when each
window is counted again, which is done all the time. Times are the database's, in
seconds since 1970; `-inf` and `inf` are times too.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import floor, inf, isinf
from uuid import UUID

LAG = 30.0
"""The watermark stays that far behind the clock, because a claim takes its time before its xid."""
CERTAIN_FOR = 900.0
"""A total is certain only while each of its windows was counted in the last quarter of an hour."""
PATIENCE = 600.0
"""How long the watermark waits for what may still be written before it, or end there."""
RECOUNT_AFTER = 60.0
"""A window that was counted since is not counted again because time has passed."""
UNSURE_AFTER = 30.0
ADVANCE_SECONDS = 5.0
ADVANCE_ROWS = 1_000
MAX_STRAGGLERS = 5_000

_TARGET_SECONDS = 0.03
_GROWS, _GROWS_WHERE_NOTHING_WAS = 2.0, 4.0
_FIRST_WIDTH = 60.0
_YEAR = 365 * 86_400.0
_ROWS = (10_000, 100_000, 2_000_000)


@dataclass(frozen=True, slots=True)
class Tally:
    """The completed and failed runs of a span of time, by their last claim."""

    completed: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.completed + other.completed, self.failed + other.failed)

    def __sub__(self, other: "Tally") -> "Tally":
        return Tally(self.completed - other.completed, self.failed - other.failed)

    @property
    def rows(self) -> int:
        """How many entries of indexes it took to count it."""
        return self.completed + self.failed


@dataclass(frozen=True, slots=True)
class Made:
    """The runs and the tasks that were made in a span of time, by their ids."""

    runs: int = 0
    tasks: int = 0

    def __add__(self, other: "Made") -> "Made":
        return Made(self.runs + other.runs, self.tasks + other.tasks)

    def __sub__(self, other: "Made") -> "Made":
        return Made(self.runs - other.runs, self.tasks - other.tasks)

    @property
    def rows(self) -> int:
        """How many entries of indexes it took to count it."""
        return self.runs + self.tasks


@dataclass(frozen=True, slots=True)
class Span:
    """The time from `start` until just before `end`."""

    start: float
    end: float

    def __contains__(self, time: float) -> bool:
        return self.start <= time < self.end


@dataclass(frozen=True, slots=True)
class Window:
    """A span that was counted.

    `is_sure` says that at `counted_at` no open transaction could still write into it, and that each of its
    stragglers is known. `made` is None until it was counted too.
    """

    span: Span
    tally: Tally
    counted_at: float
    is_sure: bool
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to count next: a span, and of that what has ended there, what was made there, or both."""

    span: Span
    ended: bool = True
    made: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """A straggler that has ended, and the time of its last claim."""

    run_id: UUID
    claimed_at: float
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """How much the next window holds, so that counting it takes about 30 ms."""

    width: float = _FIRST_WIDTH
    rows: int = _ROWS[1]

    def after(self, tally: Tally, seconds: float) -> "Pace":
        """Adapt to what counting a window took."""
        most = _GROWS if tally.rows else _GROWS_WHERE_NOTHING_WAS
        width = self.width * max(0.25, min(most, _TARGET_SECONDS / max(seconds, 0.001)))
        rows = self.rows
        if seconds > 2 * _TARGET_SECONDS:
            rows //= 2
        elif seconds < _TARGET_SECONDS / 2 and tally.rows > rows // 2:
            rows *= 2
        return Pace(min(max(width, 1.0), _YEAR), min(max(rows, _ROWS[0]), _ROWS[2]))

    def halved(self) -> "Pace":
        """Take less, because counting a window took too long to be finished."""
        return Pace(max(self.width / 2, 1.0), max(self.rows // 2, _ROWS[0]))


@dataclass(frozen=True, slots=True)
class History:
    """The windows before a watermark, oldest first, without a gap, and the stragglers in them by their claim.

    What was counted before `doubted_at` may have changed since.
    """

    watermark: float
    windows: tuple[Window, ...] = ()
    stragglers: Mapping[UUID, float] = field(default_factory=dict)
    doubted_at: float = -inf

    @property
    def counted_from(self) -> float:
        """From when on it is counted; the watermark while nothing is."""
        return self.windows[0].span.start if self.windows else self.watermark

    @property
    def is_complete(self) -> bool:
        """Whether all of the history was counted."""
        return self.counted_from == -inf

    @property
    def oldest_count(self) -> float:
        """When the window was counted that was counted longest ago."""
        return min((window.counted_at for window in self.windows), default=inf)

    def rows_in(self, span: Span) -> int:
        """How many entries of indexes it took to count the windows that begin in a span."""
        return sum(window.tally.rows for window in self.windows if window.span.start in span)

    @property
    def is_sure(self) -> bool:
        """Whether each window was sure when it was counted."""
        return all(window.is_sure for window in self.windows)

    @property
    def is_doubtful(self) -> bool:
        """Whether a window was not counted again since there was a doubt."""
        return any(window.counted_at < self.doubted_at for window in self.windows)

    @property
    def tally(self) -> Tally:
        """What was counted, and what has ended in it since."""
        return sum((window.tally for window in self.windows), Tally())

    @property
    def made(self) -> Made | None:
        """What was made, once it is counted everywhere."""
        return _made_in(self.windows) if self.is_complete else None

    def is_certain(self, now: float) -> bool:
        """Whether the tally is what a count of everything before the watermark would find."""
        return (
            self.is_complete
            and self.is_sure
            and not self.is_doubtful
            and all(window.counted_at > now - CERTAIN_FOR for window in self.windows)
        )

    def doubted(self, at: float) -> "History":
        """Note that anything counted before may have changed."""
        return replace(self, doubted_at=max(at, self.doubted_at))

    def settled(self, ended: Collection[Ended], left: Iterable[UUID]) -> "History":
        """Count the stragglers that have ended, and forget those that were cancelled or have gone to a later time."""
        gone = {run.run_id for run in ended} | set(left)
        if not gone:
            return self
        stragglers = {run_id: time for run_id, time in self.stragglers.items() if run_id not in gone}
        windows = tuple(
            replace(window, tally=window.tally + _ended_in(window.span, ended)) if ended else window
            for window in self.windows
        )
        return replace(self, windows=windows, stragglers=stragglers)

    def counted(
        self,
        span: Span,
        tally: Tally,
        living: Mapping[UUID, float],
        made: Made | None = None,
        *,
        at: float,
        closed: float,
    ) -> "History":
        """Put a count in the place of what was known of a span, with the runs that may still end there.

        The span is one that a step gave. A count that takes the watermark over more stragglers than are watched
        is left out for ten minutes, because these may end soon; after that it counts, though not as sure.
        """
        kept = {run_id: time for run_id, time in self.stragglers.items() if time not in span}
        room = MAX_STRAGGLERS - len(kept)
        is_advance = span.start == self.watermark
        if len(living) > room and is_advance and at - self.watermark < PATIENCE:
            return self
        is_sure = span.end <= closed and len(living) <= room
        before = tuple(known for known in self.windows if known.span.end <= span.start)
        after = tuple(known for known in self.windows if known.span.start >= span.end)
        replaced = self.windows[len(before) : len(self.windows) - len(after)]
        window = Window(span, tally, at, is_sure, made if made is not None else _made_in(replaced))
        return replace(
            self,
            watermark=max(self.watermark, span.end),
            windows=(*before, window, *_remainder(window, replaced), *after),
            stragglers=kept | dict(list(living.items())[: max(room, 0)]),
        )

    def with_made(self, span: Span, made: Made) -> "History":
        """Add what was made in a window; nothing where the window is another by now."""
        windows = tuple(replace(window, made=made) if window.span == span else window for window in self.windows)
        return replace(self, windows=windows)

    def next_step(self, now: float, closed: float, pace: Pace, *, advances: bool) -> Step | None:
        """Say what to count next for the tally to be certain, or None when nothing is missing.

        First the newest of what was not counted yet, then what was doubted, or not sure when it was counted. Where
        `advances`, the time that has passed since the watermark comes before all that.
        """
        if advances and self._limit(now, closed) - self.watermark >= ADVANCE_SECONDS:
            return Step(Span(self.watermark, self._limit(now, closed)))
        if not self.is_complete:
            start = floor(self.counted_from - pace.width) if pace.width < _YEAR else -inf
            return Step(Span(start, self.counted_from), made=False)
        found = self._in_doubt(now, closed)
        return None if found is None else Step(self._fitting(found, pace))

    def next_unmade(self) -> Step | None:
        """Say of which window to count what was made, or None where all know it or the tally comes first."""
        unmade = (Step(window.span, ended=False) for window in self.windows if window.made is None)
        return next(unmade, None) if self.is_complete else None

    def next_again(self, now: float, pace: Pace) -> Step | None:
        """Say what was counted longest ago, or None where all was lately. What was made there is known already."""
        if not self.is_complete:
            return None
        oldest = min(range(len(self.windows)), key=lambda index: self.windows[index].counted_at)
        if self.windows[oldest].counted_at >= now - RECOUNT_AFTER:
            return None
        span = self._fitting(oldest, pace)
        return Step(span, made=span.end < self.windows[oldest].span.end)

    def _limit(self, now: float, closed: float) -> float:
        """How far the watermark may go."""
        limit = now - LAG
        if limit - self.watermark < PATIENCE:
            limit = min(limit, closed)
        return limit if isinf(limit) else floor(limit)

    def _in_doubt(self, now: float, closed: float) -> int | None:
        windows = self.windows
        if windows[0].counted_at < self.doubted_at:
            return 0  # clean-up takes the oldest first
        oldest = min(range(len(windows)), key=lambda index: windows[index].counted_at)
        if windows[oldest].counted_at < self.doubted_at:
            return oldest
        for index, window in enumerate(windows):
            if not window.is_sure and window.span.end <= closed and window.counted_at < now - UNSURE_AFTER:
                return index
        return None

    def _fitting(self, index: int, pace: Pace) -> Span:
        """Take the windows from one on that a count may hold together, or the older part of one that is too large.

        What lies before all that is known stays alone, because it has no middle.
        """
        first = self.windows[index]
        start, end, rows = first.span.start, first.span.end, first.tally.rows
        if rows > 2 * pace.rows and end - start > 1.0:
            return Span(start, floor(end - pace.width if isinf(start) else (start + end) / 2))
        if isinf(start):
            return first.span
        for window in self.windows[index + 1 :]:
            rows += window.tally.rows
            if rows > pace.rows:
                break
            end = window.span.end
        return Span(start, end)


def _ended_in(span: Span, ended: Iterable[Ended]) -> Tally:
    failed = [run.has_failed for run in ended if run.claimed_at in span]
    return Tally(completed=failed.count(False), failed=failed.count(True))


def _made_in(windows: Iterable[Window]) -> Made | None:
    """Add up what was made; None where a window does not know, or there is none."""
    made = [window.made for window in windows]
    known = [one for one in made if one is not None]
    return sum(known, Made()) if made and len(known) == len(made) else None


def _remainder(counted: Window, replaced: tuple[Window, ...]) -> tuple[Window, ...]:
    """What is left of windows whose older part was counted anew, with what was made there."""
    if not replaced or replaced[-1].span.end == counted.span.end:
        return ()
    (whole,) = replaced
    made = whole.made - counted.made if whole.made is not None and counted.made is not None else None
    span, tally = Span(counted.span.end, whole.span.end), whole.tally - counted.tally
    return (replace(whole, span=span, tally=tally, made=made),)
