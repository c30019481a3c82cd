"""What a panel says besides its rows: its title, and what stands there when there are none."""

from collections.abc import Sequence
from dataclasses import replace

from absurd_tui import units
from absurd_tui.observe.ailments import fails_often
from absurd_tui.observe.records import Count, Counts, PanelReading, QueueReading, Refusal, Snapshot, State, TaskRow
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.record_table import Title

NAMES = {
    State.PENDING: "Pending",
    State.RUNNING: "Claimed",
    State.SLEEPING: "Sleeping",
    State.FAILED: "Failed",
    State.COMPLETED: "Completed",
    State.CANCELLED: "Cancelled",
}
_EMPTY = {
    State.PENDING: "Nothing is due.",
    State.RUNNING: "Nothing runs.",
    State.SLEEPING: "Nothing sleeps.",
    State.FAILED: "No failed task.",
    State.COMPLETED: "Nothing completed yet.",
    State.CANCELLED: "No cancelled task.",
}
_RECENTLY = 15 * 60.0
_NAMED = 3


def title(state: State, snapshot: Snapshot | None, queue: str | None, as_of: Plain) -> Title:
    """Make the title of a panel for one queue, or for all."""
    number = str(list(State).index(state) + 1)
    glyph, name = plain(STATE_GLYPHS[state]), plain(NAMES[state])
    if snapshot is None:
        return Title(number, glyph, "muted", name, plain("…"))
    chosen = _chosen(snapshot, queue)
    readable = [reading.counts for reading in chosen if reading.counts is not None]
    role = state.value
    if state is State.FAILED and not _failed_recently(snapshot):
        role = "muted"
    alert, alert_role = _alert(state, readable, chosen, snapshot.panel(state))
    return Title(number, glyph, role, name, plain(count_text(state, snapshot, queue)), alert, alert_role, as_of)


def count_text(state: State, snapshot: Snapshot, queue: str | None) -> str:
    """Give how many tasks of one queue, or of all, are in a state; at least so many when not every queue could be read.

    The rows of a panel were read a moment after the counts. Where they are all there is, they are the count, so
    that a title never contradicts the rows under it; of cancelled tasks a few may be left out of the rows, and of
    failed ones where there are too many failed runs to count.
    """
    chosen = _chosen(snapshot, queue)
    counts = [reading.counts.of(state) for reading in chosen if reading.counts is not None]
    if not counts:
        return units.UNKNOWN
    total = sum(counts, Count(0, is_capped=len(counts) < len(chosen)))
    panel = snapshot.panel(state)
    if panel is not None and _has_all(panel, snapshot, queue) and not total.is_capped:
        rows = sum(not row.is_retried for row in rows_of(state, snapshot, queue))
        if total.value < snapshot.view.rows:
            may_leave_out = state is State.CANCELLED or (state is State.FAILED and total.is_estimate)
            total = replace(total, value=max(rows, total.value)) if may_leave_out else Count(rows)
    return units.count(total.value, capped=total.is_capped, estimated=total.is_estimate)


def _has_all(panel: PanelReading, snapshot: Snapshot, queue: str | None) -> bool:
    """Whether a panel has every row of one queue, or of all, as far as it was not told that there are more."""
    if panel.away is not None or panel.refused or len(panel.rows) >= snapshot.view.rows:
        return False
    return snapshot.view.queue == queue or (snapshot.view.queue is None and panel.after is None)


def rows_of(state: State, snapshot: Snapshot, queue: str | None) -> tuple[TaskRow, ...]:
    """Give a panel's rows for one queue, or for all, as far as the snapshot has them."""
    reading = reading_of(state, snapshot, queue)
    return reading.rows if reading is not None else ()


def reading_of(state: State, snapshot: Snapshot, queue: str | None) -> PanelReading | None:
    """Give a panel's reading for one queue, or for all; None where the snapshot has none."""
    panel = snapshot.panel(state)
    if panel is None or snapshot.view.queue not in (None, queue):
        return None
    if snapshot.view.queue == queue:
        return panel
    return replace(panel, rows=tuple(row for row in panel.rows if row.queue == queue))


def notes(
    state: State, snapshot: Snapshot | None, queue: str | None, *, is_read_again: bool = True
) -> tuple[Plain, ...]:
    """Say why a panel has no rows, and where it will be read again, that it will."""
    if snapshot is None:
        return ()
    chosen = _chosen(snapshot, queue)
    if queue is not None and not chosen:
        return (Plain(""), say("Queue {queue} no longer exists.", queue=queue))
    if chosen and all(reading.refusal is not None for reading in chosen):
        return _refused(chosen[0].refusal, is_read_again=is_read_again)
    panel = snapshot.panel(state)
    if panel is not None and panel.refused and not panel.rows:
        return _refused(panel.refused[0][1], is_read_again=is_read_again)
    if not snapshot.queues:
        return (plain("No queue yet."),)
    if panel is None or snapshot.view.queue not in (None, queue):
        return (plain("Not read yet."),)
    if not panel.rows and (veiled := [reading.name for reading in chosen if reading.hides_rows]):
        return _veiled(veiled, snapshot.server.role)
    if count_text(state, snapshot, queue) != "0":
        return ()
    return (plain(_EMPTY[state]),)


def _veiled(queues: Sequence[str], role: str) -> tuple[Plain, ...]:
    named = ", ".join(queues[:_NAMED]) + (f" and {len(queues) - _NAMED} more" if len(queues) > _NAMED else "")
    return (
        Plain(""),
        say("Row security hides rows of {queues} from role {role}.", queues=named, role=role),
        plain("What it lets through is here: nothing. There may be more."),
    )


def _refused(refusal: Refusal | None, *, is_read_again: bool) -> tuple[Plain, ...]:
    if refusal is None:
        return ()
    again = f" Tried again every {refusal.every:.0f}s." if is_read_again else ""
    said = (Plain(""), say("Refused: {reason}.{again}", reason=refusal.reason.rstrip("."), again=again))
    if refusal.remedy is None or not is_read_again:
        return said
    return (*said, Plain(""), plain("A database owner can allow it:"), plain(refusal.remedy))


def _chosen(snapshot: Snapshot, queue: str | None) -> Sequence[QueueReading]:
    if queue is None:
        return snapshot.queues
    return tuple(reading for reading in snapshot.queues if reading.name == queue)


def _failed_recently(snapshot: Snapshot) -> bool:
    panel = snapshot.panel(State.FAILED)
    if panel is None or not panel.rows:
        return False
    if panel.away is not None:
        return True  # its newest rows are not here
    ended = panel.rows[0].ended_at
    return ended is not None and snapshot.now - ended < _RECENTLY


def _alert(
    state: State, readable: Sequence[Counts], chosen: Sequence[QueueReading], panel: PanelReading | None
) -> tuple[Plain, str]:
    none = Count(0, is_capped=len(readable) < len(chosen))
    if state is State.RUNNING and any(counts.expired.value for counts in readable):
        return _some(sum((counts.expired for counts in readable), none), "expired", "alarm")
    if state is State.FAILED and any(fails_often(counts) for counts in readable):
        failed = sum((counts.failed_last_minute for counts in readable), none)
        return plain(f"{units.count(failed.value, capped=failed.is_capped)}/min by claim"), "alarm"
    missing = {reading.name for reading in chosen if reading.refusal is not None}
    missing |= {name for name, _ in panel.refused} if panel is not None else set()
    if missing and len(missing) < len(chosen):
        return plain(f"{len(chosen) - len(missing)} of {len(chosen)} queues"), "warning"
    if any(reading.hides_rows for reading in chosen):
        return plain("row security"), "warning"
    if state is State.FAILED and panel is not None and any(row.is_retried for row in panel.rows):
        return plain("with retried"), "muted"
    if state is State.SLEEPING:
        return _some(sum((counts.due_sleepers for counts in readable), Count(0)), "due", "")
    return Plain(""), ""


def _some(count: Count, word: str, role: str) -> tuple[Plain, str]:
    if not count.value:
        return Plain(""), ""
    return plain(f"{units.count(count.value, capped=count.is_capped, estimated=count.is_estimate)} {word}"), role
