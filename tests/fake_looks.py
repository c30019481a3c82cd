"""What the screens beside the dashboard look at, of an Absurd in memory.

`tests/integration/test_source_conformance.py` holds it to the real thing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from fake_finding import FakeFinding

from absurd_tui.observe.looking import Looked
from absurd_tui.observe.records import Refusal, State, TaskRow
from absurd_tui.observe.workers import HeldRun, WorkersReading, workers_of

Found = TypeVar("Found")


@dataclass
class FakeLooks(FakeFinding):
    """What is looked at, and what was asked."""

    now: float = 0.0
    checkpoints: dict[UUID, tuple[str, float]] = field(default_factory=dict)
    """The newest checkpoint of a task that runs, and when it was saved."""
    looks: list[object] = field(default_factory=list)
    """What was asked."""
    look_fault: Exception | None = None
    look_cost: float = 0.0

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        self._looks_at(("workers", queue))
        rows = [row for row in self.rows.values() if row.queue in self._asked(queue)]
        held = [(row.worker, self._held(row)) for row in rows if row.state is State.RUNNING]
        ended = [
            (row.queue, row.worker, 1, row.ended_at)
            for row in rows
            if row.state in (State.COMPLETED, State.FAILED) and row.worker is not None
        ]
        reading = WorkersReading(self.now, workers_of(held, ended, self.now), *self._readable(queue))
        return self._looked(reading)

    def _held(self, row: TaskRow) -> HeldRun:
        name, at = self.checkpoints.get(row.task_id, (None, None))
        return HeldRun(
            row.queue,
            row.run_id,
            row.task_id,
            row.task_name,
            row.attempt,
            row.max_attempts,
            row.available_at,
            row.claim_expires_at,
            at,
            name,
        )

    def _looks_at(self, asked: object) -> None:
        self.looks.append(asked)
        for fault in (self.fault, self.look_fault):
            if fault is not None:
                raise fault

    def _asked(self, queue: str | None) -> set[str]:
        return {name for name in self._chosen(queue) if name not in self.refused}

    def _readable(self, queue: str | None) -> tuple[int, tuple[tuple[str, Refusal], ...]]:
        if queue is not None and queue not in self.queues:
            return 1, ((queue, Refusal("there is no such queue")),)
        chosen = list(self._chosen(queue))
        return len(chosen), tuple((name, self.refused[name]) for name in chosen if name in self.refused)

    def _chosen(self, queue: str | None) -> Iterable[str]:
        return (name for name in sorted(self.queues) if queue in (None, name))

    def _looked(self, found: Found) -> Looked[Found]:
        return Looked(found, time.monotonic(), self.look_cost)
