"""What the driver raised → the error a caller can act on.

PostgreSQL's code decides first. Absurd raises most refusals as P0001 with text
alone; those are told apart by anchored patterns, and an unknown text is kept as
`InvalidRequest`. A code that says nothing about the request (disk full, a unique
index lost to a race) stays a plain `AbsurdError`.
"""

import re
from uuid import UUID

import asyncpg

from absurd_tui.errors import (
    AbsurdError,
    AlreadyFailed,
    Cancelled,
    ConnectionLost,
    Denied,
    InvalidRequest,
    NoActiveClaim,
    NotFound,
    QueueMissing,
    TimedOut,
    Undecodable,
    WrongState,
)
from absurd_tui.lifecycle.records import Claim

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    UnicodeDecodeError,
)
"""All that a call on an asyncpg connection ends with, bugs and cancellation aside."""

_OUTCOME_UNKNOWN = "whether the call took effect is unknown"

_BY_CODE: dict[str, type[AbsurdError]] = {
    "AB001": Cancelled,
    "AB002": AlreadyFailed,
    "AB003": InvalidRequest,
    "22021": AbsurdError,  # stored bytes that the server cannot send; what is sent was checked
    "P0002": NotFound,
    "3F000": QueueMissing,
    "42P01": QueueMissing,
    "42703": InvalidRequest,
    "42883": InvalidRequest,
    "42501": Denied,
    "25006": Denied,
    "25P02": InvalidRequest,
    "25P03": ConnectionLost,
    "25P04": ConnectionLost,
    "57014": TimedOut,
    "55P03": TimedOut,
    "40001": TimedOut,
    "40P01": TimedOut,
}

_BY_CODE_CLASS: dict[str, type[AbsurdError]] = {
    "08": ConnectionLost,
    "22": InvalidRequest,
    "54": InvalidRequest,
    "57": ConnectionLost,
}

_OLD_SCHEMA_CODES = {"42883", "42703"}

_ID = r'"[0-9a-f-]{36}"'
_BY_TEXT: tuple[tuple[re.Pattern[str], type[AbsurdError]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), error)
    for pattern, error in (
        (rf'(Task|Run) {_ID} not found in queue ".*"', NotFound),
        (rf"Run {_ID} not found for checkpoint", NotFound),
        (rf"Run {_ID} not found while awaiting event", NotFound),
        (rf'Task {_ID} is not currently failed in queue ".*"', WrongState),
        (rf'Run {_ID} is not currently running in queue ".*"', WrongState),
        (rf'Run {_ID} cannot be failed in queue ".*"', WrongState),
        (rf"Run {_ID} must be running to await events", WrongState),
        (rf'Run {_ID} does not have an active claim in queue ".*"', NoActiveClaim),
        (r'Queue ".*" does not exist', QueueMissing),
        (r'Queue ".*" was not found after create attempt', QueueMissing),
    )
)


class ClaimUndecodable(Undecodable):
    """Runs were claimed, and the values of at least one cannot be read.

    The claim stands: `claims` are the runs that can be worked on, `run_ids` those that cannot; fail the latter, or
    they come back when their leases expire. `text` is the first value that could not be read.
    """

    def __init__(self, first: Undecodable, *, run_ids: tuple[UUID, ...], claims: tuple[Claim, ...]) -> None:
        super().__init__(f"claimed run {run_ids[0]}: {first}", text=first.text)
        self.run_ids = run_ids
        self.claims = claims


def failure(error: Exception) -> AbsurdError:
    """The error to raise for one of `DRIVER_ERRORS` that ended a call; one line of text."""
    if isinstance(error, asyncpg.PostgresError):
        return _refused_by_server(error)
    if isinstance(error, UnicodeDecodeError):
        stored = error.object.decode(error.encoding, errors="backslashreplace")
        return Undecodable(f"the database holds text that is not {error.encoding}", text=stored)
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"no answer in time: {_OUTCOME_UNKNOWN}")
    if isinstance(error, asyncpg.InterfaceError):
        return _refused_by_driver(error)
    return ConnectionLost(one_line(f"the connection broke: {text_of(error)}: {_OUTCOME_UNKNOWN}"))


def text_of(error: BaseException) -> str:
    """The text of an error, without the server's DETAIL and HINT; its class where it has no text."""
    text = error.args[0] if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError) else error
    return str(text) or type(error).__name__


def one_line(text: str) -> str:
    """The text with every line break made a space."""
    return " ".join(text.splitlines())


def sqlstate_of(error: BaseException) -> str | None:
    """PostgreSQL's code, where the error carries one."""
    return error.sqlstate if isinstance(error, asyncpg.PostgresError) else None


def _refused_by_server(error: asyncpg.PostgresError) -> AbsurdError:
    code, text = error.sqlstate or "", text_of(error)
    kind = _kind_of_text(text) if code == "P0001" else _kind_of_code(code)
    if code in _OLD_SCHEMA_CODES:
        text = f"{_called_function(text)} is not there as expected: Absurd's schema is too old: {text}"
    if kind is ConnectionLost:
        text = f"{text}: {_OUTCOME_UNKNOWN}"
    return kind(one_line(text), sqlstate=code)


def _kind_of_code(code: str) -> type[AbsurdError]:
    return _BY_CODE.get(code) or _BY_CODE_CLASS.get(code[:2], AbsurdError)


def _kind_of_text(text: str) -> type[AbsurdError]:
    return next((kind for pattern, kind in _BY_TEXT if pattern.fullmatch(text)), InvalidRequest)


def _called_function(text: str) -> str:
    name = re.search(r"absurd\.\w+", text)
    return name[0] if name else "something the call needs"


def _refused_by_driver(error: asyncpg.InterfaceError) -> AbsurdError:
    text = one_line(text_of(error))
    if re.search(r"connection (is|was) closed", text):
        return ConnectionLost(f"{text}: {_OUTCOME_UNKNOWN}")
    return InvalidRequest(text)
