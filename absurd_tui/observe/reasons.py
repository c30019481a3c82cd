"""Why a task sleeps, and who likely cancelled it: what Absurd's columns leave to be inferred.

Absurd's state `sleeping` mixes four things, and a cancelled row does not say by
whom. What is told apart here follows from how the stored functions write the
columns; whatever is a guess is named likely on the screen.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from absurd_tui.observe.records import Failure, TaskRow

_DIGITS = re.compile(r"\s*([+-]?[0-9]{1,100})\s*")
_DIGITS_OF_ANY_BASE = re.compile(r"\s*[+-]?(0[xXoObB][0-9a-fA-F_]+|[0-9]+(_[0-9]+)+)\s*")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


class Sleep(Enum):
    """What a sleeping run waits for."""

    RETRY = auto()
    """The pause before another attempt: not started, not the first, and waits for no event."""
    EVENT = auto()
    """An event, with or without a limit."""
    TIMER = auto()
    """A time that a step of its own set; the step is its newest checkpoint."""
    DEFERRED = auto()
    """Put off by a worker without a checkpoint: likely one that does not know the task."""


@dataclass(frozen=True, slots=True)
class SleepReason:
    """Why a run sleeps; `detail` is raw: the event's or step's name, or the failure's head."""

    kind: Sleep
    detail: str


class Sleeper(Protocol):
    """What is read of a sleeping run, wherever that is told."""

    @property
    def wake_event(self) -> str | None:
        """The event that would wake it."""
        ...

    @property
    def started_at(self) -> float | None:
        """When it was claimed last."""
        ...

    @property
    def attempt(self) -> int:
        """Which attempt it is."""
        ...

    @property
    def failure(self) -> Failure | None:
        """Why the attempt before it failed."""
        ...

    @property
    def reached_step(self) -> str | None:
        """Its newest checkpoint."""
        ...


SPELLINGS = ("$awaitEvent:", "$await:")
"""How the steps that wait for an event begin: in Absurd's own SDKs, and in gabsurd."""


def event_awaited_by(step: str) -> str | None:
    """Give the event that a step waits for, by its name in either spelling; None for a step with a name of its own."""
    return next((step[len(word) :] for word in SPELLINGS if step.startswith(word)), None)


def why_sleeping(row: Sleeper) -> SleepReason:
    """Tell from a sleeping row what it waits for."""
    if row.wake_event is not None:
        return SleepReason(Sleep.EVENT, row.wake_event)
    if row.started_at is None and row.attempt > 1:
        return SleepReason(Sleep.RETRY, headline(row.failure))
    if row.reached_step is not None:
        return SleepReason(Sleep.TIMER, row.reached_step)
    return SleepReason(Sleep.DEFERRED, "")


def headline(failure: Failure | None) -> str:
    """Give a failure in a few raw words: its name and the first line of its message."""
    if failure is None:
        return ""
    message = (failure.message or "").strip().split("\n", 1)[0].strip()
    if not failure.name:
        return message
    return f"{failure.name}: {message}" if message else failure.name


def short_name(failure: Failure | None) -> str:
    """Give the shortest raw name of a failure: its name, or else the beginning of its message."""
    if failure is None:
        return ""
    return failure.name or headline(failure)


class Canceller(Enum):
    """Who cancelled a task, as far as its row tells."""

    OVER_DURATION = "max_duration"
    """For certain: only a failing attempt after which the next would start too late ends so."""
    OPERATOR = "likely operator"
    MAX_DURATION = "likely max_duration"
    MAX_DELAY = "likely max_delay"


def who_cancelled(row: TaskRow) -> Canceller:
    """Tell from a cancelled row whether one of its limits struck: by its last run, or likely by its times."""
    if row.is_cancelled_by_failure:
        return Canceller.OVER_DURATION
    if row.cancelled_at is None:
        return Canceller.OPERATOR
    duration, delay = whole_seconds(row.max_duration), whole_seconds(row.max_delay)
    started = row.first_started_at
    if duration is not None and started is not None and row.cancelled_at - started >= duration:
        return Canceller.MAX_DURATION
    if delay is not None and started is None and row.cancelled_at - row.enqueued_at >= delay:
        return Canceller.MAX_DELAY
    return Canceller.OPERATOR


def stops_claims(row: TaskRow) -> bool:
    """Whether a live task has a limit that absurd.claim_task cannot read, which ends every claim in its queue."""
    return not (may_be_read(row.max_duration) and may_be_read(row.max_delay))


def may_be_read(limit: str | None) -> bool:
    """Whether the database reads a limit as a bigint, or may: newer ones also know 0x10 and 1_000."""
    if limit is None or _DIGITS_OF_ANY_BASE.fullmatch(limit):
        return True
    read = _DIGITS.fullmatch(limit)
    return read is not None and -(2**63) <= int(read[1]) < 2**63


def whole_seconds(value: str | None) -> int | None:
    """Read a limit of a cancellation policy as the database would, or None where there is none it can read."""
    return int(value) if value is not None and _WHOLE.fullmatch(value) else None
