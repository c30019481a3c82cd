"""What can be told before a write: whether a retry would lose its task, what a lease would become. Pure.

The dialogs show it from what is on the screen; the envelope asks again of the locked rows.
"""

import re
from math import ceil, inf

LONGEST_SECONDS = 24 * 60 * 60
"""How long a lease may be made at most."""

_WHOLE = re.compile(r"\s*([+-]?[0-9]+)\s*")
_BIGINT = 2**63


def would_be_lost(first_started_at: float | None, max_duration: str | None, now: float) -> bool:
    """Whether the next claim would cancel the task unrun after a retry in place.

    That retry keeps the time of the first start (absurd.retry_task), so a task over its `max_duration` is cancelled
    by absurd.claim_task, and a cancelled task cannot be retried.
    """
    limit = whole_seconds(max_duration)
    return limit is not None and first_started_at is not None and now - first_started_at >= limit


def would_stop_queue(max_duration: str | None, max_delay: str | None) -> bool:
    """Whether the task's policy holds what absurd.claim_task cannot read: once it waits again, every claim fails."""
    return _cannot_be_read(max_duration) or _cannot_be_read(max_delay)


def _cannot_be_read(limit: str | None) -> bool:
    return limit is not None and whole_seconds(limit) is None


def new_max_attempts(attempts: int, max_attempts: int | None, extra_attempts: int) -> int:
    """The limit that allows `extra_attempts` more; with 1 it is what absurd.retry_task sets by itself."""
    return max(max_attempts or 0, attempts) + extra_attempts


def whole_seconds(limit: str | None) -> int | None:
    """A limit as PostgreSQL reads a bigint, or None where it cannot, or where there is none."""
    read = _WHOLE.fullmatch(limit) if limit is not None else None
    if read is None or len(read[1]) > 4000:
        return None
    value = int(read[1])
    return value if -_BIGINT <= value < _BIGINT else None


def resulting_seconds(claim_expires_at: float, now: float, seconds: int, *, on_top: bool) -> float:
    """How long the lease lasts from `now` on afterwards, in whole seconds; nothing is left of an expired one.

    A lease may end at PostgreSQL's `infinity`: with seconds on top it still never ends, and these are `inf` too.
    """
    if not on_top:
        return seconds
    left = max(claim_expires_at - now, 0)
    return inf if left == inf else seconds + ceil(left)


def resulting_expiry(claim_expires_at: float, now: float, seconds: int, *, on_top: bool) -> float:
    """When the lease ends afterwards, in seconds since 1970."""
    return now + resulting_seconds(claim_expires_at, now, seconds, on_top=on_top)


def shortens(claim_expires_at: float, now: float, seconds: int, *, on_top: bool) -> bool:
    """Whether the lease would end earlier than it does now."""
    return resulting_expiry(claim_expires_at, now, seconds, on_top=on_top) < claim_expires_at
