"""The SQL of how queues are stored: the catalog and its statistics, and a few looks along primary keys.

The rules of `absurd_tui.observe.queries` hold here. Nothing is read from end to end, whatever is stored.
"""

from collections.abc import Sequence
from uuid import UUID

from absurd_tui.database.queue_names import IS_TEXT, QUEUE_NAME
from absurd_tui.observe.queries import seconds, table

STRAY_CAP = 1_000
OLDEST_TASKS = 200
"""How many of the oldest tasks are looked at for the one that ended first."""

_NAMESPACE = "(select oid from pg_namespace where nspname = 'absurd')"

STORED = f"""
select {QUEUE_NAME} as name, x.is_text, {seconds("q.created_at")} as created_at,
       (to_jsonb(q) - 'queue_name')::text as stored,
       date_part('epoch', (to_jsonb(q) ->> 'cleanup_ttl')::interval) as ttl
  from absurd.queues q {IS_TEXT} order by q.queue_name"""

SIZES = f"""
with whole as (
  select q.name, l.letter, c.oid
    from unnest($1::text[]) q(name) cross join unnest(string_to_array('t,r,c,e,w,i', ',')) l(letter)
    join pg_class c on c.relnamespace = {_NAMESPACE} and c.relname = l.letter || '_' || q.name),
parts as (
  select name, letter, oid from whole
  union all select w.name, w.letter, i.inhrelid from whole w join pg_inherits i on i.inhparent = w.oid)
select name, letter, sum(pg_total_relation_size(oid))::bigint as bytes,
       sum(pg_stat_get_live_tuples(oid))::bigint as live, sum(pg_stat_get_dead_tuples(oid))::bigint as dead
  from parts group by name, letter order by name, position(letter in 'trcewi')"""
"""The size of a table has to wait for whoever has locked it."""

PARTITIONS = f"""
select q.name, l.letter, pg_get_expr(c.relpartbound, c.oid) as bound
  from unnest($1::text[]) q(name) cross join unnest(string_to_array('t,r,c,w', ',')) l(letter)
  join pg_class p on p.relnamespace = {_NAMESPACE} and p.relname = l.letter || '_' || q.name
  join pg_inherits i on i.inhparent = p.oid join pg_class c on c.oid = i.inhrelid"""

_CRON = "from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'cron' and c.relname ="
_MAY = "has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')"
CRON = f"""
select exists (select {_CRON} 'job') as is_there, exists (select {_CRON} 'job' and {_MAY}) as may_jobs,
       exists (select {_CRON} 'job_run_details' and {_MAY}) as may_runs"""

CRON_JOBS = r"""
select jobid, left(jobname, 200) as name, left(schedule, 100) as schedule, left(command, 300) as command, active
  from cron.job where database = current_database() and (jobname like 'absurd\_%' or command like '%absurd.%')
 order by jobid limit 200"""

CRON_RUNS = f"""
select distinct on (jobid) jobid, left(status, 40) as status, left(return_message, 200) as message,
       {seconds("start_time")} as ran_at
  from (select * from cron.job_run_details order by runid desc limit 1000) d
 where jobid = any($1::bigint[]) order by jobid, runid desc"""
"""How each job ended last, among the latest thousand runs of all jobs."""


Gaps = Sequence[tuple[UUID | None, UUID | None]]


def kept_branch(position: int, queue: str, *, newest: int, events: bool, gaps: Gaps) -> str:
    """Look at both ends of a queue's tasks: how many of the newest ids are after $1, and what is the oldest there.

    `gaps` are the ids that no partition is for, from one on and below another; what is there is in the default one.
    """
    t, r, e = (table(letter, queue) for letter in "tre")
    event = f"(select {seconds('emitted_at')} from {e} where emitted_at > 'epoch' order by emitted_at limit 1)"
    stray = f"(select count(*) from (select from {t} where {_in(gaps)} limit {STRAY_CAP + 1}) s)" if gaps else "null"
    return f"""(
select {position} as qi, n.spawned, n.spawned = {newest} as is_cut, n.first, o.looked_at, o.task_ended_at,
       {event if events else "null::float8"} as event_at,
       {stray}::bigint as stray
  from (select count(*) as spawned, (array_agg(task_id order by task_id))[1] as first
          from (select task_id from {t} where task_id >= $1::uuid order by task_id desc limit {newest}) x) n,
       (select count(*) as looked_at, min({seconds("ended_at")}) as task_ended_at
          from (select * from {t} order by task_id limit {OLDEST_TASKS}) t
          left join lateral (select case t.state when 'completed' then r.completed_at when 'failed' then r.failed_at
                                                when 'cancelled' then t.cancelled_at end as ended_at
                               from (values (1)) one
                               left join {r} r on r.run_id = t.last_attempt_run) r on true) o)"""


def _in(gaps: Gaps) -> str:
    return " or ".join(
        "("
        + " and ".join([f"task_id >= '{lower}'"] * (lower is not None) + [f"task_id < '{upper}'"] * (upper is not None))
        + ")"
        for lower, upper in gaps
    )
