"""The SQL that lists each queue's tables: which are there, which this role may read, and which of them hide rows."""

from absurd_tui.database.queue_names import IS_TEXT, QUEUE_NAME

LETTERS = "trcew"

TABLES = f"""
select {QUEUE_NAME} as name, x.is_text,
       coalesce(to_jsonb(q) ->> 'storage_mode', 'unpartitioned') as storage_mode,
       current_user as role, date_part('epoch', clock_timestamp()) as now,
       coalesce(max((select count(*) from pg_inherits i where i.inhparent = c.oid)), 0) as partitions,
       array_agg(l.letter) filter (where c.oid is not null) as there,
       array_agg(l.letter) filter (where has_table_privilege(c.oid, 'SELECT')) as readable,
       array_agg(l.letter) filter (where row_security_active(c.oid)) as veiled
  from absurd.queues q {IS_TEXT}
  left join pg_namespace n on n.nspname = 'absurd'
 cross join unnest(string_to_array('{",".join(LETTERS)}', ',')) l(letter)
  left join pg_class c on c.relnamespace = n.oid and c.relname = l.letter || '_' || q.queue_name
 group by q.queue_name, x.is_text order by q.queue_name"""
"""The storage mode is looked for in the row, because queues have one only since schema 0.4.0."""
