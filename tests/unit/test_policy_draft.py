"""Intervals and lines of a policy as a form takes them."""

import pytest
from queue_dialogs import FACTS, PARTITIONED

from absurd_tui.ui.dialogs.intervals import interval_seconds, is_interval
from absurd_tui.ui.dialogs.policy_draft import laid_out, read_draft


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 days", 2_592_000),
        ("1 day 06:00:00", 108_000),
        ("01:51:07", 6_667),
        ("90m", 5_400),
        ("2 weeks 1 hour", 1_213_200),
        ("0 seconds", 0),
        ("1.5 hours", 5_400),
        (" 7 DAYS ", 604_800),
    ],
)
def test_an_interval_has_seconds(text: str, seconds: float) -> None:
    assert is_interval(text)
    assert interval_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "30", "-1 day", "1 day ago", "5 parsecs", "1:99", "days 3", "∞", "infinity"]
)
def test_what_is_no_interval(text: str) -> None:
    assert not is_interval(text)
    assert interval_seconds(text) is None


def test_months_are_an_interval_of_no_one_length() -> None:
    assert is_interval("1 mon 2 days")
    assert interval_seconds("1 mon 2 days") is None


def test_a_policy_that_was_not_touched_changes_nothing() -> None:
    for facts in (FACTS, PARTITIONED):
        draft = read_draft(laid_out(facts), facts)
        assert (draft.changed, draft.errors) == ((), ())


def test_a_default_partition_is_for_partitioned_queues() -> None:
    assert read_draft("default_partition = disabled", PARTITIONED).changed == (("default_partition", "disabled"),)
    assert "partitioned queues only" in read_draft("default_partition = disabled", FACTS).errors[0][1].text


@pytest.mark.parametrize("limit", ["0", "-1", "1.5", "", "2147483648", "²"])
def test_a_limit_is_a_whole_number_from_1_on(limit: str) -> None:
    assert read_draft(f"cleanup_limit = {limit}", FACTS).errors
