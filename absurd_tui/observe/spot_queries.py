"""The SQL that reads the panels many queues share: where the first rows of each queue stand, and whole rows of a few.

It is one statement: `spots` has the first rows of each queue in each panel, with no more of them than picks and sorts
them; `shown` those of them that are the first of all; and only these are then read whole, by their ids. A plan that
reads whole rows in each panel of each queue takes three times the memory of the server.

The arguments: $1 how many rows are wanted, for each spot branch at its position; $2 runs that are read besides, as the
text of an array of ids for each queue; $3 how many are shown of a panel; $4 the floors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui.observe.panel_queries import last_cancelled, row_columns, task_join, waiting_joins
from absurd_tui.observe.pick_queries import Picks, wanted
from absurd_tui.observe.places import NEWEST_FIRST
from absurd_tui.observe.queries import floor, seconds, table
from absurd_tui.observe.records import State

_BY_TIME = ", ".join(f"'{state}'" for state in State if state not in NEWEST_FIRST)


@dataclass(frozen=True, slots=True)
class _Spot:
    """What of a run is read to pick it and to sort it."""

    columns: str
    place: str = "null::timestamptz"
    has_no_lease: str = "false"
    ended_at: str = "null::float8"


_SPOTS = {
    State.PENDING: _Spot("run_id, available_at", "r.available_at"),
    State.RUNNING: _Spot(
        "run_id, available_at, claim_expires_at",
        "coalesce(r.claim_expires_at, r.available_at)",
        "r.claim_expires_at is null",
    ),
    State.SLEEPING: _Spot("run_id, available_at", "r.available_at"),
    State.COMPLETED: _Spot("run_id, completed_at", ended_at=seconds("r.completed_at")),
    State.FAILED: _Spot("run_id, task_id, failed_at", ended_at=seconds("r.failed_at")),
    State.CANCELLED: _Spot("run_id, task_id", ended_at=seconds("t.cancelled_at")),
}


def spot_branch(position: int, at: int, queue: str, state: State, *, with_retried: bool) -> str:
    """Read where the first rows of one panel of one queue stand; `at` is the position of the queue."""
    rows, spot = wanted(position), _SPOTS[state]
    picks = Picks(table("r", queue), table("t", queue), rows, spot.columns)
    picked = picks.failed_runs() if with_retried else picks.first_of(state, floor(position, 4))
    last = ""
    if state is State.CANCELLED:
        last = f"{task_join(queue, 't.state, t.cancelled_at')} {last_cancelled(rows)}"
    return f"""
(select {position} as qi, {at} as at, '{state}' as panel, r.run_id as spot_id, {spot.place} as spot_at,
        {spot.has_no_lease} as has_no_lease, {spot.ended_at} as spot_ended_at
   from {picked} r {last})"""


def whole_branch(at: int, queue: str, *, with_waits: bool, may_checkpoints: bool, has_keys: bool) -> str:
    """Read whole rows of one queue, in whatever state they are: those that are shown, and those that are asked for.

    Beside the columns of a panel's row it tells what state the run is in, and its task.
    """
    columns = row_columns(
        place="case when r.state = 'running' then coalesce(r.claim_expires_at, r.available_at) else r.available_at end",
        failure=f"case when r.state = 'failed' then r.failure_reason {'else p.failure_reason' * with_waits} end",
        step="c.name" if with_waits and may_checkpoints else "null::text",
        shown="case r.state when 'pending' then t.params when 'completed' then t.completed_payload end",
        has_keys=has_keys,
    )
    joins = waiting_joins(queue, may_checkpoints=may_checkpoints) if with_waits else ""
    ids = f"(array(select spot_id from shown where at = {at}) || (($2::text[])[{at + 1}])::uuid[])"
    return f"""
(select {at} as at, {columns}, r.state as run_state, t.state as task_state
   from (select * from {table("r", queue)} where run_id = any({ids})) r
{task_join(queue)} {joins})"""


def merged_statement(spots: Sequence[str], rows: Sequence[str]) -> str:
    """Put the branches of a statement together: each spot with its whole row where it is shown, and the other rows."""
    return f"""
with spots as materialized ({" union all ".join(spots)}),
     shown as materialized (
       select at, spot_id from (
         select *, row_number() over (partition by panel
                                      order by has_no_lease, spot_at, spot_ended_at desc nulls last,
                                               case when panel in ({_BY_TIME}) then spot_id end, spot_id desc) as place
           from spots) s
        where place <= $3::int)
select s.qi, s.spot_id, timestamptz_send(s.spot_at) as spot_at, s.has_no_lease, s.spot_ended_at, r.*
  from spots s full join ({" union all ".join(rows)}) r on r.at = s.at and r.run_id = s.spot_id"""
