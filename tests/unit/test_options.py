"""What `encode_options` writes, and what it refuses."""

import json
from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.errors import InvalidRequest
from absurd_tui.lifecycle import (
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    NoRetry,
    RetryOptions,
    SpawnOptions,
    encode_options,
    new_options,
)
from absurd_tui.lifecycle.options import encode_retry_options

LARGEST = 2**31 - 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SpawnOptions(), "{}"),
        (SpawnOptions(max_attempts=3), '{"max_attempts":3}'),
        (SpawnOptions(retry_strategy=NoRetry()), '{"retry_strategy":{"kind":"none"}}'),
        (SpawnOptions(retry_strategy=FixedRetry(30)), '{"retry_strategy":{"kind":"fixed","base_seconds":30}}'),
        (SpawnOptions(retry_strategy=FixedRetry(0.5)), '{"retry_strategy":{"kind":"fixed","base_seconds":0.5}}'),
        (
            SpawnOptions(retry_strategy=ExponentialRetry(30, 2.0)),
            '{"retry_strategy":{"kind":"exponential","base_seconds":30,"factor":2.0}}',
        ),
        (
            SpawnOptions(retry_strategy=ExponentialRetry(30, 2, max_seconds=600)),
            '{"retry_strategy":{"kind":"exponential","base_seconds":30,"factor":2.0,"max_seconds":600.0}}',
        ),
        (SpawnOptions(cancellation=Cancellation(3600)), '{"cancellation":{"max_duration":3600}}'),
        (SpawnOptions(cancellation=Cancellation(max_delay=0)), '{"cancellation":{"max_delay":0}}'),
        (SpawnOptions(cancellation=Cancellation(5, 6)), '{"cancellation":{"max_duration":5,"max_delay":6}}'),
        (SpawnOptions(cancellation=Cancellation()), "{}"),
        (SpawnOptions(headers={"trace": ["é", 1.5, None]}), '{"headers":{"trace":["é",1.5,null]}}'),
        (SpawnOptions(headers=0), '{"headers":0}'),
        (SpawnOptions(headers={}), '{"headers":{}}'),
        (SpawnOptions(idempotency_key=""), '{"idempotency_key":""}'),
        (SpawnOptions(idempotency_key='a"b'), '{"idempotency_key":"a\\"b"}'),
    ],
)
def test_only_the_keys_that_are_set_are_written(options: SpawnOptions, expected: str) -> None:
    assert encode_options(options) == expected


def test_keys_come_in_the_order_of_the_fields() -> None:
    options = (
        new_options()
        .with_idempotency_key("k")
        .with_headers([1])
        .with_cancellation(Cancellation(1))
        .with_retry_strategy(FixedRetry(2))
        .with_max_attempts(3)
    )
    assert list(json.loads(encode_options(options))) == [
        "max_attempts",
        "retry_strategy",
        "cancellation",
        "headers",
        "idempotency_key",
    ]


def test_a_builder_sets_one_field_and_leaves_the_original() -> None:
    empty = new_options()
    assert empty == SpawnOptions()
    assert empty.with_max_attempts(2) == SpawnOptions(max_attempts=2)
    assert empty.with_max_attempts(2).with_headers({}) == SpawnOptions(max_attempts=2, headers={})
    assert empty == SpawnOptions()
    with pytest.raises(FrozenInstanceError):
        empty.max_attempts = 1  # type: ignore[misc]  # the point of the test


NOT_WHOLE: list[Any] = [True, False, 1.0, 1.5, "1", "soon", Decimal(1), float("nan"), [], 2**31, -1, 10**30]
NOT_REAL: list[Any] = [True, "1", Decimal(1), [], float("nan"), float("inf"), -1, -0.1, -(10**400), 10**400]


@pytest.mark.parametrize("value", NOT_WHOLE)
@pytest.mark.parametrize("limit", ["max_duration", "max_delay"])
def test_a_limit_that_would_stop_the_queue_is_refused(limit: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=limit) as caught:
        encode_options(SpawnOptions(cancellation=Cancellation(**{limit: value})))
    assert caught.value.sqlstate is None


@pytest.mark.parametrize("value", [*NOT_WHOLE, 0])
def test_attempts_are_a_whole_number_from_one(value: Any) -> None:
    message = "max_attempts must be a whole number from 1"
    with pytest.raises(InvalidRequest, match=message):
        encode_options(SpawnOptions(max_attempts=value))
    for options in (RetryOptions(max_attempts=value), SpawnOptions(max_attempts=value)):
        with pytest.raises(InvalidRequest, match=message):
            encode_retry_options(options)


def test_the_largest_integers_pass() -> None:
    options = SpawnOptions(max_attempts=LARGEST, cancellation=Cancellation(LARGEST, LARGEST))
    assert str(LARGEST) in encode_options(options)


@pytest.mark.parametrize("value", [*NOT_REAL, 86400.5, 86401])
def test_a_delay_lies_between_nothing_and_a_day(value: Any) -> None:
    for strategy, name in (
        (FixedRetry(value), "base_seconds"),
        (ExponentialRetry(value, 2.0), "base_seconds"),
        (ExponentialRetry(1, 2.0, value), "max_seconds"),
    ):
        with pytest.raises(InvalidRequest, match=f"{name} must be a finite number and lie between 0 and 86400"):
            encode_options(SpawnOptions(retry_strategy=strategy))


@pytest.mark.parametrize("value", NOT_REAL)
def test_a_factor_is_finite_and_not_negative(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="factor must be a finite number and not be negative"):
        encode_options(SpawnOptions(retry_strategy=ExponentialRetry(1, value)))


def test_the_limits_themselves_pass() -> None:
    for strategy in (
        FixedRetry(0),
        FixedRetry(86400),
        ExponentialRetry(86400, 0, 86400),
        ExponentialRetry(0, 1e300, 0),
    ):
        encode_options(SpawnOptions(retry_strategy=strategy))


@pytest.mark.parametrize("strategy", [{"kind": "fixed"}, "fixed", FixedRetry, 30])
def test_an_unknown_strategy_is_refused(strategy: Any) -> None:
    with pytest.raises(InvalidRequest, match="retry_strategy"):
        encode_options(SpawnOptions(retry_strategy=strategy))


@pytest.mark.parametrize(
    "options",
    [
        None,
        {},
        RetryOptions(),
        SpawnOptions(cancellation={"max_duration": 1}),  # type: ignore[arg-type]  # the point of the test
        SpawnOptions(idempotency_key="a\0b"),
        SpawnOptions(idempotency_key="\ud800"),
        SpawnOptions(idempotency_key=7),  # type: ignore[arg-type]  # the point of the test
        SpawnOptions(headers={"a": float("inf")}),
        SpawnOptions(headers={1: 2}),
        SpawnOptions(headers={"a\0": 2}),
    ],
)
def test_other_options_are_refused(options: Any) -> None:
    with pytest.raises(InvalidRequest):
        encode_options(options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (RetryOptions(), "{}"),
        (RetryOptions(4), '{"max_attempts":4}'),
        (RetryOptions(spawn_new=True), '{"spawn_new":true}'),
        (RetryOptions(4, spawn_new=True), '{"max_attempts":4,"spawn_new":true}'),
        (SpawnOptions(), "{}"),
        (SpawnOptions(max_attempts=4), '{"max_attempts":4}'),
    ],
)
def test_retry_options_are_written_alike(options: RetryOptions | SpawnOptions, expected: str) -> None:
    assert encode_retry_options(options) == expected


@pytest.mark.parametrize(
    "options",
    [
        SpawnOptions(retry_strategy=NoRetry()),
        SpawnOptions(cancellation=Cancellation()),
        SpawnOptions(headers=0),
        SpawnOptions(idempotency_key=""),
        SpawnOptions(max_attempts=1, headers=0),
    ],
)
def test_what_a_retry_would_ignore_is_refused_by_name(options: SpawnOptions) -> None:
    with pytest.raises(InvalidRequest, match=r"would ignore (retry_strategy|cancellation|headers|idempotency_key):"):
        encode_retry_options(options)


@pytest.mark.parametrize("options", [None, {}, RetryOptions(spawn_new=1), RetryOptions(spawn_new="no")])  # type: ignore[arg-type]  # the point of the test
def test_other_retry_options_are_refused(options: Any) -> None:
    with pytest.raises(InvalidRequest):
        encode_retry_options(options)


limits = st.none() | st.integers(0, LARGEST)
delays = st.integers(0, 86400) | st.floats(0, 86400)
retry_strategies = (
    st.builds(NoRetry)
    | st.builds(FixedRetry, delays)
    | st.builds(ExponentialRetry, delays, st.floats(0, allow_infinity=False), st.none() | delays)
)


@given(
    st.builds(
        SpawnOptions,
        max_attempts=st.none() | st.integers(1, LARGEST),
        retry_strategy=st.none() | retry_strategies,
        cancellation=st.none() | st.builds(Cancellation, limits, limits),
        headers=st.none() | st.dictionaries(st.text("ab"), st.integers()),
        idempotency_key=st.none() | st.text("ab"),
    )
)
def test_what_is_written_says_what_was_set(options: SpawnOptions) -> None:
    written = json.loads(encode_options(options))
    assert written.get("max_attempts") == options.max_attempts
    assert written.get("headers") == options.headers
    assert written.get("idempotency_key") == options.idempotency_key
    cancellation = options.cancellation or Cancellation()
    assert written.get("cancellation", {}).get("max_duration") == cancellation.max_duration
    assert written.get("cancellation", {}).get("max_delay") == cancellation.max_delay
    assert ("retry_strategy" in written) == (options.retry_strategy is not None)
    for name in ("base_seconds", "factor", "max_seconds"):
        assert written.get("retry_strategy", {}).get(name) == getattr(options.retry_strategy, name, None)
