"""Reads the rows of the panels."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from absurd_tui.observe import panel_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import MAX_QUEUES, Gathered, ListedQueue
from absurd_tui.observe.finished import Departed
from absurd_tui.observe.leases import Leases
from absurd_tui.observe.pages import read_page
from absurd_tui.observe.places import NEWEST_FIRST, first_place, order, placed
from absurd_tui.observe.records import Away, PanelReading, QueueReading, State, TaskRow, View
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
        """Read the rows of one panel from the queues that are chosen: the first, or those where the view is away."""
        have = {r.name for r in readings if r.counts is not None and r.counts.of(state).value}
        asked = _worth_asking(chosen, have)
        if view.away is not None and view.away.state is state:
            return await self._away(asked, view, view.away, now)

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
        by_end = state in NEWEST_FIRST
        ordered = sorted(
            rows.values(), key=lambda row: natural_order(state, row) if by_end else order(state, placed(row))
        )
        shown = tuple(ordered[: view.rows])
        has_more = len(ordered) > view.rows or any(len(batch) >= view.rows for batch in found.rows.values())
        if by_end:  # only the newest were picked from
            counted = [r.counts.of(state) for r in readings if r.counts is not None and r.name in found.rows]
            has_more |= sum(count.value for count in counted) > len(shown)
        after = first_place(state) if by_end else shown[-1].place if shown else None
        return PanelReading(state, shown, is_by_claim, found.refused, after=after if has_more else None)

    def unchanged(self, now: float) -> None:
        """Take note that at `now` everything is as it was read last."""
        self._leases.unchanged(now)

    async def _away(self, chosen: Sequence[ListedQueue], view: View, away: Away, now: float) -> PanelReading:
        """Read rows around a place. Which runs leave the running set is seen at the head alone."""
        page = await read_page(self._asking, chosen, view, away)
        return replace(page, rows=tuple(self._leases.see(page.rows, now))) if away.state is State.RUNNING else page

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
