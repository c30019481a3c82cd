"""What all SQL of the dashboard's readings shares, and what is asked once a connection.

Rules: states are literals, never parameters, so that each statement has one plan;
timestamps leave the server as seconds (`date_part`), because `infinity` and far
years break a driver's decoding; texts are cut by the server; JSON is never fetched
whole and never unpacked where its stored size says it is large. Statements about
several queues are `union all` of one branch a queue; a branch says its queue by
its position (`qi`).
"""

from absurd_tui.database.queue_names import IS_TEXT, QUEUE_NAME

_REASON_BYTES = 8_000

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
MOMENT = """
select case when not pg_is_in_recovery() then pg_current_snapshot()::text end as transactions,
       date_part('epoch', clock_timestamp()) as now, pg_is_in_recovery() as is_standby,
       (select concat_ws(' ', count(*), sum(xmin::text::bigint)) from absurd.queues) as queues
"""
"""Whether anything can have changed: any transaction that wrote and has ended since changes the first column.

Not so on a standby, whose snapshot leaves out the transactions under way: one of them can end unseen.
"""
SMALL_PAGES, SMALL_RUNS = 64, 3_000
"""A queue is small whose tasks and runs take fewer pages, and which has fewer runs, as far as statistics know.

Its size itself would have to wait for whoever has locked the table.
"""

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


def floor(position: int, argument: int = 1) -> str:
    """Name the time from which on a queue's pending tasks are looked for: of an argument, at its own position."""
    return f"to_timestamp((${argument}::float8[])[{position + 1}])"


def queue_list(*, has_modes: bool) -> str:
    """List the queues, what this role may read of each, and how large they are."""
    mode = "q.storage_mode" if has_modes else "'unpartitioned'"
    return f"""
select {QUEUE_NAME} as name, x.is_text, {mode} as storage_mode, t.oid is not null and r.oid is not null as has_tables,
       coalesce(has_table_privilege(t.oid, 'SELECT'), false) as may_tasks,
       coalesce(has_table_privilege(r.oid, 'SELECT'), false) as may_runs,
       coalesce(has_table_privilege(c.oid, 'SELECT'), false) as may_checkpoints,
       exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'idempotency_key'
                  and not a.attisdropped) as has_keys,
       (select count(*) from pg_inherits i where i.inhparent = r.oid) as partitions,
       r.relkind = 'r' and r.relpages + t.relpages < {SMALL_PAGES}
         and pg_stat_get_live_tuples(r.oid) + pg_stat_get_dead_tuples(r.oid) < {SMALL_RUNS} as is_small,
       {seconds("clock_timestamp()")} as now
  from absurd.queues q
 {IS_TEXT}
  left join pg_namespace n on n.nspname = 'absurd'
  left join pg_class t on t.relnamespace = n.oid and t.relname = 't_' || q.queue_name
  left join pg_class r on r.relnamespace = n.oid and r.relname = 'r_' || q.queue_name
  left join pg_class c on c.relnamespace = n.oid and c.relname = 'c_' || q.queue_name
 order by q.queue_name"""


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
