"""One statement over many queues, and what happens when one of them is at fault.

A statement holds as many queues as the lock table of a server takes lightly; a
statement that is refused is split until the queue at fault stands alone, so that
the others live.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from absurd_tui.database.faults import Fault, classify, sentence, sqlstate
from absurd_tui.observe.queries import quoted
from absurd_tui.observe.records import Refusal

MAX_RELATIONS = 500
MAX_QUEUES = 25
_RELATIONS = 11
_RELATIONS_A_PARTITION = 8


class Row(Protocol):
    """A row of a result, read by the names of its columns."""

    def __getitem__(self, column: str, /) -> Any:
        """Give the value of a column."""
        ...


Fetch = Callable[..., Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class ListedQueue:
    """A queue as the catalog lists it, and whether this role may read its checkpoints."""

    name: str
    storage_mode: str
    partitions: int
    may_checkpoints: bool
    refusal: Refusal | None

    @property
    def relations(self) -> int:
        """How many relations a statement about this queue locks, at most."""
        return _RELATIONS + _RELATIONS_A_PARTITION * self.partitions


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of each queue by its name, and the queues that refused."""

    rows: Mapping[str, Sequence[Row]]
    refused: tuple[tuple[str, Refusal], ...]


async def gather(
    fetch: Fetch,
    queues: Sequence[ListedQueue],
    branch: Callable[[int, ListedQueue], str],
    *arguments: object,
    role: str,
    arguments_of: Callable[[Sequence[ListedQueue]], Sequence[object]] = lambda _: (),
) -> Gathered:
    """Ask every queue by its branch, few statements in all.

    `arguments` are the same for each statement, and come before those that `arguments_of` gives for its queues.
    Raises only what is no queue's fault: what ends the connection, and what may pass when all is read again.
    """
    rows: dict[str, Sequence[Row]] = {}
    refused: list[tuple[str, Refusal]] = []
    waiting = chunks(queues)
    while waiting:
        chunk = waiting.pop(0)
        statement = " union all ".join(branch(position, queue) for position, queue in enumerate(chunk))
        try:
            found = await fetch(statement, *arguments, *arguments_of(chunk))
        except Exception as error:
            fault = classify(error)
            if fault in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            if len(chunk) == 1:
                refused.append((chunk[0].name, refusal(error, chunk[0].name, role)))
            else:
                middle = len(chunk) // 2
                waiting[:0] = [chunk[:middle], chunk[middle:]]
            continue
        by_position: dict[int, list[Row]] = {}
        for row in found:
            by_position.setdefault(row["qi"], []).append(row)
        rows.update((queue.name, by_position.get(position, [])) for position, queue in enumerate(chunk))
    return Gathered(rows, tuple(refused))


def chunks(queues: Sequence[ListedQueue]) -> list[Sequence[ListedQueue]]:
    """Cut a list of queues into statements of few enough relations."""
    cut: list[list[ListedQueue]] = []
    relations = 0
    for queue in queues:
        if not cut or len(cut[-1]) == MAX_QUEUES or relations + queue.relations > MAX_RELATIONS:
            cut.append([])
            relations = 0
        cut[-1].append(queue)
        relations += queue.relations
    return list(cut)


def refusal(error: Exception, queue: str, role: str) -> Refusal:
    """Say why a queue could not be read, in words for the one who reads it at night."""
    code = sqlstate(error)
    if code == "42501":
        return no_right(queue, role)
    if code == "55P03":
        return Refusal("locked by somebody else: no answer within 0.2s")
    if code == "57014":
        return Refusal("no answer within 2s; asking again")
    if code in ("42P01", "3F000"):
        return Refusal("its tables are missing or have just been dropped")
    return Refusal(sentence(error))


def no_right(queue: str, role: str) -> Refusal:
    """Say that the role may not read a queue, with the statement that allows it."""
    tables = ", ".join("absurd." + quoted(f"{letter}_{queue}") for letter in "trcew")
    return Refusal(
        f"role {role} may not SELECT on absurd.t_{queue}, r_{queue}",
        f"GRANT SELECT ON {tables} TO {quoted(role)};",
    )
