"""Reads the rows of the panels."""

from collections.abc import Collection, Sequence
from uuid import UUID

from absurd_tui.observe import panel_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import MAX_QUEUES, Gathered, ListedQueue
from absurd_tui.observe.finished import Departed
from absurd_tui.observe.leases import Leases
from absurd_tui.observe.records import PanelReading, QueueReading, State, TaskRow, View
from absurd_tui.observe.rows import natural_order, task_row

_ENDED = (State.COMPLETED, State.FAILED)


class Panels:
    """The panels' rows. Remembers which runs left the running set, and when leases were set."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._departed = Departed()
        self._leases = Leases()

    async def read(
        self, state: State, chosen: Sequence[ListedQueue], readings: Sequence[QueueReading], view: View, now: float
    ) -> PanelReading:
        """Read the first rows of one panel from the queues that are chosen."""
        have = {r.name for r in readings if r.counts is not None and r.counts.of(state).value}
        asked = _worth_asking(chosen, have)

        def branch(position: int, queue: ListedQueue) -> str:
            if state is State.FAILED and view.with_retried:
                return panel_queries.failed_runs_branch(position, queue.name, rows=view.rows)
            return panel_queries.panel_branch(
                position, queue.name, state, rows=view.rows, may_checkpoints=queue.may_checkpoints
            )

        found = await self._asking.gather(asked, branch)
        rows = {row.run_key: row for row in _task_rows(found, state)}
        is_by_claim = state in _ENDED and any(len(batch) >= view.rows for batch in found.rows.values())
        if state is State.RUNNING:
            refused = dict(found.refused)
            read = (queue.name for queue in chosen if queue.name not in refused)
            self._departed.see(((row.queue, row.run_id) for row in rows.values()), read)
            rows = {row.run_key: row for row in self._leases.see(rows.values(), now)}
        if state in _ENDED:
            for row in await self._finished(state, chosen):
                rows.setdefault(row.run_key, row)
        ordered = sorted(rows.values(), key=lambda row: natural_order(state, row))
        return PanelReading(state, tuple(ordered[: view.rows]), is_by_claim, found.refused)

    async def _finished(self, state: State, chosen: Sequence[ListedQueue]) -> list[TaskRow]:
        left = self._departed.by_queue()
        run_ids: list[UUID] = [run_id for queue in chosen for run_id in left.get(queue.name, ())]
        if not run_ids:
            return []
        asked = _worth_asking(chosen, left.keys())

        def branch(position: int, queue: ListedQueue) -> str:
            return panel_queries.finished_branch(position, queue.name, state)

        return _task_rows(await self._asking.gather(asked, branch, run_ids), state)


def _worth_asking(chosen: Sequence[ListedQueue], have: Collection[str]) -> Sequence[ListedQueue]:
    """Few queues are asked all, because a statement whose text stays the same is planned once."""
    if len(chosen) <= MAX_QUEUES:
        return chosen
    return [queue for queue in chosen if queue.name in have]


def _task_rows(found: Gathered, state: State) -> list[TaskRow]:
    return [task_row(queue, state, row) for queue, rows in found.rows.items() for row in rows]
