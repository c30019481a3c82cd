"""A copy of a failed task, made by the database from the task's own row: its params never leave the server.

A copy has a header that names its original. One of many has an idempotency key made of
the run that failed, so that whoever copies the same failures again, after a lost
connection, in another session or at the same moment, gets the copies that are there.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from absurd_tui.database.capabilities import Function
from absurd_tui.observe.queries import table
from absurd_tui.operations import literals
from absurd_tui.operations.needs import Needs

HEADER: Final = "absurd-tui-copied-from"
NO_KEYS: Final = "This Absurd schema has no idempotency keys (they came with 0.0.6): a copy could be made twice."
_FUNCTION: Final = Function("spawn_task", ("text", "text", "jsonb", "jsonb"))
NEEDS_OF_ONE: Final = Needs(_FUNCTION, "0.0.3", (("r", ("SELECT", "INSERT")), ("t", ("SELECT", "INSERT", "UPDATE"))))
NEEDS: Final = Needs(
    _FUNCTION,
    "0.0.3",
    (("r", ("SELECT", "INSERT")), ("t", ("SELECT", "INSERT", "UPDATE")), ("i", ("SELECT", "INSERT", "UPDATE"))),
    on_queues=("SELECT",),
)


def key(run_id: UUID) -> str:
    """The idempotency key of the copy that is made because this run failed."""
    return f"absurd-tui:copy-of:{run_id}"


def copy_all(queue: str) -> str:
    """Copy the tasks $2 of the queue $1, each with its idempotency key of $3, which may be null."""
    return _copy(queue, "$1::text", "$2::uuid[]", "$3::text[]")


def told(queue: str, task_ids: Sequence[UUID], keys: Sequence[str | None]) -> str:
    """Write the same as an operator would type it."""
    ids = literals.array([literals.id_literal(task_id) for task_id in task_ids], "uuid")
    with_keys = literals.array([literals.text_literal(key) if key is not None else "null" for key in keys], "text")
    return _copy(queue, literals.text_literal(queue), ids, with_keys)


def _copy(queue: str, name: str, ids: str, keys: str) -> str:
    """Headers that are an object, or none, get one more; others stay as they are."""
    lineage = f"jsonb_build_object('{HEADER}', {name} || '/' || x.id::text)"
    options = (
        "'retry_strategy', t.retry_strategy, 'max_attempts', t.max_attempts, 'cancellation', t.cancellation,"
        " 'idempotency_key', x.key"
    )
    headers = (
        f"case coalesce(jsonb_typeof(t.headers), 'null') when 'null' then {lineage}"
        f" when 'object' then t.headers || {lineage} else t.headers end"
    )
    return (
        f"select x.id, s.task_id, s.run_id from unnest({ids}, {keys}) x(id, key)"
        f" join {table('t', queue)} t on t.task_id = x.id"
        f" cross join lateral absurd.spawn_task({name}, t.task_name, t.params,"
        f" jsonb_strip_nulls(jsonb_build_object({options})) || jsonb_build_object('headers', {headers})) s"
    )


def copies_by_key(queue: str, *, has_table: bool) -> str:
    """Give the tasks that have the idempotency keys $1; those of a partitioned queue have a table of their own."""
    held = table("i" if has_table else "t", queue)
    return f"select idempotency_key as key, task_id from {held} where idempotency_key = any($1::text[])"
