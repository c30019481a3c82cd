"""The SQL that reads the first rows of a panel, and the columns of a panel's row."""

from absurd_tui.observe.pick_queries import Picks, wanted
from absurd_tui.observe.queries import beginning, failure_columns, floor, seconds, table
from absurd_tui.observe.records import State

_NAME = 200
_INLINE_BYTES = 2_000

_OF_FAILED_TASK = " where t.state = 'failed' and t.last_attempt_run = r.run_id"


def panel_branch(position: int, queue: str, state: State, *, may_checkpoints: bool, has_keys: bool) -> str:
    """Read one panel's first rows of one queue, picked by index; those that are pending from a floor ($2) on."""
    rows = wanted(position)
    picked = Picks(table("r", queue), table("t", queue), rows).first_of(state, floor(position, 2))
    last = {State.CANCELLED: last_cancelled(rows), State.FAILED: _OF_FAILED_TASK}.get(state, "")
    return row_branch(position, queue, state, picked, last=last, may_checkpoints=may_checkpoints, has_keys=has_keys)


def failed_runs_branch(position: int, queue: str, *, has_keys: bool) -> str:
    """Read the newest failed runs of one queue, also those whose task was retried since."""
    picked = Picks(table("r", queue), table("t", queue), wanted(position)).failed_runs()
    return row_branch(position, queue, State.FAILED, picked, has_keys=has_keys)


def finished_branch(position: int, queue: str, state: State, *, has_keys: bool) -> str:
    """Read, of the runs that $1 names for each position, those that ended in a state: completed, or failed for good.

    $1 holds the text of an array of ids for each.
    """
    run_ids = f"(($1::text[])[{position + 1}])::uuid[]"
    picked = f"(select * from {table('r', queue)} where run_id = any({run_ids}) and state = '{state}')"
    return row_branch(
        position, queue, state, picked, last=_OF_FAILED_TASK if state is State.FAILED else "", has_keys=has_keys
    )


def row_branch(
    position: int,
    queue: str,
    state: State,
    picked: str,
    *,
    last: str = "",
    may_checkpoints: bool = False,
    has_keys: bool,
    is_edge: str = "false",
) -> str:
    """Read the columns of a panel's row for the picked runs of one queue; `is_edge` marks where a scan was cut."""
    waits = state is State.SLEEPING
    columns = row_columns(
        place="coalesce(r.claim_expires_at, r.available_at)" if state is State.RUNNING else "r.available_at",
        failure="p.failure_reason" if waits else "r.failure_reason" if state is State.FAILED else "null::jsonb",
        step="c.name" if waits and may_checkpoints else "null::text",
        shown={State.PENDING: "t.params", State.COMPLETED: "t.completed_payload"}.get(state, "null::jsonb"),
        has_keys=has_keys,
    )
    joins = waiting_joins(queue, may_checkpoints=may_checkpoints) if waits else ""
    return f"""
(select {position} as qi, {columns}, {is_edge} as is_edge
   from {picked} r {task_join(queue)} {joins}{last})"""


def last_cancelled(rows: str) -> str:
    """Keep the tasks that were cancelled last."""
    return f" where t.state = 'cancelled' order by t.cancelled_at desc nulls last, r.run_id desc limit {rows}"


def task_join(queue: str, columns: str = "*") -> str:
    """Join the task of each run.

    `offset 0` keeps the planner to one look-up for each; it would rather read a whole table of tasks.
    """
    t = table("t", queue)
    return f"cross join lateral (select {columns} from {t} t where t.task_id = r.task_id offset 0) t"


def waiting_joins(queue: str, *, may_checkpoints: bool) -> str:
    """Join what a sleeping run waits for: why the attempt before it failed, or the step that it has reached."""
    # the conditions stand inside, so that nothing is looked for where they do not hold
    failed_before = f"""
   left join lateral (select p.failure_reason from {table("r", queue)} p
                       where r.state = 'sleeping' and r.started_at is null and r.wake_event is null
                         and p.task_id = r.task_id and p.attempt = r.attempt - 1 and p.state = 'failed' limit 1) p
     on true"""
    if not may_checkpoints:
        return failed_before
    return f"""{failed_before}
   left join lateral (select left(c.checkpoint_name, {_NAME}) as name from {table("c", queue)} c
                       where r.state = 'sleeping' and r.started_at is not null and r.wake_event is null
                         and c.task_id = r.task_id and c.owner_run_id = r.run_id order by c.updated_at desc limit 1) c
     on true"""


def row_columns(*, place: str, failure: str, step: str, shown: str, has_keys: bool) -> str:
    """Name the columns of a panel's row, of a run `r` and its task `t`: `shown` is the value that it shows."""
    return f"""r.run_id, r.task_id, left(t.task_name, {_NAME}) as task_name, r.attempt, t.max_attempts,
        left(r.claimed_by, {_NAME}) as worker, {seconds("r.claim_expires_at")} as claim_expires_at,
        {seconds("r.available_at")} as available_at, {seconds("r.started_at")} as started_at,
        {seconds("coalesce(r.completed_at, r.failed_at)")} as ended_at, {seconds("r.created_at")} as created_at,
        {seconds("t.enqueue_at")} as enqueued_at, {seconds("t.first_started_at")} as first_started_at,
        {seconds("t.cancelled_at")} as cancelled_at, left(r.wake_event, {_NAME}) as wake_event,
        {failure_columns(failure)},
        {step} as reached_step, {beginning(shown, 200, _INLINE_BYTES)} as preview,
        left(t.cancellation ->> 'max_duration', 40) as max_duration,
        left(t.cancellation ->> 'max_delay', 40) as max_delay,
        {f"left(t.idempotency_key, {_NAME})" if has_keys else "null::text"} as idempotency_key,
        r.state = 'failed' and (t.state <> 'failed' or t.last_attempt_run <> r.run_id) as is_unlike_task,
        timestamptz_send({place}) as place_at"""
