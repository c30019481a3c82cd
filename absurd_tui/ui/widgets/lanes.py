"""What is known of how a task spent its time: one lane per attempt, made of stretches.

A claim overwrites `started_at` and `available_at`, and nothing records when a run
fell asleep. So of an attempt that was claimed more than once only its checkpoints
and its last claim are known; the rest is a stretch that was not recorded.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import isfinite

from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import Attempt, TaskPage

_SAME = 0.05
"""Seconds by which two times of the same moment may differ, as one transaction's clock reads vary."""
_AFTER_FAILURE = 1.0


class Kind(Enum):
    """What an attempt did over a stretch of time."""

    WAITS = auto()
    RUNS = auto()
    SLEEPS = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time an attempt spent in one way."""

    kind: Kind
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A checkpoint by its number in the list, and when it was saved."""

    number: int
    at: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One attempt over time. `ended_at` and `planned_at` are None where there is no end or no planned start."""

    attempt: Attempt
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    ended_at: float | None
    planned_at: float | None


def lanes(page: TaskPage, now: float) -> tuple[Lane, ...]:
    """Make the lane of each attempt of a task, as it is at `now`."""
    marks: dict[object, list[Mark]] = {}
    for number, step in enumerate(page.checkpoints, start=1):
        marks.setdefault(step.owner_run_id, []).append(Mark(number, step.updated_at))
    backs_off = _backs_off(page.retry_strategy)
    before: Attempt | None = None
    made: list[Lane] = []
    for run in page.runs:
        made.append(_lane(page, run, tuple(marks.get(run.run_id, ())), _idle(run, before, backs_off=backs_off), now))
        before = run
    return tuple(made)


def _lane(page: TaskPage, run: Attempt, marks: tuple[Mark, ...], idle: Kind, now: float) -> Lane:
    ended = run.ended_at if run.ended_at is not None or run.state is not State.CANCELLED else page.cancelled_at
    planned = run.available_at if run.state in (State.PENDING, State.SLEEPING) and run.available_at > now else None
    until = ended if ended is not None else now
    if run.started_at is None:
        stretches = _not_started(run, idle, until)
    else:
        stretches = [*_before_claim(page, run, marks, idle), *_since_claim(page, run, marks, until)]
    kept = tuple(s for s in stretches if isfinite(s.start) and isfinite(s.end) and s.end > s.start)
    return Lane(run, kept, marks, ended, planned)


def _idle(run: Attempt, before: Attempt | None, *, backs_off: bool) -> Kind:
    """Say how an attempt spent the time before its start: put off after a failure, or waiting for a worker."""
    if run.state is State.SLEEPING and run.started_at is None:
        return Kind.SLEEPS
    follows = before is not None and before.failed_at is not None
    if follows and before is not None and before.failed_at is not None:
        follows = abs(run.created_at - before.failed_at) < _AFTER_FAILURE
    return Kind.SLEEPS if follows and backs_off else Kind.WAITS


def _not_started(run: Attempt, idle: Kind, until: float) -> list[Stretch]:
    if run.state is State.CANCELLED:
        return [Stretch(idle, run.created_at, until)]
    if run.available_at > until:
        end = run.available_at if isfinite(run.available_at) else until
        return [Stretch(idle, run.created_at, end)]
    return [Stretch(idle, run.created_at, run.available_at), Stretch(Kind.WAITS, run.available_at, until)]


def _before_claim(page: TaskPage, run: Attempt, marks: Sequence[Mark], idle: Kind) -> list[Stretch]:
    """Tell the time up to the last claim, of which no more is known when it was not the first."""
    assert run.started_at is not None
    first = page.first_started_at if run.attempt == 1 else None
    if first is not None and first < run.started_at - _SAME:
        return [Stretch(idle, run.created_at, first), Stretch(Kind.UNKNOWN, first, run.started_at)]
    if any(mark.at < run.started_at - _SAME for mark in marks):
        return [Stretch(Kind.UNKNOWN, run.created_at, run.started_at)]
    return [Stretch(idle, run.created_at, run.started_at)]


def _since_claim(page: TaskPage, run: Attempt, marks: Sequence[Mark], until: float) -> list[Stretch]:
    started = run.started_at
    assert started is not None
    if run.state not in (State.SLEEPING, State.PENDING, State.CANCELLED):
        return [Stretch(Kind.RUNS, started, until)]
    is_cancelled = run.state is State.CANCELLED
    woken = until if is_cancelled else min(run.available_at, until)
    seen = [mark.at for mark in marks if started <= mark.at < woken - _SAME]
    if run.state is State.SLEEPING:
        fell = max((wait.created_at for wait in page.waits), default=seen[-1] if seen else started)
        end = run.available_at if isfinite(run.available_at) else until
        stretches = [Stretch(Kind.RUNS, started, fell), Stretch(Kind.SLEEPS, fell, end)]
    else:
        last = seen[-1] if seen else started
        stretches = [Stretch(Kind.RUNS, started, last), Stretch(Kind.UNKNOWN, last, woken)]
    if not is_cancelled and run.available_at < until:
        stretches.append(Stretch(Kind.WAITS, run.available_at, until))
    return stretches


def _backs_off(strategy: str | None) -> bool:
    """Whether a retry strategy, as stored, puts a pause before the next attempt."""
    try:
        read = json.loads(strategy) if strategy else None
    except ValueError:
        return False
    return isinstance(read, dict) and read.get("kind") in ("fixed", "exponential")
