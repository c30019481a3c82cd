"""The SQL of a task's page, by name: a few look-ups by primary key or by the index on a run's task.

The rules of `absurd_tui.observe.queries` hold here. Text of a JSON value leaves the
server only where its stored size is small, or when a document is asked for whole.
"""

from absurd_tui.observe.queries import failure_columns, seconds, table
from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import WHOLE_CHARACTERS

MOST_RUNS = 500
MOST_CHECKPOINTS = 500
SHOWN_CHARACTERS = 64_000
"""Of a document that comes with the page, at most this much text."""
_SHOWN_BYTES = 64_000
_REASON_BYTES = 16_000
_REASONS = 12
MOST_NAME = 200
MOST_EVENT_NAME = 1_000
"""Characters of an event's name; its index has room for no more than some 2,700 bytes."""
MOST_TEXT = 500
MOST_WAITERS = 1_000
_LIVE = (State.PENDING, State.RUNNING, State.SLEEPING)

KEYS = """
select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'absurd' and c.relname = 'i_' || $1::text) as has_table,
       exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
                 join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'absurd' and c.relname = 't_' || $1::text and a.attname = 'idempotency_key'
                  and not a.attisdropped) as has_key
"""
"""Whether a queue's tasks have an idempotency key, and whether those keys have a table of their own."""


def task(queue: str, *, has_key: bool) -> str:
    """Read a task and its newest runs in one statement, so that both are of the same moment."""
    key = f"left(t.idempotency_key, {MOST_TEXT})" if has_key else "null::text"
    return f"""
select {seconds("clock_timestamp()")} as now, left(t.task_name, {MOST_NAME}) as task_name, t.state as task_state,
       t.attempts, t.max_attempts, {seconds("t.enqueue_at")} as enqueued_at,
       {seconds("t.first_started_at")} as first_started_at, {seconds("t.cancelled_at")} as cancelled_at,
       left(t.retry_strategy::text, {MOST_TEXT}) as retry_strategy,
       left(t.cancellation::text, {MOST_TEXT}) as cancellation,
       left(t.cancellation ->> 'max_duration', 40) as max_duration,
       left(t.cancellation ->> 'max_delay', 40) as max_delay, {key} as idempotency_key, r.run_id, r.attempt, r.state,
       left(r.claimed_by, {MOST_NAME}) as worker, {seconds("r.claim_expires_at")} as claim_expires_at,
       {seconds("r.available_at")} as available_at, {seconds("r.started_at")} as started_at,
       {seconds("r.completed_at")} as completed_at, {seconds("r.failed_at")} as failed_at,
       {seconds("r.created_at")} as created_at, left(r.wake_event, {MOST_NAME}) as wake_event,
       {failure_columns("r.failure_reason")}, pg_column_size(r.failure_reason) as reason_size,
       case when r.newest <= {_REASONS} and pg_column_size(r.failure_reason) < {_REASON_BYTES}
            then left(r.failure_reason::text, {SHOWN_CHARACTERS + 1}) end as reason
  from {table("t", queue)} t
  left join lateral (select *, row_number() over (order by attempt desc, run_id desc) as newest
                       from {table("r", queue)} where task_id = t.task_id
                      order by attempt desc, run_id desc limit {MOST_RUNS + 1}) r on true
 where t.task_id = $1
 order by r.attempt, r.run_id"""


def key_holder(queue: str, *, has_table: bool) -> str:
    """Read the task that has the idempotency key $1: by the unique index on it, or by the table of keys."""
    columns, t = f"t.task_id, t.state, left(t.task_name, {MOST_NAME}) as task_name", table("t", queue)
    if has_table:
        keys = f"{table('i', queue)} i join {t} t on t.task_id = i.task_id"
        return f"select {columns} from {keys} where i.idempotency_key = $1"
    return f"select {columns} from {t} t where t.idempotency_key = $1"


def documents(queue: str) -> str:
    """Read a task's params, headers and result, each with its stored size, and as text where that is small."""
    columns = (("params", "params"), ("headers", "headers"), ("completed_payload", "result"))
    parts = ", ".join(
        f"pg_column_size({column}) as {name}_size, case when pg_column_size({column}) < {_SHOWN_BYTES}"
        f" then left({column}::text, {SHOWN_CHARACTERS + 1}) end as {name}"
        for column, name in columns
    )
    return f"select {parts} from {table('t', queue)} where task_id = $1"


def standings(queue: str) -> str:
    """Read how the tasks $1 stand with their last runs, and the clock in every row, of which there is always one."""
    return f"""
select {seconds("one.now")} as now, t.task_id, t.state, r.run_id, coalesce(r.attempt, t.attempts) as attempt,
       t.max_attempts,
       left(r.claimed_by, {MOST_NAME}) as worker, {seconds("r.claim_expires_at")} as claim_expires_at,
       {seconds("coalesce(r.available_at, t.enqueue_at)")} as available_at,
       {seconds("r.started_at")} as started_at, {seconds("coalesce(r.completed_at, r.failed_at)")} as ended_at,
       {seconds("t.enqueue_at")} as enqueued_at, {seconds("t.cancelled_at")} as cancelled_at,
       left(r.wake_event, {MOST_NAME}) as wake_event, {failure_columns("r.failure_reason")}
  from (select clock_timestamp() as now offset 0) one
  left join {table("t", queue)} t on t.task_id = any($1::uuid[])
  left join lateral (select * from {table("r", queue)} r where r.run_id = t.last_attempt_run offset 0) r on true"""


def reached_steps(queue: str) -> str:
    """Read the newest checkpoint of each of the runs $2, whose tasks are $1 in the same order."""
    return f"""
select s.task_id, c.name
  from unnest($1::uuid[], $2::uuid[]) s (task_id, run_id)
 cross join lateral (select left(c.checkpoint_name, {MOST_NAME}) as name from {table("c", queue)} c
                      where c.task_id = s.task_id and c.owner_run_id = s.run_id
                      order by c.updated_at desc limit 1) c"""


def checkpoints(queue: str) -> str:
    """Read a task's newest checkpoints, oldest first, without their states."""
    return f"""
select checkpoint_name, status, owner_run_id, {seconds("updated_at")} as updated_at, size
  from (select left(checkpoint_name, {MOST_NAME}) as checkpoint_name, left(status, 40) as status, owner_run_id,
               updated_at,
               pg_column_size(state) as size
          from {table("c", queue)} where task_id = $1
         order by updated_at desc, checkpoint_name desc limit {MOST_CHECKPOINTS + 1}) c
 order by c.updated_at, c.checkpoint_name"""


def waits(queue: str) -> str:
    """Read what some runs wait for; the table's primary key begins with the run in every version."""
    return f"""
select left(step_name, {MOST_NAME}) as step_name, left(event_name, {MOST_NAME}) as event_name,
       {seconds("timeout_at")} as timeout_at, {seconds("created_at")} as created_at
  from {table("w", queue)} where run_id = any($1::uuid[]) order by created_at, step_name limit 50"""


_WHOLE = {
    "params": ("t", "params", "task_id = $1"),
    "headers": ("t", "headers", "task_id = $1"),
    "result": ("t", "completed_payload", "task_id = $1"),
    "failure": ("r", "failure_reason", "task_id = $1 and run_id = $2"),
    "checkpoint": ("c", "state", f"task_id = $1 and left(checkpoint_name, {MOST_NAME}) = $2"),
    "payload": ("e", "payload", "event_name = $1"),
}


def whole(queue: str, kind: str) -> str:
    """Read one JSON value of a task as text, up to a limit."""
    letter, column, where = _WHOLE[kind]
    return f"""
select pg_column_size({column}) as size, left({column}::text, {WHOLE_CHARACTERS + 1}) as text
  from {table(letter, queue)} where {where} and {column} is not null limit 1"""


def slice_of(queue: str, kind: str) -> str:
    """Read some characters of a JSON value as text, with the length and the hash of all of it.

    The arguments are those of `whole`, or the event's name for its payload; then the first character and how many.
    """
    letter, column, where = _WHOLE[kind]
    first = where.count("$") + 1
    return f"""
select length(d.text) as characters, hashtextextended(d.text, 0) as hash,
       substring(d.text, ${first}::int, ${first + 1}::int) as text
  from (select {column}::text as text from {table(letter, queue)} where {where} and {column} is not null
         limit 1 offset 0) d"""


def matching(queue: str, state: State) -> str:
    """List the first $1 tasks of a queue in a state, with the run that decides it, by the index on runs' states."""
    order = "r.available_at, r.run_id" if state in _LIVE else "r.available_at desc, r.run_id desc"
    return f"""
select t.task_id, r.run_id, left(t.task_name, {MOST_NAME}) as task_name, r.attempt,
       {seconds("r.claim_expires_at")} as claim_expires_at, {seconds("clock_timestamp()")} as now
  from {table("r", queue)} r
 cross join lateral (select t.task_id, t.task_name from {table("t", queue)} t
                      where t.task_id = r.task_id and t.last_attempt_run = r.run_id and t.state = '{state}' offset 0) t
 where r.state = '{state}' order by {order} limit $1"""


def event(queue: str) -> str:
    """Read the event $1 by its primary key; one that is awaited and was not emitted has no payload."""
    return f"""
select payload is not null as is_emitted, {seconds("emitted_at")} as emitted_at,
       case when pg_column_size(payload) < {_SHOWN_BYTES} then left(payload::text, {SHOWN_CHARACTERS})
            else '(' || pg_column_size(payload) || ' bytes)' end as payload
  from {table("e", queue)} where event_name = $1"""


def awaited_by(queue: str) -> str:
    """Read the event that the run $1 waits for, as long as any name that can be emitted, and a character more."""
    return f"""
select left(wake_event, {MOST_EVENT_NAME + 1}) as wake_event
  from {table("r", queue)} where run_id = $1 and state = 'sleeping'"""


def waiters(queue: str) -> str:
    """List the tasks that the event $1 wakes, those that wait for longest first."""
    return f"""
select t.task_id, left(t.task_name, {MOST_NAME}) as task_name
  from {table("w", queue)} w
  join {table("r", queue)} r on r.run_id = w.run_id and r.state = 'sleeping'
  join {table("t", queue)} t on t.task_id = w.task_id
 where w.event_name = $1 and (w.timeout_at is null or w.timeout_at > clock_timestamp())
 order by w.created_at, w.run_id limit {MOST_WAITERS + 1}"""
