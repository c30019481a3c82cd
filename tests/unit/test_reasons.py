from math import inf

import pytest
from hypothesis import given
from readings import HOSTILE, NOW, hostile_rows, row

from absurd_tui.observe.reasons import (
    Canceller,
    Sleep,
    headline,
    short_name,
    who_cancelled,
    whole_seconds,
    why_sleeping,
)
from absurd_tui.observe.records import Failure, State, TaskRow

ERROR = Failure("KeyError", "no such key")
LONG_NUMBER = "9" * 18


def sleeper(**fields: object) -> TaskRow:
    return row(State.SLEEPING, **fields)


@pytest.mark.parametrize(
    ("fields", "kind", "detail"),
    [
        ({"wake_event": "paid", "available_at": inf}, Sleep.EVENT, "paid"),
        ({"wake_event": "paid", "started_at": NOW, "reached_step": "wait"}, Sleep.EVENT, "paid"),
        ({"wake_event": "", "started_at": NOW}, Sleep.EVENT, ""),
        ({"attempt": 2, "failure": ERROR}, Sleep.RETRY, "KeyError: no such key"),
        ({"attempt": 2}, Sleep.RETRY, ""),
        ({"started_at": NOW, "reached_step": "nap"}, Sleep.TIMER, "nap"),
        ({"attempt": 3, "started_at": NOW, "reached_step": "nap", "failure": ERROR}, Sleep.TIMER, "nap"),
        ({"started_at": NOW}, Sleep.DEFERRED, ""),
        ({"attempt": 3, "started_at": NOW, "failure": ERROR}, Sleep.DEFERRED, ""),
        ({"attempt": 1}, Sleep.DEFERRED, ""),
        ({"wake_event": HOSTILE}, Sleep.EVENT, HOSTILE),
    ],
)
def test_why_a_task_sleeps(fields: dict[str, object], kind: Sleep, detail: str) -> None:
    reason = why_sleeping(sleeper(**fields))
    assert (reason.kind, reason.detail) == (kind, detail)


@pytest.mark.parametrize(
    ("failure", "long", "short"),
    [
        (None, "", ""),
        (Failure(None, None), "", ""),
        (Failure("KeyError", None), "KeyError", "KeyError"),
        (Failure("KeyError", "a\nTraceback"), "KeyError: a", "KeyError"),
        (Failure("KeyError", " \n "), "KeyError", "KeyError"),
        (Failure(None, "\n  first line \nsecond"), "first line", "first line"),
        (Failure("", "message"), "message", "message"),
        (Failure(None, '{"code": 7}'), '{"code": 7}', '{"code": 7}'),
    ],
)
def test_a_failure_in_few_words(failure: Failure | None, long: str, short: str) -> None:
    assert (headline(failure), short_name(failure)) == (long, short)


@pytest.mark.parametrize(
    ("fields", "canceller"),
    [
        ({}, Canceller.OPERATOR),
        ({"cancelled_at": None, "max_duration": "0", "first_started_at": NOW}, Canceller.OPERATOR),
        ({"first_started_at": NOW - 60, "max_duration": "60"}, Canceller.MAX_DURATION),
        ({"first_started_at": NOW - 59.9, "max_duration": "60"}, Canceller.OPERATOR),
        ({"first_started_at": None, "max_duration": "60"}, Canceller.OPERATOR),
        (
            {"first_started_at": NOW - 1, "max_duration": "60", "is_cancelled_by_failure": True},
            Canceller.OVER_DURATION,
        ),
        ({"enqueued_at": NOW - 30, "max_delay": "30"}, Canceller.MAX_DELAY),
        ({"enqueued_at": NOW - 29, "max_delay": "30"}, Canceller.OPERATOR),
        ({"enqueued_at": NOW - 99, "first_started_at": NOW - 1, "max_delay": "30"}, Canceller.OPERATOR),
        (
            {"enqueued_at": NOW - 99, "first_started_at": NOW - 60, "max_delay": "30", "max_duration": "60"},
            Canceller.MAX_DURATION,
        ),
        ({"first_started_at": NOW - 60, "max_duration": "soon"}, Canceller.OPERATOR),
        ({"first_started_at": NOW - 60, "max_duration": "1.5"}, Canceller.OPERATOR),
        ({"first_started_at": -inf, "max_duration": LONG_NUMBER}, Canceller.MAX_DURATION),
        ({"first_started_at": inf, "max_duration": "1", "cancelled_at": inf}, Canceller.OPERATOR),
    ],
)
def test_who_cancelled(fields: dict[str, object], canceller: Canceller) -> None:
    assert who_cancelled(row(State.CANCELLED, **{"cancelled_at": NOW, **fields})) is canceller


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("60", 60),
        ("-5", -5),
        ("+5", 5),
        ("", None),
        ("1.5", None),
        ("soon", None),
        ("6 0", None),
        ("٦٠", None),
        ("9" * 19, None),
        (LONG_NUMBER, int(LONG_NUMBER)),
    ],
)
def test_a_limit_is_read_where_the_database_could_read_it(value: str | None, seconds: int | None) -> None:
    assert whole_seconds(value) == seconds


@given(hostile_rows)
def test_no_row_is_too_odd_to_be_told_about(hostile: TaskRow) -> None:
    assert isinstance(why_sleeping(hostile).detail, str)
    assert who_cancelled(hostile) in Canceller
