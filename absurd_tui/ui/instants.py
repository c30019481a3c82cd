"""A time as somebody types it: of the day, of a date, or so long ago; as the screen tells times, local or UTC."""

import re
from datetime import UTC, datetime, timedelta

from absurd_tui.observe.places import microseconds
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, say

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(?:\d{1,9}\s*[smhdw]\s*)+")
_PART = re.compile(r"(\d+)\s*([smhdw])")
_TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_EPOCH_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_MOST = 8_000 * 366 * 86_400.0


def instant(typed: str, clock: Clock, *, is_past: bool) -> int | Plain:
    """Read a typed time as microseconds since 2000, or say in one line what can be typed.

    `14:05` is today's, or the last one where `is_past`; `2h ago` and `in 5m 30s` count from the database's now;
    a date may have a time and a zone after it, `2026-11-20 14:05+02:00`, and is else of the zone on the screen.
    """
    text = typed.strip().lower()
    moment = _relative(text, clock.now)
    if moment is None:
        moment = _of_day(text, clock, is_past=is_past) if _TIME_OF_DAY.fullmatch(text) else _dated(typed.strip(), clock)
    if moment is None:
        return say(
            "No time: {typed}. Type 14:05, 2h ago, in 5m, or 2026-11-20 14:05.", typed=typed.strip() or "nothing"
        )
    return moment


def _relative(text: str, now: float) -> int | None:
    if text == "now":
        return microseconds(now)
    is_ahead = text.startswith("in ")
    span = text.removeprefix("in ") if is_ahead else text.removesuffix("ago")
    if not _SPAN.fullmatch(span.strip()):
        return None
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(span))
    return microseconds(now + (seconds if is_ahead else -seconds)) if seconds < _MOST else None


def _of_day(text: str, clock: Clock, *, is_past: bool) -> int | None:
    found = _TIME_OF_DAY.fullmatch(text)
    today = _here(clock)
    if found is None or today is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        moment = today.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    at = _exact(moment, clock)
    if is_past and at is not None and at > microseconds(clock.now):
        return _exact(moment - timedelta(days=1), clock)
    return at


def _dated(text: str, clock: Clock) -> int | None:
    try:
        return _exact(datetime.fromisoformat(text), clock)
    except ValueError:
        return None


def _here(clock: Clock) -> datetime | None:
    """The date and time on the clock of the screen, without its zone."""
    try:
        moment = datetime.fromtimestamp(clock.now, UTC)
        return (moment if clock.utc else moment.astimezone(clock.offset)).replace(tzinfo=None)
    except (OverflowError, OSError, ValueError):
        return None


def _exact(moment: datetime, clock: Clock) -> int | None:
    try:
        if moment.tzinfo is None:
            zone = UTC if clock.utc else clock.offset
            moment = moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()
        return (moment - _EPOCH_2000) // timedelta(microseconds=1)
    except (OverflowError, OSError, ValueError):
        return None
