"""The checkpoints of a task as a table."""

from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.task_records import CheckpointRow, TaskPage
from absurd_tui.text import Plain, plain
from absurd_tui.ui.widgets.columns import Column, text
from absurd_tui.ui.widgets.record_table import Sheet, Title


@dataclass(frozen=True, slots=True)
class Step:
    """A checkpoint with its number on the timeline and the attempt that saved it, where that run is still known."""

    number: int
    row: CheckpointRow
    attempt: int | None


def steps_of(page: TaskPage) -> tuple[Step, ...]:
    """Number a task's checkpoints in the order in which they were saved."""
    attempts = {run.run_id: run.attempt for run in page.runs}
    return tuple(
        Step(number, row, attempts.get(row.owner_run_id) if row.owner_run_id is not None else None)
        for number, row in enumerate(page.checkpoints, start=1)
    )


def _columns(width: int, _: bool) -> tuple[Column[Step], ...]:
    return (
        Column("", 3, lambda step, _: text(str(step.number), "bold"), right=True),
        Column("", 0, lambda step, _: text(step.row.checkpoint_name), cuts_middle=True),
        Column("saved at", 12, lambda step, sight: text(sight.clock.at(step.row.updated_at), "muted"), right=True),
        Column("ago", 7, lambda step, sight: text(sight.clock.ago(step.row.updated_at), "muted"), right=True),
        Column("att.", 4, lambda step, _: text(_attempt(step), "muted"), right=True),
        Column("size", 7, lambda step, _: text(_size(step), "muted"), right=True),
    )


def _attempt(step: Step) -> str:
    return units.UNKNOWN if step.attempt is None else str(step.attempt)


def _size(step: Step) -> str:
    return units.UNKNOWN if step.row.size is None else units.size(step.row.size)


SHEET: Sheet[Step] = Sheet(lambda step: step.row.checkpoint_name, _columns)


def steps_title(page: TaskPage | None, as_of: Plain) -> Title:
    """Make the title bar of the table."""
    count = ""
    if page is not None and page.checkpoints_refusal is None:
        count = f"newest {len(page.checkpoints)}" if page.has_more_checkpoints else str(len(page.checkpoints))
    return Title("3", Plain(""), "", plain("Checkpoints"), plain(count), as_of=as_of)


def steps_notes(page: TaskPage | None) -> tuple[Plain, ...]:
    """Say what stands in place of rows where there are none."""
    if page is None:
        return ()
    if page.checkpoints_refusal is not None:
        return (plain(page.checkpoints_refusal.reason),)
    return (plain("No checkpoint yet." if not page.is_over else "No checkpoint was saved."),)
