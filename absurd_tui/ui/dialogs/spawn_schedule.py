"""When the attempts of a task would start if each failed at once (absurd.retry_delay_seconds, absurd.fail_run)."""

from dataclasses import dataclass
from enum import Enum

from absurd_tui.lifecycle.options import (
    LONGEST_DELAY,
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    NoRetry,
    RetryStrategy,
    SpawnOptions,
)

_MOST_ADDED_UP = 1_000


class Ending(Enum):
    """What comes after the last attempt."""

    FAILED = "failed"
    CANCELLED = "cancelled"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the wait before it, and its start counted from the first start, both in seconds."""

    number: int
    waits: float
    starts: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The first attempts, how many there are (None: no limit), and how it ends, counted from the first start."""

    attempts: tuple[Attempt, ...]
    count: int | None
    ending: Ending
    ends: float


def delay(strategy: RetryStrategy | None, attempt: int) -> float:
    """Give the seconds between the failure of an attempt, from 1, and the start of the next."""
    match strategy:
        case None | NoRetry():
            return 0.0
        case FixedRetry(base):
            return float(base)
        case ExponentialRetry(base, factor, most):
            cap = LONGEST_DELAY if most is None else most
            try:
                return 0.0 if base == 0 else float(min(base * float(factor) ** (attempt - 1), cap))
            except OverflowError:
                return float(cap)


def schedule(options: SpawnOptions, shown: int) -> Schedule:
    """Lay out the attempts, at most `shown` of them; beyond 1,000 attempts the end is not added up.

    A limit of the task's duration ends it earlier: Absurd starts no attempt that would begin past it. With a limit of
    0 on the delay there is no attempt at all.
    """
    limits = options.cancellation or Cancellation()
    if limits.max_delay == 0:
        return Schedule((), 0, Ending.CANCELLED, 0.0)
    count = options.max_attempts
    attempts = [Attempt(1, 0.0, 0.0)]
    last = attempts[0]
    for number in range(2, min(count or _MOST_ADDED_UP, _MOST_ADDED_UP) + 1):
        waits = delay(options.retry_strategy, number - 1)
        if limits.max_duration is not None and last.starts + waits >= limits.max_duration:
            return Schedule(tuple(attempts[:shown]), last.number, Ending.CANCELLED, last.starts)
        last = Attempt(number, waits, last.starts + waits)
        attempts.append(last)
    ending = Ending.NONE if count is None else Ending.FAILED if count <= _MOST_ADDED_UP else Ending.UNKNOWN
    return Schedule(tuple(attempts[:shown]), count, ending, last.starts)
