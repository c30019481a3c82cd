"""The SQL of what the doctor asks besides what the dashboard reads: each statement once, never in a poll."""

from absurd_tui.observe.queries import seconds, table

MOST_POISONED = 5

LINK = f"""
select {seconds("clock_timestamp()")} as now, s.ssl as has_tls, s.version as tls_version
  from (values (1)) as one left join pg_stat_ssl s on s.pid = pg_backend_pid()"""


def poisoned(queue: str) -> str:
    """Find live tasks whose cancellation policy absurd.claim_task may not be able to read, with its two limits.

    It looks at the tasks that have such a policy, which have an index of their own since schema 0.5.
    """
    policies = ("max_delay", "max_duration")
    unreadable = " or ".join(rf"(cancellation ->> '{policy}') !~ '^\s*[+-]?\d{{1,18}}\s*$'" for policy in policies)
    return f"""
select task_id, left(task_name, 200) as task_name, left(cancellation::text, 200) as cancellation,
       left(cancellation ->> 'max_delay', 40) as max_delay, left(cancellation ->> 'max_duration', 40) as max_duration
  from {table("t", queue)}
 where cancellation is not null and state in ('pending', 'running', 'sleeping') and ({unreadable})
 limit {MOST_POISONED}"""


def touched(queue: str) -> str:
    """Read nothing of a queue's runs, which waits for whoever has locked them."""
    return f"select from {table('r', queue)} limit 1"
