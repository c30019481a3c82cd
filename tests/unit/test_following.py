"""What is known of tasks that are followed, what a reading adds, and what is told of them."""

from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

import pytest
from fakes import followed_task
from hypothesis import given
from hypothesis import strategies as st
from readings import HOSTILE, NOW, hostile_rows, instants, row, texts

from absurd_tui.observe.following import Follow, FollowedTask, Standings
from absurd_tui.observe.progress import LATE_AFTER, progress
from absurd_tui.observe.records import Failure, Refusal, State, TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.text import filter_terminal

CLOCK = Clock(NOW, utc=True)
IDS = tuple(UUID(int=number) for number in range(1, 1001))
ONE = Follow("payments", "charge_card", IDS[:1])


def task(task_id: UUID = IDS[0], state: State = State.PENDING, **fields: Any) -> FollowedTask:
    """A task spawned, and due, 4 seconds ago."""
    begun = {"available_at": NOW - 4, "enqueued_at": NOW - 4, "max_attempts": 5, **fields}
    made = followed_task(row(state, task_id=task_id, **begun))
    assert made is not None
    return made


def read(follow: Follow, *tasks: FollowedTask, gone: tuple[UUID, ...] = (), now: float = NOW) -> Follow:
    found: dict[UUID, FollowedTask | None] = {each.task_id: each for each in tasks}
    return follow.after(Standings(now, {**found, **dict.fromkeys(gone)}))


def told(follow: Follow, *, is_live: bool = True) -> str:
    far = progress(follow, CLOCK, is_live=is_live)
    return f"{far.state or '!'}: {far.headline.text} | {far.detail.text}"


def one(state: State, **fields: Any) -> str:
    return told(read(ONE, task(state=state, **fields)))


WHAT = "charge_card …00000001"
RAN = {"started_at": NOW - 3, "worker": "worker-1:77", "claim_expires_at": NOW + 28}
SENTENCES = [
    ("pending", {}, f"pending: Pending for 4s · {WHAT} | Attempt 1 of 5 runs when a worker of payments claims it."),
    (
        "pending",
        {"available_at": NOW - 9.9, "attempt": 2},
        f"pending: Pending for 9s · {WHAT} | Attempt 2 of 5 runs when a worker of payments claims it.",
    ),
    (
        "pending",
        {"available_at": NOW - LATE_AFTER},
        f"!: Nobody picked it up for 10s · {WHAT} | It waits: does a worker of payments run?",
    ),
    (
        "pending",
        {"available_at": NOW + 252, "enqueued_at": NOW - 3600},
        f"pending: Pending, due in 4m 12s · {WHAT} | Attempt 1 of 5 can be claimed from 14:17:32 on.",
    ),
    (
        "running",
        RAN,
        f"running: Claimed by worker-1:77 · {WHAT} | Attempt 1 of 5 runs for 3s, the lease ends in 28s.",
    ),
    (
        "running",
        {**RAN, "claim_expires_at": None, "max_attempts": None},
        f"running: Claimed by worker-1:77 · {WHAT} | Attempt 1 runs for 3s, without a lease.",
    ),
    (
        "running",
        {**RAN, "claim_expires_at": inf},
        f"running: Claimed by worker-1:77 · {WHAT} | Attempt 1 of 5 runs for 3s, the lease never ends.",
    ),
    (
        "running",
        {**RAN, "claim_expires_at": NOW - 12},
        f"!: Lease expired 12s ago · {WHAT} | Attempt 1 of 5 may still run on worker-1:77.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": inf, "wake_event": "invoice.paid"},
        f"sleeping: Waits for invoice.paid · {WHAT} | Without a limit: only that event, or cancel, ends it.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW + 60, "wake_event": "invoice.paid"},
        f"sleeping: Waits for invoice.paid · {WHAT} | At most until 14:14:20.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW + 60, "reached_step": "nap"},
        f"sleeping: Sleeps until 14:14:20 · {WHAT} | Attempt 1 of 5 goes on then.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW + 60},
        f"!: Put off by a worker until 14:14:20 · {WHAT} | Likely no worker that polls payments knows the task.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW - 2},
        f"!: Due again for 2s · {WHAT} | Likely no worker that polls payments knows the task.",
    ),
    (
        "sleeping",
        {"available_at": NOW + 60, "attempt": 2},
        f"sleeping: Sleeps, tried again in 1m 00s · {WHAT} | Attempt 1 failed; attempt 2 of 5 is due at 14:14:20.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW - 2, "reached_step": "nap"},
        f"sleeping: Due again for 2s · {WHAT} | Attempt 1 of 5 runs when a worker of payments claims it.",
    ),
    (
        "sleeping",
        {**RAN, "available_at": NOW - 70},
        f"!: Nobody picked it up for 1m · {WHAT} | It waits: does a worker of payments run?",
    ),
    (
        "completed",
        {**RAN, "ended_at": NOW - 0.5},
        f"completed: Completed after 3.5s · {WHAT} | Attempt 1 of 5, by worker-1:77.",
    ),
    (
        "failed",
        {**RAN, "attempt": 3, "failure": Failure("KeyError", "no such customer\n in f()")},
        f"failed: Failed after 3 attempts · {WHAT} | KeyError: no such customer",
    ),
    ("failed", RAN, f"failed: Failed after 1 attempt · {WHAT} | It gave no reason."),
    ("cancelled", {"cancelled_at": NOW}, f"cancelled: Cancelled after 4.0s · {WHAT} | No worker had claimed it."),
    ("cancelled", {**RAN, "cancelled_at": NOW}, f"cancelled: Cancelled after 4.0s · {WHAT} | Attempt 1 of 5."),
]


@pytest.mark.parametrize(("state", "fields", "said"), SENTENCES)
def test_what_is_told_of_one_task(state: str, fields: dict[str, Any], said: str) -> None:
    assert one(State(state), **fields) == said


def test_where_checkpoints_cannot_be_read_a_worker_is_not_said_to_know_no_task() -> None:
    asleep = replace(task(state=State.SLEEPING, started_at=NOW - 3, available_at=NOW + 60), has_steps=False)
    assert told(read(ONE, asleep)) == (f"sleeping: Sleeps until 14:14:20 · {WHAT} | Attempt 1 of 5 goes on then.")


def test_a_task_that_was_cleaned_up_is_told_so() -> None:
    gone = read(ONE, gone=IDS[:1])
    assert told(gone) == f"!: No longer in the database · {WHAT} | It was cleaned up; how it ended was not seen."
    assert gone.living == ()


def test_what_was_never_read_is_not_claimed() -> None:
    assert told(ONE, is_live=False) == (
        f"!: Not read yet · {WHAT} | Not read since it was spawned: there is no connection."
    )
    refused = ONE.refused(Refusal("locked by somebody else"))
    assert told(refused).endswith("Not read since it was spawned: locked by somebody else.")


def test_what_is_not_read_any_more_is_told_with_its_time() -> None:
    pending = read(ONE, task())
    assert told(pending, is_live=False) == f"pending: Pending for 4s · {WHAT} | As of 14:13:20; there is no connection."
    refused = pending.refused(Refusal("no right"))
    assert told(refused) == f"pending: Pending for 4s · {WHAT} | As of 14:13:20; not read since (no right)."
    again = read(refused, task(available_at=NOW - 5))
    assert told(again).startswith("pending: Pending for 5s")
    assert again.refusal is None
    over = read(ONE, task(state=State.COMPLETED, started_at=NOW, ended_at=NOW))
    assert "As of" not in told(over, is_live=False), "an end stays true"


def many(number: int = 1000) -> Follow:
    return Follow("payments", "charge_card", IDS[:number])


def test_many_tasks_are_counted_worst_first() -> None:
    states = [State.PENDING] * 12 + [State.RUNNING] * 3 + [State.COMPLETED] * 980 + [State.FAILED] * 5
    seen = read(many(), *(task(task_id, state, started_at=NOW) for task_id, state in zip(IDS, states, strict=True)))
    assert told(seen) == (
        "running: 985 of 1,000 ended · payments › charge_card | 5 failed · 12 pending · 3 claimed · 980 completed"
    )
    assert seen.living == IDS[:15]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((State.COMPLETED,) * 3, "completed: All 3 completed · payments › charge_card | 3 completed"),
        (
            (State.COMPLETED, State.CANCELLED, State.FAILED),
            "failed: All 3 ended · payments › charge_card | 1 failed · 1 cancelled · 1 completed",
        ),
        (
            (State.COMPLETED, State.COMPLETED, None),
            "!: All 3 ended · payments › charge_card | 1 no longer there · 2 completed",
        ),
        (
            (State.COMPLETED, State.SLEEPING, State.SLEEPING),
            "sleeping: 1 of 3 ended · payments › charge_card | 2 sleeping · 1 completed",
        ),
    ],
)
def test_the_end_of_many(states: tuple[State | None, ...], said: str) -> None:
    waits = {"available_at": inf, "wake_event": "invoice.paid"}
    there = [task(task_id, state, **waits) for task_id, state in zip(IDS, states, strict=False) if state]
    gone = tuple(task_id for task_id, state in zip(IDS, states, strict=False) if state is None)
    assert told(read(many(3), *there, gone=gone)) == said


def test_many_are_late_only_when_none_of_them_gets_on() -> None:
    waiting = [task(task_id, available_at=NOW - 40) for task_id in IDS[:2]]
    claimed = task(IDS[2], State.COMPLETED, started_at=NOW - 9)
    assert told(read(many(3), *waiting, claimed)).startswith("pending: 1 of 3 ended")
    assert told(read(many(3), *waiting, replace(claimed, started_at=NOW - 30))) == (
        "!: Nobody picked up 2 for 30s · payments › charge_card | 2 pending · 1 completed"
    )
    later = [replace(each, available_at=NOW + 40) for each in waiting]
    assert told(read(many(3), *later, replace(claimed, started_at=NOW - 30))).startswith("pending: 1 of 3")


def test_many_that_no_worker_knows_are_told_so() -> None:
    asleep = {"started_at": NOW - 3, "available_at": NOW + 60}
    unknown = [task(task_id, State.SLEEPING, **asleep) for task_id in IDS[:2]]
    naps = task(IDS[2], State.SLEEPING, **asleep, reached_step="nap")
    assert told(read(many(3), *unknown, naps)) == (
        "!: 2 put off, likely known to no worker · payments › charge_card | 3 sleeping"
    )


def test_only_what_may_live_is_asked_for_again() -> None:
    states = (State.COMPLETED, State.FAILED, State.CANCELLED, State.PENDING, State.RUNNING, State.SLEEPING)
    seen = read(many(8), *(task(task_id, state) for task_id, state in zip(IDS, states, strict=False)), gone=(IDS[6],))
    assert many(8).living == IDS[:8]
    assert seen.living == (IDS[3], IDS[4], IDS[5], IDS[7])
    then = read(seen, task(IDS[3], State.COMPLETED), gone=(IDS[4],), now=NOW + 1)
    assert then.living == (IDS[5], IDS[7])
    assert then.now == NOW + 1


def test_a_reading_of_other_tasks_changes_nothing() -> None:
    """Such as one that was asked for before these were spawned."""
    follow = read(many(2), task(IDS[0]))
    assert read(follow, task(IDS[9]), gone=(IDS[8],), now=NOW + 5) is follow


def test_the_subject_is_the_first_that_has_not_completed() -> None:
    follow = many(4)
    assert follow.subject == IDS[0]
    follow = read(follow, task(IDS[0], State.COMPLETED), task(IDS[1], State.PENDING), gone=(IDS[2],))
    assert follow.subject == IDS[1]
    follow = read(follow, task(IDS[1], State.COMPLETED), task(IDS[3], State.FAILED))
    assert follow.subject == IDS[3]
    assert read(many(1), task(IDS[0], State.COMPLETED)).subject == IDS[0]


@given(
    st.lists(hostile_rows, min_size=1, max_size=4, unique_by=lambda each: each.task_id), texts, instants, st.booleans()
)
def test_anything_that_a_database_holds_is_told_in_safe_words(
    rows: list[TaskRow], name: str, now: float, is_live: bool
) -> None:
    follow = Follow(HOSTILE, name, tuple(each.task_id for each in rows))
    seen = follow.after(Standings(now, {each.task_id: followed_task(each) for each in rows}))
    for refusal in (None, Refusal(HOSTILE)):
        far = progress(replace(seen, refusal=refusal), Clock(now, utc=True), is_live=is_live)
        assert filter_terminal(far.headline.text) == far.headline.text
        assert filter_terminal(far.detail.text) == far.detail.text
