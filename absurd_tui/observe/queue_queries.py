"""The SQL of what a dialog reads of one whole queue; the rules of `absurd_tui.observe.queries` hold."""

from absurd_tui.observe.queries import seconds

FACTS = f"""
with tables as (
  select left(c.relname, 1) as letter, c.oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'absurd' and c.relkind in ('r', 'p')
     and c.relname in ('t_' || $1::text, 'r_' || $1::text, 'c_' || $1::text, 'e_' || $1::text, 'w_' || $1::text,
                       'i_' || $1::text)),
parts as (
  select letter, oid from tables
  union all select t.letter, i.inhrelid from tables t join pg_inherits i on i.inhparent = t.oid)
select {seconds("q.created_at")} as created_at, to_jsonb(q)::text as stored,
       (select sum(pg_total_relation_size(oid)) from parts)::bigint as bytes,
       (select sum(pg_stat_get_live_tuples(oid)) from parts where letter = 'c')::bigint as checkpoints,
       (select sum(pg_stat_get_live_tuples(oid)) from parts where letter = 'e')::bigint as events,
       (select sum(pg_stat_get_live_tuples(oid)) from parts where letter = 'w')::bigint as waits,
       {seconds("clock_timestamp()")} as now
  from absurd.queues q where q.queue_name = $1::text"""
"""When a queue was made, its policy, its size on disk, and about how many rows its smaller tables have."""

WEEKS = f"""
select count(*) as wanted, count(*) filter (where c.oid is null) as missing,
       count(*) filter (where c.xmin::text::bigint = $2::bigint) as ours, {seconds("max(w.ends)")} as until
  from absurd.queues q
 cross join unnest(string_to_array('t,r,c,w', ',')) l(letter)
 cross join lateral (
       select absurd.partition_week_tag(s.at) as tag, s.at + interval '7 days' as ends
         from generate_series(absurd.week_bucket_utc(absurd.current_time() - q.partition_lookback),
                              absurd.week_bucket_utc(absurd.current_time() + q.partition_lookahead),
                              interval '7 days') s(at)
       union all select 'd', null where q.default_partition = 'enabled') w
  left join pg_class c on c.relnamespace = (select oid from pg_namespace where nspname = 'absurd')
                      and c.relname = l.letter || '_' || q.queue_name || '_' || w.tag
 where q.queue_name = $1::text"""
"""What absurd.ensure_partitions would see to in the queue $1; `ours` are those that the transaction $2 made."""

DETACHABLE = "select partition_table from absurd.list_detach_candidates($1::text) order by partition_table"
"""The old and empty partitions of the queue $1, where its policy lets them go."""
