"""What a FakeSource finds among its tasks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from math import inf
from uuid import UUID

from fake_slices import FakeSlices

from absurd_tui.observe.found import Found, IdsFound, seen
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.records import Refusal, State, TaskRow
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter


@dataclass
class FakeFinding(FakeSlices):
    """The tasks of some queues, each in one state, and who looks for them."""

    queues: list[str] = field(default_factory=lambda: ["mail"])
    rows: dict[UUID, TaskRow] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    fault: Exception | None = None
    looked_for: list[tuple[IdRange, ...]] = field(default_factory=list)
    """The ids that were looked for."""

    searched: list[Filter] = field(default_factory=list)
    progresses: list[Progress] = field(default_factory=list)
    """What a search brings, step by step; without any it brings what is in the states and queues at once."""
    step: asyncio.Event | None = None
    """Where it is there, each step after the first waits for it."""

    async def search(self, filter: Filter, now: float) -> AsyncIterator[Progress]:
        self.searched.append(filter)
        for number, progress in enumerate(self.progresses or [self._all_of(filter)]):
            if number and self.step is not None:
                await self.step.wait()
                self.step.clear()
            yield progress

    def _all_of(self, filter: Filter) -> Progress:
        rows = [row for row in self.rows.values() if filter.admits(row.queue) and row.state in (filter.states or State)]
        return Progress(tuple(seen(row) for row in rows), len(self.rows), -inf, len(self.queues), is_over=True)

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        self.looked_for.append(tuple(ranges))
        if self.fault is not None:
            raise self.fault
        tasks: dict[UUID, Found] = {}
        for row in sorted(self.rows.values(), key=lambda row: -row.task_id.int):
            if row.queue in self.refused:
                continue
            if any(range_.low <= row.task_id <= range_.high for range_ in ranges):
                tasks[row.task_id] = seen(row)
            elif any(range_.low <= row.run_id <= range_.high for range_ in ranges):
                tasks[row.task_id] = seen(row, row.run_id)
        return IdsFound(tuple(tasks.values()), len(self.queues), tuple(sorted(self.refused.items())))
