"""The database as the app reads it: snapshots over one connection, pages over another."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from uuid import UUID

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.session import Session
from absurd_tui.observe.children import Children
from absurd_tui.observe.event_reader import read_events, read_payload, read_waiters
from absurd_tui.observe.event_records import EventsReading, EventsWanted, PayloadReading, WaitersReading
from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.failure_reader import FailureReader
from absurd_tui.observe.failure_walk import FailedPage
from absurd_tui.observe.family import Family, read_family
from absurd_tui.observe.finder import Finder
from absurd_tui.observe.following import Standings
from absurd_tui.observe.found import IdsFound
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.looking import Looked, Looking
from absurd_tui.observe.lookups import Lookups
from absurd_tui.observe.matching import Matching
from absurd_tui.observe.parts import Part
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.reader import Reader
from absurd_tui.observe.records import Place, Server, Snapshot, State, View
from absurd_tui.observe.search.search import Progress, Search
from absurd_tui.observe.search.terms import Filter
from absurd_tui.observe.slices import DocumentAt, Slice
from absurd_tui.observe.standings import read_standings
from absurd_tui.observe.storage import StorageReading
from absurd_tui.observe.storage_reader import read_storage
from absurd_tui.observe.task_reader import TaskReader
from absurd_tui.observe.task_records import Document, KeyHolder, TaskPage
from absurd_tui.observe.worker_reader import read_workers
from absurd_tui.observe.workers import WorkersReading


class DatabaseSource:
    """Reads a real database. One connection for polls, and one, opened on first use, for pages where there is room."""

    def __init__(self, spec: ConnSpec) -> None:
        self._poll = Session(spec, plans_once=True)
        self._browse = Session(spec)
        self._address = spec.label
        self._reader = Reader(self._poll, self._address)
        lookups = Lookups(self._browse, shared=self._poll)
        self._tasks = TaskReader(lookups)
        self._finder = Finder(lookups)
        self._looking = Looking(lookups, partial(self._reader.charge, Part.SCREENS))
        self._failures = FailureReader(Looking(lookups, partial(self._reader.charge, Part.FAILURES)))

    @property
    def address(self) -> str:
        """Name the server and database, raw and without a password."""
        return self._address

    async def open(self) -> Server:
        """Connect and learn whom we are talking to."""
        return await self._reader.open()

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        """Read what a view asks for; where urged, also what is read less often to spare the database."""
        return await self._reader.snapshot(view, is_urged=is_urged)

    async def weigh(self) -> Mapping[Part, int]:
        """Give how many pages each part of the last readings reads; that costs as much as they did, once."""
        return await self._reader.weigh()

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        return await self._tasks.task(queue, task_id)

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Read one of a task's documents whole."""
        return await self._tasks.document(queue, task_id, part)

    def slices(self, document: DocumentAt) -> AsyncIterator[Slice]:
        """Read a document to its end, slice by slice."""
        return self._tasks.slices(document)

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        """Read which task of a queue has an idempotency key, or None where none has."""
        return await self._tasks.key_holder(queue, key)

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        """Find the tasks that some ids name, or one of whose runs they name, in all queues."""
        return await self._finder.find_ids(ranges)

    async def children(self, queue: str, task_id: UUID) -> Children:
        """Find the tasks that a task likely spawned, and theirs."""
        return await self._tasks.children(queue, task_id)

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        """Read what is known of a whole queue, or None where there is none of that name."""
        return await self._tasks.queue_facts(queue)

    async def event(self, queue: str, name: str) -> EventStanding:
        """Read whether an event of a queue was emitted, and who waits for it."""
        return await self._tasks.event(queue, name)

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        """Read the whole name of the event that a run waits for, or None where it waits for none."""
        return await self._tasks.awaited_by(queue, run_id)

    async def matching(self, queues: Sequence[str], state: State) -> Matching:
        """List all tasks of some queues in a state, as far as the list has room."""
        return await self._tasks.matching(queues, state)

    def search(self, filter: Filter, now: float) -> AsyncIterator[Progress]:
        """Search all queues, step by step; `now` is the database's clock."""
        return Search(self._finder, filter, now).steps()

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        """Read a page of the failed attempts of a queue before a place, newest claim first."""
        return await self._failures.failed_runs(queue, before)

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        """Read how some tasks stand, over the connection of the polls and never beside one of them."""
        return await read_standings(self._poll, queue, task_ids)

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        """Read who holds runs of one queue, or of all (None), and who ended some lately."""
        return await self._looking.take(lambda fetch: read_workers(fetch, queue))

    async def event_list(self, wanted: EventsWanted) -> Looked[EventsReading]:
        """Read emitted events, and those that are awaited in vain."""
        return await self._looking.take(lambda fetch: read_events(fetch, wanted))

    async def waiters(self, queue: str, name: str) -> Looked[WaitersReading]:
        """Read who waits for an event."""
        return await self._looking.take(lambda fetch: read_waiters(fetch, queue, name))

    async def payload(self, queue: str, name: str) -> Looked[PayloadReading]:
        """Read what an event carries."""
        return await self._looking.take(lambda fetch: read_payload(fetch, queue, name))

    async def family(
        self, queue: str, task_id: UUID, suspected: Sequence[UUID], awaited: Sequence[tuple[UUID, str]]
    ) -> Looked[Family]:
        """Find the children of a task, and which of the suspected are its parents."""
        return await self._looking.take(lambda fetch: read_family(fetch, queue, task_id, suspected, awaited))

    async def storage(self) -> Looked[StorageReading]:
        """Read how all queues are stored and kept up."""
        return await self._looking.take(read_storage)

    def close(self) -> None:
        """Drop every connection at once."""
        self._poll.terminate()
        self._browse.terminate()
