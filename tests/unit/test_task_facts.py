"""The facts of a task in words, whatever its stored JSON is."""

from dataclasses import replace
from math import inf

import pytest
from task_pages import CLOCK, NOW, page, run, wait

from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.ui.widgets.retry_words import strategy_words
from absurd_tui.ui.widgets.task_facts import attempt_facts, attempts_words, fact_lines, task_facts


def facts(task: TaskPage) -> dict[str, str]:
    return {label: "".join(text.text for text, _ in spans) for label, spans in task_facts(task, CLOCK)}


def roles(task: TaskPage, label: str) -> set[str]:
    return {role for name, spans in task_facts(task, CLOCK) if name == label for _, role in spans}


def test_times_have_their_clock_and_their_distance() -> None:
    task = page(State.SLEEPING, run(1, State.SLEEPING, created_at=0, available_at=720), first_started_at=NOW - 590)
    shown = facts(task)
    assert shown["spawned"] == f"{CLOCK.at(NOW - 600)}   10m ago"
    assert shown["first started"].endswith("9m ago")
    assert shown["next attempt"].endswith("in 2m 00s")


def test_infinity_is_no_limit() -> None:
    sleeper = run(1, State.SLEEPING, available_at=inf, started_at=5, wake_event="e")
    task = page(State.SLEEPING, sleeper, waits=(wait("kyc.done", 10),))
    shown = facts(task)
    assert shown["waits for"] == "event kyc.done"
    assert shown["at most until"] == "no limit"
    times = {label: "".join(text.text for text, _ in spans) for label, spans in attempt_facts(task, sleeper, CLOCK)}
    assert times["available"] == "no limit"


def test_every_stored_time_of_an_attempt_is_there() -> None:
    ended = run(
        1,
        State.FAILED,
        created_at=0,
        available_at=10,
        started_at=10,
        failed_at=50,
        claim_expires_at=70,
        worker="pay-a:1",
    )
    labels = [label for label, _ in attempt_facts(page(State.FAILED, ended), ended, CLOCK)]
    assert labels == ["created", "available", "last started", "failed", "lease until", "worker", "run"]


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (None, "none: due again at once"),
        ('{"kind": "none"}', "none: due again at once"),
        ("{}", "none: due again at once"),
        ('{"kind": "fixed"}', "fixed: 60s between attempts"),
        ('{"kind": "fixed", "base_seconds": 0}', "fixed: 0s between attempts"),
        ('{"kind": "exponential"}', "exponential: 30s × 2"),
        (
            '{"kind": "exponential", "base_seconds": 60, "factor": 2.0, "max_seconds": 3600}',
            "exponential: 60s × 2, at most 1h 00m",
        ),
        ('{"kind": "linear"}', '{"kind": "linear"}, which Absurd cannot read'),
        ("5", "5, which Absurd cannot read"),
        ("[]", "[], which Absurd cannot read"),
        ("null", "null, which Absurd cannot read"),
        ('"\\u001b[31m"', '"\\u001b[31m", which Absurd cannot read'),
        ('{"kind": "fixed", "base_seconds": {"a": 1}}', "fixed: {'a': 1} between attempts"),
        ('{"kind": "fixed", "base_seconds": 1e400}', "fixed: inf between attempts"),
        ('{"kind": "fixed", "base_seconds": true}', "fixed: True between attempts"),
        ('{"kind": ["fixed"]}', '{"kind": ["fixed"]}, which Absurd cannot read'),
    ],
)
def test_a_retry_strategy_in_words(stored: str | None, words: str) -> None:
    assert strategy_words(stored).text == words


def test_a_limit_says_what_is_left_and_warns() -> None:
    running = run(1, State.RUNNING, created_at=0, started_at=10)
    calm = page(State.RUNNING, running, first_started_at=NOW - 60, cancellation="{}", max_duration="3600")
    assert facts(calm)["cancellation"] == "max_duration 1h 00m: 59m left"
    assert roles(calm, "cancellation") == {""}
    urgent = page(State.RUNNING, running, first_started_at=NOW - 590, cancellation="{}", max_duration="600")
    assert facts(urgent)["cancellation"] == "max_duration 10m 00s: 10s left"
    assert roles(urgent, "cancellation") == {"warning"}
    over = page(State.RUNNING, running, first_started_at=NOW - 590, cancellation="{}", max_duration="60")
    assert facts(over)["cancellation"] == "max_duration 60s: over; the next claim cancels it"
    ended = page(State.FAILED, run(1, State.FAILED), first_started_at=NOW - 590, cancellation="{}", max_duration="60")
    assert facts(ended)["cancellation"] == "max_duration 60s"


def test_max_delay_counts_only_before_the_first_start() -> None:
    waiting = page(State.PENDING, run(1, State.PENDING), cancellation="{}", max_delay="900")
    assert facts(waiting)["cancellation"] == "max_delay 15m 00s: 5m 00s left"
    started = page(
        State.RUNNING, run(1, State.RUNNING, started_at=1), cancellation="{}", max_delay="900", first_started_at=NOW
    )
    assert facts(started)["cancellation"] == "max_delay 15m 00s"


def test_a_limit_that_no_claim_can_read_is_an_alarm() -> None:
    task = page(State.PENDING, run(1, State.PENDING), cancellation='{"max_duration": "soon"}', max_duration="soon")
    assert facts(task)["cancellation"] == 'max_duration "soon": no claim in this queue can read it'
    assert roles(task, "cancellation") == {"alarm"}


@pytest.mark.parametrize("stored", ["null", "5", "[]", '"x"', "{}"])
def test_a_cancellation_of_any_type_is_shown_as_stored(stored: str) -> None:
    assert facts(page(State.PENDING, run(1, State.PENDING), cancellation=stored))["cancellation"].startswith(stored)


def test_attempts_in_words() -> None:
    bad = run(1, State.FAILED, started_at=1, failed_at=2)
    assert attempts_words(page(State.PENDING, run(1, State.PENDING))).text == "attempt 1 of 5 is next"
    assert attempts_words(page(State.SLEEPING, bad, run(2, State.SLEEPING))).text == "1 failed; attempt 2 of 5 is next"
    assert attempts_words(page(State.FAILED, bad)).text == "1 failed of 5"
    assert attempts_words(page(State.FAILED, bad, max_attempts=None)).text == "1 failed, no limit"
    done = run(2, State.COMPLETED, started_at=3, completed_at=4)
    assert attempts_words(page(State.COMPLETED, bad, done)).text == "1 failed; attempt 2 of 5 completed"
    cut = page(State.FAILED, bad, has_more_runs=True)
    assert attempts_words(cut).text == "at least 1 failed of 5"
    assert attempts_words(page(State.PENDING)).text == "0 attempts"


def test_claim_and_waits_are_told_while_the_task_lives() -> None:
    def running(**values: float) -> TaskPage:
        return page(State.RUNNING, run(1, State.RUNNING, started_at=1, worker="w:1", **values))

    assert facts(running(claim_expires_at=630))["claim"] == "w:1, 30s left"
    assert facts(running(claim_expires_at=540))["claim"] == "w:1, expired 1m ago"
    assert facts(running())["claim"] == "w:1, no lease"
    assert facts(page(State.PENDING, run(1, State.PENDING)))["claim"] == "none (not running)"
    timer = page(State.SLEEPING, run(1, State.SLEEPING, available_at=700, started_at=1))
    assert facts(timer)["waits for"] == "a time"
    over = facts(page(State.FAILED, run(1, State.FAILED)))
    assert "claim" not in over
    assert "waits for" not in over


def test_a_refused_part_says_so() -> None:
    refused = page(State.SLEEPING, run(1, State.SLEEPING, started_at=1), waits_refusal=Refusal("This role may not."))
    assert facts(refused)["waits for"] == "This role may not."


def test_a_cancelled_task_says_when_and_by_whom_likely() -> None:
    task = page(
        State.CANCELLED,
        run(1, State.CANCELLED, started_at=10),
        first_started_at=NOW - 590,
        cancelled_at=NOW - 300,
        cancellation="{}",
        max_duration="200",
    )
    assert facts(task)["cancelled by"] == "likely max_duration"
    assert facts(task)["cancelled"].endswith("5m ago")


def test_a_task_cancelled_by_a_failing_attempt_was_cancelled_by_its_max_duration_for_certain() -> None:
    failed = run(1, State.FAILED, started_at=10, failed_at=20)
    task = page(State.CANCELLED, failed, first_started_at=NOW - 590, cancelled_at=NOW - 580, max_duration="1000")
    assert facts(task)["cancelled by"] == "max_duration"


def test_hostile_text_is_one_safe_line() -> None:
    task = page(State.PENDING, run(1, State.PENDING), idempotency_key="a\x1b]0;x\x07\nb\u202e", queue="q\x9b")
    shown = facts(task)
    assert shown["idempotency key"] == "a␛]0;x␇␊b�"
    assert shown["queue"] == "q�"


def test_lines_fit_their_width() -> None:
    task = page(State.PENDING, run(1, State.PENDING, worker="w"), idempotency_key="k" * 500)
    for line in fact_lines(task, task.runs[0], CLOCK, 59):
        assert sum(len(text.text) for text, _ in line.spans) <= 59


@pytest.mark.parametrize(
    ("attempt", "strategy", "more", "words"),
    [
        (1, None, {}, "attempt 2 after 0s, at {0}"),
        (1, '{"kind": "fixed", "base_seconds": 5}', {}, "attempt 2 after 5s, at {5}"),
        (1, '{"kind": "exponential", "base_seconds": 2}', {}, "attempt 2 after 2s, at {2}; then 4s, 8s"),
        (
            2,
            '{"kind": "exponential", "base_seconds": 2}',
            {"max_attempts": None},
            "attempt 3 after 4s, at {4}; then 8s, 16s, 32s, 64s…",
        ),
        (4, '{"kind": "fixed"}', {}, "the task fails: it is the last attempt"),
        (
            1,
            '{"kind": "fixed", "base_seconds": 60}',
            {"max_duration": "30", "cancellation": "{}", "first_started_at": NOW - 10},
            "the task is cancelled: the next attempt would begin beyond max_duration",
        ),
    ],
)
def test_what_follows_if_the_attempt_fails_now(
    attempt: int, strategy: str | None, more: dict[str, object], words: str
) -> None:
    running = run(attempt, State.RUNNING, created_at=0, started_at=10)
    shown = facts(page(State.RUNNING, running, **({"max_attempts": 4, "retry_strategy": strategy} | more)))
    told = {f"{{{seconds}}}": CLOCK.at(NOW + seconds) for seconds in (0, 2, 4, 5)}
    for at, clock in told.items():
        words = words.replace(at, clock)
    assert shown["if it fails now"] == words


@pytest.mark.parametrize("strategy", ['{"kind": "linear"}', '{"kind": "fixed", "base_seconds": true}'])
def test_nothing_is_foretold_of_what_cannot_be_read_or_is_over_or_has_not_begun(strategy: str) -> None:
    running, ended, waiting = (run(1, state) for state in (State.RUNNING, State.FAILED, State.PENDING))
    for task in (
        page(State.RUNNING, replace(running, started_at=1.0), retry_strategy=strategy),
        page(State.FAILED, replace(ended, started_at=1.0)),
        page(State.PENDING, waiting),
    ):
        assert "if it fails now" not in facts(task)
