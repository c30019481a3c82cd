"""Reads how fast a queue is worked off, and how long that takes."""

from collections.abc import Sequence

from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats
from absurd_tui.observe.branches import ListedQueue, Row
from absurd_tui.observe.parts import Part
from absurd_tui.observe.rate_queries import MINUTE_CAP, MINUTES, minutes_statement, times_statement
from absurd_tui.observe.records import QueueRates, View

_EVERY = 10.0


class Rates:
    """The rates of the queue that is chosen. Remembers them until their next beat."""

    def __init__(self, asking: Asking, beats: Beats) -> None:
        self._asking = asking
        self._beats = beats
        self._known: QueueRates | None = None

    async def read(self, chosen: Sequence[ListedQueue], view: View) -> QueueRates | None:
        """Give the rates of the queue that a view has chosen; None for all queues, or where it cannot be read."""
        queue = next((queue.name for queue in chosen if queue.name == view.queue), None)
        if queue is None:
            return None
        if view.panels and self._beats.is_due(Part.RATES, queue, every=_EVERY):
            with self._asking.account.charging(Part.RATES):
                self._known = await self._read(queue)
            self._beats.read(Part.RATES, queue)
        return self._known if self._known is not None and self._known.queue == queue else None

    async def _read(self, queue: str) -> QueueRates | None:
        try:
            runs = await self._asking.fetch(minutes_statement(queue))
            (times,) = await self._asking.fetch(times_statement(queue))
        except Exception as error:
            if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
                raise
            return None
        running, completed, failed = (
            counted_minutes([row for row in runs if row["state"] == state], "runs", MINUTES, MINUTE_CAP)
            for state in ("running", "completed", "failed")
        )
        claimed = tuple(
            sum(known) if len(known := [n for n in minute if n is not None]) == len(minute) else None
            for minute in zip(running, completed, failed, strict=True)
        )
        return QueueRates(
            queue, claimed, completed, failed, _pair(times["waited"]), _pair(times["ran"]), times["sample"]
        )


def counted_minutes(rows: Sequence[Row], column: str, minutes: int, cap: int) -> tuple[int | None, ...]:
    """Give a number for each of the last minutes, the oldest first; None for one that the cap has cut off."""
    counted = {row["ago"]: row[column] for row in rows}
    is_whole = sum(counted.values()) < cap
    oldest = max(counted, default=0)
    return tuple(counted.get(ago, 0) if is_whole or ago < oldest else None for ago in range(minutes - 1, -1, -1))


def _pair(parts: Sequence[float] | None) -> tuple[float, float] | None:
    return (parts[0], parts[1]) if parts is not None else None
