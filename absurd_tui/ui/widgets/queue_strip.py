"""The queues: one line each, all of them together first, trouble next, then by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.ailments import fails_often
from absurd_tui.observe.finding import Level
from absurd_tui.observe.records import Count, Counts, QueueReading, Refusal, Snapshot, State
from absurd_tui.observe.verdict import Settled
from absurd_tui.text import plain
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.columns import Column, Sight, row_spans, text
from absurd_tui.ui.widgets.lines import Line, blank, fit, quiet
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet

DUE_AMBER, DUE_RED = 60.0, 300.0
_ROOM_FOR_OLDEST, _ROOM_FOR_SPARK, _MIDDLE, _WIDE = 66, 78, 116, 182
_ROOM_FOR_GLYPH = 10
_SPARKS = "▁▂▃▄▅▆"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the strip: a queue, or all of them (`name` None)."""

    name: str | None
    counts: Counts | None
    refusal: Refusal | None
    done: tuple[int | None, ...]
    level: Level
    is_chosen: bool
    is_partial: bool = False
    """Whether it stands for queues of which some could not be read."""
    fails_often: bool = False
    """Whether many attempts fail at the moment, in any queue that it stands for."""
    hides_rows: bool = False
    """Whether row security hides some of its rows from this role."""


def queue_rows(snapshot: Snapshot, settled: Settled, chosen: str | None) -> tuple[QueueRow, ...]:
    """Make the strip's lines of a snapshot: all queues, then those in trouble, then the others by name."""
    rows = [
        QueueRow(
            name=queue.name,
            counts=queue.counts,
            refusal=queue.refusal,
            done=queue.done,
            level=settled.level_of(queue.name),
            is_chosen=queue.name == chosen,
            fails_often=queue.counts is not None and fails_often(queue.counts),
            hides_rows=queue.hides_rows,
        )
        for queue in snapshot.queues
    ]
    rows.sort(key=lambda row: (-row.level, row.name or ""))
    return (_all_queues(snapshot.queues, chosen is None), *rows)


def _all_queues(queues: Sequence[QueueReading], is_chosen: bool) -> QueueRow:
    readable = [queue.counts for queue in queues if queue.counts is not None]
    is_partial = len(readable) < len(queues)
    dues = [counts.oldest_due for counts in readable if counts.oldest_due is not None]
    claims = [counts.last_claim for counts in readable if counts.last_claim is not None]
    expired = [counts.oldest_expired for counts in readable if counts.oldest_expired is not None]

    def total(name: str) -> Count:
        return sum((getattr(counts, name) for counts in readable), Count(0, is_capped=is_partial))

    counts = Counts(
        pending=total("pending"),
        running=total("running"),
        sleeping=total("sleeping"),
        failed=total("failed"),
        completed=total("completed"),
        cancelled=total("cancelled"),
        expired=total("expired"),
        due_sleepers=total("due_sleepers"),
        done_last_minute=total("done_last_minute"),
        failed_last_minute=total("failed_last_minute"),
        oldest_due=min(dues, default=None),
        last_claim=None if is_partial else max(claims, default=None),
        oldest_expired=min(expired, default=None),
    )
    known = [queue.done for queue in queues if queue.done]
    done = tuple(None if None in cell else sum(n for n in cell if n) for cell in zip(*known, strict=True))
    is_known = bool(readable) or not queues
    is_failing = any(fails_often(counts) for counts in readable)
    return QueueRow(None, counts if is_known else None, None, done, Level.OK, is_chosen, is_partial, is_failing)


def _columns(width: int, _: bool) -> tuple[Column[QueueRow], ...]:
    level: Column[QueueRow] = Column("", 1, _draw_level)
    name: Column[QueueRow] = Column("", 0, _draw_name)
    label, cells = ("due", 7) if width < _ROOM_FOR_OLDEST else ("oldest due", 10 if width < _WIDE else 12)
    due: Column[QueueRow] = Column(label, cells, _draw_due, right=True)
    if width < _MIDDLE:
        numbers = (_number("pending", 7), _number("running", 7), _expired(7), _number("sleeping", 8))
        spark = (_spark(" done", 10),) if width >= _ROOM_FOR_SPARK else ()
        return (level, name, *numbers, _number("failed", 6), due, *spark)
    wide = width >= _WIDE
    rates = (_rate("done/min", "done_last_minute", 10), _rate("fails/min", "failed_last_minute", 11)) if wide else ()
    return (
        level,
        name,
        _number("pending", 10 if wide else 7),
        _number("running", 10 if wide else 7),
        _expired(9 if wide else 7),
        _number("sleeping", 12 if wide else 8),
        _number("failed", 10 if wide else 7),
        _number("completed", 13 if wide else 9),
        _number("cancelled", 13 if wide else 9),
        due,
        Column("last claim", 12 if wide else 10, _draw_claim, right=True),
        *rates,
        _spark(" done, 30 min", 30 if wide else 15),
    )


def _number(name: str, cells: int) -> Column[QueueRow]:
    def draw(row: QueueRow, _: Sight) -> tuple[Span, ...]:
        if row.counts is None:
            return text(units.UNKNOWN, "muted")
        role = "alarm" if row.fails_often and name == State.FAILED else ""
        return _count(getattr(row.counts, name), role)

    label = f"{STATE_GLYPHS[State(name)]} {name}" if cells >= _ROOM_FOR_GLYPH else name
    return Column(label, cells, draw, right=True)


def _expired(cells: int) -> Column[QueueRow]:
    def draw(row: QueueRow, _: Sight) -> tuple[Span, ...]:
        if row.counts is None:
            return text(units.UNKNOWN, "muted")
        return _count(row.counts.expired, "alarm")

    return Column("expired", cells, draw, right=True)


def _rate(label: str, name: str, cells: int) -> Column[QueueRow]:
    """Make a column of how many ended so of what was claimed in the last minute."""

    def draw(row: QueueRow, _: Sight) -> tuple[Span, ...]:
        if row.counts is None:
            return text(units.UNKNOWN, "muted")
        role = "alarm" if row.fails_often and name == "failed_last_minute" else ""
        return _count(getattr(row.counts, name), role)

    return Column(label, cells, draw, right=True)


def _count(count: Count, role: str = "") -> tuple[Span, ...]:
    shown = units.count(count.value, capped=count.is_capped, estimated=count.is_estimate)
    return text(shown, role if count.value else "muted" if count.is_capped else "disabled")


def _draw_level(row: QueueRow, _: Sight) -> tuple[Span, ...]:
    if row.level is Level.OK:
        return ()
    return text("!", "alarm" if row.level is Level.WEDGED else "caution")


def _draw_name(row: QueueRow, _: Sight) -> tuple[Span, ...]:
    if row.name is None:
        return text("all queues", "bold")
    return text(row.name, "alarm" if row.level is Level.WEDGED else "bold" if row.is_chosen else "")


def _draw_due(row: QueueRow, sight: Sight) -> tuple[Span, ...]:
    if row.counts is None or row.counts.oldest_due is None:
        return text(units.UNKNOWN, "muted")
    waited = sight.clock.now - row.counts.oldest_due
    role = "alarm" if waited >= DUE_RED else "caution" if waited >= DUE_AMBER else ""
    return text(f"{units.age(waited)}+" if row.is_partial else units.age(waited), role)


def _draw_claim(row: QueueRow, sight: Sight) -> tuple[Span, ...]:
    if row.counts is None or row.counts.last_claim is None:
        return text(units.UNKNOWN, "muted")
    since = sight.clock.now - row.counts.last_claim
    is_due = row.counts.oldest_due is not None
    return text(units.age(since), "alarm" if is_due and since >= DUE_RED else "")


def _spark(label: str, cells: int) -> Column[QueueRow]:
    def draw(row: QueueRow, sight: Sight) -> tuple[Span, ...]:
        if row.hides_rows:
            return (blank(1), ""), (plain("row security"), "caution")
        if sight.is_ascii:
            return (blank(1), ""), (plain(newest(row.done, cells)), "muted")
        return (blank(1), ""), (plain(sparkline(row.done, cells)), "spark")

    return Column(label, cells + 1, draw)


def sparkline(minutes: Sequence[int | None], cells: int) -> str:
    """Draw a half hour's numbers a minute in some cells, scaled to the highest; a minute that is not known is blank."""
    if not minutes:
        return ""
    step = _minutes_a_cell(minutes, cells)
    sums = [_sum(minutes[at : at + step]) for at in range(0, len(minutes), step)]
    highest = max((number for number in sums if number is not None), default=0)
    return "".join(_spark_cell(number, highest) for number in sums)


def newest(minutes: Sequence[int | None], cells: int) -> str:
    """Write what the last of some cells would draw, as a number: how many in how many minutes."""
    if not minutes:
        return ""
    step = _minutes_a_cell(minutes, cells)
    number = _sum(minutes[-(len(minutes) % step or step) :])
    return f"{units.count(number)} in {step}m"


def _minutes_a_cell(minutes: Sequence[int | None], cells: int) -> int:
    return -(-len(minutes) // cells)


def _sum(minutes: Sequence[int | None]) -> int | None:
    known = [number for number in minutes if number is not None]
    return sum(known) if len(known) == len(minutes) else None


def _spark_cell(number: int | None, highest: int) -> str:
    if number is None:
        return " "
    if number == 0:
        return _SPARKS[0]
    return _SPARKS[max(1, round(number / highest * (len(_SPARKS) - 1)))]


def strip_spans(
    record: QueueRow, columns: Sequence[Column[QueueRow]], shares: Sequence[int], sight: Sight, width: int
) -> tuple[Span, ...]:
    """Draw one queue: its numbers, or in place of them why it could not be read."""
    if record.refusal is not None:
        return _refused_spans(record, record.refusal, shares[1], width)
    return row_spans(columns, shares, record, sight)


def _refused_spans(record: QueueRow, refusal: Refusal, name_cells: int, width: int) -> tuple[Span, ...]:
    reason = cut_words(plain("refused: ") + plain(refusal.reason), width - name_cells - 6)
    return (
        (blank(1), ""),
        (plain("!"), "caution") if record.level else (blank(1), ""),
        (blank(1), ""),
        *fit(((plain(record.name or ""), ""),), name_cells),
        (blank(2), ""),
        (reason, "muted-italic"),
    )


SHEET: Sheet[QueueRow] = Sheet(key=lambda row: (row.name,), columns=_columns)


class QueueStrip(RecordTable[QueueRow]):
    """The table of queues. A queue that cannot be read says so in place of its numbers."""

    def row_line(
        self, record: QueueRow, columns: Sequence[Column[QueueRow]], shares: Sequence[int], sight: Sight
    ) -> Line:
        """Draw one queue, with the sign of the chosen one in the first cell."""
        line = super().row_line(record, columns, shares, sight)
        spans = line.spans
        if record.refusal is not None:
            refused = _refused_spans(record, record.refusal, shares[1], self.size.width)
            spans = quiet(refused) if self.is_stale else refused
        mark: Span = (plain("›"), "strong") if record.is_chosen else (blank(1), "")
        ground = "chosen" if record.is_chosen and line.ground == "ground" else line.ground
        return Line((mark, *spans[1:]), ground)
