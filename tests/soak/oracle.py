"""What the database has shown: every change of a state, with its time, compared with what a screen claims.

A claim is false where the database has not shown it for longer than two readings, and a moment for a busy machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from soak.reading import Reading, Row, Told
from soak.stage import Stage, table

SLACK = 2.0
"""Seconds."""

TROUBLED = 5.0
"""Seconds for which a reading that is under way may keep the screen: then the header says that it is stale."""

MANY, EVERY = 500, {"failed": 10.0, "cancelled": 30.0}
"""Of more ended tasks than that the rows are read again only so often while the counts stay."""

_KNOWN = """
select short, task_id, state, extract(epoch from statement_timestamp() - at)::float8
  from soak.changes where short = any(%s) order by number
"""
_CHANGED = """
select queue, was, state from soak.changes
 where at > statement_timestamp() - make_interval(secs => %s) order by number desc
"""
_NOW: LiteralString = "select state, count(*) from {} group by state"
_SETTINGS = "set local lock_timeout = '200ms'; set local statement_timeout = '5s'"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that the screen claims and the database does not show; `told` is why."""

    claim: Row | Told
    told: str

    @property
    def key(self) -> tuple[str | None, str]:
        """What it is about; a count that is wrong again may be another number."""
        return (self.claim.short if isinstance(self.claim, Row) else self.claim.queue, self.claim.state)


@dataclass(slots=True)
class Compared:
    """How much was compared."""

    readings: int = 0
    allowed: list[float] = field(default_factory=list)
    """How many seconds ago what each of them claims may have been so."""

    rows: int = 0
    counts: int = 0


class Oracle:
    """Compares readings with the database; what cannot be asked at the moment is not compared."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._suspected: set[tuple[str | None, str]] = set()
        self.compared = Compared()

    def compare(self, reading: Reading, *, is_troubled: bool, lag: float) -> list[Mismatch]:
        """Give what was false in the reading before and in this one: a screen that is half painted is whole then."""
        allowed = 3 * reading.every + SLACK + lag
        if is_troubled:
            allowed = max(allowed, TROUBLED + 2 * reading.every + SLACK + lag)
        try:
            found = list(self._compare(reading, allowed))
        except psycopg.Error:
            self._suspected = set()
            return []
        self.compared.readings += 1
        self.compared.allowed.append(allowed)
        again = [mismatch for mismatch in found if mismatch.key in self._suspected]
        self._suspected = {mismatch.key for mismatch in found}
        return again

    @property
    def suspects(self) -> bool:
        """Whether the last reading was false somewhere: the next should come soon."""
        return bool(self._suspected)

    def _compare(self, reading: Reading, allowed: float) -> Iterator[Mismatch]:
        with self._stage.connected() as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            connection.execute(_SETTINGS)
            numbers = self._numbers(connection, reading.counts, allowed)
            known = self._known(connection, reading.rows)
        for row in reading.rows:
            self.compared.rows += 1
            waits = allowed + (EVERY.get(row.state, 0.0) if _are_many(numbers) else 0.0)
            if not _was_so(known.get(row.short, {}), row.state, waits):
                yield Mismatch(row, _story(known.get(row.short, {}), waits))
        for told in reading.counts:
            least, most = _sum(numbers, told)
            self.compared.counts += 1
            if told.number > most or (told.number < least and not told.is_capped):
                yield Mismatch(told, f"there were {least} to {most} in the last {allowed:.1f} s")

    def _known(self, connection: psycopg.Connection[Any], rows: Sequence[Row]) -> "_Known":
        known: _Known = {}
        for short, task, state, ago in connection.execute(_KNOWN, ([row.short for row in rows],)):
            known.setdefault(short, {}).setdefault(task, []).append((state, ago))
        return known

    def _numbers(self, connection: psycopg.Connection[Any], counts: Sequence[Told], allowed: float) -> "_Numbers":
        """For each queue and state the least and the most tasks of the time allowed."""
        queues = {name for (name,) in connection.execute("select queue_name from absurd.queues")} if counts else set()
        now: dict[tuple[str, str], int] = {}
        for queue in queues:
            for state, number in connection.execute(psycopg.sql.SQL(_NOW).format(table(queue))):
                now[queue, state] = number
        numbers = {key: (number, number) for key, number in now.items()}
        for queue, was, state in connection.execute(_CHANGED, (allowed,)):
            for changed, by in ((state, -1), (was, 1)):
                if changed is not None:
                    key = (queue, changed)
                    now[key] = now.get(key, 0) + by
                    least, most = numbers.get(key, (0, 0))
                    numbers[key] = (min(least, now[key]), max(most, now[key]))
        return numbers


_Known = dict[str, dict[Any, list[tuple[str | None, float]]]]
_Numbers = dict[tuple[str, str], tuple[int, int]]


def _was_so(tasks: dict[Any, list[tuple[str | None, float]]], state: str, allowed: float) -> bool:
    """Whether a task with this short id was in the state in the time allowed."""
    for changes in tasks.values():
        ends = [ago for _, ago in changes[1:]] + [0.0]
        if any(was == state and until <= allowed for (was, _), until in zip(changes, ends, strict=True)):
            return True
    return False


def _story(tasks: dict[Any, list[tuple[str | None, float]]], allowed: float) -> str:
    told = [
        f"{task}: " + ", ".join(f"{state or 'gone'} {ago:.1f} s ago" for state, ago in changes)
        for task, changes in tasks.items()
    ]
    return f"not so in the last {allowed:.1f} s; " + ("; ".join(told) or "no such task")


def _are_many(numbers: _Numbers) -> bool:
    return any(most > MANY for (_, state), (_, most) in numbers.items() if state in EVERY)


def _sum(numbers: _Numbers, told: Told) -> tuple[int, int]:
    """The least and the most of one queue, or of all: each queue may have been read at a moment of its own."""
    found = [n for (queue, state), n in numbers.items() if state == told.state and told.queue in (None, queue)]
    return sum(least for least, _ in found), sum(most for _, most in found)
