"""What stands for the operations in tests of the screens: it keeps what it is asked, and writes nothing."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult
from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Outcome, Refused
from absurd_tui.operations.perform import Pending
from absurd_tui.operations.requests import Request, TaskBatch


@dataclass
class FakePerformer:
    """Keeps the requests that it is given, and answers each with the same outcome; it writes nothing.

    With a `gate` it answers when that is opened; until then its writes are as far as `is_committing` and
    `is_looked_up` say.
    """

    outcome: Outcome = Refused("This is a test.")
    requests: list[Request] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    audit: Audit = field(default_factory=lambda: Audit(None))
    closed: bool = False
    gate: asyncio.Event | None = None
    counted: CleanUpCount | Refused = Refused("This is a test.")
    is_committing: bool = False
    is_looked_up: bool = False
    begun: list[tuple[Request, float]] = field(default_factory=list)
    batches: list[TaskBatch] = field(default_factory=list)
    found: dict[UUID, Outcome] = field(default_factory=dict)
    """What a dry run finds of a task that nothing could be done to."""

    async def perform(self, request: Request, reason: str = "") -> Outcome:
        self.requests.append(request)
        self.reasons.append(reason)
        if self.gate is not None:
            begun = (request, time.monotonic())
            self.begun.append(begun)
            await self.gate.wait()
            self.begun.remove(begun)
        return self.outcome

    async def perform_batch(self, batch: TaskBatch) -> BatchResult:
        self.reasons.append(batch.reason)
        self.batches.append(batch)
        if self.gate is not None:
            await self.gate.wait()
        return BatchResult((self.outcome,) * len(batch.targets))

    async def check_batch(self, batch: TaskBatch) -> BatchResult:
        return BatchResult(tuple(self.found.get(target.task_id) for target in batch.targets))

    def stop(self) -> bool:
        return False

    async def count_clean_up(self, queue: str, ttl: int) -> CleanUpCount | Refused:
        return self.counted

    def pending(self) -> tuple[Pending, ...]:
        now, xid = time.monotonic(), 4711
        return tuple(
            Pending(request, now - at, xid, self.is_committing, self.is_looked_up) for request, at in self.begun
        )

    async def close(self, within: float = 1.0) -> tuple[Pending, ...]:
        self.closed = True
        return ()
