"""The SQL of a queue's rates: ranges of the index by claim time, and the latest runs that completed.

A claim overwrites when a run was started and when it was due. So runs are counted in the minute of their last claim;
one that sleeps or waits since is in none. How long a task waited is known of its first attempt alone, and of a run
that slept in its middle only how long it ran since.
"""

from absurd_tui.observe.queries import table

MINUTES = 30
MINUTE_CAP = 20_000
"""How many runs of a state are counted at most; minutes before the last of them are not known."""

SAMPLE = 500


def minutes_statement(queue: str) -> str:
    """Count the runs that were claimed in each of the last minutes, by their state; `ago` is 0 for the current one."""
    r = table("r", queue)
    states = " union all ".join(
        f"""(select '{state}' as state, available_at from {r}
              where state = '{state}' and available_at > now() - interval '{MINUTES} minutes' and available_at <= now()
              order by available_at desc limit {MINUTE_CAP})"""
        for state in ("running", "completed", "failed")
    )
    return f"""
select state, count(*) as runs,
       (floor(date_part('epoch', now()) / 60) - floor(date_part('epoch', available_at) / 60))::int as ago
  from ({states}) x group by 1, 3"""


def times_statement(queue: str) -> str:
    """Give the half and nineteen-twentieth of how long the latest runs ran, and their tasks waited, in seconds."""
    r, t = table("r", queue), table("t", queue)

    def parts(seconds: str, where: str) -> str:
        return f"percentile_cont(array[0.5, 0.95]) within group (order by {seconds}) filter (where {where})"

    ran = "date_part('epoch', r.completed_at) - date_part('epoch', r.started_at)"
    waited = "date_part('epoch', t.first_started_at) - date_part('epoch', t.enqueue_at)"
    return f"""
select count(*) as sample, {parts(ran, "isfinite(r.completed_at) and isfinite(r.started_at)")} as ran,
       {parts(waited, "r.attempt = 1 and isfinite(t.first_started_at) and isfinite(t.enqueue_at)")} as waited
  from (select task_id, attempt, started_at, completed_at from {r} where state = 'completed'
         order by available_at desc limit {SAMPLE}) r
  cross join lateral (select first_started_at, enqueue_at from {t} t where t.task_id = r.task_id offset 0) t"""
