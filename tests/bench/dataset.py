"""Large queues with the shape of a production's: written straight into Absurd's tables, the same for the same size.

Of the tasks that have ended 98 in 100 completed, 15 in 1,000 failed, the rest was cancelled; one in seven was tried
again. They ended evenly over thirty days. On top, as far as the queue is large enough for them, there are 10,000 due,
500 running and 5,000 sleeping tasks, of which 2,000 wait without a limit.
"""

import asyncpg

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.queries import table

DAYS = 30
CHUNK = 50_000
LIVE = {"pending": 10_000, "running": 500, "sleeping": 5_000}
LIVE_FROM = 100_000
"""Queues with fewer tasks have fewer that live, in proportion."""

# an id of a time: 48 bits of milliseconds, version 7, and a tail from a hash, so that it is the same each time
_ID = """(lpad(to_hex((extract(epoch from {at}) * 1000)::bigint), 12, '0') || '7' || substr({hash}, 1, 3)
          || '8' || substr({hash}, 4, 15))::uuid"""
_TASK_ID, _RUN_ID = _ID.format(at="spawned", hash="hash"), _ID.format(at="created", hash="md5(hash || attempt)")
_NAMES = "(array['send-email', 'process-order', 'sync-customer', 'charge-card', 'transcode-video'])[1 + n % 5]"
_PARAMS = """jsonb_build_object('order_id', n, 'customer', jsonb_build_object('id', n % 50000, 'region', 'eu-west-1'),
                                'note', hash || hash || hash)"""
_REASON = "jsonb_build_object('name', 'TimeoutError', 'message', 'no answer for order ' || n || ': ' || hash)"
_COLUMNS = """(task_id, task_name, params, max_attempts, enqueue_at, first_started_at, state, attempts,
               last_attempt_run, completed_payload, cancelled_at)"""
_RUN_COLUMNS = """(run_id, task_id, attempt, state, claimed_by, claim_expires_at, available_at, wake_event, started_at,
                   completed_at, failed_at, failure_reason, created_at)"""

_ENDED = """
create temp table made on commit drop as
select n, hash, state, attempts, ended - attempts * interval '40 s' as spawned, ended
  from (select n, md5('{queue}' || n) as hash,
               case when n % 1000 < 15 then 'failed' when n % 1000 < 20 then 'cancelled' else 'completed' end as state,
               case when n % 1000 < 15 then 3 when n % 1000 < 20 then 1 when n % 7 = 0 then 2 else 1 end as attempts,
               now() - make_interval(secs => {days} * 86400.0 * (1 - n / {total}::float8) + 2) as ended
          from generate_series({first}, {last}) n) x"""
_LIVING = """
create temp table made on commit drop as
select n, md5('{queue}' || 'lives' || n) as hash, state, 1 as attempts,
       now() - interval '1 h' - n * interval '50 ms' as spawned, null::timestamptz as ended
  from (select n, case when n <= {pending} then 'pending' when n <= {pending} + {running} then 'running'
                       else 'sleeping' end as state from generate_series(1, {living}) n) x"""
_TASKS = """
insert into {t} {columns}
select {task_id}, {names}, {params}, 5, spawned, case when state <> 'pending' then spawned + interval '1 s' end, state,
       attempts, {last_run}, case when state = 'completed' then '{{"ok": true}}'::jsonb end,
       case when state = 'cancelled' then ended end
  from made"""
_RUNS = """
insert into {r} {columns}
select {run_id}, {task_id}, attempt, run_state, case when run_state in ('completed', 'failed', 'running') then
         'worker-' || n % 40 || ':4000' end,
       case when run_state in ('completed', 'failed') then claimed + interval '120 s'
            when run_state = 'running' then now() + make_interval(secs => 3600 + n) end,
       case when run_state <> 'sleeping' then claimed when n % 5 < 2 then 'infinity'
            else now() + make_interval(secs => 7200 + n * 10) end,
       case when run_state = 'sleeping' and n % 5 < 2 then 'order.paid:' || n end,
       case when run_state <> 'pending' then claimed end,
       case when run_state = 'completed' then claimed + interval '5 s' end,
       case when run_state = 'failed' then claimed + interval '5 s' end,
       case when run_state = 'failed' then {reason} end, created
  from (select m.*, attempt, created, created + interval '1 s' as claimed,
               case when attempt < attempts then 'failed' else state end as run_state
          from made m, generate_series(1, attempts) attempt,
               lateral (select spawned + (attempt - 1) * interval '40 s' as created) c) x"""


async def fill(connection: asyncpg.Connection, queue: str, tasks: int) -> None:
    """Make a queue with so many tasks."""
    await Lifecycle(connection).create_queue(queue)
    for first in range(1, tasks + 1, CHUNK):
        last = min(first + CHUNK - 1, tasks)
        await _write(connection, queue, _ENDED.format(queue=queue, days=DAYS, total=tasks, first=first, last=last))
    living = {state: max(2, round(number * min(1.0, tasks / LIVE_FROM))) for state, number in LIVE.items()}
    await _write(connection, queue, _LIVING.format(queue=queue, living=sum(living.values()), **living))


async def _write(connection: asyncpg.Connection, queue: str, made: str) -> None:
    last_run = _ID.format(at="spawned + (attempts - 1) * interval '40 s'", hash="md5(hash || attempts)")
    async with connection.transaction():
        await connection.execute(made)
        await connection.execute(
            _TASKS.format(
                t=table("t", queue),
                columns=_COLUMNS,
                task_id=_TASK_ID,
                names=_NAMES,
                params=_PARAMS,
                last_run=last_run,
            )
        )
        await connection.execute(
            _RUNS.format(r=table("r", queue), columns=_RUN_COLUMNS, run_id=_RUN_ID, task_id=_TASK_ID, reason=_REASON)
        )
