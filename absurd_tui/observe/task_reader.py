"""Reads the page of one task."""

import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TypeVar
from uuid import UUID

from absurd_tui.database.faults import Fault, classify, sentence, sqlstate
from absurd_tui.observe import task_queries
from absurd_tui.observe.branches import Row
from absurd_tui.observe.children import Children, read_children
from absurd_tui.observe.events import EventStanding, read_awaited, read_event
from absurd_tui.observe.lock_holders import with_holder
from absurd_tui.observe.lookups import Lookups
from absurd_tui.observe.matching import Matching, read_matching
from absurd_tui.observe.queue_facts import QueueFacts, read_facts
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.slices import DocumentAt, Slice, document_at, slices
from absurd_tui.observe.task_records import WHOLE_CHARACTERS, Document, KeyHolder, TaskPage
from absurd_tui.observe.task_rows import document, task_page

Result = TypeVar("Result")

_ENDED = ("failed", "completed", "cancelled")


class TaskReader:
    """Reads tasks, each as a request of its own among the others that are looked up."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._keys: dict[str, Row] = {}
        self._keys_as_of = 0

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        return await self._lookups.run(lambda: self._answered(queue, self._task(queue, task_id)))

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Read one of a task's documents up to 8 million characters, or None where it is no more.

        `part` is one of `task_records.PARAMS`, `HEADERS`, `RESULT`, or made by `failure_part` or `checkpoint_part`.
        """
        return await self._lookups.run(lambda: self._answered(queue, self._document(queue, task_id, part)))

    def slices(self, document: DocumentAt) -> AsyncIterator[Slice]:
        """Read a document to its end, slice by slice."""
        return slices(self._lookups, document)

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        """Read which task has an idempotency key; None where none has it, or the schema knows no keys."""
        return await self._lookups.run(lambda: self._answered(queue, self._key_holder(queue, key)))

    async def _answered(self, queue: str, answer: Awaitable[Result]) -> Result:
        """Await what was asked of a queue; an error for a lock names who has it."""
        try:
            return await answer
        except Exception as error:
            named = await with_holder(error, queue, self._lookups.fetch)
            if named is error:
                raise
            raise named from error

    async def children(self, queue: str, task_id: UUID) -> Children:
        """Find the tasks that a task likely spawned, and theirs."""
        return await self._lookups.run(lambda: read_children(self._lookups.fetch, queue, task_id))

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        """Read what is known of a whole queue, or None where there is none of that name."""
        return await self._lookups.run(lambda: self._answered(queue, read_facts(self._lookups.fetch, queue)))

    async def event(self, queue: str, name: str) -> EventStanding:
        """Read whether an event was emitted, and who waits for it."""
        return await self._lookups.run(lambda: self._answered(queue, read_event(self._lookups.fetch, queue, name)))

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        """Read the whole name of the event that a run waits for, or None where it waits for none."""
        return await self._lookups.run(lambda: self._answered(queue, read_awaited(self._lookups.fetch, queue, run_id)))

    async def matching(self, queues: Sequence[str], state: State) -> Matching:
        """List all tasks of some queues in a state, as far as the list has room."""
        return await self._lookups.run(lambda: read_matching(self._lookups.fetch, queues, state))

    async def _key_holder(self, queue: str, key: str) -> KeyHolder | None:
        keys = await self._keys_of(queue)
        if not keys["has_key"]:
            return None
        rows = await self._lookups.fetch(task_queries.key_holder(queue, has_table=keys["has_table"]), key)
        return KeyHolder(rows[0]["task_id"], rows[0]["task_name"], State(rows[0]["state"])) if rows else None

    async def _task(self, queue: str, task_id: UUID) -> TaskPage | None:
        keys = await self._keys_of(queue)
        rows = await self._lookups.fetch(task_queries.task(queue, has_key=keys["has_key"]), task_id)
        taken = time.monotonic()
        documents = await self._lookups.fetch(task_queries.documents(queue), task_id)
        if not rows or not documents:
            return None
        checkpoints = await self._part("c", queue, task_queries.checkpoints(queue), task_id)
        living = [row["run_id"] for row in rows if row["run_id"] is not None and row["state"] not in _ENDED]
        waits = await self._part("w", queue, task_queries.waits(queue), living) if living else ()
        return task_page(queue, task_id, taken, rows, documents[0], checkpoints, waits)

    async def _document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        at = document_at(queue, task_id, part)
        rows = await self._lookups.fetch(task_queries.whole(queue, at.kind), *at.names)
        if not rows:
            return None
        return document(rows[0]["size"], rows[0]["text"], limit=WHOLE_CHARACTERS)

    async def _keys_of(self, queue: str) -> Row:
        """Say how this queue keeps the idempotency keys of its tasks, which they have since schema 0.0.6."""
        if self._keys_as_of != self._lookups.connected:
            self._keys, self._keys_as_of = {}, self._lookups.connected
        if queue not in self._keys:
            (self._keys[queue],) = await self._lookups.fetch(task_queries.KEYS, queue)
        return self._keys[queue]

    async def _part(self, letter: str, queue: str, statement: str, argument: object) -> Sequence[Row] | Refusal:
        """Read a part the page can do without. Raises only what ends the connection."""
        try:
            return await self._lookups.fetch(statement, argument)
        except Exception as error:
            if classify(error) is Fault.RECONNECT:
                raise
            if sqlstate(error) == "42501":
                return Refusal(f"This role may not read absurd.{letter}_{queue}.")
            return Refusal(sentence(error))
