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


def held_keys(queue: str, *, has_table: bool) -> str:
    """Give the tasks that have the keys $1, where such a copy of the tasks $2 of the queue $3 would have them.

    `is_copy` says whether one is such a copy, by its name and by what `_copy` makes of the headers; null where the
    task is gone. The keys of a partitioned queue have a table of their own.
    """
    held, tasks = table("i" if has_table else "t", queue), table("t", queue)
    return f"""
select x.key, h.task_id,
       case when c.task_id is not null then coalesce(c.task_name = t.task_name and
         case when coalesce(jsonb_typeof(t.headers), 'null') in ('null', 'object')
              then c.headers ->> '{HEADER}' = $3::text || '/' || x.id::text
              else c.headers = t.headers end, false) end as is_copy
  from unnest($1::text[], $2::uuid[]) x(key, id)
  join {held} h on h.idempotency_key = x.key
  left join {tasks} c on c.task_id = h.task_id
  left join {tasks} t on t.task_id = x.id
 where h.idempotency_key = any($1::text[])"""
