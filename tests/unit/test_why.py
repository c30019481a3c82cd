import re
from datetime import UTC
from math import inf

import pytest
from hypothesis import given
from readings import HOSTILE, NOW, YEAR_4713_BC, YEAR_294276, hostile_rows, row

from absurd_tui.observe.records import Failure, State, TaskRow
from absurd_tui.observe.why import Clock, why
from absurd_tui.text import clean

CLOCK = Clock(NOW, utc=True, offset=UTC)
AT_FIVE_MINUTES = CLOCK.at(NOW + 300)
RETRY = {"attempt": 2, "max_attempts": 5, "failure": Failure("HTTPError", "503"), "available_at": NOW + 300}


def told(state: State, **fields: object) -> tuple[str, str]:
    first, second = why(row(state, **fields), CLOCK)
    return first.text, second.text


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        (
            {"available_at": NOW - 720, "max_attempts": 3},
            "Due for 12m.",
            "It runs when a worker of this queue claims it; the oldest due is claimed first.",
        ),
        ({"available_at": NOW + 0.5, "attempt": 7}, "Due for 0s.", "It runs when "),
        ({"available_at": NOW + 60}, "Due for –.", ""),
        ({"available_at": -inf}, "Due for forever.", ""),
        ({"available_at": inf}, "Due for –.", ""),
        (
            {"started_at": NOW - 60, "reached_step": "$awaitEvent:paid:7", "available_at": NOW - 4},
            "Woken by paid:7; due for 4s.",
            "It runs when a worker of this queue claims it",
        ),
        ({"started_at": NOW - 60, "reached_step": "$await:paid", "available_at": NOW - 4}, "Woken by paid; due", ""),
        ({"started_at": NOW - 60, "reached_step": "own", "available_at": NOW - 4}, "Woken by an event; due", ""),
        ({"started_at": NOW - 60, "available_at": NOW - 4}, "Woken by an event; due", ""),
    ],
)
def test_pending(fields: dict[str, object], first: str, second: str) -> None:
    said = told(State.PENDING, **fields)
    assert said[0].startswith(first)
    assert said[1].startswith(second)


@pytest.mark.parametrize(
    ("last_claim", "said"),
    [
        (NOW - 720, f"No claim was seen in mail since {CLOCK.at(NOW - 720)}."),
        (NOW - 60, f"No claim was seen in mail since {CLOCK.at(NOW - 60)}."),
        (NOW - 59, "The last claim in mail was seen 59s ago; the oldest due is claimed first."),
        (NOW - 3, "The last claim in mail was seen 3s ago; the oldest due is claimed first."),
    ],
)
def test_what_is_pending_tells_of_the_last_claim_in_its_queue(last_claim: float, said: str) -> None:
    assert why(row(State.PENDING), CLOCK, last_claim)[1].text == said


def test_a_claim_that_was_long_ago_is_told_by_its_time_also_where_the_task_was_due_before() -> None:
    waits = row(State.PENDING, available_at=NOW - 900)
    assert why(waits, CLOCK, NOW - 720)[1].text == f"No claim was seen in mail since {CLOCK.at(NOW - 720)}."


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        (
            {"claim_expires_at": NOW + 4, "max_attempts": 2},
            "Runs for 24m on gpu-2:118.",
            "The lease ends in 4s; without a heartbeat, the next claim ends attempt 1 of 2.",
        ),
        (
            {"claim_expires_at": NOW - 720},
            "The lease expired 12m ago on gpu-2:118.",
            "It may still run; the next claim in this queue ends attempt 1.",
        ),
        ({"claim_expires_at": NOW}, "The lease expired 0s ago on gpu-2:118.", "It may still run; "),
        (
            {"claim_expires_at": None},
            "Runs for 24m on gpu-2:118, claimed without a lease.",
            "Nothing will end this run but its worker.",
        ),
        (
            {"claim_expires_at": inf},
            "Runs for 24m on gpu-2:118.",
            "The lease never ends: nothing will end this run but its worker.",
        ),
        ({"claim_expires_at": -inf}, "The lease expired forever ago on gpu-2:118.", "It may still run; "),
        ({"claim_expires_at": NOW + 9, "worker": None}, "Runs for 24m on an unnamed worker.", "The lease ends in 9s; "),
        ({"claim_expires_at": NOW + 9, "worker": ""}, "Runs for 24m on an unnamed worker.", "The lease ends in 9s; "),
        ({"claim_expires_at": NOW + 9, "started_at": None}, "Runs for 1m on gpu-2:118.", "The lease ends in 9s; "),
        ({"claim_expires_at": NOW + 9, "started_at": NOW + 9}, "Runs for – on gpu-2:118.", "The lease ends in 9s; "),
    ],
)
def test_running(fields: dict[str, object], first: str, second: str) -> None:
    said = told(State.RUNNING, **{"worker": "gpu-2:118", "started_at": NOW - 1440, **fields})
    assert said[0] == first
    assert said[1].startswith(second)


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        (
            {"wake_event": "ready", "available_at": inf},
            "Waits for the event ready without a limit.",
            "Only that event, or cancel, ends the wait.",
        ),
        (
            {"wake_event": "ready", "available_at": NOW + 300},
            f"Waits for the event ready, at most until {AT_FIVE_MINUTES}.",
            "Emitting it in mail wakes the task.",
        ),
        (
            {"wake_event": "ready", "available_at": -inf},
            "Waits for the event ready, at most until -infinity.",
            "Emitting it in mail wakes the task.",
        ),
        (
            RETRY,
            f"Attempt 1 failed (HTTPError). Attempt 2 of 5 starts in 5m 00s, at {AT_FIVE_MINUTES}.",
            "Only time wakes it: Absurd has no call that starts it earlier.",
        ),
        (
            RETRY | {"failure": None, "available_at": NOW - 2},
            "Attempt 1 failed. Attempt 2 of 5 is due for 2s.",
            "Only time wakes it",
        ),
        (RETRY | {"available_at": inf}, "Attempt 1 failed (HTTPError). Attempt 2 of 5 never starts by itself.", ""),
        (
            {"started_at": NOW - 9, "reached_step": "nap", "available_at": NOW + 300},
            f"Sleeps until {AT_FIVE_MINUTES}, set by step nap.",
            f"It starts in 5m 00s, at {AT_FIVE_MINUTES}.",
        ),
        (
            {"started_at": NOW - 9, "reached_step": "nap", "available_at": inf},
            "Sleeps without a limit, set by step nap.",
            "It never starts by itself.",
        ),
        (
            {"started_at": NOW - 9, "available_at": NOW + 300},
            f"Put off by a worker without a checkpoint; it starts in 5m 00s, at {AT_FIVE_MINUTES}.",
            "Likely no worker that polls this queue knows the task: is a deployment missing?",
        ),
        (
            {"started_at": NOW - 9, "available_at": inf},
            "Put off by a worker without a checkpoint; it never starts by itself.",
            "Likely no worker",
        ),
        (
            {"started_at": NOW - 9, "available_at": YEAR_294276},
            "Put off by a worker without a checkpoint; it starts in 292444y, at year 294276.",
            "Likely no worker",
        ),
    ],
)
def test_sleeping(fields: dict[str, object], first: str, second: str) -> None:
    said = told(State.SLEEPING, **fields)
    assert said[0] == first
    assert said[1].startswith(second)


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        (
            {"ended_at": NOW - 9},
            "The only attempt failed, 9s ago.",
            "KeyError: k. A retry in place keeps its checkpoints.",
        ),
        (
            {"ended_at": NOW - 9, "attempt": 5},
            "All 5 attempts failed, the last 9s ago.",
            "KeyError: k. A retry in place keeps its checkpoints.",
        ),
        (
            {"ended_at": NOW - 9, "failure": None},
            "The only attempt failed, 9s ago.",
            "No reason was recorded. A retry in place keeps its checkpoints.",
        ),
        ({"ended_at": None}, "The only attempt failed, – ago.", "KeyError: k. A retry in place keeps its checkpoints."),
        ({"ended_at": inf}, "The only attempt failed, – ago.", "KeyError: k. A retry in place keeps its checkpoints."),
        (
            {"ended_at": NOW - 9, "attempt": 2, "max_attempts": 5, "is_retried": True},
            "Attempt 2 of 5 failed 9s ago; the task was tried again or cancelled.",
            "KeyError: k.",
        ),
    ],
)
def test_failed(fields: dict[str, object], first: str, second: str) -> None:
    assert told(State.FAILED, **{"failure": Failure("KeyError", "k"), **fields}) == (first, second)


@pytest.mark.parametrize(
    ("fields", "first", "second"),
    [
        ({"ended_at": NOW - 2, "attempt": 3}, "Completed 2s ago at attempt 3.", "58s from spawn to end."),
        ({"ended_at": None}, "Completed at attempt 1.", ""),
        ({"ended_at": NOW + 99}, "Completed – ago at attempt 1.", "2m 39s from spawn to end."),
        ({"ended_at": NOW - 99}, "Completed 1m ago at attempt 1.", "– from spawn to end."),
        ({"ended_at": inf, "enqueued_at": inf}, "Completed – ago at attempt 1.", "– from spawn to end."),
    ],
)
def test_completed(fields: dict[str, object], first: str, second: str) -> None:
    assert told(State.COMPLETED, **fields) == (first, second)


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"cancelled_at": NOW - 60}, "Cancelled 1m ago after 0s, likely by an operator."),
        ({"cancelled_at": None}, "Cancelled – ago after –, likely by an operator."),
        (
            {"cancelled_at": NOW - 60, "first_started_at": NOW - 1860, "max_duration": "1800"},
            "Cancelled 1m ago after 30m, likely by max_duration 30m.",
        ),
        (
            {"cancelled_at": NOW, "enqueued_at": NOW - 9, "max_delay": "9"},
            "Cancelled 0s ago after 9s, likely by max_delay 9s.",
        ),
        (
            {
                "cancelled_at": NOW - 60,
                "first_started_at": NOW - 70,
                "max_duration": "1000",
                "is_cancelled_by_failure": True,
            },
            "Cancelled 1m ago: attempt 2 would start beyond max_duration 16m.",
        ),
        ({"cancelled_at": YEAR_294276}, "Cancelled – ago after 292444y, likely by an operator."),
        ({"cancelled_at": YEAR_4713_BC}, "Cancelled 6743y ago after –, likely by an operator."),
    ],
)
def test_cancelled(fields: dict[str, object], first: str) -> None:
    assert told(State.CANCELLED, **fields) == (first, "A cancelled task cannot be retried; n spawns a copy.")


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        (State.PENDING, {"started_at": NOW, "reached_step": "$awaitEvent:" + HOSTILE}),
        (State.RUNNING, {"worker": HOSTILE}),
        (State.SLEEPING, {"wake_event": HOSTILE, "queue": HOSTILE, "available_at": NOW + 9}),
        (State.SLEEPING, {"attempt": 2, "failure": Failure(HOSTILE, HOSTILE)}),
        (State.SLEEPING, {"started_at": NOW, "reached_step": HOSTILE}),
        (State.FAILED, {"failure": Failure(HOSTILE, HOSTILE)}),
    ],
)
def test_names_from_the_database_are_told_and_command_nothing(state: State, fields: dict[str, object]) -> None:
    said = " ".join(told(state, **fields))
    assert "␛[31m" in said
    assert clean(said) == said
    assert said.isprintable()


@given(hostile_rows)
def test_every_row_can_be_told_about_in_sentences(hostile: TaskRow) -> None:
    first, second = why(hostile, CLOCK)
    for said in (first.text, second.text):
        assert clean(said) == said
    ours = _without_names(hostile, f"{first.text} {second.text}")
    assert not re.search(r"\b(for|ago|Completed|Cancelled) in \d", ours)
    assert "for never" not in ours
    assert "never ago" not in ours
    assert "ago ago" not in ours
    assert "no limit" not in ours
    assert "Attempt 0" not in ours


def _without_names(hostile: TaskRow, said: str) -> str:
    """A sentence without what the row brought, which may hold any words."""
    failure = hostile.failure or Failure(None, None)
    names = (hostile.queue, hostile.worker, hostile.wake_event, hostile.reached_step, failure.name, failure.message)
    for name in sorted((clean(name) for name in names if name), key=len, reverse=True):
        said = said.replace(name, "")
    return said
