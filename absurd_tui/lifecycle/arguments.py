"""Checks of arguments before a call, and the form in which they are sent.

Every check raises `InvalidRequest` with one line that names the argument. All of
them are sent as text and cast in SQL, so that no codec of the connection's owner
is used.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from absurd_tui.errors import InvalidRequest

INTEGER_MAX = 2**31 - 1
"""The largest value of PostgreSQL's `integer`."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def text(value: object, name: str) -> str:
    """A string that PostgreSQL can store: no NUL, no lone surrogate. Of an enumeration's member it is the value."""
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must be text")
    if _UNSTORABLE.search(value):
        raise InvalidRequest(f"{name} contains a NUL or a lone surrogate, which PostgreSQL cannot store")
    return str.__str__(value)


def optional_text(value: object, name: str) -> str | None:
    """As `text`; None stays None."""
    return None if value is None else text(value, name)


def whole(value: object, name: str, *, least: int) -> int:
    """An `int` (never a `bool`) from `least` to 2^31 - 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= INTEGER_MAX:
        raise InvalidRequest(f"{name} must be a whole number from {least} to {INTEGER_MAX}")
    return int(value)


def optional_whole(value: object, name: str, *, least: int) -> int | None:
    """As `whole`; None stays None."""
    return None if value is None else whole(value, name, least=least)


def real(value: object, name: str, *, most: float = math.inf) -> float:
    """An `int` or `float` (never a `bool`) that is finite, not negative and at most `most`."""
    number = _as_float(value)
    if number is None or not 0 <= number <= most or math.isinf(number):
        limits = "not be negative" if math.isinf(most) else f"lie between 0 and {most:g}"
        raise InvalidRequest(f"{name} must be a finite number and {limits}")
    return number


def _as_float(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def flag(value: object, name: str) -> bool:
    """A `bool` and nothing that merely counts as one."""
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be True or False")
    return value


def identifier(value: UUID | str, name: str) -> str:
    """A task's or run's id in PostgreSQL's text form; any text form that `uuid.UUID` reads is accepted."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        try:
            return str(UUID(value))
        except ValueError:
            pass
    raise InvalidRequest(f"{name} must be a UUID")


def instant(value: object, name: str) -> str:
    """A timezone-aware `datetime` as ISO 8601 in UTC, which every DateStyle reads alike."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise InvalidRequest(f"{name} must be a timezone-aware datetime")
    try:
        return value.astimezone(UTC).isoformat()
    except OverflowError:
        raise InvalidRequest(f"{name} is out of range in UTC") from None


def interval(value: object, name: str) -> str:
    """An interval for PostgreSQL: a `timedelta` that is not negative, or text in PostgreSQL's own syntax."""
    if isinstance(value, str):
        return text(value, name)
    if not isinstance(value, timedelta) or value < timedelta(0):
        raise InvalidRequest(f"{name} must be text or a timedelta that is not negative")
    return f"{value.days} days {value.seconds}.{value.microseconds:06d} seconds"
