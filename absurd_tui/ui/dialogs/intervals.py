"""Intervals as PostgreSQL writes and reads them, as far as a form takes them: `30 days`, `1 day 06:00:00`, `90m`."""

import re

_UNITS = {
    "years?|y": None,
    "mons?|months?": None,
    "weeks?|w": 604_800,
    "days?|d": 86_400,
    "hours?|hrs?|h": 3_600,
    "minutes?|mins?|m": 60,
    "seconds?|secs?|s": 1,
}
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,9}):([0-5]?\d)(?::([0-5]?\d(?:\.\d{1,6})?))?\s*$")


def is_interval(text: str) -> bool:
    """Whether a text is an interval that is not negative, in words that PostgreSQL reads too."""
    return _parts(text) is not None


def interval_seconds(text: str) -> float | None:
    """How many seconds an interval is; None where it is none, and for months and years, which are of no one length."""
    parts = _parts(text)
    if parts is None:
        return None
    known = [seconds for seconds in parts if seconds is not None]
    return sum(known) if len(known) == len(parts) else None


def _parts(text: str) -> list[float | None] | None:
    rest, parts = text.strip(), list[float | None]()
    while rest and (found := _AMOUNT.match(rest)):
        length = next((length for names, length in _UNITS.items() if re.fullmatch(names, found[2], re.I)), 0)
        if length == 0:
            return None
        parts.append(None if length is None else float(found[1]) * length)
        rest = rest[found.end() :]
    if clock := _CLOCK.match(rest):
        parts.append(int(clock[1]) * 3_600 + int(clock[2]) * 60 + float(clock[3] or 0))
        rest = ""
    return parts if parts and not rest else None
