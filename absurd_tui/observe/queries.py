"""The SQL of the dashboard's polls, by name.

Rules: states are literals, never parameters, so that each statement has one plan;
timestamps leave the server as seconds (`date_part`), because `infinity` and far
years break a driver's decoding; texts are cut by the server; JSON is never fetched
whole and never unpacked where its stored size says it is large. Statements about
several queues are `union all` of one branch a queue; a branch says its queue by
its position (`qi`).
"""

from absurd_tui.observe.records import State

LIVE_CAP = 10_000
FAILED_CAP = 1_000
EXPIRED_CAP = 1_000
_PICKED = 500
_NAME = 200
_INLINE_BYTES = 2_000
_REASON_BYTES = 8_000
_NEWEST_COMPLETED = "state = 'completed' order by available_at desc"
"""In an order, so that the index is read: most runs are completed, and the planner would read the table instead."""
_LAST_MINUTE = "state = 'completed' and available_at > now() - interval '1 minute' and available_at <= now()"

PROBE = """
select current_database() as database, current_user as role, current_setting('is_superuser') = 'on' as is_superuser,
       pg_is_in_recovery() as is_standby, current_setting('server_version') as version,
       nullif(current_setting('absurd.fake_now', true), '') as fake_now,
       n.oid is not null as has_schema, coalesce(has_schema_privilege(n.oid, 'USAGE'), false) as has_usage,
       exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'queues') as has_queues,
       exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'queues'
                  and has_table_privilege(c.oid, 'SELECT')) as may_list,
       exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
                where c.relnamespace = n.oid and c.relname = 'queues' and a.attname = 'storage_mode') as has_modes,
       exists (select from pg_proc p where p.pronamespace = n.oid and p.proname = 'get_schema_version'
                  and has_function_privilege(p.oid, 'EXECUTE')) as has_version
  from (values (1)) as one left join pg_namespace n on n.nspname = 'absurd'
"""

NOW = "select date_part('epoch', clock_timestamp()) as now"
ABSURD_VERSION = "select left(absurd.get_schema_version(), 40) as version"


def quoted(name: str) -> str:
    """Quote an identifier of any bytes."""
    return '"' + name.replace('"', '""') + '"'


def table(letter: str, queue: str) -> str:
    """Name one of a queue's tables: `t` tasks, `r` runs, `c` checkpoints, `e` events, `w` waits."""
    return "absurd." + quoted(f"{letter}_{queue}")


def seconds(expression: str) -> str:
    """Turn a timestamp into seconds since 1970 as float8, `infinity` into inf."""
    return f"date_part('epoch', {expression})"


def queue_list(*, has_modes: bool) -> str:
    """List the queues, what this role may read of each, and how many relations a statement on it locks."""
    mode = "q.storage_mode" if has_modes else "'unpartitioned'"
    return f"""
select q.queue_name as name, {mode} as storage_mode, t.oid is not null and r.oid is not null as has_tables,
       coalesce(has_table_privilege(t.oid, 'SELECT'), false) as may_tasks,
       coalesce(has_table_privilege(r.oid, 'SELECT'), false) as may_runs,
       coalesce(has_table_privilege(c.oid, 'SELECT'), false) as may_checkpoints,
       (select count(*) from pg_inherits i where i.inhparent = r.oid) as partitions,
       {seconds("clock_timestamp()")} as now
  from absurd.queues q
  left join pg_namespace n on n.nspname = 'absurd'
  left join pg_class t on t.relnamespace = n.oid and t.relname = 't_' || q.queue_name
  left join pg_class r on r.relnamespace = n.oid and r.relname = 'r_' || q.queue_name
  left join pg_class c on c.relnamespace = n.oid and c.relname = 'c_' || q.queue_name
 order by q.queue_name"""


def counts_branch(position: int, queue: str) -> str:
    """Count one queue by state, reading its indexes only, each count up to its cap plus one."""
    r, t = table("r", queue), table("t", queue)

    def capped(where: str, cap: int = LIVE_CAP) -> str:
        return f"(select count(*) from (select from {r} where {where} limit {cap + 1}) x)"

    def last(state: str) -> str:
        return seconds(f"(select max(available_at) from {r} where state = '{state}' and available_at <= now())")

    return f"""
select {position} as qi, {capped("state = 'pending'")} as pending, {capped("state = 'running'")} as running,
       {capped("state = 'sleeping'")} as sleeping, {capped(_NEWEST_COMPLETED)} as completed,
       {capped("state = 'cancelled'")} as cancelled_runs,
       {capped("state = 'sleeping' and available_at <= now()")} as due_sleepers,
       {capped("state = 'running' and claim_expires_at <= now()", EXPIRED_CAP)} as expired,
       {capped(_LAST_MINUTE)} as done_last_minute,
       f.looked as failed_runs, f.failed as failed_tasks, f.cancelled as cancelled_tasks,
       {seconds(f"(select min(available_at) from {r} where state = 'pending')")} as oldest_pending,
       {seconds(f"(select min(available_at) from {r} where state = 'sleeping' and available_at <= now())")}
         as oldest_due_sleeper,
       {seconds(f"(select min(claim_expires_at) from {r} where state = 'running' and claim_expires_at <= now())")}
         as oldest_expired,
       {last("running")} as last_running, {last("completed")} as last_completed, {last("failed")} as last_failed
  from (select count(*) as looked, count(*) filter (where t.state = 'failed') as failed,
               count(*) filter (where t.state = 'cancelled') as cancelled
          from (select task_id, run_id from {r} where state = 'failed'
                 order by available_at desc limit {FAILED_CAP + 1}) r
          left join lateral (select t.state from {t} t
                              where t.task_id = r.task_id and t.last_attempt_run = r.run_id offset 0) t on true) f"""


def done_branch(position: int, queue: str) -> str:
    """Count one queue's completed runs a minute of the last half hour, by when they were claimed."""
    return f"""
select {position} as qi, count(*) as done,
       (floor(date_part('epoch', now()) / 60) - floor(date_part('epoch', available_at) / 60))::int as ago
  from (select available_at from {table("r", queue)}
         where state = 'completed' and available_at > now() - interval '30 minutes' and available_at <= now()
         order by available_at desc limit {2 * LIVE_CAP}) x
 group by 3"""


_PENDING = "(select * from {r} where state = 'pending' order by available_at, run_id limit {rows})"
_RUNNING = """((select * from {r} where state = 'running' and claim_expires_at is not null
                 order by claim_expires_at, run_id limit {rows}) union all
               (select * from {r} where state = 'running' and claim_expires_at is null
                 order by available_at, run_id limit {rows}))"""
_SLEEPING = """((select * from {r} where state = 'sleeping' and available_at < 'infinity'
                  order by available_at, run_id limit {rows}) union all
                (select * from {r} where state = 'sleeping' and available_at = 'infinity' limit {rows}))"""
_COMPLETED = """(select * from (select * from {r} where state = 'completed' order by available_at desc, run_id desc
                                 limit {picked}) x order by completed_at desc nulls last, run_id desc limit {rows})"""
_FAILED = """(select * from (select r.* from
                (select * from {r} where state = 'failed' order by available_at desc, run_id desc limit 2000) r
                 cross join lateral (select from {t} t where t.task_id = r.task_id and t.last_attempt_run = r.run_id
                                        and t.state = 'failed' offset 0) t limit {picked}) x
              order by failed_at desc nulls last, run_id desc limit {rows})"""
_FAILED_RUNS = """(select * from (select * from {r} where state = 'failed' order by available_at desc, run_id desc
                                   limit {picked}) x order by failed_at desc nulls last, run_id desc limit {rows})"""
_CANCELLED = """((select * from {r} where state = 'cancelled' and available_at <= now()
                   order by available_at desc, run_id desc limit {picked}) union all
                 (select * from {r} where state = 'cancelled' and available_at > now() limit {picked}) union all
                 (select r.* from
                    (select * from {r} where state = 'failed' order by available_at desc, run_id desc limit {picked}) r
                    cross join lateral (select from {t} t where t.task_id = r.task_id and t.last_attempt_run = r.run_id
                                           and t.state = 'cancelled' offset 0) t))"""

_LAST = {
    State.CANCELLED: " where t.state = 'cancelled' order by t.cancelled_at desc nulls last, r.run_id limit {rows}",
    State.FAILED: " where t.state = 'failed' and t.last_attempt_run = r.run_id",
}
_PICKED_RUNS = {
    State.PENDING: _PENDING,
    State.RUNNING: _RUNNING,
    State.SLEEPING: _SLEEPING,
    State.COMPLETED: _COMPLETED,
    State.FAILED: _FAILED,
    State.CANCELLED: _CANCELLED,
}


def failed_runs_branch(position: int, queue: str, *, rows: int) -> str:
    """Read the newest failed runs of one queue, also those whose task was retried since."""
    picked = _FAILED_RUNS.format(r=table("r", queue), rows=rows, picked=_PICKED)
    return _row_branch(position, queue, State.FAILED, picked, last="", may_checkpoints=False)


def panel_branch(position: int, queue: str, state: State, *, rows: int, may_checkpoints: bool) -> str:
    """Read one panel's first rows of one queue, picked by index."""
    names = {"r": table("r", queue), "t": table("t", queue), "rows": rows, "picked": _PICKED}
    picked = _PICKED_RUNS[state].format(**names)
    return _row_branch(
        position, queue, state, picked, last=_LAST.get(state, "").format(rows=rows), may_checkpoints=may_checkpoints
    )


def finished_branch(position: int, queue: str, state: State) -> str:
    """Read, of the runs named by $1, those that ended in a state: completed, or failed for good."""
    picked = f"(select * from {table('r', queue)} where run_id = any($1::uuid[]) and state = '{state}')"
    return _row_branch(position, queue, state, picked, last=_LAST.get(state, ""), may_checkpoints=False)


def _row_branch(position: int, queue: str, state: State, picked: str, *, last: str, may_checkpoints: bool) -> str:
    waits = state is State.SLEEPING
    failure = "p.failure_reason" if waits else "r.failure_reason" if state is State.FAILED else "null::jsonb"
    preview = {State.PENDING: "t.params", State.COMPLETED: "t.completed_payload"}.get(state)
    # `offset 0` keeps the planner to one look-up for each picked run; it would rather read a whole table of tasks
    joins = [
        f"cross join lateral (select * from {table('t', queue)} t where t.task_id = r.task_id offset 0) t",
    ]
    if waits:
        joins.append(
            f"left join lateral (select p.failure_reason from {table('r', queue)} p where p.task_id = r.task_id"
            " and p.attempt = r.attempt - 1 and p.state = 'failed' limit 1) p"
            " on r.started_at is null and r.wake_event is null"
        )
    if waits and may_checkpoints:
        joins.append(
            f"left join lateral (select left(c.checkpoint_name, {_NAME}) as name from {table('c', queue)} c"
            " where c.task_id = r.task_id and c.owner_run_id = r.run_id order by c.updated_at desc limit 1) c"
            " on r.started_at is not null and r.wake_event is null"
        )
    return f"""
(select {position} as qi, r.run_id, r.task_id, left(t.task_name, {_NAME}) as task_name, r.attempt, t.max_attempts,
        left(r.claimed_by, {_NAME}) as worker, {seconds("r.claim_expires_at")} as claim_expires_at,
        {seconds("r.available_at")} as available_at, {seconds("r.started_at")} as started_at,
        {seconds("coalesce(r.completed_at, r.failed_at)")} as ended_at, {seconds("r.created_at")} as created_at,
        {seconds("t.enqueue_at")} as enqueued_at, {seconds("t.first_started_at")} as first_started_at,
        {seconds("t.cancelled_at")} as cancelled_at, left(r.wake_event, {_NAME}) as wake_event,
        {failure_columns(failure)},
        {"c.name" if waits and may_checkpoints else "null::text"} as reached_step,
        {beginning(preview, 200, _INLINE_BYTES) if preview else "null::text"} as preview,
        left(t.cancellation ->> 'max_duration', 40) as max_duration,
        left(t.cancellation ->> 'max_delay', 40) as max_delay,
        r.state = 'failed' and (t.state <> 'failed' or t.last_attempt_run <> r.run_id) as is_retried
   from {picked} r {" ".join(joins)}{last})"""


def failure_columns(reason: str) -> str:
    """Take the name and the beginning of the message out of a failure reason of any JSON type."""
    fits = f"pg_column_size({reason}) < {_REASON_BYTES}"
    return f"""case when {fits} then left({reason} ->> 'name', 100) end as failure_name,
        case when {fits} then left(coalesce({reason} ->> 'message', {reason}::text), 300)
             when {reason} is not null then '(a reason of ' || pg_column_size({reason}) || ' bytes)'
        end as failure_message"""


def beginning(value: str, length: int, limit: int) -> str:
    """Take the beginning of a JSON value as text where its stored size is below a limit, else null."""
    return f"case when pg_column_size({value}) < {limit} then left({value}::text, {length}) end"
