"""The SQL that lists all tasks of a queue in one state, as far as they are wanted: ids and names, no payloads."""

from absurd_tui.observe.queries import seconds, table
from absurd_tui.observe.records import State

_NAME = 200
_SOONEST_FIRST = "r.available_at, r.run_id"
_NEWEST_FIRST = "r.available_at desc, r.run_id desc"


def matching(queue: str, state: State) -> str:
    """List the first $1 tasks in a state, with the run that decides it, by the index that has runs by their state."""
    is_live = state in (State.PENDING, State.RUNNING, State.SLEEPING)
    return f"""
select t.task_id, r.run_id, left(t.task_name, {_NAME}) as task_name, r.attempt,
       {seconds("r.claim_expires_at")} as claim_expires_at, {seconds("clock_timestamp()")} as now
  from {table("r", queue)} r
 cross join lateral (select t.task_id, t.task_name from {table("t", queue)} t
                      where t.task_id = r.task_id and t.last_attempt_run = r.run_id and t.state = '{state}' offset 0) t
 where r.state = '{state}' order by {_SOONEST_FIRST if is_live else _NEWEST_FIRST} limit $1"""
