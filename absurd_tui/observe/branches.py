"""One statement for many queues: a branch for each question to each queue, joined with `union all`.

A statement locks every relation that it names, and the lock table of a server is
shared with its workers; so a statement covers few relations, whatever the number of
queues. A statement that is refused is split until the queue at fault stands alone, so
that the others live; and then until the question does, where only that may be at fault.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from absurd_tui.database.faults import Fault, classify, sentence, sqlstate
from absurd_tui.observe.identifiers import identifier, table_to_read
from absurd_tui.observe.lock_holders import LOCKED, HeldLockError, LockHolder, with_holder
from absurd_tui.observe.records import Refusal

MAX_RELATIONS = 500
MAX_QUEUES = 60
_TASKS_AND_RUNS, _OF_A_PARTITION, _CHECKPOINTS = 9, 8, 2


class Row(Protocol):
    """A row of a result, read by the names of its columns."""

    def __getitem__(self, column: str, /) -> Any:
        """Give the value of a column."""
        ...


Fetch = Callable[..., Awaitable[Sequence[Row]]]
About = TypeVar("About", bound=Hashable)
Branch = Callable[[int, str, About], str]
"""Makes the text of a branch: of its position, the queue's name, and what is asked."""


@dataclass(frozen=True, slots=True)
class ListedQueue:
    """A queue as the catalog lists it, and whether this role may read its checkpoints.

    `is_small` says that reading its tables from end to end costs less than looking into their indexes, `has_keys`
    that its tasks have a column for idempotency keys, which they have since schema 0.0.6.
    """

    name: str
    storage_mode: str
    partitions: int
    may_checkpoints: bool
    refusal: Refusal | None
    is_small: bool = False
    has_keys: bool = True

    def relations(self, *, checkpoints: bool) -> int:
        """How many relations a statement about this queue's tasks and runs locks at most: tables and indexes."""
        each = _CHECKPOINTS if checkpoints else 0
        return _TASKS_AND_RUNS + each + (_OF_A_PARTITION + each) * self.partitions


@dataclass(frozen=True, slots=True)
class Question(Generic[About]):
    """What one queue is asked; `about` tells one question from another.

    One that is idle only has its place in the statement, whose text stays the same: its arguments ask for nothing. It
    is answered by nothing, but refused like any other.
    """

    queue: ListedQueue
    about: About
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of each queue by its name, and the queues that refused."""

    rows: Mapping[str, Sequence[Row]]
    refused: tuple[tuple[str, Refusal], ...]


@dataclass(frozen=True, kw_only=True)
class Chunked(ABC, Generic[About]):
    """How questions are cut into statements, and what happens to those that are refused.

    `checkpoints` says whether checkpoints are read too, `apart` names queues that stand alone in a statement.
    """

    fetch: Fetch
    role: str
    checkpoints: bool = False
    apart: Collection[str] = ()
    most_relations: int = MAX_RELATIONS
    most_queues: int = MAX_QUEUES

    @abstractmethod
    async def answers(self, chunk: Sequence[Question[About]]) -> Mapping[int, Sequence[Row]]:
        """Run one statement; the rows of each of its questions, by position."""

    def is_idle(self, chunk: Sequence[Question[About]]) -> bool:
        """Whether there is nothing to ask in a statement."""
        return all(question.is_idle for question in chunk)

    async def gather(self, questions: Sequence[Question[About]]) -> Mapping[About, Gathered]:
        """Ask all, few statements in all; what was answered, and who refused, by what was asked.

        Questions to one queue stand side by side. Raises only what is no queue's fault: what ends the connection,
        and what may pass when all is read again.
        """
        rows: dict[About, dict[str, Sequence[Row]]] = {question.about: {} for question in questions}
        refused: dict[About, list[tuple[str, Refusal]]] = {question.about: [] for question in questions}
        waiting = self.chunks(questions)
        while waiting:
            chunk = waiting.pop(0)
            if self.is_idle(chunk):
                continue
            try:
                found = await self.answers(chunk)
            except Exception as error:
                if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                    raise
                if parts := _parts(chunk, error):
                    waiting[:0] = parts
                    continue
                name = chunk[0].queue.name
                why = refusal(await with_holder(error, name, self.fetch), name, self.role)
                for question in chunk:
                    refused[question.about].append((name, why))
                continue
            for position, question in enumerate(chunk):
                if not question.is_idle:
                    rows[question.about][question.queue.name] = found.get(position, [])
        return {about: Gathered(rows[about], tuple(refused[about])) for about in rows}

    def chunks(self, questions: Sequence[Question[About]]) -> list[Sequence[Question[About]]]:
        """Cut questions into statements of few enough relations; those to one queue stay together."""
        cut: list[list[Question[About]]] = []
        queues = relations = 0
        last: str | None = None
        for question in questions:
            if question.queue.name != last:
                locked = question.queue.relations(checkpoints=self.checkpoints)
                is_apart = last in self.apart or question.queue.name in self.apart
                if not cut or is_apart or queues == self.most_queues or relations + locked > self.most_relations:
                    cut.append([])
                    queues = relations = 0
                queues, relations, last = queues + 1, relations + locked, question.queue.name
            cut[-1].append(question)
        return list(cut)


@dataclass(frozen=True, kw_only=True)
class Asked(Chunked[About]):
    """Questions that are asked by a branch each.

    `arguments` are the same for each statement, and come before those that `arguments_of` gives for its questions.
    """

    branch: Branch[About]
    arguments: Sequence[object] = ()
    arguments_of: Callable[[Sequence[Question[About]]], Sequence[object]] = lambda _: ()

    async def answers(self, chunk: Sequence[Question[About]]) -> Mapping[int, Sequence[Row]]:
        """Run one statement; the rows of each of its questions, by position."""
        statement = " union all ".join(
            self.branch(position, question.queue.name, question.about) for position, question in enumerate(chunk)
        )
        by_position: dict[int, list[Row]] = {}
        for row in await self.fetch(statement, *self.arguments, *self.arguments_of(chunk)):
            by_position.setdefault(row["qi"], []).append(row)
        return by_position


def merged(found: Mapping[About, Gathered]) -> Gathered:
    """Put together what was answered to different questions, where each queue was asked one."""
    rows = {name: rows for gathered in found.values() for name, rows in gathered.rows.items()}
    return Gathered(rows, tuple(refused for gathered in found.values() for refused in gathered.refused))


def _parts(chunk: Sequence[Question[About]], error: Exception) -> list[Sequence[Question[About]]]:
    """Split a statement that was refused: in half, or a lone queue's into its questions, unless the queue is locked."""
    names = list(dict.fromkeys(question.queue.name for question in chunk))
    if len(names) > 1:
        first = set(names[: len(names) // 2])
        at = sum(question.queue.name in first for question in chunk)
        return [chunk[:at], chunk[at:]]
    if len(chunk) == 1 or sqlstate(error) == LOCKED:
        return []
    return [[question] for question in chunk]


def refusal(error: Exception, queue: str, role: str) -> Refusal:
    """Say why a queue could not be read, in words for the one who reads it at night."""
    code = sqlstate(error)
    if code == "42501":
        return no_right(queue, role)
    if isinstance(error, HeldLockError):
        return Refusal(_held(error.holder))
    if code == LOCKED:
        return Refusal("locked by somebody else: no answer within 0.2s")
    if code == "57014":
        return Refusal("no answer within 2s", is_slow=True)
    if code in ("42P01", "3F000"):
        return Refusal("its tables are missing or have just been dropped")
    return Refusal(sentence(error))


def _held(holder: LockHolder) -> str:
    if holder.is_waiting:
        return f"{holder} waits to lock it; readers wait behind"
    return f"locked by {holder}"


NO_TEXT: Final = Refusal("its name is no UTF-8 text, so that it cannot be asked for")


def no_right(queue: str, role: str) -> Refusal:
    """Say that the role may not read a queue, with the statement that allows it."""
    tables = ", ".join(table_to_read(letter, queue) for letter in "trcew")
    return Refusal(
        f"role {role} may not SELECT on absurd.t_{queue}, r_{queue}",
        f"GRANT SELECT ON {tables} TO {identifier(role)};",
    )
