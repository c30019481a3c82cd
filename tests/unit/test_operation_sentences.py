"""Every outcome in words, for a task that has an id, and for spawns that have none."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from absurd_tui.lifecycle import Cancellation, ExponentialRetry, FixedRetry, SpawnOptions
from absurd_tui.lifecycle.json_values import Json
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.operations.outcomes import (
    After,
    AlreadyEmitted,
    AlreadySo,
    Changed,
    Done,
    Gone,
    Locked,
    NotApplied,
    Outcome,
    Refused,
    Unknown,
)
from absurd_tui.operations.queue_sentences import Sentence
from absurd_tui.operations.requests import CancelTask, EmitEvent, ExtendClaim, Request, RetryTask, SpawnTask, Target
from absurd_tui.operations.retry import Retry
from absurd_tui.operations.sentences import looking_up, operation, sentence, under_way
from absurd_tui.operations.spawn import OWN_KEY, Spawn

NOW = 1_800_000_000.0  # 08:00:00 UTC
CLOCK = Clock(NOW, utc=True)
TASK = UUID("019a32d3-8425-7ae2-a5af-2f177be2d48a")
NEW = UUID("019a32d3-8425-7ae2-a5af-2f17a0d477e0")
TARGET = Target("payments", TASK, NEW, "charge_card", State.RUNNING, 4, NOW + 60, NOW)
FAILED = replace(TARGET, state=State.FAILED)
CANCEL, EXTEND = CancelTask(TARGET), ExtendClaim(TARGET, 300)
RETRY, AS_NEW = RetryTask(FAILED), RetryTask(FAILED, as_new=True)
SPAWN, MANY = SpawnTask("payments", "charge_card", {}), SpawnTask("payments", "charge_card", {}, count=5)


def after(state: State, attempt: int = 4, lease: float | None = None) -> After:
    return After(state, attempt, lease, NOW)


PENDING = after(State.PENDING, 1)
CASES: list[tuple[Request, Outcome, str]] = [
    (
        CANCEL,
        Done(after(State.CANCELLED)),
        "✓ Cancelled · payments › charge_card …7be2d48a | Read back 08:00:00: by this call. n spawns a copy.",
    ),
    (
        RETRY,
        Done(after(State.PENDING, 5)),
        "✓ Retried · payments › charge_card …7be2d48a | Read back 08:00:00: pending, attempt 5.",
    ),
    (
        AS_NEW,
        Done(PENDING, (NEW,)),
        "✓ Retried as new · …a0d477e0 in payments | Pending; the old task stays failed.",
    ),
    (
        EXTEND,
        Done(after(State.RUNNING, 4, NOW + 299.998)),
        "✓ Extended · payments › charge_card …7be2d48a | Read back 08:00:00: the lease ends at 08:04:59, in 5m 00s.",
    ),
    (
        EXTEND,
        Done(after(State.COMPLETED)),
        "✓ Extended · payments › charge_card …7be2d48a | Read back 08:00:00: completed, attempt 4.",
    ),
    (
        CANCEL,
        Done(None),
        "✓ Cancelled · payments › charge_card …7be2d48a"
        " | The server says that it was committed; the task is no longer there.",
    ),
    (
        SPAWN,
        Done(None, (NEW,)),
        "✓ Spawned · …a0d477e0 in payments | The server says that it was committed; the task is no longer there.",
    ),
    (SPAWN, Done(PENDING, (NEW,)), "✓ Spawned · …a0d477e0 in payments | Pending."),
    (
        MANY,
        Done(PENDING, (NEW,) * 5),
        "✓ Spawned 5 tasks · payments › charge_card | Pending.",
    ),
    (
        MANY,
        Done(PENDING, (NEW,)),
        "✓ Spawned 1 task · payments › charge_card | 4 keys were taken before: nothing new for these.",
    ),
    (
        CANCEL,
        AlreadySo(after(State.CANCELLED), NOW - 2.4),
        "= Already so · payments › charge_card …7be2d48a | Cancelled 2s before, not by this call.",
    ),
    (
        RETRY,
        AlreadySo(after(State.PENDING, 5), NOW - 90),
        "= Already so · payments › charge_card …7be2d48a | Not by this call, 1m before: pending, attempt 5.",
    ),
    (
        RETRY,
        AlreadySo(after(State.RUNNING, 6), None),
        "= Already so · payments › charge_card …7be2d48a | Not by this call: running, attempt 6.",
    ),
    (
        SPAWN,
        AlreadySo(after(State.COMPLETED), None, NEW),
        "= Already so · …a0d477e0 (completed) in payments | It has the key: the params were not used.",
    ),
    (
        MANY,
        AlreadySo(PENDING, None, NEW),
        "= Already so · …a0d477e0 (pending) in payments | It has the first key. No params were used.",
    ),
    (
        CANCEL,
        Changed(after(State.RUNNING, 5)),
        "! Changed since you looked · now running, attempt 5 | payments › charge_card …7be2d48a. Nothing was sent.",
    ),
    (
        CANCEL,
        Gone(),
        "! Gone · payments › charge_card …7be2d48a | The task is no longer in the database. Nothing was sent.",
    ),
    (CANCEL, Refused("No."), "✗ Refused · No. | Nothing changed."),
    (CANCEL, Refused("No right.", "GRANT"), "✗ Refused · No right. | Nothing changed. ? shows the GRANT."),
    (
        CANCEL,
        Locked(123, "psql", 130.0),
        "✗ Locked by pid 123, psql, for 2m · payments › charge_card …7be2d48a | No lock within 3s. Nothing changed.",
    ),
    (
        SPAWN,
        Locked(None, None, None),
        "✗ Locked by another session · payments › charge_card | No lock within 3s. Nothing changed.",
    ),
    (
        CANCEL,
        NotApplied("It broke."),
        "✗ Not applied · payments › charge_card …7be2d48a | It broke. Nothing changed.",
    ),
    (
        EXTEND,
        Unknown(77, "It broke.", after(State.RUNNING)),
        "? Unknown · Connection lost extending …7be2d48a"
        " | It broke. Transaction 77. The task is now running, attempt 4. Look before you repeat it.",
    ),
    (
        SPAWN,
        Unknown(None, "It broke."),
        "? Unknown · Connection lost spawning charge_card | It broke. Look before you repeat it.",
    ),
]


@pytest.mark.parametrize(("request_", "outcome", "told"), CASES)
def test_every_outcome_has_its_words(request_: Request, outcome: Outcome, told: str) -> None:
    glyph, headline, detail = sentence(request_, outcome, CLOCK)
    assert f"{glyph} {headline.text} | {detail.text}" == told


def test_a_hostile_name_cannot_command_the_terminal() -> None:
    hostile = CancelTask(replace(TARGET, task_name="\x1b]52;c;aGk=\x07", queue="a\nb"))
    _, headline, _ = sentence(hostile, Gone(), CLOCK)
    assert headline.text == "Gone · a␊b › ␛]52;c;aGk=␇ …7be2d48a"


@pytest.mark.parametrize(
    ("request_", "waits", "lost"),
    [
        (CANCEL, "Cancelling · payments › charge_card …7be2d48a", "cancelling …7be2d48a"),
        (AS_NEW, "Retrying · payments › charge_card …7be2d48a", "retrying …7be2d48a"),
        (EXTEND, "Extending · payments › charge_card …7be2d48a", "extending …7be2d48a"),
        (MANY, "Spawning · payments › charge_card", "spawning charge_card"),
    ],
)
def test_a_write_that_is_not_over_claims_nothing(request_: Request, waits: str, lost: str) -> None:
    def told(said: Sentence) -> str:
        return " | ".join((said[0], said[1].text, said[2].text))

    assert told(under_way(request_, is_committing=False)) == f"… | {waits} | Under way; it may wait for a lock."
    assert told(under_way(request_, is_committing=True)) == f"… | {waits} | The COMMIT was sent; no answer yet."
    assert told(looking_up(request_)) == f"? | Unknown · Connection lost {lost} | Looking it up; do not repeat it."


def test_operations_have_one_word_each() -> None:
    assert [operation(each) for each in (CANCEL, AS_NEW, EXTEND, SPAWN)] == ["cancel", "retry", "extend", "spawn"]


def test_the_same_by_absurdctl() -> None:
    options = SpawnOptions(7, ExponentialRetry(30.0, 2, 600.0), Cancellation(3600, 60), None, OWN_KEY + "1")
    spawning = Spawn(SpawnTask("it's", "a b", {"card": 1}, options))
    assert spawning.absurdctl == (
        "absurdctl spawn-task -q 'it'\"'\"'s' --params \"$PARAMS\" --retry-kind exponential --retry-factor 2.0"
        " --max-attempts 7 --retry-base 30 --retry-max 600 --max-duration 3600 --max-delay 60 'a b'"
    )
    assert Retry(AS_NEW).absurdctl is None, "it gives the new task no header"


@pytest.mark.parametrize(
    "request_",
    [
        SpawnTask("q", "a", {}, count=2),
        SpawnTask("q", "a", [1]),
        SpawnTask("q", "a", {}, SpawnOptions(headers={})),
        SpawnTask("q", "a", {}, SpawnOptions(idempotency_key="the operator's own")),
        SpawnTask("q", "a", {}, SpawnOptions(retry_strategy=FixedRetry(1.5))),
        SpawnTask("q", "a", {}, SpawnOptions(retry_strategy=ExponentialRetry(1, 2, 600.5))),
        SpawnTask("q", "a", {}, SpawnOptions(retry_strategy=ExponentialRetry(1, 10**23 + 1))),
        SpawnTask("q", "a", {"n": Decimal("0.10000000000000000001")}),
        SpawnTask("q", "a", {"long": "ä" * 30_000}),
    ],
)
def test_what_absurdctl_cannot_do_has_no_line(request_: SpawnTask) -> None:
    assert Spawn(request_).absurdctl is None


def test_a_key_of_several_lines_does_not_end_the_comment_it_stands_in() -> None:
    told = Spawn(SpawnTask("q", "a", {}, SpawnOptions(idempotency_key="order 7\r\n; drop table \u2028x"))).sql
    assert told == (
        "select * from absurd.spawn_task('q', 'a', :'params', '{}'::jsonb)"
        '  -- params not kept; idempotency_key "order 7\\r\\n; drop table \\u2028x"'
    )


def test_a_told_statement_is_quoted() -> None:
    told = Spawn(SpawnTask("it's", "back\\slash", {"secret": 1}, SpawnOptions(headers={"secret": 2}))).sql
    assert told == (
        "select * from absurd.spawn_task('it''s', e'back\\\\slash', :'params', '{}'::jsonb)"
        "  -- params and headers not kept"
    )


@pytest.mark.parametrize(
    ("payload", "ours", "is_same"),
    [
        ('{"paid": [1, true]}', {"paid": [1, True]}, True),
        ("1.0", 1, True),
        ("1", True, False),
        ('{"paid": [0]}', {"paid": [False]}, False),
        ("[1, 2]", [1], False),
    ],
)
def test_a_payload_is_told_as_the_same_only_where_it_is(payload: str, ours: Json, is_same: bool) -> None:
    outcome = AlreadyEmitted(None, since=NOW, payload=payload, now=NOW)
    told = sentence(EmitEvent("payments", "paid", ours), outcome, CLOCK)[2].text
    assert ("with the same payload" in told, "was not sent" in told) == (is_same, not is_same)
