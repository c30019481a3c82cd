from math import inf
from typing import Any
from uuid import UUID

import pytest
from readings import NOW, row

from absurd_tui.observe.leases import Leases
from absurd_tui.observe.records import State, TaskRow


def claimed(number: int = 1, **fields: Any) -> TaskRow:
    return row(State.RUNNING, run_id=UUID(int=number), **{"started_at": NOW, "claim_expires_at": NOW + 60, **fields})


def set_at(leases: Leases, seen: TaskRow, now: float) -> float | None:
    (noted,) = leases.see([seen], now)
    return noted.lease_set_at


@pytest.mark.parametrize(
    ("fields", "now", "known"),
    [
        ({}, NOW, NOW),
        ({}, NOW + 1.9, NOW),
        ({}, NOW + 2, None),
        ({"started_at": None}, NOW, None),
        ({"started_at": -inf}, NOW, None),
        ({"claim_expires_at": None}, NOW + 1, NOW),
    ],
)
def test_a_row_that_is_seen_right_after_its_claim_has_the_claims_lease(
    fields: dict[str, Any], now: float, known: float | None
) -> None:
    assert set_at(Leases(), claimed(**fields), now) == known


def test_a_lease_that_does_not_move_keeps_what_is_known_of_it() -> None:
    leases = Leases()
    assert [set_at(leases, claimed(), NOW + second) for second in (1, 2, 30, 59, 90)] == [NOW] * 5
    unknown = Leases()
    assert [set_at(unknown, claimed(), NOW + second) for second in (10, 11, 12)] == [None] * 3


def test_a_lease_that_moved_between_two_readings_was_set_between_them() -> None:
    leases = Leases()
    set_at(leases, claimed(), NOW + 30)
    extended = claimed(claim_expires_at=NOW + 91)
    assert set_at(leases, extended, NOW + 31) == NOW + 31
    assert set_at(leases, extended, NOW + 40) == NOW + 31
    assert set_at(leases, claimed(claim_expires_at=NOW + 50), NOW + 41) == NOW + 41, "one that was shortened as well"


def test_nothing_is_said_of_a_lease_that_moved_while_nobody_looked() -> None:
    leases = Leases()
    set_at(leases, claimed(), NOW + 1)
    extended = claimed(claim_expires_at=NOW + 600)
    assert set_at(leases, extended, NOW + 540) is None
    assert set_at(leases, extended, NOW + 541) is None


def test_a_lease_that_is_over_or_was_taken_away_has_no_beginning_that_was_seen() -> None:
    leases = Leases()
    set_at(leases, claimed(), NOW + 30)
    assert set_at(leases, claimed(claim_expires_at=NOW + 1), NOW + 31) is None
    assert set_at(leases, claimed(claim_expires_at=None), NOW + 32) is None


def test_rows_are_told_apart_by_their_run_and_keep_their_order() -> None:
    leases = Leases()
    leases.see([claimed(1), claimed(2, started_at=NOW - 99)], NOW + 1)
    noted = leases.see([claimed(2, started_at=NOW - 99), claimed(1)], NOW + 2)
    assert [(seen.run_id.int, seen.lease_set_at) for seen in noted] == [(2, None), (1, NOW)]


def test_a_run_that_left_the_panel_is_forgotten() -> None:
    leases = Leases()
    leases.see([claimed(1)], NOW + 1)
    leases.see([claimed(2)], NOW + 2)
    assert set_at(leases, claimed(1), NOW + 3) is None
