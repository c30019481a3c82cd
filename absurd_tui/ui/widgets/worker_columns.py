"""The tables of workers that were seen, and of the runs that one of them holds."""

from absurd_tui import units
from absurd_tui.observe.workers import DEFAULT_IDS, HeldRun, Standing, Worker
from absurd_tui.text import plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.record_table import Sheet

_MIDDLE, _WIDE = 110, 160
_UNNAMED = "(no name)"


def _worker_columns(width: int, shows_queue: bool) -> tuple[Column[Worker], ...]:
    name: Column[Worker] = Column("", 0, _draw_name, cuts_middle=True)
    held: Column[Worker] = Column("claims", 6, _draw_held, right=True)
    expired: Column[Worker] = Column("expired", 7, _draw_expired, right=True)
    oldest: Column[Worker] = Column("oldest", 7, lambda worker, sight: _ago(worker.oldest, sight), right=True)
    lease: Column[Worker] = Column("lease", 8, _draw_lease, right=True)
    step: Column[Worker] = Column("step", 7, lambda worker, sight: _ago(worker.checkpoint_at, sight), right=True)
    seen: Column[Worker] = Column("seen", 7, lambda worker, sight: _ago(worker.last_seen, sight), right=True)
    tasks: Column[Worker] = Column("tasks", 16 if width < _MIDDLE else 30 if width < _WIDE else 60, _draw_tasks)
    queues: Column[Worker] = Column("queue", 15, _draw_queues)
    if width < _MIDDLE:
        return (name, held, oldest, lease, step, seen, tasks)
    return (name, *((queues,) if shows_queue else ()), held, expired, oldest, lease, step, seen, tasks)


def _run_columns(width: int, shows_queue: bool) -> tuple[Column[HeldRun], ...]:
    narrow = width < _MIDDLE
    queue: Column[HeldRun] = Column("queue", 10 if narrow else 15, lambda run, _: text(run.queue, "muted"))
    step: Column[HeldRun] = Column("last step", 10 if narrow else 30, _draw_step)
    return (
        Column("", 0, lambda run, _: text(run.task_name)),
        *((queue,) if shows_queue else ()),
        Column("…id", 8, lambda run, _: text(units.short_id(run.task_id, 8), "muted")),
        Column("att.", 4, lambda run, _: text(units.attempt(run.attempt, run.max_attempts), "muted"), right=True),
        step,
        Column("ago", 7, lambda run, sight: _ago(run.checkpoint_at, sight), right=True),
        Column("runs for", 8, lambda run, sight: text(sight.clock.ago(run.claimed_at), "muted"), right=True),
        Column("lease", 8, _draw_left, right=True),
    )


def _draw_name(worker: Worker, sight: Sight) -> tuple[Span, ...]:
    role = "alarm" if worker.standing(sight.clock.now) is Standing.GONE else ""
    if worker.name is None:
        return text(_UNNAMED, "muted-italic")
    name = text(worker.name, role)
    return ((plain("! "), "caution"), *name) if worker.name in DEFAULT_IDS else name


def _draw_held(worker: Worker, _: Sight) -> tuple[Span, ...]:
    return text(units.count(len(worker.runs)), "" if worker.runs else "disabled")


def _draw_expired(worker: Worker, sight: Sight) -> tuple[Span, ...]:
    expired = len(worker.expired(sight.clock.now))
    return text(units.count(expired), "alarm" if expired else "disabled")


def _draw_lease(worker: Worker, sight: Sight) -> tuple[Span, ...]:
    if worker.runs and worker.nearest_expiry is None:
        return text("no lease", "muted")
    return _left(worker.nearest_expiry, sight)


def _draw_left(run: HeldRun, sight: Sight) -> tuple[Span, ...]:
    return text("no lease", "muted") if run.claim_expires_at is None else _left(run.claim_expires_at, sight)


def _left(expires_at: float | None, sight: Sight) -> tuple[Span, ...]:
    if expires_at is None:
        return ()
    left = expires_at - sight.clock.now
    return text(units.time_left(left), "alarm" if left <= 0 else "")


def _draw_tasks(worker: Worker, _: Sight) -> tuple[Span, ...]:
    return text(", ".join(worker.tasks), "muted")


def _draw_queues(worker: Worker, _: Sight) -> tuple[Span, ...]:
    return text(worker.queues[0] if len(worker.queues) == 1 else units.plural(len(worker.queues), "queue"), "muted")


def _draw_step(run: HeldRun, _: Sight) -> tuple[Span, ...]:
    return text(run.checkpoint_name if run.checkpoint_name is not None else units.UNKNOWN, "muted")


def _ago(at: float | None, sight: Sight) -> tuple[Span, ...]:
    return text(units.UNKNOWN if at is None else sight.clock.ago(at), "muted")


WORKER_SHEET: Sheet[Worker] = Sheet(key=lambda worker: worker.key, columns=_worker_columns)
RUN_SHEET: Sheet[HeldRun] = Sheet(key=lambda run: (run.queue, run.run_id), columns=_run_columns)
