from collections.abc import Mapping
from math import inf
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readings import NOW, hostile_rows, row

from absurd_tui.observe.records import Count, Failure, State, TaskRow
from absurd_tui.observe.rows import count, failure, natural_order


def ordered(state: State, *fields: Mapping[str, object]) -> list[int]:
    """The order of rows, each named by its run, 1 for the first given."""
    rows = [row(state, **{"run_id": UUID(int=number), **given}) for number, given in enumerate(fields, start=1)]
    return [found.run_id.int for found in sorted(rows, key=lambda one: natural_order(state, one))]


@pytest.mark.parametrize("state", [State.PENDING, State.SLEEPING])
def test_what_waits_is_ordered_by_when_it_is_due_the_oldest_first(state: State) -> None:
    times = (inf, NOW, NOW - 9, -inf, NOW)
    assert ordered(state, *({"available_at": at} for at in times)) == [4, 3, 2, 5, 1]


def test_what_runs_is_ordered_by_its_lease_and_what_has_none_comes_last() -> None:
    times = (None, NOW + 9, NOW - 9, NOW + 9)
    assert ordered(State.RUNNING, *({"claim_expires_at": at} for at in times)) == [3, 2, 4, 1]


@pytest.mark.parametrize(
    ("state", "field"),
    [(State.FAILED, "ended_at"), (State.COMPLETED, "ended_at"), (State.CANCELLED, "cancelled_at")],
)
def test_what_is_over_is_ordered_newest_first_and_what_has_no_end_comes_last(state: State, field: str) -> None:
    times = (NOW - 9, None, NOW, NOW - 9, inf)
    assert ordered(state, *({field: at} for at in times)) == [5, 3, 4, 1, 2]


@given(st.lists(hostile_rows, max_size=20), st.sampled_from(State))
def test_any_rows_have_one_order_however_they_came(rows: list[TaskRow], state: State) -> None:
    keys = [natural_order(state, one) for one in rows]
    backwards = list(reversed(keys))
    assert sorted(keys) == sorted(backwards)


@pytest.mark.parametrize(("value", "read"), [(0, Count(0)), (10, Count(10)), (11, Count(10, is_capped=True))])
def test_a_count_one_above_its_cap_is_at_least_the_cap(value: int, read: Count) -> None:
    assert count(value, 10) == read


def test_a_failure_is_there_as_soon_as_one_part_of_it_is() -> None:
    assert [failure(None, None), failure("", None), failure(None, "m")] == [None, Failure("", None), Failure(None, "m")]
