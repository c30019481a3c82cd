"""Counts what large queues have ended: a little at each poll, and all of their history again and again."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import inf
from uuid import UUID

from absurd_tui.database.faults import Fault, classify, sqlstate
from absurd_tui.observe import total_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue, Question, Row, merged
from absurd_tui.observe.ledger import Counting, Estimate, Ledger, Signs, Tail, Total
from absurd_tui.observe.parts import Part
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import Count
from absurd_tui.observe.resting import Resting
from absurd_tui.observe.windows import Ended, Made, Span, Step, Tally

SHARE = 300
"""What counts in the background waits that many times as long as it took: a third of a per cent of a backend. Some ten
million ended tasks can be counted again within the time that they are certain for; more stay about so many."""
ROUND, _BEHIND = 800.0, 30.0
"""Seconds in which all of the history is counted again once, evenly; and by how many it may lag and catch up."""
_LATE = 1.5
"""A step comes with a reading, and so up to as many seconds later than it might: the next one does not wait for it."""
_TOOK_TOO_LONG = "57014"
_ROWS_OF_A_STEP = 100
"""A step costs at least what so many rows do."""
_CANCELLED_EVERY = 30.0
_ESTIMATES_A_READING = 3
_LONG = 1_000
_ID_MILLISECONDS = 2**48 - 1


class Totals:
    """The totals of the queues that are asked for. Forgets a queue that is not."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._resting = Resting()
        self._ledgers: dict[str, Ledger] = {}
        self._totals: dict[str, Total] = {}
        self._stepped: dict[str, float] = {}
        self._rests_until = 0.0
        self._again_at = 0.0

    def forget(self) -> None:
        """Count everything anew: a new connection may be to another server."""
        self._keep(())

    @property
    def has_begun(self) -> bool:
        """Whether a queue was read for the first time, so that only the next reading says something of it."""
        return any(ledger.tail is None for ledger in self._ledgers.values())

    @property
    def is_long(self) -> bool:
        """Whether a queue has ended so much lately that counting it anew is worth a pause."""
        return any(ledger.tail is not None and ledger.tail.rows > _LONG for ledger in self._ledgers.values())

    async def read(self, queues: Sequence[ListedQueue]) -> Mapping[str, Total]:
        """Give the total of each queue, but of one whose table was never read before.

        What lies after its watermark is counted now; what lies before was counted in the background.
        """
        self._keep({queue.name for queue in queues})
        asked = [queue for queue in queues if self._resting.refusal(queue.name) is None]
        questions = [Question(queue, None) for queue in asked]
        found = merged(
            await self._asking.gather(questions, _tail_branch, arguments_of=self._values, apart=self._resting.slow)
        )
        for name, refusal in found.refused:
            self._resting.rest(name, refusal)
        for name, rows in found.rows.items():
            tail = _tail(rows[0])
            self._ledgers[name] = self._ledgers[name].read(tail) if name in self._ledgers else Ledger.begun(tail)
        await self._estimate(found.rows.keys())
        self._totals = {queue.name: total for queue in queues if (total := self._total(queue.name, found.rows))}
        return self._totals

    async def count_on(self) -> bool:
        """Count one thing more in the background, if its share of a backend allows it.

        Says whether a total has become plain by it. It is about what lies before a watermark, and so depends on no
        tail that is read at the same time.
        """
        names = [name for name, ledger in self._ledgers.items() if ledger.tail and not self._resting.refusal(name)]
        if not names or time.monotonic() < self._rests_until:
            return False
        before = {name: self._ledgers[name].is_plain for name in names}
        with self._asking.account.charging(Part.HISTORY):
            await self._step(names)
        return any(self._ledgers[name].is_plain and not before[name] for name in names)

    def _keep(self, names: Collection[str]) -> None:
        self._ledgers = {name: ledger for name, ledger in self._ledgers.items() if name in names}
        self._totals = {name: total for name, total in self._totals.items() if name in names}
        self._stepped = {name: at for name, at in self._stepped.items() if name in names}

    def _values(self, asked: Sequence[Question[None]]) -> Sequence[object]:
        chunk = [question.queue for question in asked]
        histories = [ledger.history if (ledger := self._ledgers.get(queue.name)) else None for queue in chunk]
        watermarks = [inf if history is None else history.watermark for history in histories]
        return (
            watermarks,
            [inf if history is None else history.counted_from for history in histories],
            [lowest_id(watermark) for watermark in watermarks],
            ["{" + ",".join(map(str, history.stragglers if history else ())) + "}" for history in histories],
            [table("r", queue.name) for queue in chunk],
        )

    def _total(self, name: str, read: Collection[str]) -> Total | None:
        """Give what was read now; where nothing was, about what was known before."""
        known = self._totals.get(name)
        if name in read:
            ledger = self._ledgers[name]
            return ledger.total
        if known is None:
            return None
        return Total(
            replace(known.completed, is_estimate=True),
            replace(known.failed_runs, is_estimate=True),
            known.failed,
            known.cancelled,
        )

    async def _estimate(self, names: Collection[str]) -> None:
        waiting = [name for name in names if self._ledgers[name].estimate is None]
        for name in waiting[:_ESTIMATES_A_READING]:
            estimate = Estimate()
            has_any = await self._ask(total_queries.HAS_STATISTICS, table("t", name))
            if has_any and has_any[0]["has_statistics"]:
                estimate = _estimated(await self._ask(total_queries.estimate_statement(name)))
            self._ledgers[name] = replace(self._ledgers[name], estimate=estimate)

    async def _step(self, names: Collection[str]) -> None:
        """Count one thing: what is missing first, then what was counted longest ago, then what was made."""
        begun = time.monotonic()
        if not await self._count_missing(names):
            if begun >= self._again_at and (rows := await self._count_again(names)) is not None:
                part = (rows + _ROWS_OF_A_STEP) / sum(_weight(ledger) for ledger in self._ledgers.values())
                self._again_at = max(self._again_at, begun - _BEHIND) + ROUND * part
            else:
                await self._count_made(names)
        self._rests_until = max(self._rests_until, begun - _LATE) + SHARE * (time.monotonic() - begun)

    async def _count_missing(self, names: Collection[str]) -> bool:
        """Count what is missing of the queue that had to wait longest for its turn; say whether that was of the past.

        What passed lately is little, so it does not take the turn of what is counted of the past.
        """
        for name in sorted(names, key=lambda name: self._stepped.get(name, 0.0)):
            ledger, is_past = self._ledgers[name], True
            if ledger.tail is not None and ledger.tail.now - ledger.cancelled_at > _CANCELLED_EVERY:
                ledger = await self._count_cancelled(name, ledger, ledger.tail.now)
            elif (step := ledger.next_step()) is not None:
                ledger = await self._count(name, ledger, step)
                if ledger.has_advanced:
                    step, is_past = ledger.next_step(), False
                    if step is not None:
                        ledger, is_past = await self._count(name, ledger, step), True
            else:
                continue
            self._ledgers[name] = ledger
            self._stepped[name] = time.monotonic()
            return is_past
        return False

    async def _count_again(self, names: Collection[str]) -> int | None:
        """Count again what was counted longest ago, of all queues; give how many rows that were."""
        steps = {name: step for name in names if (step := self._ledgers[name].next_again()) is not None}
        if not steps:
            return None
        name = min(steps, key=lambda name: self._ledgers[name].history.oldest_count)
        self._ledgers[name] = await self._count(name, self._ledgers[name], steps[name])
        return self._ledgers[name].history.rows_in(steps[name].span)

    async def _count_made(self, names: Collection[str]) -> None:
        """Count what was made in the next window that does not know it."""
        for name in names:
            ledger = self._ledgers[name]
            if (step := ledger.next_unmade()) is not None:
                ledger, made = await self._made(name, ledger, step.span)
                self._ledgers[name] = ledger if made is None else ledger.with_made(step.span, made)
                return

    async def _count(self, name: str, ledger: Ledger, step: Step) -> Ledger:
        begun, span = time.monotonic(), step.span
        rows = await self._ask(total_queries.span_statement(name), span.start, span.end, table("r", name))
        if not rows:
            return replace(ledger, pace=ledger.pace.halved())
        counting = _counting(rows[0])
        if step.made:
            ledger, made = await self._made(name, ledger, span)
            if made is None:
                return ledger
            counting = replace(counting, made=made)
        return ledger.counted(span, counting, time.monotonic() - begun)

    async def _made(self, name: str, ledger: Ledger, span: Span) -> tuple[Ledger, Made | None]:
        """Count what was made in a span; None where that was refused. Once it took too long it is not asked again."""
        bounds = lowest_id(span.start), lowest_id(span.end)
        try:
            (row,) = await self._asking.fetch(total_queries.made_statement(name), *bounds)
        except Exception as error:
            if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            return (replace(ledger, counts_made=False) if sqlstate(error) == _TOOK_TOO_LONG else ledger), None
        return ledger, Made(row["runs"], row["tasks"])

    async def _count_cancelled(self, name: str, ledger: Ledger, now: float) -> Ledger:
        rows = await self._ask(total_queries.cancelled_statement(name))
        if rows and rows[0]["cancelled"] <= total_queries.CANCELLED_CAP:
            return replace(ledger, cancelled=Count(rows[0]["cancelled"], is_estimate=True), cancelled_at=now)
        estimate = _estimated(await self._ask(total_queries.estimate_statement(name)))
        return replace(ledger, cancelled=None, estimate=estimate, cancelled_at=now)

    async def _ask(self, statement: str, *arguments: object) -> Sequence[Row]:
        """Run a statement that may be refused; then there are no rows."""
        try:
            return await self._asking.fetch(statement, *arguments)
        except Exception as error:
            if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            return ()


def _tail_branch(position: int, queue: str, _: None) -> str:
    return total_queries.tail_branch(position, queue)


def lowest_id(time: float) -> UUID:
    """Give the lowest UUIDv7 of a time; before 1970 the lowest id of all, after the year 10889 nearly the highest."""
    milliseconds = min(max(time * 1000, 0.0), float(_ID_MILLISECONDS))
    return UUID(int=int(milliseconds) << 80 | 7 << 76 | 8 << 60) if milliseconds else UUID(int=0)


def _tail(row: Row) -> Tail:
    return Tail(
        table=row["table_oid"],
        signs=Signs(row["deleted"], row["files"]),
        now=row["now"],
        xmin=row["xmin"],
        xmax=row["xmax"],
        is_fake=row["is_fake"],
        tally=_tally(row),
        made=Made(row["runs"], row["tasks"]),
        ended=[
            *(Ended(*run, has_failed=False) for run in _pairs(row["completed_ids"], row["completed_at"])),
            *(Ended(*run, has_failed=True) for run in _pairs(row["failed_ids"], row["failed_at"])),
        ],
        left=row["left_ids"] or (),
        living=row["living"],
        known=row["known"],
    )


def _counting(row: Row) -> Counting:
    return Counting(row["table_oid"], row["now"], _tally(row), dict(_pairs(row["ids"], row["times"])))


def _tally(row: Row) -> Tally:
    return Tally(row["completed"], row["failed"])


def _weight(ledger: Ledger) -> int:
    return ledger.history.tally.rows + _ROWS_OF_A_STEP


def _pairs(ids: Sequence[UUID] | None, times: Sequence[float] | None) -> Sequence[tuple[UUID, float]]:
    return list(zip(ids or (), times or (), strict=True))


def _estimated(rows: Sequence[Row]) -> Estimate:
    """Read the plan of `total_queries.estimate_statement`: one part for each count, in its order."""
    if not rows:
        return Estimate()
    (root,) = json.loads(rows[0]["QUERY PLAN"])
    return Estimate(*(part["Plans"][0]["Plan Rows"] for part in root["Plan"]["Plans"]))
