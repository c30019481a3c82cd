"""How many tasks have ended: what a poll counts up to a cap, and what the totals know where there are more. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from absurd_tui.observe import count_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.ledger import Total
from absurd_tui.observe.records import Count, State


def is_large(row: Row) -> bool:
    """Whether a state's count was stopped at its cap, or left out, in a row of `count_queries.counts_branch`."""
    return any(count is None or count.is_capped for count in _runs(row).values())


def left_out(row: Row, total: Total) -> frozenset[State]:
    """Say which states the next poll need not count: the totals know that there are more than the cap."""
    known = {State.COMPLETED: total.completed, State.FAILED: total.failed_runs, State.CANCELLED: total.cancelled}
    return frozenset(
        state
        for state, count in _runs(row).items()
        if (count is None or count.is_capped) and known[state].value > _cap(state)
    )


def completed(row: Row, total: Total | None) -> Count:
    """Give the number of completed tasks, which is that of completed runs."""
    return _better(_runs(row)[State.COMPLETED], total.completed if total else None)


def failed(row: Row, total: Total | None) -> Count:
    """Give the number of failed tasks, as far as the newest failed runs tell."""
    looked = _runs(row)[State.FAILED]
    counted = None if looked is None else replace(looked, value=min(row["failed_tasks"], looked.value))
    return _better(counted, total.failed if total else None)


def cancelled(row: Row, total: Total | None) -> Count:
    """Give the number of cancelled tasks: their runs, and the tasks that max_duration cancelled at a failed run."""
    runs = _better(_runs(row)[State.CANCELLED], total.cancelled if total else None)
    if runs.is_estimate:
        return runs
    looked = _runs(row)[State.FAILED]
    return runs + (Count(0, is_capped=True) if looked is None else replace(looked, value=row["cancelled_tasks"]))


def _runs(row: Row) -> Mapping[State, Count | None]:
    """Give the runs of each state that ends, as they were counted; None where they were left out."""
    values = {
        State.COMPLETED: row["completed"],
        State.FAILED: row["failed_runs"],
        State.CANCELLED: row["cancelled_runs"],
    }
    return {
        state: None if value is None else Count(min(value, _cap(state)), value > _cap(state))
        for state, value in values.items()
    }


def _cap(state: State) -> int:
    return count_queries.FAILED_CAP if state is State.FAILED else count_queries.LIVE_CAP


def _better(counted: Count | None, total: Count | None) -> Count:
    """Choose what says more: an exact count, else the total; of two that are still counting the higher."""
    if counted is None:
        return total or Count(0, is_capped=True)
    if not counted.is_capped or total is None:
        return counted
    return max(counted, total, key=lambda count: count.value) if total.is_capped else total
