"""The number in a panel's title: its rows where they are all there is, and no less than there are elsewhere."""

from dataclasses import replace

import pytest
from readings import queue, row, snapshot

from absurd_tui.observe.places import EARLIEST
from absurd_tui.observe.records import Count, PanelReading, Snapshot, State, TaskRow
from absurd_tui.ui.widgets.panel_faces import count_text, notes


@pytest.mark.parametrize(
    ("count", "rows", "told"),
    [
        (Count(2), 1, "1"),
        (Count(3, is_estimate=True), 0, "~3"),
        (Count(3, is_estimate=True), 1, "~3"),
        (Count(0, is_estimate=True), 1, "~1"),
        (Count(1, is_capped=True), 0, "1+"),
    ],
)
def test_failed_tasks_are_not_none_where_newer_attempts_may_hide_them(count: Count, rows: int, told: str) -> None:
    panel = PanelReading(State.FAILED, tuple(row(State.FAILED) for _ in range(rows)))
    found = snapshot(queue(failed=count), panels=(panel,))
    assert count_text(State.FAILED, found, None) == told
    assert notes(State.FAILED, found, None) == ()


def full(state: State, shown: TaskRow, **counted: int) -> Snapshot:
    """Many rows of mail in a panel that has room for no more; orders has some too."""
    found = snapshot(queue("mail", **counted), queue("orders", **{state.value: 3}))
    return replace(found, panels=(PanelReading(state, (shown,) * found.view.rows, after=EARLIEST),))


def test_a_queue_is_not_empty_because_the_first_rows_of_all_are_others() -> None:
    found = full(State.PENDING, row(State.PENDING), pending=90)
    assert count_text(State.PENDING, found, "orders") == "3"
    assert notes(State.PENDING, found, "orders") == ()


def test_failed_tasks_are_not_none_because_the_first_rows_were_tried_again() -> None:
    found = full(State.FAILED, row(State.FAILED, is_retried=True), failed=1)
    assert count_text(State.FAILED, found, None) == "4"


def test_completed_tasks_are_those_shown_where_all_are() -> None:
    panel = PanelReading(State.COMPLETED, (row(State.COMPLETED),))
    found = snapshot(queue(completed=Count(3, is_estimate=True)), panels=(panel,))
    assert count_text(State.COMPLETED, found, None) == "1"
