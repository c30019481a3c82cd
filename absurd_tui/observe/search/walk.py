"""Walks through queues, newest first, for the tasks that a filter is true of; step by step, each a short statement.

What is looked at next is decided by time: all queues down to the same moment before any of them goes further back.
How far back a step goes, and how many entries it looks at, follow from how long the one before took.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import floor, inf
from uuid import UUID

from absurd_tui.observe.branches import ListedQueue
from absurd_tui.observe.places import LATEST, epoch, literal, microseconds
from absurd_tui.observe.records import Place, State

LEAST_ROWS, MOST_ROWS = 16, 16_384
TARGET_SECONDS = 0.12
_FIRST_WIDTH = 60.0
_GROWS = 4.0
_LAST_WIDTH = 30 * 365 * 86_400.0
_MS = 80
MOST_ID = UUID(int=2**128 - 1)
NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Lane:
    """One index of one queue: its tasks by id, or its runs in a state by their last claim.

    What stands before `place` was not looked at yet. The place of a task is the time in its id.
    """

    queue: ListedQueue
    state: State | None
    place: Place = LATEST

    @property
    def key(self) -> tuple[str, State | None]:
        """What names this lane."""
        return (self.queue.name, self.state)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far back a step goes, and how many entries of a lane it looks at."""

    width: float = _FIRST_WIDTH
    rows: int = 256

    def after(self, seconds: float, looked_at: int, *, was_cut: bool) -> "Pace":
        """Adapt to a step that took so long; `was_cut` says that a lane had more entries than were looked at."""
        rows, width = self.rows, self.width
        if seconds > 2 * TARGET_SECONDS:
            rows = max(LEAST_ROWS, rows // 2)
        elif was_cut and seconds < TARGET_SECONDS / 2:
            rows = min(MOST_ROWS, rows * 2)
        if not was_cut and seconds < 2 * TARGET_SECONDS:
            width = min(width * (_GROWS if looked_at else _GROWS**2), _LAST_WIDTH)
        return Pace(width, rows)

    def halved(self) -> "Pace":
        """Take less, because a step took too long to be finished."""
        return Pace(max(1.0, self.width / _GROWS), max(LEAST_ROWS, self.rows // 8))


@dataclass
class Walk:
    """Lanes that are walked through together, newest first, down to `oldest`; `now` is the database's clock."""

    open: list[Lane]
    now: float
    oldest: float = -inf
    pace: Pace = field(default_factory=Pace)
    low: float = inf

    @property
    def is_over(self) -> bool:
        """Whether every lane has come to its end."""
        return not self.open

    @property
    def back_to(self) -> float:
        """The moment down to which every lane was walked."""
        return max((epoch(lane.place.at) for lane in self.open), default=self.oldest)

    def next_lanes(self) -> Sequence[Lane]:
        """Give the lanes that are walked next, down to `low`."""
        front = min(self.back_to, self.now)
        if self.low >= front:
            low = float(floor(front - self.pace.width))
            self.low = self.oldest if low <= max(0.0, self.oldest) else low
        return [lane for lane in self.open if epoch(lane.place.at) > self.low]

    def walked(self, lane: Lane, edge: Place | None) -> None:
        """Note that a lane was walked to an edge, or down to `low` where there is none."""
        at = self.open.index(lane)
        if edge is not None:
            self.open[at] = replace(lane, place=edge)
        elif self.low <= self.oldest:
            del self.open[at]
        else:
            self.open[at] = replace(lane, place=Place(microseconds(self.low), NO_ID))

    def leave(self, lane: Lane) -> None:
        """Walk a lane no further."""
        self.open.remove(lane)


def id_at(time: float) -> UUID:
    """Give the first id of a moment, in seconds since 1970."""
    milliseconds = 0 if time == -inf else max(0, min(2**48 - 1, int(time * 1000))) if time < inf else 2**48 - 1
    return MOST_ID if time == inf else UUID(int=milliseconds << _MS)


def time_of(id: UUID) -> float:
    """Give the moment that an id begins with."""
    return (id.int >> _MS) / 1000


def id_of(place: Place) -> UUID:
    """Give the task id that a place among ids stands for."""
    return MOST_ID if place is LATEST else place.run_id if place.run_id != NO_ID else id_at(epoch(place.at))


def id_place(id: UUID) -> Place:
    """Give the place of a task among ids."""
    return Place(microseconds(time_of(id)), id)


def arguments_by_id(lanes: Sequence[Lane], low: float, first: UUID, last: UUID) -> list[object]:
    """Say to `by_id_branch` where to look."""
    return [[id_of(lane.place) for lane in lanes], id_at(low), first, last]


def arguments_by_claim(lanes: Sequence[Lane], low: float, first: UUID, last: UUID) -> list[object]:
    """Say to `by_claim_branch` where to look."""
    times = [literal(lane.place.at) for lane in lanes]
    return [times, [lane.place.run_id for lane in lanes], literal(microseconds(low)), first, last]
