"""The SQL of the workers that were seen: what they hold, by the index on states, and what they ended lately.

The rules of `absurd_tui.observe.queries` hold here.
"""

from absurd_tui.observe.queries import seconds, table

_NAME = 200
_SMALL_REASON = 2_000


def worker_branch(position: int, queue: str, *, held: int, ended: int, may_checkpoints: bool) -> str:
    """Read at most `held` running runs of a queue, and who ended the latest, `ended` of each kind.

    A run that was ended because its lease was over says nothing of its worker but when it was claimed.
    """
    r, t = table("r", queue), table("t", queue)
    checkpoint = f"""left join lateral (
      select {seconds("c.updated_at")} as at, left(c.checkpoint_name, {_NAME}) as name from {table("c", queue)} c
       where c.task_id = r.task_id and c.owner_run_id = r.run_id order by c.updated_at desc limit 1) c on true"""
    steps = ("c.at", "c.name") if may_checkpoints else ("null::float8", "null::text")
    is_swept = f"pg_column_size(failure_reason) < {_SMALL_REASON} and failure_reason ->> 'name' = '$ClaimTimeout'"
    return f"""(
select {position} as qi, true as holds, left(r.claimed_by, {_NAME}) as worker, r.run_id, r.task_id, r.attempt,
       {seconds("r.available_at")} as at, {seconds("r.claim_expires_at")} as claim_expires_at, t.task_name,
       t.max_attempts, {steps[0]} as checkpoint_at, {steps[1]} as checkpoint_name, 1::bigint as runs
  from (select * from {r} where state = 'running' order by available_at limit {held}) r
  left join lateral (select left(t.task_name, {_NAME}) as task_name, t.max_attempts from {t} t
                      where t.task_id = r.task_id offset 0) t on true
  {checkpoint if may_checkpoints else ""}
union all
select {position}, false, worker, null, null, null, {seconds("max(at)")}, null, null, null, null, null, count(*)
  from ((select left(claimed_by, {_NAME}) as worker, completed_at as at from {r} where state = 'completed'
          order by available_at desc limit {ended}) union all
        (select left(claimed_by, {_NAME}), case when {is_swept} then available_at else failed_at end
           from {r} where state = 'failed' order by available_at desc limit {ended})) x
 where worker is not null group by worker)"""
