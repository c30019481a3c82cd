"""What this schema and this role can do, as the catalog says it, never as a version string does.

Absurd's functions run with the rights of their caller, and everybody may execute them
unless somebody revoked that: so what decides are the rights on a queue's tables.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from absurd_tui.database.queue_names import IS_TEXT, QUEUE_NAME

Fetch: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]

TABLES = "trcew"
"""The letters of the tables that every queue has: tasks, runs, checkpoints, events, waits."""

_KEYS = "i"
"""The table of the idempotency keys of a partitioned queue; others have none."""

FUNCTIONS = """
select p.proname as name, has_function_privilege(p.oid, 'EXECUTE') as may_execute,
       array(select format_type(a.type, null) from unnest(p.proargtypes) with ordinality a(type, place)
              order by a.place) as arguments
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'absurd'"""

QUEUES = f"""
select {QUEUE_NAME} as queue, x.is_text, l.letter, c.oid is not null as is_there,
       array(select p.privilege from unnest('{{SELECT,INSERT,UPDATE,DELETE}}'::text[]) p(privilege)
              where has_table_privilege(c.oid, p.privilege)) as privileges,
       coalesce(row_security_active(c.oid), false) as hides_rows,
       l.letter = 't' and exists (select from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
                                     and a.attname = 'idempotency_key') as has_key
  from absurd.queues q {IS_TEXT}
  left join pg_namespace n on n.nspname = 'absurd'
 cross join unnest(string_to_array('{",".join(TABLES + _KEYS)}', ',')) l(letter)
  left join pg_class c on c.relnamespace = n.oid and c.relname = l.letter || '_' || q.queue_name"""


@dataclass(frozen=True, slots=True)
class Function:
    """A stored function of Absurd's by its name and the types of its arguments."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"


Functions: TypeAlias = Mapping[Function, bool]
"""The stored functions that there are, and whether the role may execute each."""


@dataclass(frozen=True, slots=True)
class Table:
    """What the role may do with one of a queue's tables; `hides_rows` says that row security applies to it."""

    privileges: frozenset[str]
    hides_rows: bool = False


@dataclass(frozen=True, slots=True)
class QueueAccess:
    """One queue's tables by their letters, as far as they are there, and whether its tasks have idempotency keys.

    One whose name is no text cannot be asked for anything, whatever the rights on its tables.
    """

    tables: Mapping[str, Table]
    has_key: bool = True
    is_text: bool = True

    @property
    def missing(self) -> tuple[str, ...]:
        """The letters of the tables that every queue has, and this one has not."""
        return tuple(letter for letter in TABLES if letter not in self.tables)

    @property
    def hides_rows(self) -> bool:
        """Whether row security decides which tasks or runs the role sees."""
        return any(self.tables[letter].hides_rows for letter in "tr" if letter in self.tables)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was found. None of `functions`, and a queue that is not in `queues`, are not known: nothing follows."""

    role: str
    functions: Functions | None = None
    queues: Mapping[str, QueueAccess] = field(default_factory=dict)

    def hides_rows(self, queue: str) -> bool:
        """Whether row security is known to decide which rows of a queue the role sees."""
        access = self.queues.get(queue)
        return access is not None and access.hides_rows


async def read_functions(fetch: Fetch) -> Functions:
    """Read the stored functions of the schema."""
    return {Function(row["name"], tuple(row["arguments"])): row["may_execute"] for row in await fetch(FUNCTIONS)}


async def read_queues(fetch: Fetch) -> Mapping[str, QueueAccess]:
    """Read the rights on the tables of every queue."""
    tables: dict[str, dict[str, Table]] = {}
    keyed: set[str] = set()
    no_text: set[str] = set()
    for row in await fetch(QUEUES):
        found = tables.setdefault(row["queue"], {})
        if row["is_there"]:
            found[row["letter"]] = Table(frozenset(row["privileges"]), row["hides_rows"])
        if row["has_key"]:
            keyed.add(row["queue"])
        if not row["is_text"]:
            no_text.add(row["queue"])
    return {queue: QueueAccess(found, queue in keyed, queue not in no_text) for queue, found in tables.items()}
