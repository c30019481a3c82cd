"""A copy of a failed task, made by the database from the task's own row: its params never leave the server.

A copy has a header that names its original, and an idempotency key made of the run that failed. So whoever copies the
same failure again, after a lost connection, in another session or at the same moment, gets the copy that is there.
"""

from typing import Final
from uuid import UUID

from absurd_tui.database.capabilities import Function
from absurd_tui.observe.queries import table
from absurd_tui.operations.needs import Needs

HEADER: Final = "absurd-tui-copied-from"
NO_KEYS: Final = "This Absurd schema has no idempotency keys (they came with 0.0.6): a copy could be made twice."
NEEDS: Final = Needs(
    Function("spawn_task", ("text", "text", "jsonb", "jsonb")),
    "0.0.3",
    (("r", ("SELECT", "INSERT")), ("t", ("SELECT", "INSERT", "UPDATE")), ("i", ("SELECT", "INSERT", "UPDATE"))),
    on_queues=("SELECT",),
)


def key(run_id: UUID) -> str:
    """The idempotency key of the copy that is made because this run failed."""
    return f"absurd-tui:copy-of:{run_id}"


def copy_all(queue: str) -> str:
    """Copy the tasks $2 of the queue $1, each with its idempotency key of $3; headers that are no object stay so."""
    return f"""
select x.id, s.task_id
  from unnest($2::uuid[], $3::text[]) x(id, key)
  join {table("t", queue)} t on t.task_id = x.id
 cross join lateral absurd.spawn_task($1::text, t.task_name, t.params,
       jsonb_strip_nulls(jsonb_build_object('retry_strategy', t.retry_strategy, 'max_attempts', t.max_attempts,
                                            'cancellation', t.cancellation, 'idempotency_key', x.key))
       || jsonb_build_object('headers', case coalesce(jsonb_typeof(t.headers), 'null')
            when 'null' then jsonb_build_object('{HEADER}', $1::text || '/' || x.id::text)
            when 'object' then t.headers || jsonb_build_object('{HEADER}', $1::text || '/' || x.id::text)
            else t.headers end)) s"""


def copies_by_key(queue: str, *, has_table: bool) -> str:
    """Give the tasks that have the idempotency keys $1; those of a partitioned queue have a table of their own."""
    held = table("i" if has_table else "t", queue)
    return f"select idempotency_key as key, task_id from {held} where idempotency_key = any($1::text[])"
