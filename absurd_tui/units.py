"""Numbers, times and ids as the screen writes them.

Pure functions from numbers to short texts of known width. The texts hold
nothing that came from the database but digits, so they are safe to show.
Ages and times left are rounded down. `–` stands for what is not known.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from math import floor, inf, isfinite, isnan
from uuid import UUID

UNKNOWN = "–"
NO_LIMIT = "no limit"

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_YEAR = 365 * _DAY

# The Gregorian calendar repeats itself after 400 years, which are exactly this many days.
_CYCLE_YEARS = 400
_CYCLE = 146_097 * _DAY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# (decimals, the digits without the point must be below this), the finest first.
_COUNT_SHAPES = ((2, 1000), (1, 1000), (0, 1000))
_SIZE_SHAPES = ((1, 100), (0, 1000))


def count(n: int | None, *, capped: bool = False, estimated: bool = False) -> str:
    """A count in at most 6 cells, and one more for each sign: `99,999`, `128k`, `9.84M`, `10,000+`, `~9.84M`.

    `capped` says that it is at least `n`, `estimated` that it is about `n`. None,
    and the -1 with which PostgreSQL says that it has no estimate, are `–`.
    """
    if n is None or n < 0:
        return UNKNOWN
    return f"{'~' if estimated else ''}{_shortened(n)}{'+' if capped else ''}"


def age(seconds: float) -> str:
    """How long ago, in at most 7 cells: `59s`, `59m`, `23h 59m`, `9d 23h`, `729d`, `2y`.

    A clock that is up to a second ahead reads `0s`; what is further in the
    future is written in one unit, `in 3s`. Infinite: `forever` ago, or `never`.
    """
    if isnan(seconds):
        return UNKNOWN
    if seconds == inf:
        return "forever"
    if seconds == -inf:
        return "never"
    if seconds >= 0:
        return _span(int(seconds))
    return "0s" if seconds >= -1 else f"in {_one_unit(int(-seconds)) or '>99y'}"


def time_left(seconds: float) -> str:
    """How long until, in at most 7 cells (`no limit`: 8): as `age`, with seconds below ten minutes, `9m 59s`.

    What is over is written in one unit: `59m ago`, and `overdue` after more than 99 years.
    """
    if isnan(seconds):
        return UNKNOWN
    if seconds == inf:
        return NO_LIMIT
    if seconds >= 0:
        return _span(int(seconds), seconds_below=10 * _MINUTE)
    unit = _one_unit(int(-seconds)) if isfinite(seconds) else None
    return f"{unit} ago" if unit else "overdue"


def duration(seconds: float) -> str:
    """How long something took, in at most 7 cells: `0.4s` (below 10 s), `41s`, `2m 09s`, from an hour on as `age`.

    Clocks that disagree by up to a second make `0.0s`; a longer negative time is unknown.
    """
    if isnan(seconds) or seconds < -1:
        return UNKNOWN
    if seconds == inf:
        return "forever"
    if seconds < 10:
        tenths = int(max(seconds, 0) * 10)
        return f"{tenths // 10}.{tenths % 10}s"
    return _span(int(seconds), seconds_below=_HOUR)


def clock(epoch: float, *, now: float, utc: bool, offset: tzinfo | None = None) -> str:
    """The time of day of an instant: `14:03:27`, or `Nov 21 14:03` on another day, `Nov 21 2023 14:03` in another year.

    `epoch` and `now` are seconds since 1970; `now` is the database's clock and
    decides what today is. In UTC, or in the zone `offset` (None: the zone of
    this machine). An instant beyond Python's calendar is its year, `year 294276`
    or `year 4713 BC`; the infinite ones are `no limit` and `-infinity`.
    """
    if isnan(epoch):
        return UNKNOWN
    if not isfinite(epoch):
        return NO_LIMIT if epoch > 0 else "-infinity"
    moment, today = (_moment(instant, utc=utc, offset=offset) for instant in (epoch, now))
    if moment is None:
        _, year = _civil(epoch)
        return f"year {year}" if year > 0 else f"year {1 - year} BC"
    time_of_day = f"{moment.hour:02}:{moment.minute:02}"
    if today and moment.date() == today.date():
        return f"{time_of_day}:{moment.second:02}"
    year_if_other = "" if today and moment.year == today.year else f" {moment.year}"
    return f"{_MONTHS[moment.month - 1]} {moment.day:02}{year_if_other} {time_of_day}"


def zone(now: float, *, utc: bool, offset: tzinfo | None = None) -> str:
    """The zone in which `clock` writes: `UTC`, or the distance from it at the instant `now`, `+02:00`."""
    if utc:
        return "UTC"
    moment = _moment(now, utc=False, offset=offset)
    distance = moment.utcoffset() if moment else None
    if distance is None:
        return UNKNOWN
    minutes = abs(distance) // timedelta(minutes=1)
    return f"{'-' if distance < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def iso(epoch: float) -> str:
    """An instant for copies and exports: ISO 8601 in UTC, to the microsecond where there is one.

    Years beyond four digits have their sign (`+294276-12-31T…`, year 0 is 1 BC);
    the infinite ones are PostgreSQL's `infinity` and `-infinity`, NaN is empty.
    """
    if isnan(epoch):
        return ""
    if not isfinite(epoch):
        return "infinity" if epoch > 0 else "-infinity"
    moment, year = _civil(epoch)
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"{f'{year:04}' if 0 <= year <= 9999 else f'{year:+05}'}{moment.isoformat()[4:19]}{fraction}Z"


def size(bytes: int) -> str:
    """A size in powers of 1000, in at most 6 cells: `48 B`, `1.2 kB`, `52 kB`, `5.2 MB`."""
    if bytes < 1000:
        return f"{bytes} B"
    number, prefix = _scaled(bytes, _SIZE_SHAPES)
    return f"{number} {prefix}B"


def attempt(attempt: int, max_attempts: int | None) -> str:
    """An attempt and the last one allowed, `2/5`; without a limit `2`."""
    return f"{attempt}" if max_attempts is None else f"{attempt}/{max_attempts}"


def short_id(id: UUID | str, cells: int) -> str:
    """The tail of a task's or run's id, its random part: the last 8 hex digits, or 4 where fewer than 8 cells are free.

    A string that is no UUID gives as many `?`.
    """
    digits = 8 if cells >= 8 else 4
    try:
        return UUID(str(id)).hex[-digits:]
    except ValueError:
        return "?" * digits


def plural(n: int, word: str) -> str:
    """A number with its word, `1 task`, `3,000 tasks`; `word` is one of ours that takes an s."""
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def _shortened(n: int) -> str:
    """A number of 0 or more in at most 6 cells: in full up to 99,999, then in three figures, rounded."""
    if n <= 99_999:
        return f"{n:,}"
    number, prefix = _scaled(n, _COUNT_SHAPES)
    return f"{number}{prefix}"


def _scaled(n: int, shapes: tuple[tuple[int, int], ...]) -> tuple[str, str]:
    """The number rounded half up to the first prefix and shape that hold it, and the prefix."""
    for power, prefix in enumerate("kMGTPE", start=1):
        unit = 1000**power
        for decimals, limit in shapes:
            digits = (n * 10**decimals + unit // 2) // unit
            if digits < limit:
                return f"{digits / 10**decimals:.{decimals}f}", prefix
    return ">999", "E"


def _span(seconds: int, *, seconds_below: int = _MINUTE) -> str:
    """A time of 0 or more in one or two units, the minor one padded; minutes have seconds below `seconds_below`."""
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < seconds_below:
        return f"{seconds // _MINUTE}m {seconds % _MINUTE:02}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h {seconds % _HOUR // _MINUTE:02}m"
    if seconds < 10 * _DAY:
        return f"{seconds // _DAY}d {seconds % _DAY // _HOUR:02}h"
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    years = seconds // _YEAR
    return f"{years}y" if years <= 999_999 else ">99999y"


def _one_unit(seconds: int) -> str | None:
    """A time of 0 or more in one unit and at most 3 cells, or None above 99 years."""
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 100 * _DAY:
        return f"{seconds // _DAY}d"
    if seconds < _YEAR:
        return f"{seconds // (7 * _DAY)}w"
    years = seconds // _YEAR
    return f"{years}y" if years <= 99 else None


def _moment(epoch: float, *, utc: bool, offset: tzinfo | None) -> datetime | None:
    """An instant in its zone, or None where Python's calendar (years 1 to 9999) ends."""
    try:
        moment = datetime.fromtimestamp(epoch, UTC)
        return moment if utc else moment.astimezone(offset)
    except (OverflowError, OSError, ValueError):
        return None


def _civil(epoch: float) -> tuple[datetime, int]:
    """A finite instant in UTC: its date and time 0 or more cycles away, and its true year (0 is 1 BC)."""
    whole = floor(epoch)
    cycles, seconds = divmod(whole, _CYCLE)
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=round((epoch - whole) * 1_000_000))
    return moment, moment.year + cycles * _CYCLE_YEARS
