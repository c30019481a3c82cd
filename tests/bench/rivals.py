"""What Habitat's overview and absurdctl's lists ask of a server at each refresh, written anew from what they do."""

from collections.abc import Mapping, Sequence

from absurd_tui.observe.queries import table

_ENDED = "coalesce(r.completed_at, r.failed_at, r.started_at, r.created_at)"


def habitat(queue: str) -> Mapping[str, Sequence[str]]:
    """Give the statements of its screens for one queue: its overview with the queues, and its failed tasks."""
    t, r = table("t", queue), table("r", queue)
    is_waiting = "t.state in ('pending', 'sleeping')"
    metrics = f"""
select count(*), count(*) filter (where {is_waiting}),
       count(*) filter (where t.state = 'pending' and r.available_at <= now()),
       min(r.created_at) filter (where {is_waiting}), max(r.created_at) filter (where {is_waiting})
  from {t} t left join {r} r on r.task_id = t.task_id and r.run_id = t.last_attempt_run"""
    states = ("pending", "running", "sleeping", "completed", "failed", "cancelled")
    of_states = ", ".join(f"count(*) filter (where state = '{state}')" for state in states)
    counts = f"select {of_states} from {t}"
    failed = f"""
select t.task_id, r.run_id, t.task_name, r.state, r.attempt, t.max_attempts, r.created_at, {_ENDED}, r.claimed_by
  from {r} r join {t} t on t.task_id = r.task_id
 where t.state = 'failed' and r.run_id = t.last_attempt_run order by r.run_id desc limit 26"""
    return {"Habitat, overview": (metrics, counts), "Habitat, failed tasks": (failed,)}


def absurdctl(queue: str) -> Mapping[str, Sequence[str]]:
    """Give the statements of `list-tasks`: all, and those that failed."""
    t, r = table("t", queue), table("r", queue)

    def listed(where: str) -> str:
        return f"""
select t.task_id, t.task_name, t.state, t.attempts, t.max_attempts, {_ENDED}
  from {t} t left join {r} r on r.run_id = t.last_attempt_run {where} order by {_ENDED} desc limit 50"""

    return {
        "absurdctl list-tasks": (listed(""),),
        "absurdctl list-tasks --status=failed": (listed("where t.state = 'failed'"),),
    }
