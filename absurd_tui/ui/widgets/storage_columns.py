"""The table of how queues are stored, and all that is known of one of them below."""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.records import Count, QueueReading, State
from absurd_tui.observe.storage import QueueStorage
from absurd_tui.observe.storage_words import SHORT_AHEAD, Words, has_many_dead
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import fit
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import Paragraph
from absurd_tui.ui.widgets.block import Block
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.lines import Line, blank
from absurd_tui.ui.widgets.record_table import Sheet

_MIDDLE = 110
_LABEL = 11


@dataclass(frozen=True, slots=True)
class StoredQueue:
    """A queue's storage beside its counts."""

    storage: QueueStorage
    reading: QueueReading | None


def _columns(width: int, _: bool) -> tuple[Column[StoredQueue], ...]:
    name: Column[StoredQueue] = Column("", 0, lambda row, _: text(row.storage.name))
    live: Column[StoredQueue] = Column("live", 7, _draw_live, right=True)
    size: Column[StoredQueue] = Column("size", 7, _draw_size, right=True)
    dead: Column[StoredQueue] = Column("dead", 7, _draw_dead, right=True)
    grows: Column[StoredQueue] = Column("a day", 7, _draw_bytes_a_day, right=True)
    oldest: Column[StoredQueue] = Column("oldest", 7, _draw_oldest, right=True)
    keeps: Column[StoredQueue] = Column("kept", 7, _draw_ttl, right=True)
    ahead: Column[StoredQueue] = Column("ahead", 7, _draw_ahead, right=True)
    if width < _MIDDLE:
        return (name, live, size, dead, grows, oldest, keeps)
    ended: Column[StoredQueue] = Column("ended", 8, _draw_ended, right=True)
    tasks: Column[StoredQueue] = Column("tasks/day", 9, _draw_tasks_a_day, right=True)
    mode: Column[StoredQueue] = Column("mode", 13, lambda row, _: text(row.storage.storage_mode, "muted"))
    return (name, mode, live, ended, size, dead, tasks, grows, oldest, keeps, ahead)


def _number(row: StoredQueue, states: Sequence[State]) -> tuple[Span, ...]:
    if row.reading is None or row.reading.counts is None:
        return text(units.UNKNOWN, "muted")
    count = sum((row.reading.counts.of(state) for state in states), Count(0))
    shown = units.count(count.value, capped=count.is_capped, estimated=count.is_estimate)
    return text(shown, "" if count.value else "disabled")


def _draw_live(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    return _number(row, (State.PENDING, State.RUNNING, State.SLEEPING))


def _draw_ended(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    return _number(row, (State.COMPLETED, State.FAILED, State.CANCELLED))


def _draw_size(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    return _unknown() if row.storage.bytes is None else text(units.size(row.storage.bytes))


def _draw_dead(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    dead = row.storage.dead
    if dead is None:
        return _unknown()
    return text(units.count(dead), "caution" if has_many_dead(row.storage) else "" if dead else "disabled")


def _draw_tasks_a_day(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    a_day = row.storage.spawned.a_day if row.storage.spawned is not None else None
    return _unknown() if a_day is None else text(units.count(round(a_day), estimated=True))


def _draw_bytes_a_day(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    grows = row.storage.bytes_a_day
    return _unknown() if grows is None else text(f"~{units.size(round(grows))}")


def _draw_oldest(row: StoredQueue, sight: Sight) -> tuple[Span, ...]:
    oldest = row.storage.kept.oldest if row.storage.kept is not None else None
    if oldest is None:
        return _unknown()
    return text(sight.clock.ago(oldest), "caution" if row.storage.is_behind(sight.clock.now) else "")


def _draw_ttl(row: StoredQueue, _: Sight) -> tuple[Span, ...]:
    return _unknown() if row.storage.ttl is None else text(units.age(row.storage.ttl), "muted")


def _draw_ahead(row: StoredQueue, sight: Sight) -> tuple[Span, ...]:
    if row.storage.partitions is None or row.storage.partitions.until is None:
        return ()
    left = row.storage.partitions.until - sight.clock.now
    return text(units.time_left(left), "alarm" if left <= 0 else "caution" if left < SHORT_AHEAD else "")


def _unknown() -> tuple[Span, ...]:
    return text(units.UNKNOWN, "muted")


STORAGE_SHEET: Sheet[StoredQueue] = Sheet(key=lambda row: row.storage.key, columns=_columns)


class StorageBlock(Block):
    """All that is known of one queue, each fact behind its name."""

    def __init__(self) -> None:
        super().__init__(id="storage")
        self._queue = Plain("")
        self._words: tuple[Words, ...] = ()

    def show(self, name: Plain, words: Sequence[Words], *, is_stale: bool) -> None:
        """Show these, another queue's from the first line on."""
        if name != self._queue:
            self.to_top()
        self._queue, self._words, self.is_stale = name, tuple(words), is_stale
        self.repaint()

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Name the queue."""
        return ((plain("2 "), "muted"), (self._queue, "strong")), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make all lines."""
        before, made = "", []
        for one in self._words:
            label = fit(plain("" if one.label == before else one.label), _LABEL)
            before = one.label
            lines = Paragraph(one.told, one.role, label, "muted", keeps_words=True).lines(width - 2)
            made += [Line(((blank(1), ""), *line.spans)) for line in lines]
        return made
