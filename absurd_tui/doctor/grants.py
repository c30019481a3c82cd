"""Which statements let a role do what the dashboard does."""

from collections.abc import Iterator, Mapping

from absurd_tui.database.capabilities import TABLES, QueueAccess
from absurd_tui.observe.identifiers import identifier, table_to_read
from absurd_tui.operations import cancel, emit, extend, retry, spawn
from absurd_tui.operations.needs import Needs

OPERATIONS: Mapping[str, Needs] = {
    "cancel": cancel.NEEDS,
    "extend": extend.NEEDS,
    "retry": retry.NEEDS,
    "retry as new": retry.NEEDS_AS_NEW,
    "spawn": spawn.NEEDS,
    "emit": emit.NEEDS,
}
"""What the dashboard can do, and what each needs."""


def grants(queues: Mapping[str, QueueAccess], role: str) -> Iterator[str]:
    """Give the statements that let a role read every queue and do every operation on it, and nothing else."""
    name = identifier(role)
    yield f"GRANT USAGE ON SCHEMA absurd TO {name};"
    yield f"GRANT SELECT ON absurd.queues TO {name};"
    for queue, access in sorted(queues.items()):
        if not access.is_text:
            yield f"-- left out, the name of the queue is no UTF-8 text: {queue}"
            continue
        on = ", ".join(table_to_read(letter, queue) for letter in TABLES if letter in access.tables)
        if on:
            yield f"GRANT SELECT ON {on} TO {name};"
        for letter, privileges in _writing().items():
            if letter in access.tables:
                yield f"GRANT {', '.join(privileges)} ON {table_to_read(letter, queue)} TO {name};"


def _writing() -> Mapping[str, tuple[str, ...]]:
    """The rights beyond reading that the operations take, by the letter of the table."""
    needed: dict[str, dict[str, None]] = {}
    for needs in OPERATIONS.values():
        for letter, privileges in needs.rights:
            reads = letter in TABLES
            kept = [privilege for privilege in privileges if privilege != "SELECT" or not reads]
            needed.setdefault(letter, {}).update(dict.fromkeys(kept))
    return {letter: tuple(sorted(privileges)) for letter, privileges in needed.items()}
