"""When each lease was set, as far as it was seen: Absurd records only when it ends.

A lease is set by the claim and again by every checkpoint and heartbeat. A row seen
for the first time right after its claim has the claim's lease; one whose end moved
between two readings was set between them, and is known where these lie close
together; of any other nothing is known.
"""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from absurd_tui.observe.records import TaskRow

_FRESH = 2.0
_VAGUE_SHARE = 0.2
"""How much of what is left of a lease may have passed unseen for its beginning to be known."""


class Leases:
    """The end and the setting of each lease that was seen in the last reading."""

    def __init__(self) -> None:
        self._seen: dict[UUID, tuple[float | None, float | None]] = {}
        self._seen_at = 0.0

    def see(self, rows: Iterable[TaskRow], now: float) -> list[TaskRow]:
        """Take note of the running rows at `now`, and give them back with when their lease was set."""
        noted: list[TaskRow] = []
        seen: dict[UUID, tuple[float | None, float | None]] = {}
        for row in rows:
            ends = row.claim_expires_at
            set_at = self._set_at(row, now)
            seen[row.run_id] = (ends, set_at)
            noted.append(replace(row, lease_set_at=set_at))
        self._seen, self._seen_at = seen, now
        return noted

    def unchanged(self, now: float) -> None:
        """Take note that at `now` every lease is as it was seen last."""
        self._seen_at = now

    def _set_at(self, row: TaskRow, now: float) -> float | None:
        if row.run_id in self._seen:
            ends, set_at = self._seen[row.run_id]
            return set_at if ends == row.claim_expires_at else self._moved_at(row.claim_expires_at, now)
        return row.started_at if row.started_at is not None and now - row.started_at < _FRESH else None

    def _moved_at(self, ends: float | None, now: float) -> float | None:
        if ends is None:
            return None
        return now if now - self._seen_at <= _VAGUE_SHARE * (ends - now) else None
