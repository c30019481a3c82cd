"""The SQL that counts a queue: indexes only, each count up to a cap."""

from absurd_tui.observe.queries import SMALL_RUNS, floor, seconds, table
from absurd_tui.observe.records import State

LIVE_CAP = 10_000
FAILED_CAP = 1_000
EXPIRED_CAP = 1_000
SMALL_CAP = 2 * SMALL_RUNS
_NEWEST_COMPLETED = "state = 'completed' order by available_at desc"
"""In an order, so that the index is read: most runs are completed, and the planner would read the table instead."""
_LAST_MINUTE = "available_at > now() - interval '1 minute' and available_at <= now()"
_DONE_LAST_MINUTE = f"state = 'completed' and {_LAST_MINUTE}"
_FAILED_LAST_MINUTE = f"state = 'failed' and {_LAST_MINUTE}"


def counts_branch(position: int, queue: str, left_out: frozenset[State]) -> str:
    """Count one queue by state, reading its indexes only, each count up to its cap plus one, pending from a floor on.

    What is left out is known from the totals: null. `changes_at` is when the clock alone changes one of the figures
    next.
    """
    r, t = table("r", queue), table("t", queue)
    pending = f"state = 'pending' and available_at >= {floor(position)}"

    def capped(where: str, cap: int = LIVE_CAP) -> str:
        return f"(select count(*) from (select from {r} where {where} limit {cap + 1}) x)"

    def ended(state: State, where: str) -> str:
        return "null::bigint" if state in left_out else capped(where)

    failed = "null::bigint, null::bigint, null::bigint" if State.FAILED in left_out else _newest_failed(r, t)

    def last(state: str) -> str:
        return seconds(f"(select max(available_at) from {r} where state = '{state}' and available_at <= now())")

    return f"""
select {position} as qi, {capped(pending)} as pending, {capped("state = 'running'")} as running,
       {capped("state = 'sleeping'")} as sleeping, {ended(State.COMPLETED, _NEWEST_COMPLETED)} as completed,
       {ended(State.CANCELLED, "state = 'cancelled'")} as cancelled_runs,
       {capped("state = 'sleeping' and available_at <= now()")} as due_sleepers,
       {capped("state = 'running' and claim_expires_at <= now()", EXPIRED_CAP)} as expired,
       {capped(_DONE_LAST_MINUTE)} as done_last_minute,
       {capped(_FAILED_LAST_MINUTE, FAILED_CAP)} as failed_last_minute,
       f.looked as failed_runs, f.failed as failed_tasks, f.cancelled as cancelled_tasks,
       {seconds(f"(select min(available_at) from {r} where {pending})")} as oldest_pending,
       {seconds(f"(select min(available_at) from {r} where state = 'sleeping' and available_at <= now())")}
         as oldest_due_sleeper,
       {seconds(f"(select min(claim_expires_at) from {r} where state = 'running' and claim_expires_at <= now())")}
         as oldest_expired,
       {last("running")} as last_running, {last("completed")} as last_completed, {last("failed")} as last_failed,
       {seconds(_next_change(r))} as changes_at
  from (select {failed}) f (looked, failed, cancelled)"""


def small_branch(position: int, queue: str) -> str:
    """Count one queue whose tables are small by reading each of them once: a row for each state that it has.

    That costs a fifth of looking into an index a dozen times, which counts where there are hundreds of queues. No more
    than `SMALL_CAP` plus one are read of either; a queue that has so many is not small.
    """
    past, future = "filter (where available_at <= now)", "filter (where available_at > now)"
    lately = "filter (where available_at <= now and available_at > a_minute_ago)"
    return f"""
(select {position} as qi, state, coalesce(r.runs, 0) as runs, coalesce(t.tasks, 0) as tasks, r.due, r.lately, r.expired,
       {seconds("r.first")} as first, {seconds("r.last")} as last, {seconds("r.next")} as next,
       {seconds("r.first_lately")} as first_lately, {seconds("r.first_lease")} as first_lease,
       {seconds("r.next_lease")} as next_lease
  from (select state, count(*) as runs, count(*) {past} as due, count(*) {lately} as lately,
               count(*) filter (where claim_expires_at <= now) as expired,
               min(available_at) as first, max(available_at) {past} as last, min(available_at) {future} as next,
               min(available_at) {lately} as first_lately, min(claim_expires_at) as first_lease,
               min(claim_expires_at) filter (where claim_expires_at > now) as next_lease
          from (select state, available_at, claim_expires_at from {table("r", queue)} limit {SMALL_CAP + 1}) x,
               (select now() as now, now() - interval '1 minute' as a_minute_ago) n
         group by state) r
  full join (select state, count(*) as tasks
               from (select state from {table("t", queue)} limit {SMALL_CAP + 1}) x group by state) t using (state))"""


def done_branch(position: int, queue: str) -> str:
    """Count one queue's completed runs a minute of the last half hour, by when they were claimed."""
    return f"""
select {position} as qi, count(*) as done,
       (floor(date_part('epoch', now()) / 60) - floor(date_part('epoch', available_at) / 60))::int as ago
  from (select available_at from {table("r", queue)}
         where state = 'completed' and available_at > now() - interval '30 minutes' and available_at <= now()
         order by available_at desc limit {2 * LIVE_CAP}) x
 group by 3"""


def _next_change(r: str) -> str:
    """Give when the next lease is over, the next sleeper due, or the next ended run claimed over a minute ago."""
    return f"""least((select min(claim_expires_at) from {r} where state = 'running' and claim_expires_at > now()),
                     (select min(available_at) from {r} where state = 'sleeping' and available_at > now()),
                     (select min(available_at) from {r} where {_DONE_LAST_MINUTE}) + interval '1 minute',
                     (select min(available_at) from {r} where {_FAILED_LAST_MINUTE}) + interval '1 minute')"""


def _newest_failed(r: str, t: str) -> str:
    """Look at the newest failed runs: how many, and how many of their tasks failed or were cancelled by them."""
    return f"""count(*), count(*) filter (where t.state = 'failed'), count(*) filter (where t.state = 'cancelled')
          from (select task_id, run_id from {r} where state = 'failed'
                 order by available_at desc limit {FAILED_CAP + 1}) r
          left join lateral (select t.state from {t} t
                              where t.task_id = r.task_id and t.last_attempt_run = r.run_id offset 0) t on true"""
