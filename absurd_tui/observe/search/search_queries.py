"""The SQL of a search: so many entries of one index of one queue, and the tasks among them that a filter is true of.

The rules of `absurd_tui.observe.queries` hold here. Each branch gives its matches, and one row that says how many
entries were looked at, and which was the last; none where there was no entry.
"""

from absurd_tui.observe.find_queries import COLUMNS, last_run
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import State
from absurd_tui.observe.search.conditions import Parameters, conditions
from absurd_tui.observe.search.terms import Filter

BY_ID, BY_CLAIM, NAMED = 5, 6, 2
"""The numbers of a filter's first parameter: after those that say where is looked."""

_KINDS = ("uuid", "text", "text", "int", "int", "float8", "float8", "text", "text", "text")
_NOTHING = ", ".join(f"null::{kind}" for kind in _KINDS)


def by_id_branch(position: int, queue: str, filter: Filter, *, rows: int) -> str:
    """Look at the tasks before the id $1 says for this queue, down to $2; all of them between $3 and $4."""
    t = table("t", queue)
    entries = f"""(select x.task_id from {t} x where x.task_id < ($1::uuid[])[{position + 1}] and x.task_id >= $2::uuid
                    order by x.task_id desc limit {rows})"""
    between = "t.task_id >= $3::uuid and t.task_id <= $4::uuid"
    matches = _matches(position, queue, filter, entries, between, "true", BY_ID)
    return f"{matches} union all {_edge(position, entries, 's.task_id, null::bytea', 's.task_id desc')}"


def by_claim_branch(position: int, queue: str, state: State, filter: Filter, *, rows: int) -> str:
    """Look at the runs in a state that were claimed, or are due, before $1 (and the run $2) say, down to $3.

    Their tasks are those between the ids $4 and $5.
    """
    entries = f"""(select x.run_id, x.task_id, x.available_at from {table("r", queue)} x where x.state = '{state}'
                     and (x.available_at, x.run_id)
                       < (($1::text[])[{position + 1}]::timestamptz, ($2::uuid[])[{position + 1}])
                     and x.available_at >= $3::text::timestamptz
                   order by x.available_at desc, x.run_id desc limit {rows})"""
    between = "t.task_id >= $4::uuid and t.task_id <= $5::uuid"
    last = f"t.last_attempt_run = s.run_id and t.state = '{state}'"
    matches = _matches(position, queue, filter, entries, between, last, BY_CLAIM)
    edge = _edge(position, entries, "s.run_id, timestamptz_send(s.available_at)", "s.available_at desc, s.run_id desc")
    return f"{matches} union all {edge}"


def named_branch(position: int, queue: str, filter: Filter) -> str:
    """Look at the tasks $1 alone."""
    return _matches(position, queue, filter, "unnest($1::uuid[]) s(task_id)", "true", "true", NAMED)


def parameters_of(filter: Filter, first: int) -> list[object]:
    """Give the parameters of a filter, from the number `first` on; they are the same for every queue."""
    parameters = Parameters(first)
    conditions(filter, "", parameters)
    return parameters.values


def _matches(position: int, queue: str, filter: Filter, entries: str, between: str, last: str, first: int) -> str:
    every, unsure = conditions(filter, queue, Parameters(first))
    is_sure = " and ".join(f"({condition}) is not null" for condition in unsure) or "true"
    wanted = " and ".join([last, *(f"({condition}) is not false" for condition in every)])
    source = entries if entries.startswith("unnest") else f"{entries} s"
    return f"""
(select {position} as qi, {is_sure} as is_sure, null::bigint as looked_at, null::uuid as edge_id,
        null::bytea as edge_at, {COLUMNS}
   from {source}
  cross join lateral (select * from {table("t", queue)} t where t.task_id = s.task_id and {between} offset 0) t
  {last_run(queue)} where {wanted})"""


def _edge(position: int, entries: str, edge: str, order: str) -> str:
    return f"""
(select {position}, null, s.number, {edge}, {_NOTHING}
   from (select *, count(*) over () as number, row_number() over (order by {order}) as place from {entries} s) s
  where s.place = s.number)"""
