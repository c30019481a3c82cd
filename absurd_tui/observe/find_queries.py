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
