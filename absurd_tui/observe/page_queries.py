"""The SQL that reads a panel around a place: by keyset over Absurd's indexes, towards its beginning and its end.

Whatever stands before the place costs nothing. Both directions are one branch for each queue: the rows up to $1, $2
(a time as text and a run's id) and those from $3, $4 on, both ends with them. Running claims without a lease are in
an order of their own ($5 to $8). Of ended tasks some are left out ($5), and those claimed after $6.
"""

from absurd_tui.observe.panel_queries import row_branch
from absurd_tui.observe.pick_queries import endless, in_turn
from absurd_tui.observe.places import NEWEST_FIRST
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import State

SCANNED = 2_000
"""How many failed runs are looked at in one direction for those that ended their task."""

_UP, _DOWN = ("$1", "$2"), ("$3", "$4")
_UP_UNLEASED, _DOWN_UNLEASED = ("$5", "$6"), ("$7", "$8")
_NOT_IN_HEAD = "run_id <> all($5::uuid[])"
_OLD_ENOUGH = f"{_NOT_IN_HEAD} and available_at <= $6::text::timestamptz"
_OF_STATE = {
    State.PENDING: "state = 'pending'",
    State.SLEEPING: "state = 'sleeping'",
    State.FAILED: f"state = 'failed' and {_OLD_ENOUGH}",
    State.COMPLETED: f"state = 'completed' and {_OLD_ENOUGH}",
    State.CANCELLED: f"state = 'cancelled' and {_NOT_IN_HEAD}",
}
_MAY_BE_ENDLESS = frozenset({State.SLEEPING, State.CANCELLED})


def page_branch(
    position: int, queue: str, state: State, *, half: int, with_retried: bool, may_checkpoints: bool, has_keys: bool
) -> str:
    """Read at most `half` rows of one queue in each direction."""
    r, t = table("r", queue), table("t", queue)
    if state is State.FAILED and not with_retried:
        newer = _terminal(_side(r, state, _UP, is_later=True, rows=SCANNED), t, "available_at, run_id", half)
        older = _terminal(_side(r, state, _DOWN, is_later=False, rows=SCANNED), t, _NEWEST_FIRST, half)
        is_edge = f"r.scanned = {SCANNED}"
        return row_branch(position, queue, state, _union(newer, older), has_keys=has_keys, is_edge=is_edge)
    up_is_later = state in NEWEST_FIRST
    up = _side(r, state, _UP, is_later=up_is_later, rows=half)
    down = _side(r, state, _DOWN, is_later=not up_is_later, rows=half)
    return row_branch(position, queue, state, _union(up, down), may_checkpoints=may_checkpoints, has_keys=has_keys)


def head_branch(position: int, queue: str, state: State, *, has_keys: bool) -> str:
    """Read again, of the runs named by $1, those that are still in a panel of ended tasks."""
    is_cancelled = state is State.CANCELLED
    states, last = ("('cancelled', 'failed')", " where t.state = 'cancelled'") if is_cancelled else (f"('{state}')", "")
    picked = f"(select * from {table('r', queue)} where run_id = any($1::uuid[]) and state in {states})"
    return row_branch(position, queue, state, picked, last=last, has_keys=has_keys)


_NEWEST_FIRST = "available_at desc, run_id desc"


def _union(up: str, down: str) -> str:
    return f"(select * from {up} u union all select * from {down} d)"


def _side(r: str, state: State, place: tuple[str, str], *, is_later: bool, rows: int) -> str:
    """Read from a place on to later times or to earlier ones, the nearest first."""
    if state is State.RUNNING:
        leased = _scan(f"{r} where {_LEASED}", "claim_expires_at", place, is_later, rows)
        place = _UP_UNLEASED if place is _UP else _DOWN_UNLEASED
        unleased = _scan(f"{r} where {_UNLEASED}", "available_at", place, is_later, rows)
        return in_turn(*((leased, unleased) if is_later else (unleased, leased)), rows)
    if state not in _MAY_BE_ENDLESS:
        return _scan(f"{r} where {_OF_STATE[state]}", "available_at", place, is_later, rows)
    limited = _scan(
        f"{r} where {_OF_STATE[state]} and available_at < 'infinity'", "available_at", place, is_later, rows
    )
    # going to earlier times from an earlier place, none of the endless ones is read only to be left out
    reaches = "true" if is_later else f"{place[0]}::text::timestamptz = 'infinity'"
    unlimited = _scan(
        f"{endless(r, state)} e where {reaches} and {_OF_STATE[state]}", "available_at", place, is_later, rows
    )
    return in_turn(*((limited, unlimited) if is_later else (unlimited, limited)), rows)


_LEASED = "state = 'running' and claim_expires_at is not null"
_UNLEASED = "state = 'running' and claim_expires_at is null"


def _scan(source: str, key: str, place: tuple[str, str], is_later: bool, rows: int) -> str:
    sign, order = (">=", "") if is_later else ("<=", " desc")
    at, run_id = place
    return f"""(select * from {source} and ({key}, run_id) {sign} ({at}::text::timestamptz, {run_id}::uuid)
               order by {key}{order}, run_id{order} limit {rows})"""


def _terminal(runs: str, t: str, order: str, rows: int) -> str:
    """Keep those failed runs that ended their task, and the last that was looked at."""
    return f"""(select s.* from (select *, row_number() over (order by {order}) as scanned from {runs} x) s
         left join lateral (select true as is_last from {t} t where t.task_id = s.task_id
                               and t.last_attempt_run = s.run_id and t.state = 'failed' offset 0) t on true
        where t.is_last or s.scanned = {SCANNED} order by {order} limit {rows})"""
