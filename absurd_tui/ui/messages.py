"""What a screen asks of the app, which owns the connection."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from textual.message import Message

from absurd_tui.observe.children import Children
from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.failure_walk import FailureWalk, Looks
from absurd_tui.observe.found import IdsFound
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.matching import Matching
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.records import ReadAt, Refusal, State, TaskRow, View
from absurd_tui.observe.task_records import Document, KeyHolder, TaskPage
from absurd_tui.operations.bulk import BulkPlan
from absurd_tui.operations.bulk_check import Split
from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.requests import Act, Request, Target
from absurd_tui.text import Plain
from absurd_tui.ui.awaited import AwaitedBy
from absurd_tui.ui.dialogs.spawn_offer import Newest


@dataclass
class ViewChanged(Message):
    """The screen shows something else now: read that."""

    view: View


@dataclass
class IntervalChanged(Message):
    """Read every so many seconds from now on."""

    seconds: float


class ReadNow(Message):
    """Read, or connect, now."""


@dataclass
class TaskOpened(Message):
    """Show the page of a task; `row` is what is known of it already, where something is, and when that was read.

    `run_id` is the attempt that is shown first. `trail` are the tasks whose pages led there, one from the other: there
    is a way back over them.
    """

    queue: str
    task_id: UUID
    row: TaskRow | None = None
    read: ReadAt | None = None
    run_id: UUID | None = None
    trail: tuple[tuple[str, UUID], ...] = ()


@dataclass
class FailuresOpened(Message):
    """Show the failures of one queue, or of all (None), in groups."""

    queue: str | None


@dataclass
class FailuresWanted(Message):
    """Walk through failed attempts as long as somebody looks."""

    looker: Looks
    walk: FailureWalk


class TakesPage(Protocol):
    """Who wants a task's page, and takes what came of reading it."""

    @property
    def queue(self) -> str:
        """The queue of the task."""
        ...

    @property
    def task_id(self) -> UUID:
        """The task's id."""
        ...

    def take_page(self, page: TaskPage | None) -> None:
        """Take the page, or None where the task is no more."""
        ...

    def take_refusal(self, refusal: Refusal) -> None:
        """Take why it could not be read."""
        ...

    def let_go(self) -> None:
        """Know that another request took this one's place."""
        ...


class TakesDocument(TakesPage, Protocol):
    """Who wants one of a task's documents whole."""

    def take_document(self, part: str, document: Document | None) -> None:
        """Take the document, or None where it is no more."""
        ...


@dataclass
class PageWanted(Message):
    """Read a task's page."""

    asker: TakesPage


@dataclass
class DocumentWanted(Message):
    """Read one of a task's documents whole."""

    asker: TakesDocument
    part: str


class Says(Protocol):
    """Who can say something to the user for a few seconds."""

    def say(self, said: Plain) -> None:
        """Say it."""
        ...


class TakesFacts(Protocol):
    """Who wants what is known of a whole queue."""

    @property
    def queue(self) -> str:
        """The queue."""
        ...

    def take_facts(self, facts: QueueFacts | None) -> None:
        """Take it, or None where there is no such queue."""
        ...

    def take_refusal(self, refusal: Refusal) -> None:
        """Take why it could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class FactsOf:
    """What is known of a whole queue."""

    asker: TakesFacts


class TakesChildren(Protocol):
    """Who wants the tasks that a task likely spawned."""

    @property
    def queue(self) -> str:
        """The queue of the task."""
        ...

    @property
    def task_id(self) -> UUID:
        """The task's id."""
        ...

    def take_children(self, children: Children) -> None:
        """Take those that were found."""
        ...

    def take_children_refusal(self, refused: Refusal) -> None:
        """Take why they could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class ChildrenOf:
    """The tasks that a task likely spawned."""

    asker: TakesChildren


class TakesCount(Protocol):
    """Who wants to know what a clean-up of a queue would delete."""

    @property
    def queue(self) -> str:
        """The queue."""
        ...

    def take_count(self, count: CleanUpCount | Refused) -> None:
        """Take what was counted, or why it was not."""
        ...


@dataclass(frozen=True, slots=True)
class CountOf:
    """What a clean-up of a queue would delete that is older than `ttl` seconds."""

    asker: TakesCount
    ttl: int


@dataclass
class LookupWanted(Message):
    """Look something up for a dialog."""

    what: FactsOf | ChildrenOf | CountOf | AwaitedBy


@dataclass
class SeedWanted(Message):
    """Open the spawn form: for a copy of the row's task, or with what is known of it, in this queue.

    `task_name` is the task to spawn, where it was named.
    """

    asker: Says
    row: TaskRow | None
    queue: str | None
    is_copy: bool
    task_name: str = ""


class TakesParams(Protocol):
    """Who wants the params of the newest task of a queue and a name."""

    def awaits(self, queue: str, task_name: str) -> bool:
        """Whether these are still wanted."""
        ...

    def take_newest(self, queue: str, task_name: str, newest: Newest | None) -> None:
        """Take the newest task, or None where none is known."""
        ...


@dataclass
class ParamsWanted(Message):
    """Find the newest known task of a queue and a name, and read its params whole."""

    asker: TakesParams
    queue: str
    task_name: str


class TakesHolder(Protocol):
    """Who wants to know which task has an idempotency key."""

    def awaits_holder(self, queue: str, key: str) -> bool:
        """Whether that is still wanted."""
        ...

    def take_holder(self, queue: str, key: str, holder: KeyHolder | None) -> None:
        """Take the task that has the key, or None where none has it."""
        ...


@dataclass
class HolderWanted(Message):
    """Find the task of a queue that has an idempotency key."""

    asker: TakesHolder
    queue: str
    key: str


class TakesIds(Protocol):
    """Who wants the tasks that some ids name."""

    def awaits_ids(self, ranges: Sequence[IdRange]) -> bool:
        """Whether these are still wanted."""
        ...

    def take_ids(self, found: IdsFound) -> None:
        """Take what was found."""
        ...

    def take_trouble(self, said: Plain) -> None:
        """Take why nothing could be looked for."""
        ...


class TakesEvent(Protocol):
    """Who wants to know how an event stands."""

    def take_event(self, name: str, event: EventStanding | Refusal) -> None:
        """Take how it stands, or why that was not read."""
        ...


@dataclass
class IdsWanted(Message):
    """Find the tasks that some ids name, in every queue."""

    asker: TakesIds
    ranges: tuple[IdRange, ...]


@dataclass
class EventWanted(Message):
    """Find out how an event of a queue stands."""

    asker: TakesEvent
    queue: str
    event_name: str


@dataclass
class RequestMade(Message):
    """Perform this request: it was confirmed in a dialog, for this reason where one was asked for."""

    request: Request
    reason: str = ""


class TakesMatching(Protocol):
    """Who wants a list of all tasks in a state."""

    def take_matching(self, wanted: "MatchingWanted", matching: Matching) -> None:
        """Take the list."""
        ...

    def take_matching_refusal(self, refusal: Refusal) -> None:
        """Take why there is none."""
        ...


@dataclass
class MatchingWanted(Message):
    """List all tasks of some queues in a state."""

    asker: TakesMatching
    state: State
    queues: list[str]


class TakesSplit(Protocol):
    """Who wants to know what can be done to each of many tasks, without doing it."""

    @property
    def act(self) -> Act:
        """What would be done."""
        ...

    @property
    def targets(self) -> tuple[Target, ...]:
        """The tasks."""
        ...

    def take_checked(self, number: int) -> bool:
        """Know how many are looked through, and say whether the rest is still wanted."""
        ...

    def take_split(self, split: Split) -> None:
        """Take what was found."""
        ...


@dataclass
class SplitWanted(Message):
    """Go through many tasks without doing anything to them."""

    asker: TakesSplit


@dataclass
class BulkConfirmed(Message):
    """Do this to many tasks: it was confirmed in a dialog. `begun` is called where that begins."""

    plan: BulkPlan
    begun: Callable[[], None]
