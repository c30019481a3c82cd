"""The facts of a task and of one of its attempts, as lines of label and value."""

from collections.abc import Sequence
from math import isinf

from absurd_tui import units
from absurd_tui.observe.reasons import who_cancelled, whole_seconds
from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import Attempt, TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import Line, blank, fit
from absurd_tui.ui.widgets.retry_words import if_it_fails, retry_would, strategy_words

LABEL = 17
_URGENT_SHARE = 0.2
Fact = tuple[str, Sequence[Span]]


def fact_lines(
    page: TaskPage, attempt: Attempt | None, clock: Clock, width: int, relations: Sequence[Fact] = ()
) -> list[Line]:
    """Write the facts of a task and of its relations, then those of one attempt."""
    lines = [_line(fact, width) for fact in (*task_facts(page, clock), *relations)]
    if attempt is not None:
        lines.append(Line(()))
        lines.append(Line(fit(((blank(1), ""), *_attempt_heading(attempt)), width)))
        lines += [_line(fact, width) for fact in attempt_facts(page, attempt, clock)]
    return lines


def _line(fact: Fact, width: int) -> Line:
    label, spans = fact
    return Line(fit(((blank(1), ""), *fit(((plain(label), "muted"),), LABEL), *spans), width - 1))


def task_facts(page: TaskPage, clock: Clock) -> list[Fact]:
    """Tell what is so of the task as a whole."""
    facts: list[Fact] = [
        ("queue", _text(page.queue)),
        ("spawned", _time(page.enqueued_at, clock)),
        ("first started", _time(page.first_started_at, clock, "not yet")),
    ]
    run = page.last_run
    if run is not None and not page.is_over and run.started_at is None and run.state is not State.RUNNING:
        facts.append(("next attempt", _time(run.available_at, clock)))
    if page.cancelled_at is not None:
        facts.append(("cancelled", _time(page.cancelled_at, clock)))
        row = row_of(page)
        if row is not None:
            facts.append(("cancelled by", _text(who_cancelled(row).value)))
    facts += [
        ("attempts", ((attempts_words(page), ""),)),
        ("retry strategy", ((strategy_words(page.retry_strategy), ""),)),
        *([("if it fails now", ((then, ""),))] if (then := if_it_fails(page, clock)) is not None else ()),
        *([("a retry in place", ((redo, ""),))] if (redo := retry_would(page, clock)) is not None else ()),
        *_cancellation(page, clock),
        ("idempotency key", _text(page.idempotency_key) if page.idempotency_key is not None else _muted("none")),
    ]
    return facts if page.is_over else [*facts, ("claim", _claim(page, clock)), *_waits(page, clock)]


def attempt_facts(page: TaskPage, run: Attempt, clock: Clock) -> list[Fact]:
    """Tell every time that is stored of one attempt. The last claim overwrote those of the ones before."""
    ended = "completed" if run.completed_at is not None else "failed"
    facts: list[Fact] = [
        ("created", _time(run.created_at, clock)),
        ("available", _time(run.available_at, clock)),
        ("last started", _time(run.started_at, clock, "not yet")),
    ]
    if run.ended_at is not None:
        facts.append((ended, _time(run.ended_at, clock)))
    if run.claim_expires_at is not None:
        facts.append(("lease until", _time(run.claim_expires_at, clock)))
    if run.worker is not None:
        facts.append(("worker", _text(run.worker)))
    return [*facts, ("run", _text(str(run.run_id), "muted"))]


def _attempt_heading(run: Attempt) -> tuple[Span, ...]:
    return (
        (plain(f"Attempt {run.attempt}"), "strong"),
        (blank(2), ""),
        (plain(STATE_GLYPHS[run.state]) + blank(1) + plain(run.state.value), run.state.value),
    )


def _text(raw: str, role: str = "") -> tuple[Span, ...]:
    return ((plain(raw), role),)


def _muted(words: str) -> tuple[Span, ...]:
    return ((plain(words), "muted"),)


def _time(at: float | None, clock: Clock, absent: str = units.UNKNOWN) -> tuple[Span, ...]:
    if at is None:
        return _muted(absent)
    if isinf(at):
        return _text(units.NO_LIMIT)
    return (plain(clock.at(at)), ""), (blank(3), ""), (plain(_distance(at, clock)), "muted")


def _distance(at: float, clock: Clock) -> str:
    return f"in {units.time_left(at - clock.now)}" if at > clock.now else f"{clock.ago(at)} ago"


def attempts_words(page: TaskPage) -> Plain:
    """Say how many attempts failed, and which one is next, runs or ended it."""
    run = page.last_run
    if run is None:
        return plain(units.plural(page.attempts, "attempt"))
    limit = f" of {page.max_attempts:,}" if page.max_attempts is not None else ", no limit"
    failed = sum(1 for one in page.runs if one.state is State.FAILED)
    least = "at least " if page.has_more_runs else ""
    if run.state is State.FAILED:
        return plain(f"{least}{failed:,} failed{limit}")
    before = f"{least}{failed:,} failed; " if failed else ""
    if run.started_at is None and not page.is_over:
        return plain(f"{before}attempt {run.attempt}{limit} is next")
    word = {State.RUNNING: "runs", State.SLEEPING: "sleeps", State.PENDING: "goes on when claimed"}
    return plain(f"{before}attempt {run.attempt}{limit} {word.get(run.state, run.state.value)}")


def _cancellation(page: TaskPage, clock: Clock) -> list[Fact]:
    limits = (
        ("max_duration", page.max_duration, page.first_started_at),
        ("max_delay", page.max_delay, None if page.first_started_at is not None else page.enqueued_at),
    )
    facts: list[Fact] = []
    for name, value, since in limits:
        if value is not None:
            facts.append(("cancellation" if not facts else "", _limit(page, name, value, since, clock)))
    if facts:
        return facts
    if page.cancellation is not None:
        return [("cancellation", (*_text(page.cancellation), (plain(" sets no limit"), "muted")))]
    return [("cancellation", _muted("none"))]


def _limit(page: TaskPage, name: str, value: str, since: float | None, clock: Clock) -> tuple[Span, ...]:
    limit = whole_seconds(value)
    if limit is None:
        said = say('{name} "{value}": no claim in this queue can read it', name=name, value=value)
        return ((said, "muted" if page.is_over else "alarm"),)
    allowed = plain(f"{name} {units.duration(float(limit)) if limit >= 120 else f'{limit}s'}")
    if page.is_over or since is None:
        return ((allowed, ""),)
    left = since + limit - clock.now
    if left <= 0:
        return ((allowed + plain(": over; the next claim cancels it"), "caution"),)
    role = "warning" if left < limit * _URGENT_SHARE else ""
    return ((allowed + plain(f": {units.time_left(left)} left"), role),)


def _claim(page: TaskPage, clock: Clock) -> tuple[Span, ...]:
    run = page.last_run
    if run is None or page.state is not State.RUNNING:
        return _muted("none (not running)")
    worker: Span = (plain(run.worker or "unnamed worker"), "")
    if run.claim_expires_at is None:
        return worker, (plain(", no lease"), "warning")
    left = run.claim_expires_at - clock.now
    if left <= 0:
        return worker, (plain(f", expired {units.time_left(left)}"), "alarm")
    return worker, (plain(f", {units.time_left(left)} left"), "")


def _waits(page: TaskPage, clock: Clock) -> list[Fact]:
    if page.waits_refusal is not None:
        return [("waits for", ((plain(page.waits_refusal.reason), "warning"),))]
    if not page.waits:
        run = page.last_run
        if run is not None and run.state is State.SLEEPING and run.started_at is not None and not page.is_over:
            return [("waits for", _text("a time")), ("until", _time(run.available_at, clock))]
        return [("waits for", _muted("nothing"))]
    facts: list[Fact] = []
    for wait in page.waits:
        facts.append(("waits for", (*_text("event "), *_text(wait.event_name, "bold"))))
        facts.append(("waits since", _time(wait.created_at, clock)))
        facts.append(("at most until", _time(wait.timeout_at, clock, units.NO_LIMIT)))
    return facts
