"""When a worker was last heard of: nothing is said that was not read, and nothing of another claim."""

from dataclasses import replace
from math import inf
from typing import Any
from uuid import UUID

import pytest
from readings import HOSTILE, row
from task_pages import CLOCK, NOW, page, run_id

from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.task_records import CheckpointRow, TaskPage
from absurd_tui.text import Plain, filter_terminal, plain
from absurd_tui.ui.cells import width
from absurd_tui.ui.dialogs.worker_sign import last_checkpoint, worker_sign

ROOM = 66
NONE_YET = "no checkpoint since the claim"


def claimed(**fields: Any) -> TaskRow:
    """A run that was claimed a minute ago."""
    return row(State.RUNNING, **{"run_id": run_id(2), "started_at": NOW - 60, "worker": "w:1", **fields})


def saved(name: str, ago: float, owner: UUID | None = None) -> CheckpointRow:
    return CheckpointRow(name, "committed", owner or run_id(2), NOW - ago, 48)


def read(*checkpoints: CheckpointRow) -> TaskPage:
    return page(State.RUNNING, checkpoints=checkpoints)


def said(of: TaskRow, on: TaskPage | None, trouble: str = "", room: int = ROOM) -> str:
    return worker_sign(of, on, plain(trouble), CLOCK, room).text


def test_the_newest_checkpoint_of_this_claim_is_named() -> None:
    told = said(claimed(), read(saved("fetch", 40), saved("charge-card", 12)))
    assert told == "last sign of the worker: checkpoint charge-card, 12s ago"


@pytest.mark.parametrize(
    "not_ours",
    [
        pytest.param(saved("charge-card", 90, run_id(1)), id="of an earlier attempt"),
        pytest.param(saved("charge-card", 10, run_id(1)), id="of an earlier attempt whose worker goes on"),
        pytest.param(saved("charge-card", 61), id="of an earlier claim of the same run"),
        pytest.param(replace(saved("charge-card", 10), owner_run_id=None), id="of nobody"),
    ],
)
def test_the_checkpoint_of_another_claim_is_no_sign_of_this_worker(not_ours: CheckpointRow) -> None:
    assert said(claimed(), read(not_ours)) == NONE_YET
    assert said(claimed(), read(saved("fetch", 40), not_ours)).endswith("checkpoint fetch, 40s ago")


@pytest.mark.parametrize(
    ("set_ago", "told"),
    [
        (10, "last sign of the worker: checkpoint charge-card, 12s ago"),
        (12, "last sign of the worker: checkpoint charge-card, 12s ago"),
        (60, "last sign of the worker: checkpoint charge-card, 12s ago"),
        (4, "lease set 4s ago; last checkpoint charge-card, 12s ago"),
    ],
)
def test_a_lease_that_was_set_after_the_checkpoint_is_told_first(set_ago: float, told: str) -> None:
    assert said(claimed(lease_set_at=NOW - set_ago), read(saved("charge-card", 12))) == told


def test_without_a_checkpoint_it_is_told_when_the_lease_was_set_and_by_whom_only_if_by_the_claim() -> None:
    assert said(claimed(lease_set_at=NOW - 4), read()) == f"lease set 4s ago; {NONE_YET}"
    assert said(claimed(lease_set_at=NOW - 60), read()) == f"lease set 1m ago by the claim; {NONE_YET}"


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("", "reading the checkpoints"),
        ("not read: This role may not read it", "not read: This role may not read it"),
    ],
)
def test_what_was_not_read_is_not_told(trouble: str, told: str) -> None:
    assert said(claimed(), None, trouble) == told
    assert said(claimed(lease_set_at=NOW - 4), None, trouble) == f"lease set 4s ago; {told}"


@pytest.mark.parametrize("set_at", [None, NOW, NOW - 60, inf, -inf])
@pytest.mark.parametrize("at", [12.0, 1e12, -1e12, inf, -inf])
@pytest.mark.parametrize("name", ["x" * 200, HOSTILE, "", "日本" * 99])
def test_it_is_one_line_of_the_room_there_is(name: str, at: float, set_at: float | None) -> None:
    for room in (ROOM, 52):
        told = worker_sign(claimed(lease_set_at=set_at), read(saved(name, at)), Plain(""), CLOCK, room)
        assert width(told) <= room
        assert filter_terminal(told.text) == told.text


def test_a_run_without_a_start_counts_from_when_it_was_due() -> None:
    of = claimed(started_at=None, available_at=NOW - 30)
    assert last_checkpoint(of, read(saved("a", 31))) is None
    assert last_checkpoint(of, read(saved("a", 30))) is not None
