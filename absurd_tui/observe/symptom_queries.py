"""The SQL of a queue's symptoms: by index, each as far as a cap, and asked only where the counts make one ask."""

from absurd_tui.observe.queries import failure_columns, seconds, table

LEASES_CAP = 1_000
HOLDERS_CAP = 2_000
ENDED_LOOKED_AT = 300
FAILED_LOOKED_AT = 300
LATELY_CAP, BEFORE_CAP = 1_000, 5_000
SLEEPERS_LOOKED_AT = 500
FLOW_CAP = 10_000
TASKS_LOOKED_AT = 2_000
"""How many tasks are looked at in one reading for one that stops the claims; the next goes on behind the last."""
_CANDIDATES = 5
_MOST_NAMES = 3
_NAME = 200


def poison_branch(position: int, queue: str) -> str:
    """Look for live tasks with a cancellation policy that may not be readable, among those after $1 by their id.

    Such a task stops the claims from when it is spawned, so that it is looked for from the last claim on; it walks
    the primary key, because the index of such policies came with schema 0.5. `reached` is the last that was looked at.
    """
    limits = ("max_delay", "max_duration")
    unreadable = " or ".join(rf"(cancellation ->> '{limit}') !~ '^\s*[+-]?\d{{1,18}}\s*$'" for limit in limits)
    return f"""
(with looked as materialized (
   select task_id, task_name, state, cancellation from {table("t", queue)}
    where task_id > ($1::uuid[])[{position + 1}] order by task_id limit {TASKS_LOOKED_AT})
 select {position} as qi, reached.task_id as reached, found.task_id, found.task_name, found.state, found.max_delay,
        found.max_duration
   from (select task_id from looked order by task_id desc limit 1) reached
   left join lateral (
     select task_id, left(task_name, {_NAME}) as task_name, state,
            left(cancellation ->> 'max_delay', 40) as max_delay,
            left(cancellation ->> 'max_duration', 40) as max_duration
       from looked
      where cancellation is not null and state in ('pending', 'running', 'sleeping') and ({unreadable})
      order by task_id limit {_CANDIDATES}) found on true)"""


def gone_branch(position: int, queue: str) -> str:
    """Give the workers that hold leases which are over, two at least, hold no other, and completed nothing since.

    Nobody is named where more leases are held than are looked at.
    """
    r = table("r", queue)
    return f"""
(with expired as materialized (
   select claimed_by, claim_expires_at from {r} where state = 'running' and claim_expires_at <= now()
    order by claim_expires_at limit {LEASES_CAP}),
 holders as materialized (
   select claimed_by from {r} where state = 'running' and claim_expires_at > now()
    order by claim_expires_at limit {HOLDERS_CAP + 1}),
 ended as materialized (
   select claimed_by, completed_at from {r} where state = 'completed' and available_at <= now()
    order by available_at desc limit {ENDED_LOOKED_AT})
 select {position} as qi, left(e.claimed_by, {_NAME}) as worker, e.leases, {seconds("e.first")} as first,
        {seconds("e.last")} as last
   from (select claimed_by, count(*) as leases, min(claim_expires_at) as first, max(claim_expires_at) as last
           from expired group by claimed_by having count(*) > 1) e
  where (select count(*) from holders) <= {HOLDERS_CAP}
    and not exists (select from holders h where h.claimed_by is not distinct from e.claimed_by)
    and not exists (select from ended d where d.claimed_by is not distinct from e.claimed_by
                                          and d.completed_at > e.last)
  order by e.leases desc, e.claimed_by limit {_MOST_NAMES})"""


def failing_branch(position: int, queue: str) -> str:
    """Give what fails most among the newest failed attempts of the last minute, by claim, and how many are retried."""
    r, t = table("r", queue), table("t", queue)
    return f"""
(with looked as materialized (
   select left(t.task_name, {_NAME}) as task_name, t.is_last, {failure_columns("r.failure_reason")}
     from (select run_id, task_id, failure_reason from {r}
            where state = 'failed' and available_at > now() - interval '1 minute' and available_at <= now()
            order by available_at desc limit {FAILED_LOOKED_AT}) r
    cross join lateral (select task_name, state = 'failed' and last_attempt_run = r.run_id as is_last
                          from {t} t where t.task_id = r.task_id offset 0) t)
 select {position} as qi, task_name, left(coalesce(failure_name, failure_message, ''), {_NAME}) as failure,
        count(*) as attempts, (select count(*) from looked where not is_last) as retried,
        (select count(*) from looked) as looked
   from looked group by 2, 3 order by attempts desc, 2, 3 limit 1)"""


def trend_branch(position: int, queue: str) -> str:
    """Count the failed attempts of the last 5 minutes, by claim, and of the 25 before; null where nothing ran then."""
    r = table("r", queue)
    before = "available_at > now() - interval '30 minutes' and available_at <= now() - interval '5 minutes'"

    def failed(where: str, cap: int) -> str:
        return f"(select count(*) from (select from {r} where state = 'failed' and {where} limit {cap}) x)"

    return f"""
select {position} as qi,
       {failed("available_at > now() - interval '5 minutes' and available_at <= now()", LATELY_CAP)} as lately,
       case when exists (select from {r} where state = 'completed' and {before})
            then {failed(before, BEFORE_CAP)} end as before"""


def deferred_branch(position: int, queue: str) -> str:
    """Give the names of sleeping tasks that were put off at least twice at their first attempt without a checkpoint."""
    r, t, c = table("r", queue), table("t", queue), table("c", queue)
    return f"""
select {position} as qi, task_name, tasks, looked from (
  select left(t.task_name, {_NAME}) as task_name, count(*) as tasks, max(r.looked) as looked
    from (select *, count(*) over () as looked from
           (select task_id, attempt, started_at, wake_event from {r}
             where state = 'sleeping' and available_at < 'infinity'
             order by available_at limit {SLEEPERS_LOOKED_AT}) s) r
   cross join lateral (select task_name, first_started_at from {t} t where t.task_id = r.task_id offset 0) t
    left join lateral (select true as has_one from {c} c where c.task_id = r.task_id limit 1) c on true
   where r.attempt = 1 and r.wake_event is null and r.started_at > t.first_started_at and c.has_one is null
   group by 1) d"""


def flow_branch(position: int, queue: str) -> str:
    """Count what was spawned since the lowest id of $1, and what was claimed since $2, each up to a cap."""
    r, t = table("r", queue), table("t", queue)
    claimed = " + ".join(
        f"""(select count(*) from (select from {r} where state = '{state}' and available_at > to_timestamp($2::float8)
                                     and available_at <= now() limit {FLOW_CAP}) x)"""
        for state in ("running", "completed", "failed")
    )
    return f"""
select {position} as qi,
       (select count(*) from (select from {t} where task_id >= $1::uuid order by task_id limit {FLOW_CAP}) x)
         as spawned,
       {claimed} as claimed"""
