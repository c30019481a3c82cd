"""The SQL that reads the first rows of a panel, picked by index, and the columns of a panel's row."""

from absurd_tui.observe.queries import NO_FLOOR, beginning, failure_columns, floor, seconds, table
from absurd_tui.observe.records import State

_PICKED, _LOOKED_AT = 500, 2000
_NAME = 200
_INLINE_BYTES = 2_000

_PENDING = """(select * from {r} where state = 'pending' and available_at >= {floor}
                order by available_at, run_id limit {rows})"""
_COMPLETED = """(select * from (select * from {r} where state = 'completed' order by available_at desc, run_id desc
                                 limit {picked}) x order by completed_at desc nulls last, run_id desc limit {rows})"""
_FAILED = """(select * from (select r.* from
                (select * from {r} where state = 'failed' order by available_at desc, run_id desc limit {looked_at}) r
                 cross join lateral (select from {t} t where t.task_id = r.task_id and t.last_attempt_run = r.run_id
                                        and t.state = 'failed' offset 0) t limit {picked}) x
              order by failed_at desc nulls last, run_id desc limit {rows})"""
_FAILED_RUNS = """(select * from (select * from {r} where state = 'failed' order by available_at desc, run_id desc
                                   limit {picked}) x order by failed_at desc nulls last, run_id desc limit {rows})"""
_CANCELLED = """((select * from {r} where state = 'cancelled' and available_at <= now()
                   order by available_at desc, run_id desc limit {picked}) union all
                 (select * from {r} where state = 'cancelled' and available_at > now() limit {picked}) union all
                 (select r.* from
                    (select * from {r} where state = 'failed' order by available_at desc, run_id desc limit {picked}) r
                    cross join lateral (select from {t} t where t.task_id = r.task_id and t.last_attempt_run = r.run_id
                                           and t.state = 'cancelled' offset 0) t))"""

ENDLESS = 5_000
"""How many runs that are due never are read: they share one time, so that no index has them in an order."""

_LAST = {
    State.CANCELLED: " where t.state = 'cancelled' order by t.cancelled_at desc nulls last, r.run_id limit {rows}",
    State.FAILED: " where t.state = 'failed' and t.last_attempt_run = r.run_id",
}
_PICKED_RUNS = {
    State.PENDING: _PENDING,
    State.COMPLETED: _COMPLETED,
    State.FAILED: _FAILED,
    State.CANCELLED: _CANCELLED,
}


def in_turn(first: str, second: str, rows: int) -> str:
    """Read a second source of runs only where the first has fewer rows than wanted."""
    return f"""(with near as materialized (select * from {first} n)
                select * from near union all
                select * from {second} f where (select count(*) from near) < {rows})"""


def endless(r: str, state: State) -> str:
    """Name the runs of a state that are due never, as many of them as are read."""
    return f"""(select * from {r} where state = '{state}' and available_at >= 'infinity'
                 order by available_at limit {ENDLESS})"""


def _picked(r: str, t: str, state: State, rows: int, lowest: str) -> str:
    if state is State.RUNNING:
        leased = f"""(select * from {r} where state = 'running' and claim_expires_at is not null
                       order by claim_expires_at, run_id limit {rows})"""
        unleased = f"""(select * from {r} where state = 'running' and claim_expires_at is null
                         order by available_at, run_id limit {rows})"""
        return in_turn(leased, unleased, rows)
    if state is State.SLEEPING:
        limited = f"""(select * from {r} where state = 'sleeping' and available_at < 'infinity'
                        order by available_at, run_id limit {rows})"""
        unlimited = f"(select * from {endless(r, state)} e order by run_id limit {rows})"
        return in_turn(limited, unlimited, rows)
    return _PICKED_RUNS[state].format(r=r, t=t, rows=rows, floor=lowest, **_newest(rows))


def _newest(rows: int) -> dict[str, int]:
    """Say among how many of the newest by claim the newest by their end are looked for: few where few are wanted."""
    return {"picked": min(_PICKED, 10 * rows), "looked_at": min(_LOOKED_AT, 40 * rows)}


def failed_runs_branch(position: int, queue: str, *, rows: int, has_keys: bool) -> str:
    """Read the newest failed runs of one queue, also those whose task was retried since."""
    picked = _FAILED_RUNS.format(r=table("r", queue), rows=rows, **_newest(rows))
    return row_branch(position, queue, State.FAILED, picked, has_keys=has_keys)


def panel_branch(
    position: int,
    queue: str,
    state: State,
    *,
    rows: int,
    may_checkpoints: bool,
    has_keys: bool,
    has_floor: bool = False,
) -> str:
    """Read one panel's first rows of one queue, picked by index; those that are pending from a floor on, or all."""
    lowest = floor(position) if has_floor else NO_FLOOR
    picked = _picked(table("r", queue), table("t", queue), state, rows, lowest)
    last = _LAST.get(state, "").format(rows=rows)
    return row_branch(position, queue, state, picked, last=last, may_checkpoints=may_checkpoints, has_keys=has_keys)


def finished_branch(position: int, queue: str, state: State, *, has_keys: bool) -> str:
    """Read, of the runs named by $1, those that ended in a state: completed, or failed for good."""
    picked = f"(select * from {table('r', queue)} where run_id = any($1::uuid[]) and state = '{state}')"
    return row_branch(position, queue, state, picked, last=_LAST.get(state, ""), has_keys=has_keys)


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
    key = "coalesce(r.claim_expires_at, r.available_at)" if state is State.RUNNING else "r.available_at"
    waits = state is State.SLEEPING
    failure = "p.failure_reason" if waits else "r.failure_reason" if state is State.FAILED else "null::jsonb"
    preview = {State.PENDING: "t.params", State.COMPLETED: "t.completed_payload"}.get(state)
    # `offset 0` keeps the planner to one look-up for each picked run; it would rather read a whole table of tasks
    joins = [
        f"cross join lateral (select * from {table('t', queue)} t where t.task_id = r.task_id offset 0) t",
    ]
    if waits:
        joins.append(
            f"left join lateral (select p.failure_reason from {table('r', queue)} p where p.task_id = r.task_id"
            " and p.attempt = r.attempt - 1 and p.state = 'failed' limit 1) p"
            " on r.started_at is null and r.wake_event is null"
        )
    if waits and may_checkpoints:
        joins.append(
            f"left join lateral (select left(c.checkpoint_name, {_NAME}) as name from {table('c', queue)} c"
            " where c.task_id = r.task_id and c.owner_run_id = r.run_id order by c.updated_at desc limit 1) c"
            " on r.started_at is not null and r.wake_event is null"
        )
    return f"""
(select {position} as qi, r.run_id, r.task_id, left(t.task_name, {_NAME}) as task_name, r.attempt, t.max_attempts,
        left(r.claimed_by, {_NAME}) as worker, {seconds("r.claim_expires_at")} as claim_expires_at,
        {seconds("r.available_at")} as available_at, {seconds("r.started_at")} as started_at,
        {seconds("coalesce(r.completed_at, r.failed_at)")} as ended_at, {seconds("r.created_at")} as created_at,
        {seconds("t.enqueue_at")} as enqueued_at, {seconds("t.first_started_at")} as first_started_at,
        {seconds("t.cancelled_at")} as cancelled_at, left(r.wake_event, {_NAME}) as wake_event,
        {failure_columns(failure)},
        {"c.name" if waits and may_checkpoints else "null::text"} as reached_step,
        {beginning(preview, 200, _INLINE_BYTES) if preview else "null::text"} as preview,
        left(t.cancellation ->> 'max_duration', 40) as max_duration,
        left(t.cancellation ->> 'max_delay', 40) as max_delay,
        {f"left(t.idempotency_key, {_NAME})" if has_keys else "null::text"} as idempotency_key,
        r.state = 'failed' and (t.state <> 'failed' or t.last_attempt_run <> r.run_id) as is_unlike_task,
        timestamptz_send({key}) as place_at, {is_edge} as is_edge
   from {picked} r {" ".join(joins)}{last})"""
