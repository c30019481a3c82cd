"""The SQL of events: those emitted by the index on their times, those awaited by what waits, both bounded.

A wait for an event puts a row without a payload, of the year 1970, among the events: it is not emitted.
The rules of `absurd_tui.observe.queries` hold here.
"""

from absurd_tui.observe.queries import beginning, seconds, table

_SMALL_PAYLOAD, _PREVIEW = 2_000, 300
_NAME = 200
WHOLE_CHARACTERS = 8_000_000
"""Of a payload at most this much text is fetched."""
MOST_WAITERS = 500
_NEWEST_FIRST = "emitted_at desc, event_name desc"
_EMITTED = "emitted_at > 'epoch' and payload is not null"


def emitted_branch(position: int, queue: str, *, rows: int, scanned: int, where: str, prefix: str) -> str:
    """Read at most `rows` events of a queue `where` they are wanted, whose names begin as `prefix` (an argument) says.

    No more than `scanned` are looked at for that; the last of them, which bears `is_edge`, says how far.
    """
    e = table("e", queue)
    fits = f"starts_with(x.event_name, {prefix}::text)" if prefix else "true"
    return f"""(
select {position} as qi, event_name as name, {seconds("emitted_at")} as at,
       timestamptz_send(emitted_at) as place_at, pg_column_size(payload) as size,
       {beginning("payload", _PREVIEW, _SMALL_PAYLOAD)} as preview, is_wanted, place = {scanned} as is_edge
  from (select *, {fits} as is_wanted
          from (select event_name, emitted_at, payload, row_number() over (order by {_NEWEST_FIRST}) as place
                  from (select * from {e} where {_EMITTED} and {where} order by {_NEWEST_FIRST} limit {scanned}) n) x) y
 where is_wanted or place = {scanned} order by place limit {rows})"""


def awaited_branch(position: int, queue: str, *, rows: int, scanned: int, prefix: str) -> str:
    """Count, among some waits of a queue, those for each event that nobody has emitted, the oldest first."""
    w, e = table("w", queue), table("e", queue)
    fits = f"where starts_with(event_name, {prefix}::text)" if prefix else ""
    return f"""(
select {position} as qi, event_name as name, waiters, endless, {seconds("since")} as since,
       {seconds("first_timeout")} as first_timeout,
       (select count(*) = {scanned} from (select from {w} limit {scanned}) c) as is_capped
  from (select event_name, count(*) as waiters, count(*) filter (where timeout_at is null) as endless,
               min(created_at) as since, min(timeout_at) as first_timeout
          from (select event_name, created_at, timeout_at from {w} limit {scanned}) x {fits}
         group by event_name order by min(created_at) limit {rows}) g
 where not exists (select from {e} e where e.event_name = g.event_name and e.payload is not null))"""


def waiters(queue: str) -> str:
    """Read who waits for the event $1, by the index on the names of waits, and whether it was emitted."""
    t, r, e, w = (table(letter, queue) for letter in "trew")
    return f"""
select {seconds("clock_timestamp()")} as now, {seconds("e.emitted_at")} as emitted_at, w.task_id, w.run_id,
       left(w.step_name, {_NAME}) as step_name, {seconds("w.created_at")} as since,
       {seconds("w.timeout_at")} as timeout_at, t.task_name, t.state, r.attempt, t.max_attempts
  from (values (1)) one
  left join (select * from {e} where event_name = $1 and payload is not null) e on true
  left join (select * from {w} where event_name = $1 limit {MOST_WAITERS}) w on true
  left join lateral (select left(t.task_name, {_NAME}) as task_name, t.state, t.max_attempts from {t} t
                      where t.task_id = w.task_id offset 0) t on true
  left join lateral (select r.attempt from {r} r where r.run_id = w.run_id offset 0) r on true"""


def payload(queue: str) -> str:
    """Read the payload of the event $1 as text, up to a limit."""
    return f"""
select {seconds("clock_timestamp()")} as now, {seconds("e.emitted_at")} as emitted_at,
       pg_column_size(e.payload) as size, left(e.payload::text, {WHOLE_CHARACTERS + 1}) as text
  from (values (1)) one
  left join (select * from {table("e", queue)} where event_name = $1 and payload is not null) e on true"""
