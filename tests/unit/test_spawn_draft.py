"""The spawn form without its screen: what it begins with, what is refused, what is sent, when attempts would start."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from absurd_tui.lifecycle.json_values import decode_json
from absurd_tui.lifecycle.options import (
    Cancellation,
    ExponentialRetry,
    FixedRetry,
    NoRetry,
    RetryStrategy,
    SpawnOptions,
    encode_options,
)
from absurd_tui.operations.spawn import MOST_KEY_BYTES, refusal
from absurd_tui.text import clean
from absurd_tui.ui.dialogs.hidden_characters import shown_json
from absurd_tui.ui.dialogs.spawn_draft import (
    MOST_PARAMS,
    Part,
    SpawnDraft,
    check,
    key_note,
    sent_options,
)
from absurd_tui.ui.dialogs.spawn_schedule import Ending, schedule
from absurd_tui.ui.dialogs.spawn_seed import SpawnSeed, begin

GOOD = SpawnDraft(queue="mail", task_name="send", params="{}", key="k", max_attempts="5")


def errors(draft: SpawnDraft, *queues: str) -> dict[Part, str]:
    checked = check(draft, queues)
    assert (checked.request is None) == bool(checked.errors)
    return {part: wrong.text.text for part, wrong in checked.errors.items()}


def test_a_new_form_begins_with_empty_params_and_the_five_attempts_of_absurds_workers() -> None:
    request = check(begin(SpawnSeed("mail", task_name="send"), "key")).request
    assert request is not None
    assert (request.queue, request.task_name, request.params, request.count) == ("mail", "send", {}, 1)
    assert request.options == SpawnOptions(max_attempts=5, idempotency_key="key")


def test_a_copy_has_everything_of_its_task_digit_for_digit_but_the_key() -> None:
    seed = SpawnSeed(
        "mail",
        task_name="send",
        params='{"amount": 0.10000000000000000001, "to": ["a", {}]}',
        headers='{"trace": "7"}',
        retry_strategy='{"kind": "exponential", "base_seconds": 1.5, "factor": 3, "max_seconds": 600}',
        cancellation='{"max_duration": 1800, "max_delay": 60}',
        is_copy=True,
    )
    draft = begin(seed, "fresh")
    assert '  "amount": 0.10000000000000000001,' in draft.params.splitlines()
    request = check(draft).request
    assert request is not None
    assert request.params == decode_json(seed.params, "params")
    assert request.options == SpawnOptions(
        None, ExponentialRetry(1.5, 3, 600), Cancellation(1800, 60), {"trace": "7"}, "fresh"
    )


@pytest.mark.parametrize(
    ("stored", "part", "said"),
    [
        (
            {"cancellation": '{"max_duration": "soon"}'},
            Part.MAX_DURATION,
            "Whole seconds only: soon would make every claim in mail fail.",
        ),
        (
            {"retry_strategy": '{"kind": "linear"}'},
            Part.RETRY,
            "Absurd has no retry strategy linear; choose one of the three.",
        ),
        ({"retry_strategy": "[1]"}, Part.RETRY, "Absurd has no retry strategy [1]; choose one of the three."),
        ({"headers": "[1]"}, Part.HEADERS, "headers are a JSON object, {…}, or nothing."),
        (
            {"params": f'"{"x" * MOST_PARAMS}"'},
            Part.PARAMS,
            "Longer than 262,144 characters; this form takes no more.",
        ),
    ],
)
def test_what_of_a_copied_task_cannot_be_sent_stays_in_its_field_and_is_refused(
    stored: dict[str, Any], part: Part, said: str
) -> None:
    assert errors(begin(SpawnSeed("mail", task_name="send", is_copy=True, **stored), "k")) == {part: said}


@pytest.mark.parametrize("stored", [None, "null", '{"kind": "none"}', '{"kind": null}', "{}"])
def test_a_stored_strategy_without_a_wait_is_none(stored: str | None) -> None:
    assert begin(SpawnSeed("mail", retry_strategy=stored), "k").retry == "none"


@pytest.mark.parametrize(
    ("changes", "part", "said"),
    [
        ({"queue": ""}, Part.QUEUE, "Which queue? ↑ and ↓ go through those there are."),
        ({"queue": "mial"}, Part.QUEUE, "There is no queue mial in this database."),
        ({"task_name": ""}, Part.TASK_NAME, "A task needs a name."),
        ({"task_name": " \t "}, Part.TASK_NAME, "A task needs a name."),
        (
            {"task_name": "a\0"},
            Part.TASK_NAME,
            "Task name contains a NUL or a lone surrogate, which PostgreSQL cannot store.",
        ),
        ({"task_name": "x" * 1_001}, Part.TASK_NAME, "Longer than 1,000 characters; this form takes no more."),
        ({"params": "{"}, Part.PARAMS, 'Line 1, column 1: the JSON ends here, and "}" is missing.'),
        ({"headers": '{"a": NaN}'}, Part.HEADERS, "Line 1, column 7: JSON has no NaN."),
        ({"headers": "null"}, Part.HEADERS, "headers are a JSON object, {…}, or nothing."),
        ({"max_attempts": "0"}, Part.MAX_ATTEMPTS, "max_attempts must be a whole number from 1 to 2147483647."),
        ({"max_attempts": "2.0"}, Part.MAX_ATTEMPTS, "max_attempts must be a whole number from 1 to 2147483647."),
        ({"max_attempts": "five"}, Part.MAX_ATTEMPTS, "max_attempts must be a whole number from 1 to 2147483647."),
        (
            {"retry": "fixed", "base": "86401"},
            Part.BASE,
            "base_seconds must be a finite number and lie between 0 and 86400.",
        ),
        (
            {"retry": "fixed", "base": ""},
            Part.BASE,
            "base_seconds must be a finite number and lie between 0 and 86400.",
        ),
        (
            {"retry": "exponential", "factor": "-1"},
            Part.FACTOR,
            "factor must be a finite number and not be negative.",
        ),
        (
            {"retry": "exponential", "factor": "inf"},
            Part.FACTOR,
            "factor must be a finite number and not be negative.",
        ),
        (
            {"retry": "exponential", "most": "1e999"},
            Part.MOST,
            "max_seconds must be a finite number and lie between 0 and 86400.",
        ),
        (
            {"max_duration": "1800.5"},
            Part.MAX_DURATION,
            "Whole seconds only: 1800.5 would make every claim in mail fail.",
        ),
        ({"max_duration": "60.0"}, Part.MAX_DURATION, "Whole seconds only: 60.0 would make every claim in mail fail."),
        ({"max_delay": "soon"}, Part.MAX_DELAY, "Whole seconds only: soon would make every claim in mail fail."),
        ({"max_delay": "-1"}, Part.MAX_DELAY, "max_delay must be a whole number from 0 to 2147483647."),
        (
            {"max_duration": "2147483648"},
            Part.MAX_DURATION,
            "max_duration must be a whole number from 0 to 2147483647.",
        ),
        ({"key": "  "}, Part.KEY, "An idempotency key of spaces alone names no task."),
        ({"key": "é" * 257}, Part.KEY, "An idempotency key has at most 512 bytes."),
        ({"key": "x" * MOST_KEY_BYTES, "count": "2"}, Part.KEY, "An idempotency key has at most 512 bytes."),
        ({"count": "0"}, Part.COUNT, "From 1 to 1,000 tasks are spawned at once."),
        ({"count": "1001"}, Part.COUNT, "From 1 to 1,000 tasks are spawned at once."),
        ({"count": ""}, Part.COUNT, "From 1 to 1,000 tasks are spawned at once."),
    ],
)
def test_each_field_says_what_is_wrong_with_it(changes: dict[str, str], part: Part, said: str) -> None:
    assert errors(replace(GOOD, **changes), "mail", "orders") == {part: said}


def test_errors_are_counted_and_what_could_be_read_is_still_shown() -> None:
    checked = check(replace(GOOD, params="", max_duration="1.5", max_delay="60"))
    assert set(checked.errors) == {Part.PARAMS, Part.MAX_DURATION}
    assert checked.options == SpawnOptions(5, cancellation=Cancellation(None, 60), idempotency_key="k")


def test_fields_that_the_chosen_strategy_does_not_need_are_not_read() -> None:
    assert errors(replace(GOOD, retry="none", base="x", factor="x", most="x")) == {}
    assert errors(replace(GOOD, retry="fixed", factor="x", most="x")) == {}


@pytest.mark.parametrize(
    ("changes", "doom"),
    [
        ({"max_delay": "0"}, "Not started in 0 s: it is cancelled before it runs."),
        (
            {"max_duration": "0"},
            "Runs over 0 s: the next claim in the queue cancels it while its first attempt runs.",
        ),
        ({"max_delay": "1", "max_duration": "1"}, ""),
    ],
)
def test_a_limit_of_0_can_be_sent_but_is_said(changes: dict[str, str], doom: str) -> None:
    checked = check(replace(GOOD, **changes))
    assert checked.request is not None
    assert checked.doom.text == doom
    assert (checked.warnings.get(Part.MAX_DURATION) == checked.doom) == bool(doom)


@pytest.mark.parametrize(
    ("changes", "part", "said"),
    [
        ({"task_name": "a\x1b[2J"}, Part.TASK_NAME, "Holds what cannot be shown (U+001B); it is sent as it is."),
        ({"key": "a\u200bb\u202e"}, Part.KEY, "Holds what cannot be shown (U+200B, U+202E); it is sent as it is."),
        ({"params": '"\u2028"'}, Part.PARAMS, "Holds what cannot be shown (U+2028); it is sent as it is."),
        ({"task_name": "send "}, Part.TASK_NAME, "Begins or ends with a blank, which is sent as part of the name."),
        ({"key": ""}, Part.KEY, "Without a key, sending twice spawns twice."),
        (
            {"max_attempts": ""},
            Part.RETRY,
            "No limit and no wait: a task that always fails is tried again at once, for ever.",
        ),
    ],
)
def test_what_may_be_meant_but_surprises_is_a_warning(changes: dict[str, str], part: Part, said: str) -> None:
    checked = check(replace(GOOD, **changes))
    assert checked.request is not None
    assert {part: warning.text for part, warning in checked.warnings.items()} == {part: said}


def test_names_and_params_are_sent_raw() -> None:
    request = check(replace(GOOD, task_name="a\x1b", params='"\u2028\x9b"')).request
    assert request is not None
    assert (request.task_name, request.params) == ("a\x1b", "\u2028\x9b")


def test_the_key_says_whom_it_serves() -> None:
    assert "sending twice spawns once" in key_note(replace(GOOD, key="absurd-tui:1"), 1).text
    assert "given back, not made" in key_note(GOOD, 1).text
    assert ":1 to :12" in key_note(GOOD, 12).text


def test_what_is_sent_is_shown_with_blanks_that_are_none_of_its_texts() -> None:
    options = SpawnOptions(2, FixedRetry(1.5), headers={'a,"b': "c:d,e"}, idempotency_key="k")
    sent = sent_options(options)
    assert json.loads(sent) == json.loads(encode_options(options))
    assert sent == (
        '{"max_attempts": 2, "retry_strategy": {"kind": "fixed", "base_seconds": 1.5}, '
        '"headers": {"a,\\"b": "c:d,e"}, "idempotency_key": "k"}'
    )


raw = st.text(max_size=12) | st.sampled_from(
    ["", "0", "1", "-1", "1.5", "1e3", "9" * 40, "nan", "１", "{}", " 7 ", "\0"]
)


@given(
    st.builds(
        SpawnDraft,
        **{part.value: raw for part in Part if part is not Part.RETRY},
        retry=st.sampled_from(["none", "fixed", "exponential", "odd"]),
    )
)
def test_whatever_stands_in_the_fields_it_is_refused_or_taken_by_the_operation(draft: SpawnDraft) -> None:
    checked = check(draft)
    assert (checked.request is None) == bool(checked.errors)
    for said in [*(wrong.text for wrong in checked.errors.values()), *checked.warnings.values()]:
        assert said.text == clean(said.text)
    if checked.request is not None:
        assert refusal(checked.request) is None


delays = st.floats(0, 86_400) | st.integers(0, 86_400)
strategies = st.one_of(
    st.none(),
    st.builds(FixedRetry, delays),
    st.builds(ExponentialRetry, delays, st.floats(0, 1e300) | st.integers(0, 10**9), st.none() | delays),
)
limits = st.none() | st.integers(0, 2**31 - 1)


@given(st.none() | st.integers(1, 2**31 - 1), strategies, limits, limits)
def test_a_copy_of_a_task_that_could_be_spawned_is_sent_with_the_same_options(
    attempts: int | None, strategy: RetryStrategy | None, duration: int | None, delay: int | None
) -> None:
    options = SpawnOptions(attempts, strategy, Cancellation(duration, delay))
    stored = json.loads(encode_options(options))
    seed = SpawnSeed(
        "mail",
        task_name="send",
        max_attempts=attempts,
        retry_strategy=json.dumps(stored["retry_strategy"]) if "retry_strategy" in stored else None,
        cancellation=json.dumps(stored["cancellation"]) if "cancellation" in stored else None,
        is_copy=True,
    )
    request = check(begin(seed, "")).request
    assert request is not None
    assert json.loads(encode_options(request.options)) == stored


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6))
def test_json_is_shown_whole_without_changing_its_value(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    shown = shown_json(text)
    assert json.loads(shown) == value
    assert shown.splitlines() == shown.split("\n"), "the editor splits lines where this does"
    assert all(clean("a" + char) == "a" + char for char in set(shown) - {"\n"})


@pytest.mark.parametrize(
    ("strategy", "waits"),
    [
        (None, [0, 0, 0, 0, 0]),
        (NoRetry(), [0, 0, 0, 0, 0]),
        (FixedRetry(60), [0, 60, 60, 60, 60]),
        (ExponentialRetry(60, 2.0), [0, 60, 120, 240, 480]),
        (ExponentialRetry(60, 2, 200), [0, 60, 120, 200, 200]),
        (ExponentialRetry(60, 0), [0, 60, 0, 0, 0]),
        (ExponentialRetry(0, 1e300), [0, 0, 0, 0, 0]),
        (ExponentialRetry(1, 1e300), [0, 1, 86_400, 86_400, 86_400]),
    ],
)
def test_the_waits_between_attempts_add_up_to_their_starts(strategy: RetryStrategy | None, waits: list[float]) -> None:
    laid_out = schedule(SpawnOptions(5, strategy), 6)
    assert [attempt.waits for attempt in laid_out.attempts] == waits
    assert [attempt.starts for attempt in laid_out.attempts] == [sum(waits[: at + 1]) for at in range(5)]
    assert (laid_out.count, laid_out.ending, laid_out.ends) == (5, Ending.FAILED, sum(waits))


def test_a_limit_of_the_duration_ends_the_schedule_before_the_attempt_that_reaches_it() -> None:
    laid_out = schedule(SpawnOptions(5, FixedRetry(60), Cancellation(max_duration=120)), 6)
    assert [attempt.number for attempt in laid_out.attempts] == [1, 2]
    assert (laid_out.count, laid_out.ending) == (2, Ending.CANCELLED)


def test_with_a_limit_of_0_on_the_delay_no_attempt_starts() -> None:
    laid_out = schedule(SpawnOptions(5, FixedRetry(60), Cancellation(max_delay=0)), 6)
    assert (laid_out.attempts, laid_out.ending) == ((), Ending.CANCELLED)


@pytest.mark.parametrize(("attempts", "ending"), [(None, Ending.NONE), (2**31 - 1, Ending.UNKNOWN), (1, Ending.FAILED)])
def test_a_schedule_ends_in_words_whatever_its_length(attempts: int | None, ending: Ending) -> None:
    laid_out = schedule(SpawnOptions(attempts, FixedRetry(1)), 6)
    assert (laid_out.count, laid_out.ending, len(laid_out.attempts)) == (attempts, ending, min(attempts or 6, 6))
