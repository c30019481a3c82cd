"""From a filter to a condition in SQL. What was typed stands only in the parameters.

A condition is true, false, or null where a document is too large to be looked into.
The task is `t`, its last run `l`.
"""

from collections.abc import Sequence

from absurd_tui.observe.ids import ids_in
from absurd_tui.observe.queries import table
from absurd_tui.observe.search.terms import COMPARED, DOCUMENTS, NAMING, Field, Filter, Op, Term, Value

LOOKED_INTO_BYTES = 1_000_000
"""A document that takes more bytes as it is stored is not looked into."""

_COLUMNS = {Field.PARAMS: "t.params", Field.HEADER: "t.headers", Field.RESULT: "t.completed_payload"}
_ELSEWHERE = frozenset({Field.QUEUE, Field.AGE, *NAMING})
"""What decides where is looked, and is no condition on a row; but ids do not where they are those of no task."""


class Parameters:
    """The parameters of a statement, each named as it is added; `first` is the number of the first."""

    def __init__(self, first: int) -> None:
        self._first = first
        self.values: list[object] = []

    def add(self, value: object, kind: str) -> str:
        """Add a parameter of a type, and give its name."""
        self.values.append(value)
        return f"${self._first + len(self.values) - 1}::{kind}"


def conditions(filter: Filter, queue: str, parameters: Parameters) -> tuple[Sequence[str], Sequence[str]]:
    """Write a filter's conditions for one queue, and those of them that may be null."""
    every: list[str] = []
    unsure: list[str] = []
    for term in filter.terms:
        if term.field in _ELSEWHERE and not (term.field is Field.ID and term.is_negated):
            continue
        written = _condition(term, queue, parameters)
        every.append(f"not ({written})" if term.is_negated else f"({written})")
        if term.field in DOCUMENTS or term.field is Field.TEXT:
            unsure.append(every[-1])
    return every, unsure


def _condition(term: Term, queue: str, parameters: Parameters) -> str:
    match term.field:
        case Field.STATE:
            return f"t.state = any({parameters.add([value.text for value in term.values], 'text[]')})"
        case Field.NAME:
            return _text("t.task_name", term, parameters)
        case Field.WORKER:
            return _text("l.claimed_by", term, parameters)
        case Field.ATTEMPT:
            return " or ".join(
                f"t.attempts {_sign(term.op)} {parameters.add(int(value.text), 'int')}" for value in term.values
            )
        case Field.ID:
            return _id(queue, term, parameters)
        case Field.ERROR:
            return _error(queue, parameters.add(_contained(term.values), "text[]"))
        case Field.TEXT:
            return _anywhere(queue, parameters.add(_contained(term.values), "text[]"))
        case _:
            return _document(term, parameters)


def _text(column: str, term: Term, parameters: Parameters) -> str:
    if term.op is Op.HAS:
        return f"coalesce({column} ilike any({parameters.add(_contained(term.values), 'text[]')}), false)"
    exact = [value.text for value in term.values if not value.is_pattern]
    patterns = [value.like for value in term.values if value.is_pattern]
    parts = [f"{column} = any({parameters.add(exact, 'text[]')})"] if exact else []
    parts += [f"{column} like any({parameters.add(patterns, 'text[]')})"] if patterns else []
    return f"coalesce({' or '.join(parts)}, false)"


def _id(queue: str, term: Term, parameters: Parameters) -> str:
    """Say that a task, or one of its runs, has one of the ids."""
    named: list[str] = []
    for value in term.values:
        ranges = ids_in(value.text)
        for each in ranges if isinstance(ranges, tuple) else ():
            bounds = f"between {parameters.add(each.low, 'uuid')} and {parameters.add(each.high, 'uuid')}"
            runs = f"select from {table('r', queue)} e where e.task_id = t.task_id and e.run_id {bounds} offset 0"
            named.append(f"t.task_id {bounds} or exists ({runs})")
    return " or ".join(named)


def _error(queue: str, contained: str) -> str:
    """Say that the reason of one of the task's failed attempts contains a text; `offset 0` keeps it to one look-up."""
    return f"""exists (select from {table("r", queue)} e where e.task_id = t.task_id
        and e.failure_reason is not null and pg_column_size(e.failure_reason) < {LOOKED_INTO_BYTES}
        and e.failure_reason::text ilike any({contained}) offset 0)"""


def _anywhere(queue: str, contained: str) -> str:
    params = _looked_into("t.params", f"coalesce(t.params::text ilike any({contained}), false)")
    texts = " or ".join(
        f"coalesce({column} ilike any({contained}), false)" for column in ("t.task_name", "l.claimed_by")
    )
    return f"{texts} or {_error(queue, contained)} or {params}"


def _document(term: Term, parameters: Parameters) -> str:
    column = _COLUMNS[term.field]
    if not term.path:
        contained = parameters.add(_contained(term.values), "text[]")
        return _looked_into(column, f"coalesce({column}::text ilike any({contained}), false)")
    path = parameters.add(list(term.path), "text[]")
    value = f"({column} #> {path})"
    if term.op in COMPARED:
        limits = (parameters.add(value.text, "text") for value in term.values)
        compared = " or ".join(f"{value}::numeric {_sign(term.op)} {limit}::numeric" for limit in limits)
        return _looked_into(column, f"case when jsonb_typeof({value}) = 'number' then {compared} else false end")
    found = f"coalesce({column} #>> {path}, case when {value} is not null then 'null' end)"
    return _looked_into(column, _text(found, term, parameters))


def _looked_into(column: str, condition: str) -> str:
    return f"case when coalesce(pg_column_size({column}), 0) < {LOOKED_INTO_BYTES} then {condition} end"


def _contained(values: Sequence[Value]) -> list[str]:
    return [f"%{value.like}%" for value in values]


def _sign(op: Op) -> str:
    return "=" if op is Op.IS else op.value
