"""The two sides of the app: what it reads from, and what performs its writes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from absurd_tui.observe.children import Children
from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.failure_walk import FailedPage
from absurd_tui.observe.following import Standings
from absurd_tui.observe.found import IdsFound
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.matching import Matching
from absurd_tui.observe.parts import Part
from absurd_tui.observe.poll import Reads
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.records import Place, State
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter
from absurd_tui.observe.slices import DocumentAt, Slice
from absurd_tui.observe.task_records import Document, KeyHolder, TaskPage
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult
from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Outcome, Refused
from absurd_tui.operations.perform import Pending
from absurd_tui.operations.requests import Request, TaskBatch
from absurd_tui.ui.looks import Looks


class Source(Reads, Looks, Protocol):
    """What the app reads from: the database, or what stands for it in tests."""

    @property
    def address(self) -> str:
        """Name the server and database, raw and without a password."""
        ...

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        ...

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Read one of a task's documents whole."""
        ...

    def slices(self, document: DocumentAt) -> AsyncIterator[Slice]:
        """Read a document to its end, slice by slice."""
        ...

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        """Read which task of a queue has an idempotency key, or None where none has."""
        ...

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        """Find the tasks that some ids name, or one of whose runs they name, in all queues."""
        ...

    async def children(self, queue: str, task_id: UUID) -> Children:
        """Find the tasks that a task likely spawned, and theirs."""
        ...

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        """Read what is known of a whole queue, or None where there is none of that name."""
        ...

    async def event(self, queue: str, name: str) -> EventStanding:
        """Read whether an event of a queue was emitted, and who waits for it."""
        ...

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        """Read the whole name of the event that a run waits for, or None where it waits for none."""
        ...

    async def matching(self, queues: Sequence[str], state: State) -> Matching:
        """List all tasks of some queues in a state, as far as the list has room."""
        ...

    def search(self, filter: Filter, now: float) -> AsyncIterator[Progress]:
        """Search all queues, step by step; `now` is the database's clock."""
        ...

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        """Read a page of the failed attempts of a queue before a place, newest claim first."""
        ...

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        """Read how some tasks of a queue stand."""
        ...

    async def weigh(self) -> Mapping[Part, int]:
        """Count the pages that each part of the readings reads."""
        ...

    def close(self) -> None:
        """Drop every connection at once."""
        ...


class Performs(Protocol):
    """What performs requests: the operations, or what stands for them in tests."""

    @property
    def audit(self) -> Audit:
        """The record of what was done."""
        ...

    async def perform(self, request: Request, reason: str = "") -> Outcome:
        """Make a write and tell what is true afterwards; the audit keeps the reason."""
        ...

    async def perform_batch(self, batch: TaskBatch) -> BatchResult:
        """Make one write of many, and tell what is true of each afterwards."""
        ...

    async def check_batch(self, batch: TaskBatch) -> BatchResult:
        """Go through a write of many without its call."""
        ...

    def stop(self) -> bool:
        """Let what goes on batch by batch end after the batch under way; False where nothing does, or ends already."""
        ...

    async def count_clean_up(self, queue: str, ttl: int) -> CleanUpCount | Refused:
        """Count what a clean-up would delete, or say why not."""
        ...

    def pending(self) -> tuple[Pending, ...]:
        """The writes under way, the oldest first."""
        ...

    async def close(self, within: float = 1.0) -> tuple[Pending, ...]:
        """Wait for the writes under way, then leave; give those that had to be left."""
        ...
