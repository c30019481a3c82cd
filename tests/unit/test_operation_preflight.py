"""What can be said before anything is sent: the rules of the four operations, on plain values."""

from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.lifecycle import Cancellation, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations import cancel, extend, preflight, retry, spawn
from absurd_tui.operations.requests import SpawnTask

NOW = 1_800_000_000.0
SECONDS = st.integers(1, preflight.LONGEST_SECONDS)
FINITE = st.floats(NOW - 1e6, NOW + 1e6)
LEASES = FINITE | st.sampled_from([inf, -inf])


@pytest.mark.parametrize(
    ("first_started_at", "max_duration", "is_lost"),
    [
        (NOW - 3600, "3600", True),
        (NOW - 3599, "3600", False),
        (NOW - 3601, " +3600 ", True),
        (NOW, "0", True),
        (NOW - 10**9, None, False),
        (None, "0", False),
        (NOW - 10**9, "soon", False),
    ],
)
def test_a_retry_past_max_duration_would_be_lost(
    first_started_at: float | None, max_duration: str | None, is_lost: bool
) -> None:
    assert preflight.would_be_lost(first_started_at, max_duration, NOW) is is_lost


@pytest.mark.parametrize(
    ("limit", "stops"),
    [
        (None, False),
        ("0", False),
        ("3600", False),
        ("-5", False),
        ("1.5", True),
        ("soon", True),
        ("", True),
        ("{}", True),
        ("9223372036854775807", False),
        ("9223372036854775808", True),
        ("1" + "0" * 30, True),
        ("9" * 5000, True),
    ],
)
def test_a_limit_that_no_claim_can_read_would_stop_the_queue(limit: str | None, stops: bool) -> None:
    assert preflight.would_stop_queue(limit, None) is stops
    assert preflight.would_stop_queue(None, limit) is stops


@pytest.mark.parametrize(
    ("attempts", "limit", "extra", "new"), [(5, 5, 1, 6), (3, None, 2, 5), (7, 5, 1, 8), (2, 9, 1, 10)]
)
def test_the_new_limit_allows_the_extra_attempts(attempts: int, limit: int | None, extra: int, new: int) -> None:
    assert preflight.new_max_attempts(attempts, limit, extra) == new


@given(LEASES, SECONDS)
def test_a_lease_that_is_set_ends_after_exactly_that_long(lease: float, seconds: int) -> None:
    assert preflight.resulting_expiry(lease, NOW, seconds, on_top=False) == NOW + seconds


@given(LEASES, SECONDS)
def test_what_is_put_on_top_never_shortens(lease: float, seconds: int) -> None:
    assert not preflight.shortens(lease, NOW, seconds, on_top=True)
    left = inf if lease == inf else ceil(max(lease - NOW, 0))
    assert preflight.resulting_seconds(lease, NOW, seconds, on_top=True) == seconds + left


@given(LEASES, st.integers(-10, 2 * preflight.LONGEST_SECONDS), st.booleans(), st.booleans())
def test_what_is_not_refused_is_within_the_limits(lease: float, seconds: int, on_top: bool, may_shorten: bool) -> None:
    refused = extend.refusal(State.RUNNING, lease, NOW, seconds, on_top=on_top, may_shorten=may_shorten)
    after = preflight.resulting_seconds(lease, NOW, seconds, on_top=on_top)
    is_fine = seconds > 0 and after <= preflight.LONGEST_SECONDS and (may_shorten or NOW + after >= lease)
    assert (refused is None) is is_fine


def test_an_expired_lease_can_be_extended() -> None:
    assert extend.refusal(State.RUNNING, NOW - 1000, NOW, 60) is None
    assert extend.refusal(State.RUNNING, -inf, NOW, 60) is None
    assert extend.refusal(State.RUNNING, -inf, NOW, 60, on_top=True) is None


def test_a_lease_without_end_is_given_one_only_when_that_was_ticked() -> None:
    assert "would give it an end" in (extend.refusal(State.RUNNING, inf, NOW, 60) or "")
    assert "nothing can be put on top" in (extend.refusal(State.RUNNING, inf, NOW, 60, on_top=True) or "")
    assert extend.refusal(State.RUNNING, inf, NOW, 60, on_top=True, may_shorten=True) is not None
    assert extend.refusal(State.RUNNING, inf, NOW, 60, may_shorten=True) is None


def test_a_claim_without_a_lease_cannot_be_extended() -> None:
    assert "without a lease" in (extend.refusal(State.RUNNING, None, NOW, 60) or "")


def test_every_state_without_a_claim_has_words_of_its_own() -> None:
    words = {extend.refusal(state, None, NOW, 60) for state in State}
    assert None not in words
    assert len(words) == len(State)


def test_only_live_tasks_are_cancelled_and_only_failed_ones_retried() -> None:
    live = {state for state in State if cancel.refusal(state) is None}
    assert live == {State.PENDING, State.RUNNING, State.SLEEPING}
    retried = {state for state in State if retry.refusal(state, None, None, None, NOW, as_new=False) is None}
    assert retried == {State.FAILED}


def test_each_form_has_a_key_of_its_own() -> None:
    made = {spawn.fresh_key() for _ in range(100)}
    assert len(made) == 100
    assert all(key.startswith("absurd-tui:") for key in made)


def test_several_tasks_have_a_key_each_and_the_same_ones_again() -> None:
    options = SpawnOptions(idempotency_key="order")
    assert spawn.keys(options, 1) == ("order",)
    assert spawn.keys(options, 3) == ("order:1", "order:2", "order:3")
    assert spawn.keys(SpawnOptions(), 2) == (None, None)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (SpawnTask("mail", "", {}), "needs a name"),
        (SpawnTask("mail", "\t\n ", {}), "needs a name"),
        (SpawnTask("mail", "a\0b", {}), "NUL"),
        (SpawnTask("mail\0", "a", {}), "NUL"),
        (SpawnTask("mail", "a", float("nan")), "NaN"),
        (SpawnTask("mail", "a", {1: 2}), "JSON keys are text"),
        (SpawnTask("mail", "a", {}, SpawnOptions(max_attempts=0)), "Not sent: max_attempts must be"),
        (
            SpawnTask("mail", "a", {}, SpawnOptions(cancellation=Cancellation(max_delay=-1))),
            "max_delay must be",
        ),
        (SpawnTask("mail", "a", {}, SpawnOptions(idempotency_key=" ")), "names no task"),
        (SpawnTask("mail", "a", {}, SpawnOptions(idempotency_key="ä" * 257)), "at most 512 bytes"),
        (SpawnTask("mail", "a", {}, SpawnOptions(idempotency_key="a" * 511), count=2), "at most 512 bytes"),
        (SpawnTask("mail", "a", {}, count=0), "From 1 to 1,000"),
        (SpawnTask("mail", "a", {}, count=1001), "From 1 to 1,000"),
    ],
)
def test_what_cannot_be_spawned_is_told_in_a_sentence(request_: SpawnTask, words: str) -> None:
    told = spawn.refusal(request_)
    assert told is not None
    assert words in told
    assert told.endswith(".")
    assert spawn.refusal(SpawnTask("mail", "welcome", {"a": 1})) is None
