"""What a filter may go on with where the cursor is: names of fields, states, and the queues, tasks and workers seen."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from absurd_tui.observe.records import Snapshot, State
from absurd_tui.observe.search.terms import Field, Value, value_written

MOST_OFFERED = 12
_STARTS = (
    "state:",
    "queue:",
    "name:",
    "worker:",
    "attempt>",
    "age<",
    "age>",
    "error~",
    "params.",
    "header.",
    "result.",
    "id:",
    "key:",
)
_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|$)|\\.|[^\s"\\])*$', re.DOTALL)
_TERM = re.compile(r"(?P<sign>[-!]?)(?P<field>[a-z]*)(?P<op>[:~])(?P<values>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen of the database, each in the order in which it is offered; raw."""

    queues: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()


def known_from(snapshot: Snapshot) -> Known:
    """Take what a snapshot shows."""
    rows = [row for panel in snapshot.panels for row in panel.rows]
    return Known(
        tuple(queue.name for queue in snapshot.queues),
        tuple(sorted({row.task_name for row in rows})),
        tuple(sorted({row.worker for row in rows if row.worker is not None})),
    )


def completions(typed: str, known: Known) -> tuple[str, ...]:
    """Give what `typed` may become, whole texts; none where nothing is to be said."""
    found = _WORD.search(typed)
    start = found.start() if found is not None else len(typed)
    before, word = typed[:start], typed[start:]
    term = _TERM.fullmatch(word)
    if term is None:
        sign, begun = (word[:1], word[1:]) if word[:1] in ("-", "!") else ("", word)
        return _offered(before + sign, begun, _STARTS)
    values = _values_of(term["field"], known)
    earlier, comma, begun = term["values"].rpartition(",")
    head = before + word[: word.index(term["op"]) + 1] + earlier + comma
    return _offered(head, begun.strip('"'), [value_written(Value((value,))) for value in values])


def _values_of(field: str, known: Known) -> Iterable[str]:
    named = {Field.STATE: tuple(State), Field.QUEUE: known.queues, Field.WORKER: known.workers}
    return named.get(Field(field), ()) if field in named else known.names if field in ("name", "task") else ()


def _offered(head: str, begun: str, options: Iterable[str]) -> tuple[str, ...]:
    fitting = [option for option in options if option.strip('"').lower().startswith(begun.lower()) and option != begun]
    return tuple(head + option for option in fitting[:MOST_OFFERED])
