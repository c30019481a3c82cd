"""The SQL of failed attempts, newest claim first, a page at a time: by the index of states, with a key as the bound."""

from absurd_tui.observe.queries import failure_columns, seconds, table

PAGE = 500
_NAME = 200
_TRACES = ("traceback", "stack", "stacktrace", "stack_trace", "trace")
_REASON_BYTES = 8_000
_TRACE_END = 800
"""Characters of a stack trace's beginning, and of its end: one of them holds the frame where it failed."""


def page_statement(queue: str) -> str:
    """Read the failed attempts before a place ($1, $2), with what tells one error from another."""
    trace = f"coalesce({', '.join(f'''r.failure_reason ->> '{key}' ''' for key in _TRACES)})"
    return f"""
select r.run_id, r.task_id, r.attempt, t.max_attempts, left(t.task_name, {_NAME}) as task_name,
       {seconds("r.available_at")} as claimed_at, {seconds("r.failed_at")} as failed_at,
       timestamptz_send(r.available_at) as place_at, t.is_final, {failure_columns("r.failure_reason")},
       case when pg_column_size(r.failure_reason) < {_REASON_BYTES}
            then left({trace}, {_TRACE_END}) || E'\\n' || right({trace}, {_TRACE_END}) end as trace,
       {seconds("clock_timestamp()")} as now
  from (select run_id, task_id, attempt, available_at, failed_at, failure_reason from {table("r", queue)}
         where state = 'failed' and (available_at, run_id) < ($1::text::timestamptz, $2::uuid)
         order by available_at desc, run_id desc limit {PAGE}) r
 cross join lateral (select task_name, max_attempts, state = 'failed' and last_attempt_run = r.run_id as is_final
                       from {table("t", queue)} t where t.task_id = r.task_id offset 0) t
 order by r.available_at desc, r.run_id desc"""
