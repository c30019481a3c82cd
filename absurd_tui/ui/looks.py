"""What the screens beside the dashboard ask: one question after the other, of whoever reads for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from textual.message import Message

from absurd_tui.observe.event_records import EventsReading, EventsWanted, PayloadReading, WaitersReading
from absurd_tui.observe.family import Family
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.storage import StorageReading
from absurd_tui.observe.workers import WorkersReading


class Looks(Protocol):
    """What is looked at: the database, or what stands for it in tests."""

    async def workers(self, queue: str | None) -> Looked[WorkersReading]:
        """Read who holds runs of one queue, or of all (None), and who ended some lately."""
        ...

    async def event_list(self, wanted: EventsWanted) -> Looked[EventsReading]:
        """Read emitted events, and those that are awaited in vain."""
        ...

    async def waiters(self, queue: str, name: str) -> Looked[WaitersReading]:
        """Read who waits for an event."""
        ...

    async def payload(self, queue: str, name: str) -> Looked[PayloadReading]:
        """Read what an event carries."""
        ...

    async def family(
        self, queue: str, task_id: UUID, suspected: Sequence[UUID], awaited: Sequence[tuple[UUID, str]]
    ) -> Looked[Family]:
        """Find the children of a task, and which of the suspected are its parents."""
        ...

    async def storage(self) -> Looked[StorageReading]:
        """Read how all queues are stored and kept up."""
        ...


class Question(Protocol):
    """One question; equal ones ask for the same."""

    async def ask(self, source: Looks) -> Looked[Any]:
        """Ask it."""
        ...


class TakesLook(Protocol):
    """Who asks, and takes what came of it."""

    @property
    def question(self) -> Question:
        """What is asked now."""
        ...

    def take_look(self, question: Question, looked: Looked[Any]) -> None:
        """Take the answer to a question."""
        ...

    def take_refusal(self, question: Question, refusal: Refusal) -> None:
        """Take why there is no answer."""
        ...

    def let_go(self) -> None:
        """Know that another request took this one's place."""
        ...


@dataclass
class EventOpened(Message):
    """Show who waits for an event, or what it carries where it was emitted."""

    queue: str
    name: str
    is_emitted: bool


@dataclass
class LookWanted(Message):
    """Ask what somebody wants to know."""

    asker: TakesLook
