"""The SQL that looks for tasks, by name. What a user typed stands only in its parameters.

The rules of `absurd_tui.observe.queries` hold here.
"""

from absurd_tui.observe.queries import failure_columns, seconds, table

_NAME = 200

COLUMNS = f"""t.task_id, t.state, left(t.task_name, {_NAME}) as task_name, t.attempts as attempt, t.max_attempts,
       {seconds("t.enqueue_at")} as enqueued_at,
       {seconds("coalesce(l.completed_at, l.failed_at, t.cancelled_at)")} as ended_at,
       left(l.claimed_by, {_NAME}) as worker, {failure_columns("l.failure_reason")}"""
"""What is told of a task `t` and its last run `l`."""


def last_run(queue: str) -> str:
    """Join the last run `l` of a task `t`: one look-up by key for each task."""
    runs = f"select * from {table('r', queue)} r where r.run_id = t.last_attempt_run offset 0"
    return f"left join lateral ({runs}) l on true"


KEYED = """
select substring(c.relname from 3) as queue,
       exists (select from pg_class i where i.relnamespace = n.oid
                and i.relname = 'i_' || substring(c.relname from 3)) as has_table
  from pg_namespace n
  join pg_class c on c.relnamespace = n.oid and c.relname like 't\\_%'
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'idempotency_key' and not a.attisdropped
 where n.nspname = 'absurd' and c.relkind in ('r', 'p') and not c.relispartition"""
"""The queues whose tasks have idempotency keys, and whether those have a table of their own."""


def keys_branch(position: int, queue: str, *, has_table: bool) -> str:
    """Look in one queue, by the unique index on them, for the tasks that have the idempotency keys $1."""
    return f"""
(select {position} as qi, x.task_id
   from unnest($1::text[]) k(key)
  cross join lateral (select x.task_id from {table("i" if has_table else "t", queue)} x
                       where x.idempotency_key = k.key offset 0) x)"""


def ids_branch(position: int, queue: str, *, most: int) -> str:
    """Look in one queue, by their keys, for the tasks and runs whose ids lie between those of $1 and of $2."""
    between = "b(low, high) cross join lateral (select * from {table} x where x.{id} >= b.low and x.{id} <= b.high"
    ranges = f"unnest($1::uuid[], $2::uuid[]) {between} order by x.{{id}} limit {most}) x"
    tasks = ranges.format(table=table("t", queue), id="task_id")
    runs = ranges.format(table=table("r", queue), id="run_id")
    return f"""
(select {position} as qi, null::uuid as found_run, {COLUMNS}
   from (select x.* from {tasks}) t {last_run(queue)})
union all
(select {position}, f.run_id, {COLUMNS}
   from (select x.run_id, x.task_id from {runs}) f
  cross join lateral (select * from {table("t", queue)} t where t.task_id = f.task_id offset 0) t {last_run(queue)})"""
