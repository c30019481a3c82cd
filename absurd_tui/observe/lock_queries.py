"""The SQL of who has locked a queue against reading: asked only where a reading was refused for a lock."""

HOLDER = """
select l.pid, a.application_name, l.granted
  from pg_locks l
  left join pg_index i on i.indexrelid = l.relation
  left join pg_inherits h on h.inhrelid = coalesce(i.indrelid, l.relation)
  join pg_class c on c.oid = coalesce(h.inhparent, i.indrelid, l.relation)
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_stat_activity a on a.pid = l.pid
 where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
   and l.database = (select d.oid from pg_database d where d.datname = current_database())
   and n.nspname = 'absurd' and c.relname = any($1::text[])
 order by l.granted desc, l.pid limit 1"""
"""Only this mode keeps a reader out: on one of the tables ($1), on a partition of it, or on an index.

It waits for nobody. A session that still waits for the lock keeps later readers out too: `granted` tells.
"""
