"""The SQL that counts what a queue has ended, piece by piece: indexes only.

A branch of `tail_branch` takes the values of its queue from arrays, at its own position, so that its text stays the
same while they change: $1 the watermark and $2 from when on it is counted, both as seconds; $3 the watermark as the
lowest id of its time; $4 the stragglers, each queue's as the text of an array; $5 the queue's table of runs.
"""

from absurd_tui.observe.queries import seconds, table
from absurd_tui.observe.windows import MAX_STRAGGLERS

CANCELLED_CAP = 500_000

_PARTS = """(select {table}::regclass::oid as part union all
                select inhrelid from pg_inherits where inhparent = {table}::regclass) p"""

HAS_STATISTICS = f"""
select exists (select from {_PARTS.format(table="$1::text")}
                 join pg_class c on c.oid = p.part
                 join pg_namespace n on n.oid = c.relnamespace
                 join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'state'
              ) as has_statistics"""
"""Tells whether the planner knows the states of a queue's tasks; $1 is its table of tasks."""


def tail_branch(position: int, queue: str) -> str:
    """Count one queue after its watermark, and tell how its stragglers stand."""
    r, t = table("r", queue), table("t", queue)
    at = position + 1
    watermark, counted_from = f"to_timestamp(($1::float8[])[{at}])", f"to_timestamp(($2::float8[])[{at}])"
    lowest_id, stragglers, runs = f"($3::uuid[])[{at}]", f"(($4::text[])[{at}])::uuid[]", f"($5::text[])[{at}]"
    return f"""
select {position} as qi, {runs}::regclass::oid::bigint as table_oid, s.deleted, s.files,
       {seconds("now()")} as now, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xmax,
       coalesce(current_setting('absurd.fake_now', true), '') <> '' as is_fake,
       {_number(r, f"state = 'completed' and available_at >= {watermark}")} as completed,
       {_number(r, f"state = 'failed' and available_at >= {watermark}")} as failed,
       {_number(r, f"run_id >= {lowest_id}", by="run_id")} as runs,
       {_number(t, f"task_id >= {lowest_id}", by="task_id")} as tasks,
       {_living(r, "running", counted_from, watermark)} + {_living(r, "sleeping", counted_from, watermark)} as living,
       k.*
  from (select coalesce(sum(pg_stat_get_tuples_deleted(part)), 0)::bigint as deleted,
               string_agg(concat_ws(' ', part, pg_relation_filenode(part)), ',' order by part) as files
          from {_PARTS.format(table=runs)}) s,
       (select count(*) filter (where x.lives and x.available_at >= {counted_from}) as known,
               array_agg(k.run_id) filter (where x.state = 'completed') as completed_ids,
               array_agg({seconds("x.available_at")}) filter (where x.state = 'completed') as completed_at,
               array_agg(k.run_id) filter (where x.state = 'failed') as failed_ids,
               array_agg({seconds("x.available_at")}) filter (where x.state = 'failed') as failed_at,
               array_agg(k.run_id) filter (where x.lives is not true and x.state is distinct from 'completed'
                                             and x.state is distinct from 'failed') as left_ids
          from unnest({stragglers}) as k (run_id)
          left join lateral (select state, available_at, state in ('running', 'sleeping') as lives from {r} r
                              where r.run_id = k.run_id and r.available_at < {watermark} offset 0) x on true) k"""


def span_statement(queue: str) -> str:
    """Count what has ended in one span of one queue. $1 and $2 are its bounds in seconds, $3 the table of runs."""
    r = table("r", queue)
    within = "available_at >= to_timestamp($1::float8) and available_at < to_timestamp($2::float8)"

    def living(state: str) -> str:
        return f"(select run_id, available_at from {r} where state = '{state}' and {within} limit {MAX_STRAGGLERS + 1})"

    return f"""
select $3::text::regclass::oid::bigint as table_oid, {seconds("now()")} as now,
       {_number(r, f"state = 'completed' and {within}")} as completed,
       {_number(r, f"state = 'failed' and {within}")} as failed,
       l.ids, l.times
  from (select array_agg(run_id) as ids, array_agg({seconds("available_at")}) as times
          from ({living("running")} union all {living("sleeping")}) x) l"""


def made_statement(queue: str) -> str:
    """Count what was made in one span of one queue. $1 and $2 are its bounds as the lowest ids of their times."""
    r, t = table("r", queue), table("t", queue)
    return f"""
select {_number(r, "run_id >= $1::uuid and run_id < $2::uuid", by="run_id")} as runs,
       {_number(t, "task_id >= $1::uuid and task_id < $2::uuid", by="task_id")} as tasks"""


def cancelled_statement(queue: str) -> str:
    """Count one queue's cancelled runs up to a cap, in the order of the index, so that it is read."""
    return f"""
select count(*) as cancelled
  from (select from {table("r", queue)} where state = 'cancelled'
         order by available_at desc limit {CANCELLED_CAP + 1}) x"""


def estimate_statement(queue: str) -> str:
    """Have the planner estimate one queue's tasks in each state that ends: completed, failed, cancelled."""
    t = table("t", queue)
    counts = (f"(select count(*) from {t} where state = '{state}')" for state in ("completed", "failed", "cancelled"))
    return f"explain (format json) select {', '.join(counts)}"


def _number(relation: str, where: str, by: str = "available_at") -> str:
    """Count in the order of an index, so that it is read however large the part is."""
    return f"(select count(*) from (select from {relation} where {where} order by {by} desc) x)"


def _living(r: str, state: str, start: str, end: str) -> str:
    where = f"state = '{state}' and available_at >= {start} and available_at < {end}"
    return f"(select count(*) from (select from {r} where {where} limit {MAX_STRAGGLERS + 1}) x)"
