"""What somebody types to go to a time."""

from datetime import UTC, datetime, timedelta, timezone
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.observe.places import microseconds
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain
from absurd_tui.ui.instants import instant

TODAY = datetime(2026, 11, 24, 3, 30, 15, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))
IN_UTC = Clock(TODAY.timestamp(), utc=True)
IN_BERLIN = Clock(TODAY.timestamp(), offset=BERLIN)


def told(typed: str, clock: Clock = IN_UTC, *, is_past: bool = True) -> datetime:
    at = instant(typed, clock, is_past=is_past)
    assert isinstance(at, int), at
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("03:00", "2026-11-24 03:00"),
        ("3:00:09", "2026-11-24 03:00:09"),
        ("14:05", "2026-11-23 14:05"),
        ("2h ago", "2026-11-24 01:30:15"),
        (" 2H  Ago ", "2026-11-24 01:30:15"),
        ("1d 2h 3m 4s", "2026-11-23 01:27:11"),
        ("2w ago", "2026-11-10 03:30:15"),
        ("in 5m", "2026-11-24 03:35:15"),
        ("now", "2026-11-24 03:30:15"),
        ("2026-11-20", "2026-11-20 00:00"),
        ("2026-11-20 14:05", "2026-11-20 14:05"),
        ("2026-11-20T14:05:06.000007", "2026-11-20 14:05:06.000007"),
        ("2026-11-20 14:05+02:00", "2026-11-20 12:05"),
        ("2026-11-20T14:05Z", "2026-11-20 14:05"),
        ("0001-01-01", "0001-01-01 00:00"),
    ],
)
def test_a_time_is_of_the_day_of_a_date_or_so_long_ago(typed: str, meant: str) -> None:
    assert told(typed) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_a_time_of_day_that_is_still_to_come_is_todays_where_times_lie_ahead() -> None:
    assert told("14:05", is_past=False) == datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
    assert told("03:00", is_past=False) == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_times_are_of_the_zone_on_the_screen() -> None:
    assert told("03:00", IN_BERLIN) == datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    assert told("2026-11-20 14:05", IN_BERLIN) == datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    assert told("2026-11-20 14:05Z", IN_BERLIN) == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "noon",
        "25:00",
        "14:61",
        "2h later",
        "in",
        "ago",
        "in 5",
        "2026-13-01",
        "999999999w ago",
        "14",
        "-2h",
        "٣:٠٠x",
    ],
)
def test_what_is_no_time_is_told_in_one_line(typed: str) -> None:
    said = instant(typed, IN_UTC, is_past=True)
    assert isinstance(said, Plain)
    assert said.text == f"No time: {typed or 'nothing'}. Type 14:05, 2h ago, in 5m, or 2026-11-20 14:05."


@given(st.text(max_size=40), st.sampled_from([TODAY.timestamp(), 0.0, -inf, inf, 9_224_318_015_999.0, -2e11]))
def test_whatever_is_typed_and_whatever_the_clock_says_is_answered(typed: str, now: float) -> None:
    for clock in (Clock(now, utc=True), Clock(now), Clock(now, offset=BERLIN)):
        assert isinstance(instant(typed, clock, is_past=True), int | Plain)
        assert isinstance(instant("14:05", clock, is_past=True), int | Plain)
        assert isinstance(instant("2h ago", clock, is_past=False), int | Plain)


def test_seconds_become_microseconds_as_postgresql_counts_them() -> None:
    assert microseconds(946_684_800.000001) == 1
    assert (microseconds(inf), microseconds(-inf)) == (2**63 - 1, -(2**63))
