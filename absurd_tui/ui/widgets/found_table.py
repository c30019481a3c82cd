"""Tasks that were looked for, as a table: mixed states, mixed queues."""

from absurd_tui import units
from absurd_tui.observe.found import Found
from absurd_tui.observe.reasons import headline
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.record_table import Sheet

_MIDDLE, _WIDE = 90, 116


def _columns(width: int, _: bool) -> tuple[Column[Found], ...]:
    state: Column[Found] = Column("", 1, lambda task, _: text(STATE_GLYPHS[task.state], task.state.value))
    name: Column[Found] = Column("task", 18 if width < _MIDDLE else 24, lambda task, _: text(task.task_name))
    queue: Column[Found] = Column("queue", 12, lambda task, _: text(task.queue, "muted"))
    id: Column[Found] = Column("…id", 8, lambda task, _: text(units.short_id(task.task_id, 8), "muted"))
    attempt: Column[Found] = Column("att.", 5, _draw_attempt, right=True)
    told: Column[Found] = Column("state", 0, _draw_told)
    ended: Column[Found] = Column("ended", 7, _draw_ended, right=True)
    spawned: Column[Found] = Column(
        "spawned", 8, lambda task, sight: text(sight.clock.ago(task.enqueued_at)), right=True
    )
    if width < _MIDDLE:
        return (state, name, queue, id, told, spawned)
    if width < _WIDE:
        return (state, name, queue, id, attempt, told, ended, spawned)
    worker: Column[Found] = Column("worker", 18, lambda task, _: text(task.worker or "", "muted"), cuts_middle=True)
    return (state, name, queue, id, attempt, told, worker, ended, spawned)


def _draw_attempt(task: Found, _: Sight) -> tuple[Span, ...]:
    return text(units.attempt(task.attempt, task.max_attempts), "muted")


def _draw_told(task: Found, _: Sight) -> tuple[Span, ...]:
    failure = headline(task.failure)
    return (*text(task.state.value, task.state.value), *(text(f" · {failure}") if failure else ()))


def _draw_ended(task: Found, sight: Sight) -> tuple[Span, ...]:
    return text(sight.clock.ago(task.ended_at) if task.ended_at is not None else "", "muted")


SHEET: Sheet[Found] = Sheet(lambda task: task.key, _columns)
