"""The columns of the six panels, for a narrow, a middle and a wide panel, with and without the queue.

The widths are those of the look; where one queue is chosen its column goes and its
cells go to the column of width 0.
"""

from collections.abc import Callable
from math import inf

from absurd_tui import units
from absurd_tui.observe.reasons import Sleep, headline, short_name, who_cancelled, why_sleeping
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.columns import Column, Sight, text

Columns = tuple[Column[TaskRow], ...]
_MIDDLE, _WIDE = 70, 90
_BAR = 8
_URGENT_SHARE = 0.2
_DAY = 86_400.0


def panel_columns(state: State, width: int, shows_queue: bool) -> Columns:
    """Give the columns of a panel that is `width` cells wide."""
    columns = _PANELS[state](width)
    return columns if shows_queue else tuple(column for column in columns if column.label != "queue")


def _task(narrow: int, width: int) -> Column[TaskRow]:
    cells = narrow if width < _MIDDLE else 18 if width < _WIDE else 24
    return Column("", cells, _draw_task)


def _queue(width: int) -> Column[TaskRow]:
    return Column("queue", 15 if width >= _WIDE else 12, lambda row, _: text(row.queue, "muted"))


def _id(width: int) -> Column[TaskRow]:
    cells = 4 if width < _MIDDLE else 8
    return Column("…id", cells, lambda row, _: text(units.short_id(row.task_id, cells), "muted"))


def _attempt(width: int) -> Column[TaskRow]:
    label, cells = ("attempt", 7) if width >= _WIDE else ("att.", 4)
    return Column(label, cells, _draw_attempt, right=True)


def _time(label: str, cells: int, draw: Callable[[TaskRow, Sight], tuple[Span, ...]]) -> Column[TaskRow]:
    return Column(label, cells, draw, right=True)


def _pending(width: int) -> Columns:
    if width < _MIDDLE:
        return (_task(0, width), _queue(width), _id(width), _attempt(width), _time("due for", 7, _draw_due))
    params: Column[TaskRow] = Column("params", 0, lambda row, _: text(row.preview or "", "muted"))
    return (_task(0, width), _queue(width), _id(width), _attempt(width), params, _time("due for", 8, _draw_due))


def _running(width: int) -> Columns:
    lease, left = Column("lease", _BAR, _draw_lease), _time("left", 7 if width < _WIDE else 8, _draw_left)
    if width < _MIDDLE:
        return (_task(0, width), _queue(width), _id(width), _attempt(width), lease, left)
    worker: Column[TaskRow] = Column("worker", 0, lambda row, _: text(row.worker or "", "muted"), cuts_middle=True)
    if width < _WIDE:
        return (_task(0, width), _queue(width), _id(width), _attempt(width), worker, lease, left)
    task = Column("", 20, _draw_task)
    return (task, _queue(width), _id(width), _attempt(width), worker, _time("runs for", 8, _draw_ran), lease, left)


def _sleeping(width: int) -> Columns:
    reason = Column("reason", 0, _draw_reason_short if width < _MIDDLE else _draw_reason)
    wakes = _time("wakes in", 8, _draw_wakes)
    if width < _MIDDLE:
        return (_task(15, width), _queue(width), reason, wakes)
    return (_task(0, width), _queue(width), _id(width), _attempt(width), reason, wakes)


def _failed(width: int) -> Columns:
    failure: Column[TaskRow] = Column("failure", 0, _draw_failure)
    ago = _time("ago", 7, _draw_ended)
    if width < _MIDDLE:
        return (_task(15, width), _queue(width), failure, ago)
    return (_task(0, width), _queue(width), _id(width), _attempt(width), failure, ago)


def _completed(width: int) -> Columns:
    took, ago = _time("took", 7, _draw_took), _time("ago", 7, _draw_ended)
    if width < _MIDDLE:
        return (_task(0, width), _queue(width), _id(width), _attempt(width), took, ago)
    result: Column[TaskRow] = Column("result", 0, lambda row, _: text(row.preview or "", "muted"))
    return (_task(0, width), _queue(width), _id(width), _attempt(width), result, took, ago)


def _cancelled(width: int) -> Columns:
    by: Column[TaskRow] = Column("by", 0, lambda row, _: text(who_cancelled(row).value, "muted"))
    ago = _time("ago", 7, _draw_cancelled)
    if width < _MIDDLE:
        return (_task(15, width), _queue(width), by, ago)
    return (_task(0, width), _queue(width), _id(width), _attempt(width), by, ago)


def _draw_task(row: TaskRow, _: Sight) -> tuple[Span, ...]:
    return text(row.task_name)


def _draw_attempt(row: TaskRow, _: Sight) -> tuple[Span, ...]:
    is_last = row.max_attempts is not None and row.attempt >= row.max_attempts > 1
    return text(units.attempt(row.attempt, row.max_attempts), "warning" if is_last else "muted")


def _draw_due(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    return text(sight.clock.ago(row.available_at))


def _draw_ran(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    return text(sight.clock.ago(row.started_at if row.started_at is not None else row.available_at), "muted")


def _draw_lease(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    if row.claim_expires_at is None:
        return text("no lease", "muted")
    left = row.claim_expires_at - sight.clock.now
    if left <= 0:
        return text("expired", "alarm")
    if row.lease_set_at is None or row.claim_expires_at <= row.lease_set_at:
        return ()
    share = min(1.0, left / (row.claim_expires_at - row.lease_set_at))
    return _bar(share)


def _bar(share: float) -> tuple[Span, ...]:
    halves = round(share * _BAR * 2)
    full = "━" * (halves // 2) + "╸" * (halves % 2)
    return (
        (plain(full), "warning" if share < _URGENT_SHARE else "running"),
        (plain("─" * (_BAR - len(full))), "rule"),
    )


def _draw_left(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    if row.claim_expires_at is None:
        return ()
    left = row.claim_expires_at - sight.clock.now
    if left <= 0:
        return text(units.time_left(left), "alarm")
    total = row.claim_expires_at - row.lease_set_at if row.lease_set_at is not None else None
    is_urgent = total is not None and left < total * _URGENT_SHARE
    return text(units.time_left(left), "caution" if is_urgent else "")


def _draw_reason(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    reason = why_sleeping(row)
    detail = {
        Sleep.RETRY: short_name(row.failure),
        Sleep.EVENT: reason.detail,
        Sleep.TIMER: _until(row.available_at, sight),
        Sleep.DEFERRED: "no such task in worker",
    }[reason.kind]
    return (plain(_KINDS[reason.kind]), ""), (_after_dot(detail), "")


def _until(epoch: float, sight: Sight) -> str:
    """Until when: a clock time, without its day where the next 24 hours leave no doubt."""
    if epoch == inf:
        return units.NO_LIMIT
    told = sight.clock.at(epoch)
    is_soon = 0 <= epoch - sight.clock.now < _DAY
    return f"until {told[-len('06:00') :] if is_soon and len(told) > len('06:00:00') else told}"


def _draw_reason_short(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    reason = why_sleeping(row)
    if reason.kind is not Sleep.RETRY:
        return _draw_reason(row, sight)
    attempt = units.attempt(row.attempt, row.max_attempts)
    return (plain(f"retry {attempt}"), ""), (_after_dot(short_name(row.failure)), "")


def _after_dot(detail: str) -> Plain:
    return plain(" · ") + plain(detail) if detail else Plain("")


def _draw_wakes(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    left = row.available_at - sight.clock.now
    if left <= 0:
        return text("due", "strong")
    return text(units.time_left(left))


def _draw_failure(row: TaskRow, _: Sight) -> tuple[Span, ...]:
    said = plain(headline(row.failure))
    return ((plain("retried · "), "muted"), (said, "muted")) if row.is_retried else ((said, ""),)


def _draw_ended(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    return text(sight.clock.ago(row.ended_at) if row.ended_at is not None else units.UNKNOWN, "muted")


def _draw_took(row: TaskRow, _: Sight) -> tuple[Span, ...]:
    began = row.first_started_at if row.first_started_at is not None else row.started_at
    if row.ended_at is None or began is None:
        return text(units.UNKNOWN, "muted")
    return text(units.duration(row.ended_at - began))


def _draw_cancelled(row: TaskRow, sight: Sight) -> tuple[Span, ...]:
    return text(sight.clock.ago(row.cancelled_at) if row.cancelled_at is not None else units.UNKNOWN, "muted")


_KINDS = {Sleep.RETRY: "retry", Sleep.EVENT: "event", Sleep.TIMER: "timer", Sleep.DEFERRED: "deferred"}
_PANELS: dict[State, Callable[[int], Columns]] = {
    State.PENDING: _pending,
    State.RUNNING: _running,
    State.SLEEPING: _sleeping,
    State.FAILED: _failed,
    State.COMPLETED: _completed,
    State.CANCELLED: _cancelled,
}
