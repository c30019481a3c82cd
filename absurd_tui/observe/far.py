"""One statement for any number of queues, for a server that is far away or behind a pooler.

There a statement for every few queues is a wait for each, and a pooler lets none be
prepared. So the server itself makes each queue's text from a template and runs it
(`query_to_xml`); that is planned anew each time, which costs it about twice as much. An
answer travels as JSON in base64, because XML has no place for control characters.
"""

import base64
import json
import re
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any, TypeVar
from uuid import UUID

from absurd_tui.observe.branches import Asked, Question, Row
from absurd_tui.observe.queries import floor

MAX_RELATIONS = 2_500
"""How many relations are locked at most: two fifths of what a server's lock table holds by default."""

WORKS = "select query_to_xml('select 1 as answer', true, true, '')::text as answer"
"""Fails where the server has no XML, or the role may not use it."""

_NAME, _FLOOR = "{queue}", "to_timestamp('{floor}'::float8)"
_STATEMENT = """
select (p.position - 1)::int as qi,
       query_to_xml('select encode(convert_to(coalesce(json_agg(b)::text, ''[]''), ''UTF8''), ''base64'') as answer'
                    || ' from (' || replace(replace(($1::text[])[p.template], '{floor}', p.floor::text),
                                            '{queue}', replace(p.name, '"', '""')) || ') b',
                    true, true, '')::text as answer
  from unnest($2::int[], $3::text[], $4::float8[]) with ordinality as p (template, name, floor, position)"""

_ANSWER = re.compile(r"<answer>([^<]*)</answer>")
_IDS = ("run_id", "task_id")
_BYTES = ("place_at",)
_TEXTS = frozenset(
    {"state", "task_name", "worker", "wake_event", "failure_name", "failure_message", "reached_step", "preview"}
    | {"max_duration", "max_delay"}
)

About = TypeVar("About", bound=Hashable)


class FarAsked(Asked[About]):
    """Asks questions, all in one statement as far as the lock table of a server has room.

    They have no arguments but the one of `queries.floor`, which is put into each text.
    """

    async def answers(self, chunk: Sequence[Question[About]]) -> Mapping[int, Sequence[Row]]:
        """Run one statement; the rows of each of its questions, by position."""
        templates: dict[str, int] = {}
        numbers = []
        for question in chunk:
            text = self.branch(0, _NAME, question.about).replace(floor(0), _FLOOR)
            numbers.append(templates.setdefault(text, len(templates) + 1))
        names = [question.queue.name for question in chunk]
        (floors,) = self.arguments_of(chunk) or ([-inf] * len(chunk),)
        found = await self.fetch(_STATEMENT, list(templates), numbers, names, floors)
        return {row["qi"]: rows(row["answer"]) for row in found}


def rows(answer: str) -> Sequence[Row]:
    """Read the rows of one question from its XML."""
    found = _ANSWER.search(answer)
    text = base64.b64decode(found[1]).decode(errors="replace") if found else "[]"
    return [{column: _read(column, value) for column, value in row.items()} for row in json.loads(text)]


def _read(column: str, value: Any) -> Any:
    """Give a value as the driver gives it: JSON has no ids, no bytes, and no infinity."""
    if not isinstance(value, str):
        return value
    if column in _IDS:
        return UUID(value)
    if column in _BYTES:
        return bytes.fromhex(value.removeprefix("\\x"))
    return value if column in _TEXTS else float(value)
