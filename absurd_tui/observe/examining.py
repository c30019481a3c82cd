"""Reads the symptoms of the queues, on a slow beat: nothing at all of a queue whose counts are those of a sound one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from uuid import UUID

from absurd_tui.observe import symptom_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats
from absurd_tui.observe.branches import ListedQueue, Question, Row, merged
from absurd_tui.observe.count_queries import LIVE_CAP
from absurd_tui.observe.parts import Part
from absurd_tui.observe.reasons import may_be_read
from absurd_tui.observe.records import Counts, QueueReading
from absurd_tui.observe.symptoms import Deferred, Failing, Flow, GoneWorker, Poison, Symptoms, Trend
from absurd_tui.observe.totals import lowest_id

_EVERY = 5.0
_UNCLAIMED = 10.0
"""Seconds that a task is due, and nobody claims, before a task is looked for that stops the claims."""
_BEFORE_CLAIM = 60.0
"""Seconds before the last claim from which on it is looked for: a spawn may commit long after its id was made."""
_FAILS, _FAILS_MANY = 3, 10
_FLOW_SECONDS = 300.0

_Branch = Callable[[int, str], str]
_Found = Mapping[str, Sequence[Row]]


class Examining:
    """The symptoms of each queue. Remembers how far it has looked for a task that stops the claims."""

    def __init__(self, asking: Asking, beats: Beats) -> None:
        self._asking = asking
        self._beats = beats
        self._symptoms: dict[str, Symptoms] = {}
        self._reached: dict[str, UUID] = {}
        self._looks_on = False

    def forget(self) -> None:
        """Begin anew: the connection may be to another server."""
        self._symptoms, self._reached = {}, {}

    async def read(
        self, listed: Sequence[ListedQueue], readings: Sequence[QueueReading], now: float
    ) -> tuple[QueueReading, ...]:
        """Give the readings with the symptoms of each queue, as they were at their last beat."""
        counts = {reading.name: reading.counts for reading in readings if reading.counts is not None}
        names = tuple(counts)
        if self._beats.is_due(Part.SYMPTOMS, names, every=_EVERY):
            with self._asking.account.charging(Part.SYMPTOMS):
                await self._read([queue for queue in listed if queue.name in counts], counts, now)
            self._beats.read(Part.SYMPTOMS, names, until=-inf if self._looks_on else inf)
        return tuple(
            replace(reading, symptoms=self._symptoms[reading.name]) if reading.name in self._symptoms else reading
            for reading in readings
        )

    async def _read(self, queues: Sequence[ListedQueue], counts: Mapping[str, Counts], now: float) -> None:
        def which(asks: Callable[[Counts], bool]) -> list[ListedQueue]:
            return [queue for queue in queues if asks(counts[queue.name])]

        poisons = await self._look_for_poison(which(lambda known: _is_unclaimed(known, now)), counts, now)
        gone = await self._ask(which(lambda known: known.expired.value > 0), symptom_queries.gone_branch)
        failing = await self._ask(
            which(lambda known: known.failed_last_minute.value >= _FAILS_MANY), symptom_queries.failing_branch
        )
        trend = await self._ask(
            which(lambda known: known.failed_last_minute.value >= _FAILS), symptom_queries.trend_branch
        )
        asleep = [queue for queue in which(lambda known: known.sleeping.value > 0) if queue.may_checkpoints]
        deferred = await self._ask(asleep, symptom_queries.deferred_branch, checkpoints=True)
        since = now - _FLOW_SECONDS
        flow = await self._ask(
            which(lambda known: known.pending.value + known.due_sleepers.value >= LIVE_CAP),
            symptom_queries.flow_branch,
            lowest_id(since),
            since,
        )
        self._symptoms = {
            queue.name: Symptoms(
                poisons.get(queue.name),
                tuple(_gone(row) for row in gone.get(queue.name, ())),
                next((_failing(row) for row in failing.get(queue.name, ())), None),
                next((Trend(row["lately"], row["before"]) for row in trend.get(queue.name, ())), None),
                _deferred(deferred.get(queue.name, ())),
                next((_flow(row) for row in flow.get(queue.name, ())), None),
            )
            for queue in queues
        }

    async def _ask(
        self, queues: Sequence[ListedQueue], branch: _Branch, *arguments: object, checkpoints: bool = False
    ) -> _Found:
        """Ask some queues the same; who refuses has no such symptom."""
        if not queues:
            return {}
        questions = [Question(queue, None) for queue in queues]
        found = await self._asking.gather(
            questions, lambda position, queue, _: branch(position, queue), *arguments, checkpoints=checkpoints
        )
        return merged(found).rows

    async def _look_for_poison(
        self, queues: Sequence[ListedQueue], counts: Mapping[str, Counts], now: float
    ) -> Mapping[str, Poison]:
        """Look on from where the last look ended; from the last claim where there was none, or claims go on."""
        self._reached = {queue.name: self._reached.get(queue.name, _start(counts[queue.name])) for queue in queues}
        self._looks_on = False
        if not queues:
            return {}
        found = await self._asking.gather(
            [Question(queue, None) for queue in queues],
            lambda position, queue, _: symptom_queries.poison_branch(position, queue),
            arguments_of=lambda chunk: ([self._reached[question.queue.name] for question in chunk],),
        )
        poisons = {}
        for name, rows in merged(found).rows.items():
            poison = next((poison for row in rows if (poison := _poison(row)) is not None), None)
            if poison is not None:
                poisons[name] = poison  # and it is looked at again from the same place, until it is gone
            elif rows:
                self._reached[name] = rows[0]["reached"]
                self._looks_on = True
            else:
                self._reached[name] = _start(counts[name])
        return poisons


def _is_unclaimed(counts: Counts, now: float) -> bool:
    due, claim = counts.oldest_due, counts.last_claim
    return due is not None and now - due > _UNCLAIMED and (claim is None or now - claim > _UNCLAIMED)


def _start(counts: Counts) -> UUID:
    return lowest_id(counts.last_claim - _BEFORE_CLAIM if counts.last_claim is not None else 0.0)


def _poison(row: Row) -> Poison | None:
    for limit in ("max_delay", "max_duration"):
        if row["task_id"] is not None and not may_be_read(row[limit]):
            return Poison(row["task_id"], row["task_name"], row["state"], limit, row[limit])
    return None


def _gone(row: Row) -> GoneWorker:
    return GoneWorker(row["worker"], row["leases"], row["first"], row["last"])


def _failing(row: Row) -> Failing:
    return Failing(row["task_name"], row["failure"], row["attempts"], row["retried"], row["looked"])


def _deferred(rows: Sequence[Row]) -> Deferred | None:
    if not rows:
        return None
    most = max(rows, key=lambda row: (row["tasks"], row["task_name"]))
    is_part = most["looked"] >= symptom_queries.SLEEPERS_LOOKED_AT
    return Deferred(sum(row["tasks"] for row in rows), most["task_name"], len(rows), is_part)


def _flow(row: Row) -> Flow:
    return Flow(row["spawned"], row["claimed"], row["spawned"] >= symptom_queries.FLOW_CAP)
