"""The driver's errors and ours."""

import asyncio
import re

import asyncpg
import pytest

from absurd_tui.errors import (
    AbsurdError,
    AlreadyFailed,
    Cancelled,
    ConnectionLost,
    Denied,
    InvalidRequest,
    NotFound,
    QueueMissing,
    TimedOut,
    WrongState,
)
from absurd_tui.lifecycle import statements
from absurd_tui.lifecycle.failures import DRIVER_ERRORS, failure


def raised(code: str, message: str = "something happened") -> asyncpg.PostgresError:
    fields = {"C": code, "M": message, "D": "a detail", "H": "a hint", "S": "ERROR"}
    error: asyncpg.PostgresError = asyncpg.PostgresError.new(fields)
    return error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AB001", Cancelled),
        ("AB002", AlreadyFailed),
        ("AB003", InvalidRequest),
        ("AB004", AbsurdError),
        ("P0002", NotFound),
        ("P0001", InvalidRequest),
        ("42P01", QueueMissing),
        ("3F000", QueueMissing),
        ("42883", InvalidRequest),
        ("42703", InvalidRequest),
        ("42501", Denied),
        ("25006", Denied),
        ("25P02", InvalidRequest),
        ("57014", TimedOut),
        ("55P03", TimedOut),
        ("40001", TimedOut),
        ("40P01", TimedOut),
        ("57P01", ConnectionLost),
        ("57P02", ConnectionLost),
        ("57P03", ConnectionLost),
        ("57P05", ConnectionLost),
        ("08000", ConnectionLost),
        ("08003", ConnectionLost),
        ("08006", ConnectionLost),
        ("08P01", ConnectionLost),
        ("25P03", ConnectionLost),
        ("25P04", ConnectionLost),
        ("22P02", InvalidRequest),
        ("22P05", InvalidRequest),
        ("22008", InvalidRequest),
        ("54000", InvalidRequest),
        ("54001", InvalidRequest),
        ("22021", AbsurdError),
        ("23505", AbsurdError),
        ("53100", AbsurdError),
        ("0A000", AbsurdError),
        ("26000", AbsurdError),
        ("XX000", AbsurdError),
    ],
)
def test_the_code_decides(code: str, expected: type[AbsurdError]) -> None:
    translated = failure(raised(code))
    assert type(translated) is expected
    assert translated.sqlstate == code
    assert "something happened" in str(translated)
    assert "detail" not in str(translated)
    assert ("is unknown" in str(translated)) == (expected is ConnectionLost)


ID = "01890000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'Task "{ID}" not found in queue "a\nb"', NotFound),
        (f'Run "{ID}" is not currently running in queue "q" not found in queue "q"', WrongState),
        (f'Task "{ID}" is not currently failed in queue "Queue "x" does not exist"', WrongState),
        (f'By the way: Run "{ID}" not found in queue "q"', InvalidRequest),
        ('Queue "x" does not exist, or so', InvalidRequest),
        ("Custom refusal of a trigger", InvalidRequest),
    ],
)
def test_a_text_counts_only_as_a_whole(text: str, expected: type[AbsurdError]) -> None:
    translated = failure(raised("P0001", text))
    assert type(translated) is expected
    assert str(translated) == text.replace("\n", " ")


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(104, "Connection reset by peer"),
        OSError("no\nroute"),
        asyncpg.InternalClientError("got result for unknown protocol state"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("cannot perform operation: connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    ],
)
def test_a_broken_connection_leaves_the_outcome_unknown(error: Exception) -> None:
    assert isinstance(error, DRIVER_ERRORS)
    translated = failure(error)
    assert type(translated) is ConnectionLost
    assert str(translated).endswith("is unknown")
    assert len(str(translated).splitlines()) == 1


def test_a_refusal_by_the_driver_is_an_invalid_request() -> None:
    translated = failure(asyncpg.DataError("invalid input\nfor query argument $1"))
    assert type(translated) is InvalidRequest
    assert str(translated) == "invalid input for query argument $1"


def test_cancellation_is_no_driver_error() -> None:
    assert not issubclass(asyncio.CancelledError, DRIVER_ERRORS)


def test_statements_leave_nothing_to_the_search_path() -> None:
    texts = {name: getattr(statements, name) for name in vars(statements) if name.isupper()}
    assert len(texts) > 20
    keywords = r"integer|bigint|boolean|double precision|timestamp with time zone"
    for name, text in texts.items():
        for kind in re.findall(r"::\s*([\w. ]+)", text):
            assert re.match(rf"(pg_catalog\.\w+|{keywords})\b", kind), (name, kind)
        for function in re.findall(r"([\w.]+)\s*\(", text):
            assert function.startswith(("absurd.", "pg_catalog.")) or function in {"extract", "operator"}, name
        assert not re.search(r"\s[+*/<>=-]\s", text), name
