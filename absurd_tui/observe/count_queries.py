"""The SQL that counts a queue: indexes only, each count up to a cap."""

from absurd_tui.observe.queries import seconds, table

LIVE_CAP = 10_000
FAILED_CAP = 1_000
EXPIRED_CAP = 1_000
_NEWEST_COMPLETED = "state = 'completed' order by available_at desc"
"""In an order, so that the index is read: most runs are completed, and the planner would read the table instead."""
_LAST_MINUTE = "state = 'completed' and available_at > now() - interval '1 minute' and available_at <= now()"


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
