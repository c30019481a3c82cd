from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, nan
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui import units

NOW = datetime(2024, 11, 24, 14, 3, 27, tzinfo=UTC).timestamp()
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86_400, 365 * 86_400

any_seconds = st.floats(allow_nan=True, allow_infinity=True)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (None, "–"),
        (-1, "–"),
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (99_999, "99,999"),
        (100_000, "100k"),
        (128_400, "128k"),
        (128_500, "129k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (9_836_120, "9.84M"),
        (9_994_999, "9.99M"),
        (9_995_000, "10.0M"),
        (12_345_678, "12.3M"),
        (104_000_000, "104M"),
        (999_500_000, "1.00G"),
        (2**63 - 1, "9.22E"),
        (10**30, ">999E"),
    ],
)
def test_count(n: int | None, shown: str) -> None:
    assert units.count(n) == shown


def test_count_with_signs() -> None:
    assert units.count(10_000, capped=True) == "10,000+"
    assert units.count(381_000, capped=True) == "381k+"
    assert units.count(9_836_120, estimated=True) == "~9.84M"
    assert units.count(None, capped=True, estimated=True) == "–"


@given(st.integers(-1, 10**24), st.booleans(), st.booleans())
def test_count_keeps_its_width(n: int, capped: bool, estimated: bool) -> None:
    assert len(units.count(n, capped=capped, estimated=estimated)) <= 6 + capped + estimated


@given(st.integers(100_000, 10**21 - 10**19))
def test_count_is_off_by_half_a_last_figure_at_most(n: int) -> None:
    shown = units.count(n)
    value = Decimal(shown[:-1]) * 1000 ** ("kMGTPE".index(shown[-1]) + 1)
    assert abs(value - n) * 200 <= n


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (59.99, "59s"),
        (60, "1m"),
        (HOUR - 1, "59m"),
        (HOUR + 4 * MINUTE, "1h 04m"),
        (DAY - 1, "23h 59m"),
        (DAY, "1d 00h"),
        (10 * DAY - 1, "9d 23h"),
        (10 * DAY, "10d"),
        (730 * DAY - 1, "729d"),
        (730 * DAY, "2y"),
        (6738 * YEAR, "6738y"),
        (1e300, ">99999y"),
        (-0.001, "0s"),
        (-1, "0s"),
        (-3.5, "in 3s"),
        (-59 * MINUTE, "in 59m"),
        (-99 * DAY, "in 99d"),
        (-100 * DAY, "in 14w"),
        (-2 * YEAR, "in 2y"),
        (-294_276 * YEAR, "in >99y"),
        (inf, "forever"),
        (-inf, "never"),
        (nan, "–"),
    ],
)
def test_age(seconds: float, shown: str) -> None:
    assert units.age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (4.2, "4s"),
        (60, "1m 00s"),
        (10 * MINUTE - 1, "9m 59s"),
        (10 * MINUTE, "10m"),
        (HOUR + 4 * MINUTE, "1h 04m"),
        (9 * DAY, "9d 00h"),
        (-0.5, "0s ago"),
        (-59 * MINUTE, "59m ago"),
        (-3 * HOUR, "3h ago"),
        (-2 * DAY, "2d ago"),
        (-364 * DAY, "52w ago"),
        (-YEAR, "1y ago"),
        (-100 * YEAR, "overdue"),
        (inf, "no limit"),
        (-inf, "overdue"),
        (nan, "–"),
    ],
)
def test_time_left(seconds: float, shown: str) -> None:
    assert units.time_left(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0s"),
        (0.4, "0.4s"),
        (9.999, "9.9s"),
        (10, "10s"),
        (41.7, "41s"),
        (2 * MINUTE + 9, "2m 09s"),
        (HOUR - 1, "59m 59s"),
        (HOUR, "1h 00m"),
        (3 * YEAR, "3y"),
        (1.7e308, ">99999y"),
        (-0.5, "0.0s"),
        (-5, "–"),
        (inf, "forever"),
        (nan, "–"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@given(any_seconds)
def test_times_keep_their_width(seconds: float) -> None:
    assert 1 <= len(units.age(seconds)) <= 7
    assert 1 <= len(units.duration(seconds)) <= 7
    assert 1 <= len(units.time_left(seconds)) <= (8 if seconds == inf else 7)


@given(st.integers(0, 10**9))
def test_two_units_have_one_width_for_each_first_figure(seconds: int) -> None:
    shown = units.age(seconds)
    major, _, minor = shown.partition(" ")
    assert len(minor) in (0, 3)
    assert len(major) <= 4


def test_clock_of_today_another_day_another_year() -> None:
    assert units.clock(NOW, now=NOW, utc=True) == "14:03:27"
    assert units.clock(NOW - 3 * DAY, now=NOW, utc=True) == "Nov 21 14:03"
    assert units.clock(NOW - 368 * DAY, now=NOW, utc=True) == "Nov 22 2023 14:03"
    assert units.clock(NOW + 20 * HOUR, now=NOW, utc=True) == "Nov 25 10:03"


def test_clock_asks_the_zone_what_today_is() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert units.clock(NOW, now=NOW, utc=False, offset=tokyo) == "23:03:27"
    assert units.clock(NOW + HOUR, now=NOW, utc=False, offset=tokyo) == "Nov 25 00:03"
    assert units.clock(NOW + HOUR, now=NOW, utc=True, offset=tokyo) == "15:03:27"


def test_clock_uses_the_zone_of_this_machine_by_default() -> None:
    here = datetime.fromtimestamp(NOW).astimezone()
    assert units.clock(NOW, now=NOW, utc=False) == f"{here:%H:%M:%S}"


@pytest.mark.parametrize(
    ("epoch", "shown"),
    [
        (inf, "no limit"),
        (-inf, "-infinity"),
        (nan, "–"),
        (253402300800.0, "year 10000"),
        (9224318015999.0, "year 294276"),
        (-62135596800.0 - 1, "year 1 BC"),
        (-210866803200.0, "year 4714 BC"),
    ],
)
def test_clock_beyond_the_calendar(epoch: float, shown: str) -> None:
    assert units.clock(epoch, now=NOW, utc=True) == shown


@given(any_seconds, any_seconds, st.booleans(), st.none() | zones)
def test_clock_never_fails(epoch: float, now: float, utc: bool, offset: timezone | None) -> None:
    assert units.clock(epoch, now=now, utc=utc, offset=offset)
    assert units.zone(now, utc=utc, offset=offset)


def test_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert units.zone(NOW, utc=True) == "UTC"
    assert units.zone(NOW, utc=False, offset=berlin) == "+01:00"
    assert units.zone(NOW - 150 * DAY, utc=False, offset=berlin) == "+02:00"
    assert units.zone(NOW, utc=False, offset=timezone(-timedelta(hours=3, minutes=30))) == "-03:30"
    assert units.zone(inf, utc=False) == "–"


@pytest.mark.parametrize(
    ("epoch", "shown"),
    [
        (NOW, "2024-11-24T14:03:27Z"),
        (NOW + 0.25, "2024-11-24T14:03:27.250000Z"),
        (0, "1970-01-01T00:00:00Z"),
        (-0.5, "1969-12-31T23:59:59.500000Z"),
        (-62135596800.0, "0001-01-01T00:00:00Z"),
        (-62135596801.0, "0000-12-31T23:59:59Z"),
        (9224318015999.0, "+294276-12-31T23:59:59Z"),
        (-210866803200.0, "-4713-11-24T00:00:00Z"),
        (inf, "infinity"),
        (-inf, "-infinity"),
        (nan, ""),
    ],
)
def test_iso(epoch: float, shown: str) -> None:
    assert units.iso(epoch) == shown


@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_can_be_read_back(moment: datetime) -> None:
    read = datetime.fromisoformat(units.iso(moment.timestamp()))
    assert abs(read - moment) < timedelta(milliseconds=1)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_iso_never_fails(epoch: float) -> None:
    assert isinstance(units.iso(epoch), str)


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (0, "0 B"),
        (48, "48 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (1_234, "1.2 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (52_400, "52 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5_200_000, "5.2 MB"),
        (137 * 10**6, "137 MB"),
    ],
)
def test_size(length: int, shown: str) -> None:
    assert units.size(length) == shown


@given(st.integers(0, 2**63))
def test_size_keeps_its_width(length: int) -> None:
    assert len(units.size(length)) <= 6


def test_attempt() -> None:
    assert units.attempt(2, 5) == "2/5"
    assert units.attempt(2, None) == "2"


def test_short_id_is_the_tail() -> None:
    task_id = UUID("01932b1e-7c4f-7b3a-9d21-4c7e9f3a7c1e")
    assert units.short_id(task_id, 8) == "9f3a7c1e"
    assert units.short_id(str(task_id), 12) == "9f3a7c1e"
    assert units.short_id(str(task_id).upper(), 4) == "7c1e"


@given(st.text(), st.integers(0, 20))
def test_short_id_of_anything_is_harmless(raw: str, cells: int) -> None:
    shown = units.short_id(raw, cells)
    assert set(shown) <= set("0123456789abcdef?")
    assert len(shown) == (8 if cells >= 8 else 4)


def test_plural() -> None:
    assert units.plural(0, "task") == "0 tasks"
    assert units.plural(1, "task") == "1 task"
    assert units.plural(1_284, "task") == "1,284 tasks"
