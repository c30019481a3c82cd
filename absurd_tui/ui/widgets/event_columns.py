"""The tables of events: awaited in vain, emitted, and who waits for one."""

from textual.message import Message

from absurd_tui import units
from absurd_tui.observe.event_records import AwaitedEvent, EmittedEvent, Waiter
from absurd_tui.text import plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet

_MIDDLE = 110


class EmittedTable(RecordTable[EmittedEvent]):
    """The emitted events, of which this holds a page."""

    class Rewound(Message):
        """Home was pressed: go to the newest of all."""

    def action_first(self) -> None:
        """Go to the newest of all."""
        self.to_first()
        self.post_message(self.Rewound())

    def to_first(self) -> None:
        """Go to the first row that is here."""
        super().action_first()


def _awaited_columns(width: int, shows_queue: bool) -> tuple[Column[AwaitedEvent], ...]:
    queue: Column[AwaitedEvent] = Column("queue", 12 if width < _MIDDLE else 15, lambda e, _: text(e.queue, "muted"))
    return (
        Column("", 0, lambda event, _: text(event.name)),
        *((queue,) if shows_queue else ()),
        Column("waiters", 8, lambda e, _: text(units.count(e.waiters, capped=e.is_capped)), right=True),
        Column("waited", 8, lambda event, sight: text(sight.clock.ago(event.since), "muted"), right=True),
        Column("no limit", 8, _draw_endless, right=True),
        Column("limit in", 8, lambda event, sight: _left(event.first_timeout, sight), right=True),
    )


def _emitted_columns(width: int, shows_queue: bool) -> tuple[Column[EmittedEvent], ...]:
    narrow = width < _MIDDLE
    queue: Column[EmittedEvent] = Column("queue", 12 if narrow else 15, lambda e, _: text(e.queue, "muted"))
    preview: Column[EmittedEvent] = Column("payload", 0, lambda e, _: text(e.preview or "", "muted"))
    return (
        Column("", 24 if narrow else 36, lambda event, _: text(event.name)),
        *((queue,) if shows_queue else ()),
        Column("at", 12, lambda event, sight: text(sight.clock.at(event.at), "muted"), right=True),
        Column("ago", 7, lambda event, sight: text(sight.clock.ago(event.at)), right=True),
        Column("size", 7, lambda event, _: text(units.size(event.size), "muted"), right=True),
        preview,
    )


def _waiter_columns(width: int, shows_queue: bool) -> tuple[Column[Waiter], ...]:
    return (
        Column("", 0, lambda waiter, _: text(waiter.task_name)),
        Column("…id", 8, lambda waiter, _: text(units.short_id(waiter.task_id, 8), "muted")),
        Column("att.", 4, lambda waiter, _: text(_attempt(waiter), "muted"), right=True),
        Column("state", 11, _draw_state),
        Column("step", 14 if width < _MIDDLE else 40, lambda waiter, _: text(waiter.step, "muted")),
        Column("waited", 8, lambda waiter, sight: text(sight.clock.ago(waiter.since)), right=True),
        Column("limit in", 8, _draw_limit, right=True),
    )


def _draw_endless(event: AwaitedEvent, _: Sight) -> tuple[Span, ...]:
    return text(units.count(event.endless), "" if event.endless else "disabled")


def _draw_limit(waiter: Waiter, sight: Sight) -> tuple[Span, ...]:
    return text(units.NO_LIMIT, "muted") if waiter.timeout_at is None else _left(waiter.timeout_at, sight)


def _left(at: float | None, sight: Sight) -> tuple[Span, ...]:
    return text(units.UNKNOWN, "muted") if at is None else text(units.time_left(at - sight.clock.now))


def _attempt(waiter: Waiter) -> str:
    return units.UNKNOWN if waiter.attempt is None else units.attempt(waiter.attempt, waiter.max_attempts)


def _draw_state(waiter: Waiter, _: Sight) -> tuple[Span, ...]:
    if waiter.state is None:
        return text("gone", "muted")
    return (plain(STATE_GLYPHS[waiter.state]), waiter.state.value), (plain(f" {waiter.state.value}"), "muted")


AWAITED_SHEET: Sheet[AwaitedEvent] = Sheet(key=lambda event: event.key, columns=_awaited_columns)
EMITTED_SHEET: Sheet[EmittedEvent] = Sheet(key=lambda event: event.key, columns=_emitted_columns)
WAITER_SHEET: Sheet[Waiter] = Sheet(key=lambda waiter: (waiter.run_id, waiter.step_name), columns=_waiter_columns)
