"""What becomes of a task when its attempt fails, in words: its strategy, and when the next attempts would begin."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from absurd_tui import units
from absurd_tui.observe.reasons import may_be_read, whole_seconds
from absurd_tui.observe.records import State
from absurd_tui.observe.retry_delays import kind_of, rest_after, strategy_of
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say

_FORESEEN = 4
"""Of so many attempts to come the pauses are told."""


def strategy_words(stored: str | None) -> Plain:
    """Say a retry strategy in words; one that is no strategy is shown as it is stored."""
    strategy = strategy_of(stored)
    if strategy is None:
        return plain(stored or "") + plain(", which Absurd cannot read")
    kind = kind_of(strategy)
    if kind == "none":
        return plain("none: due again at once")
    if kind == "fixed":
        return say("fixed: {base} between attempts", base=_seconds(strategy.get("base_seconds", 60)))
    words = say(
        "exponential: {base} × {factor}",
        base=_seconds(strategy.get("base_seconds", 30)),
        factor=_number(strategy.get("factor", 2)),
    )
    most = strategy.get("max_seconds")
    return words + say(", at most {most}", most=_seconds(most)) if most is not None else words


def if_it_fails(page: TaskPage, clock: Clock) -> Plain | None:
    """Say what follows if the attempt that runs or waits fails now; None where nothing can be said."""
    run, strategy = page.last_run, strategy_of(page.retry_strategy)
    if run is None or page.is_over or run.started_at is None or strategy is None:
        return None
    if page.max_attempts is not None and run.attempt >= page.max_attempts:
        return plain("the task fails: it is the last attempt")
    rest = rest_after(run.attempt, strategy)
    if rest is None:
        return None
    limit = whole_seconds(page.max_duration)
    first = page.first_started_at
    if limit is not None and first is not None and clock.now + rest >= first + limit:
        return plain("the task is cancelled: the next attempt would begin beyond max_duration")
    following = _following(run.attempt, page.max_attempts, strategy)
    at = clock.at(clock.now + rest)
    begins = say("attempt {next} after {rest}, at {at}", next=run.attempt + 1, rest=_seconds(rest), at=at)
    return begins + (say("; then {following}", following=following) if following else Plain(""))


def retry_would(page: TaskPage, clock: Clock) -> Plain | None:
    """Say what a retry in place of a failed task would run again, or that it would do harm; None where none can be."""
    if page.state is not State.FAILED:
        return None
    if not (may_be_read(page.max_duration) and may_be_read(page.max_delay)):
        return plain("would stop every claim of the queue: its cancellation")
    limit, first = whole_seconds(page.max_duration), page.first_started_at
    if limit is not None and first is not None and clock.now - first >= limit:
        return plain("would be lost: max_duration is over")
    if page.checkpoints_refusal is not None:
        return plain("keeps its checkpoints, which cannot be read")
    steps = [step.checkpoint_name for step in page.checkpoints if step.status == "committed"]
    if not steps:
        return plain("runs everything again: no checkpoint")
    number = f"{len(steps):,}{'+' if page.has_more_checkpoints else ''} {'step' if len(steps) == 1 else 'steps'}"
    return say("keeps {number}; again after {last}", number=number, last=steps[-1])


def _following(attempt: int, most: int | None, strategy: Mapping[str, Any]) -> str:
    """Write the pauses after the attempts to come, `8s, 16s, 32s…`, where they are not all the same."""
    last = attempt + _FORESEEN if most is None else min(most - 1, attempt + _FORESEEN)
    pauses = [rest_after(number, strategy) for number in range(attempt, last + 1)]
    if all(before == after for before, after in pairwise(pauses)):
        return ""
    told = ", ".join(_seconds(pause) for pause in pauses[1:] if pause is not None)
    return told + ("…" if most is None or last < most - 1 else "")


def _seconds(value: Any) -> str:
    """Write a number of seconds of a strategy, whatever its JSON type is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10**9:
        return _number(value)
    return f"{value:g}s" if value < 120 else units.duration(float(value))


def _number(value: Any) -> str:
    """Write a number of a strategy, whatever its JSON type is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)[:40]
    return f"{value:g}" if abs(value) < 10**9 else str(value)[:40]
