"""When the worker of a claim was last heard of: at its last checkpoint, or when its lease was last seen to be set.

A heartbeat leaves no trace but the end of the lease moving, and so does an extension by
somebody else: of a lease it is told when it was set, not by whom, but for the claim.
"""

from absurd_tui.observe.records import TaskRow
from absurd_tui.observe.task_records import CheckpointRow, TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_middle, cut_words

_SAME_EVENT = 2.0
"""A lease that was seen to be set this many seconds after a checkpoint was likely set by it."""


def worker_sign(row: TaskRow, page: TaskPage | None, trouble: Plain, clock: Clock, width: int) -> Plain:
    """Say it in one line of at most `width` cells; `trouble` is why there is no page, empty while it is being read."""
    saved = last_checkpoint(row, page) if page is not None else None
    set_at = row.lease_set_at
    if saved is not None and (set_at is None or set_at - saved.updated_at <= _SAME_EVENT):
        return _checkpoint("last sign of the worker: checkpoint ", saved, clock, width)
    lease = Plain("")
    if set_at is not None:
        by = " by the claim" if set_at == row.started_at else ""
        lease = plain(f"lease set {clock.ago(set_at)} ago{by}; ")
    if saved is not None:
        return _checkpoint(lease.text + "last checkpoint ", saved, clock, width)
    return cut_words(lease + _no_checkpoint(page, trouble), width)


def last_checkpoint(row: TaskRow, page: TaskPage) -> CheckpointRow | None:
    """Give what was saved last since the claim; before, the same run may have been another worker's."""
    claimed = row.started_at if row.started_at is not None else row.available_at
    saved = [step for step in page.checkpoints if step.owner_run_id == row.run_id and step.updated_at >= claimed]
    return max(saved, key=lambda step: step.updated_at, default=None)


def _checkpoint(lead: str, saved: CheckpointRow, clock: Clock, width: int) -> Plain:
    ago = f", {clock.ago(saved.updated_at)} ago"
    name = cut_middle(plain(saved.checkpoint_name), width - len(lead) - len(ago))
    return plain(lead) + name + plain(ago)


def _no_checkpoint(page: TaskPage | None, trouble: Plain) -> Plain:
    if trouble:
        return trouble
    return plain("no checkpoint since the claim") if page is not None else plain("reading the checkpoints")
