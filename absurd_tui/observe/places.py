"""The order of each panel, exact to the microsecond: what stands where, and how a place is told to PostgreSQL."""

from collections.abc import Sequence
from math import isfinite
from uuid import UUID

from absurd_tui.observe.records import Head, Place, State, TaskRow

NEWEST_FIRST = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
BY_CLAIM = frozenset({State.COMPLETED, State.FAILED})
"""The panels that are in the order of claims away from their head, because no index has the ends."""

MINUS_INFINITY, INFINITY = -(2**63), 2**63 - 1
EARLIEST = Place(MINUS_INFINITY, UUID(int=0))
LATEST = Place(INFINITY, UUID(int=2**128 - 1), has_no_lease=True)

_EPOCH_2000 = 946_684_800
_JULIAN_2000 = 2_451_545
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


def first_place(state: State) -> Place:
    """Give a place before every row of a panel."""
    return LATEST if state in NEWEST_FIRST else EARLIEST


def last_place(state: State) -> Place:
    """Give a place after every row of a panel."""
    return EARLIEST if state in NEWEST_FIRST else LATEST


def instant_place(state: State, at: int) -> Place:
    """Give the place before every row of a panel whose time is `at`, in microseconds since 2000."""
    return Place(at, UUID(int=2**128 - 1 if state in NEWEST_FIRST else 0))


def order(state: State, place: Place) -> tuple[int, int, int]:
    """Give the key that sorts places as the panel has them, ascending."""
    if state in NEWEST_FIRST:
        return (0, -place.at, -place.run_id.int)
    return (int(place.has_no_lease), place.at, place.run_id.int)


def placed(row: TaskRow) -> Place:
    """Give the place of a row. Raises ValueError for one that was read without it."""
    if row.place is None:
        raise ValueError("this row was read without its place")
    return row.place


def microseconds(epoch: float) -> int:
    """Turn seconds since 1970, which may be infinite, into microseconds since 2000; what is beyond them is infinite."""
    if not isfinite(epoch):
        return INFINITY if epoch > 0 else MINUS_INFINITY
    return max(MINUS_INFINITY, min(INFINITY, round((epoch - _EPOCH_2000) * _SECOND)))


def epoch(at: int) -> float:
    """Turn microseconds since 2000 into seconds since 1970, as near as a float comes."""
    if at in (INFINITY, MINUS_INFINITY):
        return float("inf") if at > 0 else float("-inf")
    return at / _SECOND + _EPOCH_2000


def literal(at: int) -> str:
    """Write microseconds since 2000 so that PostgreSQL reads exactly them in any year: a Julian day, a time, UTC."""
    if at in (INFINITY, MINUS_INFINITY):
        return "infinity" if at > 0 else "-infinity"
    days, rest = divmod(at, _DAY)
    seconds, fraction = divmod(rest, _SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"J{_JULIAN_2000 + days} {hours:02}:{minutes:02}:{seconds:02}.{fraction:06}+00"


def head_of(rows: Sequence[TaskRow], now: float) -> Head:
    """Remember the rows that stand at the head of a panel at `now` (seconds since 1970); none claimed later follows."""
    return Head(tuple(row.run_id for row in rows), max([microseconds(now), *(placed(row).at for row in rows)]))
