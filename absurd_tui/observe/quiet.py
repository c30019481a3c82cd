"""How things stand where nothing is shown to be wrong, or nothing can be read. Pure."""

from math import inf

from absurd_tui import units
from absurd_tui.observe.diagnosis import leases, reason
from absurd_tui.observe.records import NOTHING, Snapshot
from absurd_tui.text import Plain, plain

_UNREADABLE = plain("No queue is readable.")


def unreadable(snapshot: Snapshot) -> tuple[Plain, Plain] | None:
    """Say that no queue can be read and why, or None where one can, or where there is none."""
    if not snapshot.queues or any(queue.counts is not None for queue in snapshot.queues):
        return None
    refusals = (queue.refusal for queue in snapshot.queues if queue.refusal is not None)
    return _UNREADABLE, next((reason(refusal) for refusal in refusals), plain(""))


def all_is_well(snapshot: Snapshot) -> Plain:
    """Say how things stand where nothing is shown to be wrong, with the figures that show it."""
    if not snapshot.queues:
        return plain("There is no queue yet. absurdctl create-queue NAME makes one.")
    readable = [queue.counts for queue in snapshot.queues if queue.counts is not None]
    queues = units.plural(len(snapshot.queues), "queue")
    unread = len(snapshot.queues) - len(readable)
    if not readable:
        return _UNREADABLE
    due = [counts.oldest_due for counts in readable if counts.oldest_due is not None]
    waited = snapshot.now - min(due, default=inf)
    done = sum((counts.done_last_minute for counts in readable), NOTHING)
    expired = sum((counts.expired for counts in readable), NOTHING)
    said = f"{queues}, {unread} of them not read." if unread else f"{queues}."
    nothing = "Nothing"
    if veiled := sum(queue.hides_rows for queue in snapshot.queues):
        said, nothing = f"{said} Row security hides rows in {veiled} of them.", "Nothing visible"
    if waited < 0 and not done.value and not any(counts.running.value for counts in readable):
        return plain(f"{said} {nothing} is due, {nothing.lower()} runs.")
    oldest = f"The oldest due task has waited {units.age(waited)}." if waited >= 0 else f"{nothing} is due."
    over = f"{leases(expired)} expired." if expired.value else "No expired lease."
    finished = f"{units.count(done.value, capped=done.is_capped)} claimed in the last minute completed."
    return plain(f"{said} {oldest} {over} {finished}")
