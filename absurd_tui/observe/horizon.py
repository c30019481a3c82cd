"""Until when the past is closed: no transaction that is still open can write a run claimed before. Pure.

A run that ends keeps the time of its claim, and that time is taken by a transaction
that may commit much later. Times are the database's, in seconds since 1970.
"""

from dataclasses import dataclass
from math import inf

MAX_SET_BACK = 15.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """What the snapshots that were taken so far prove.

    A time is closed when every transaction that had an xid at a moment not before it has ended: `marked_xid` is
    `pg_snapshot_xmax` of a snapshot taken at `marked_at` or later, and the mark is closed by a snapshot whose
    `pg_snapshot_xmin` has reached it. A transaction that took its time and then waited without an xid, as for a
    table lock, is not seen; whoever relies on `closed` keeps some seconds below it.
    """

    closed: float = -inf
    latest: float = -inf
    marked_at: float = -inf
    marked_xid: int = 0

    def seen(self, now: float, xmin: int, xmax: int) -> "Horizon":
        """Add a snapshot: `now` is the clock before it was taken."""
        latest = max(self.latest, now)
        if xmin >= xmax:
            return Horizon(now, latest, now, xmax)
        if xmin >= self.marked_xid:
            return Horizon(self.marked_at, latest, now, xmax)
        return Horizon(self.closed, latest, self.marked_at, self.marked_xid)

    def is_set_back(self, now: float) -> bool:
        """Whether the database's clock has gone back by so much that new claims may lie before closed times."""
        return now < self.latest - MAX_SET_BACK
