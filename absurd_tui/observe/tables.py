"""The tables of each queue, as the catalog has them, for looks at more than its tasks and runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui.observe.branches import NO_TEXT, Fetch, ListedQueue
from absurd_tui.observe.identifiers import identifier, table_to_read
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.table_queries import TABLES


@dataclass(frozen=True, slots=True)
class QueueTables:
    """Which of a queue's tables are there, by their letters, may be read by `role`, and hide rows from it.

    One whose name is no text cannot be asked for.
    """

    name: str
    role: str
    storage_mode: str
    partitions: int
    is_text: bool
    there: frozenset[str]
    readable: frozenset[str]
    veiled: frozenset[str] = frozenset()

    def refusal(self, letters: str) -> Refusal | None:
        """Say why some of its tables cannot be read, and what would allow it; None where all can."""
        if not self.is_text:
            return NO_TEXT
        missing = [f"absurd.{letter}_{self.name}" for letter in letters if letter not in self.there]
        if missing:
            return Refusal(f"its tables are missing: {', '.join(missing)}")
        barred = [letter for letter in letters if letter not in self.readable]
        if not barred:
            return None
        named = ", ".join(f"absurd.{letter}_{self.name}" for letter in barred)
        tables = ", ".join(table_to_read(letter, self.name) for letter in barred)
        return Refusal(
            f"role {self.role} may not SELECT on {named}", f"GRANT SELECT ON {tables} TO {identifier(self.role)};"
        )

    @property
    def listed(self) -> ListedQueue:
        """The same as statements about many queues take it."""
        return ListedQueue(self.name, self.storage_mode, self.partitions, may_checkpoints=True, refusal=None)


@dataclass(frozen=True, slots=True)
class Found:
    """The queues that a look is about, those of them that can be read, and why not the others."""

    now: float
    readable: tuple[QueueTables, ...]
    refused: tuple[tuple[str, Refusal], ...]
    veiled: tuple[str, ...]
    """Those of which row security hides rows."""

    @property
    def asked(self) -> int:
        """How many queues the look is about."""
        return len(self.readable) + len(self.refused)


async def read_tables(fetch: Fetch, queue: str | None, letters: str) -> Found:
    """Find the queues that a look at some of their tables is about: one, or all of them (None)."""
    rows = await fetch(TABLES)
    found = [
        QueueTables(
            row["name"],
            row["role"],
            row["storage_mode"],
            row["partitions"],
            row["is_text"],
            *(frozenset(row[column] or ()) for column in ("there", "readable", "veiled")),
        )
        for row in rows
        if queue in (None, row["name"])
    ]
    refused = [(tables.name, refusal) for tables in found if (refusal := tables.refusal(letters)) is not None]
    if queue is not None and not found:
        refused = [(queue, Refusal("there is no such queue"))]
    names = {name for name, _ in refused}
    return Found(
        max((row["now"] for row in rows), default=0.0),
        tuple(tables for tables in found if tables.name not in names),
        tuple(refused),
        tuple(tables.name for tables in found if _is_veiled(tables, letters)),
    )


def _is_veiled(tables: QueueTables, letters: Sequence[str]) -> bool:
    return any(letter in tables.veiled for letter in letters)
