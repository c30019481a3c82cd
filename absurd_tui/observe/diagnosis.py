"""The verdict: what is wrong, worst first, from a snapshot alone.

Pure. A finding must be seen in two snapshots before it is shown and be absent
from five before it goes, so that the verdict does not flap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from math import inf

from absurd_tui import units
from absurd_tui.observe.reasons import stops_claims
from absurd_tui.observe.records import NOTHING, Count, Counts, QueueReading, Refusal, Snapshot, State
from absurd_tui.text import Plain, plain, say

DUE_TOO_LONG = 60.0
FAILS_MANY, FAILS_SHARE = 10, 0.2
APPEARS_AFTER = 2
GOES_AFTER = 5
_UNREADABLE = plain("No queue is readable.")
_LIVE = (State.PENDING, State.RUNNING, State.SLEEPING)


class Level(IntEnum):
    """How bad it is."""

    OK = 0
    DEGRADED = 1
    WEDGED = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: which queue, in one sentence, and what to do in another."""

    kind: str
    queue: str
    level: Level
    what: Plain
    then: Plain

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same finding in the next snapshot."""
        return (self.kind, self.queue)


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find what is wrong in a snapshot, worst first."""
    found = [finding for queue in snapshot.queues for finding in _of_queue(queue, snapshot)]
    found += _claims_fail(snapshot)
    return tuple(sorted(found, key=lambda finding: (-finding.level, finding.queue, finding.kind)))


def _of_queue(queue: QueueReading, snapshot: Snapshot) -> list[Finding]:
    if queue.refusal is not None:
        what = say("{queue} cannot be read.", queue=queue.name)
        return [Finding("refused", queue.name, Level.DEGRADED, what, _reason(queue.refusal))]
    if queue.counts is None:
        return []
    expired = _expired(queue.name, queue.counts, snapshot.now)
    if queue.hides_rows:
        return expired  # others may have been claimed where they are not seen
    return [*_nobody_claims(queue.name, queue.counts, snapshot.now), *expired]


def _claims_fail(snapshot: Snapshot) -> list[Finding]:
    """Find in each queue one task, of those that the panels hold, whose policy no claim can read."""
    found: dict[str, Finding] = {}
    for row in (row for panel in snapshot.panels if panel.state in _LIVE for row in panel.rows):
        if row.queue in found or not stops_claims(row):
            continue
        short = units.short_id(row.task_id, 8)
        what = say("{queue}: every claim fails because of {name} …{id}.", queue=row.queue, name=row.task_name, id=short)
        then = say(
            "Its cancellation policy is no whole number of seconds. It is {state}: cancel it, and claims work again.",
            state=row.state,
        )
        found[row.queue] = Finding("claims fail", row.queue, Level.WEDGED, what, then)
    return list(found.values())


def _nobody_claims(queue: str, counts: Counts, now: float) -> list[Finding]:
    unclaimed_for = now - counts.last_claim if counts.last_claim is not None else None
    due_for = now - counts.oldest_due if counts.oldest_due is not None else 0.0
    if due_for <= DUE_TOO_LONG or (unclaimed_for is not None and unclaimed_for <= DUE_TOO_LONG):
        return []
    due = counts.pending + counts.due_sleepers
    claimed = "has claimed yet" if unclaimed_for is None else f"has claimed for {units.age(unclaimed_for)}"
    what = say(
        "{queue}: nobody {claimed}; {due} due.", queue=queue, claimed=claimed, due=_tasks(due.value, due.is_capped)
    )
    busy = counts.running.value - counts.expired.value
    if busy > 0:
        runs = "1 run is" if busy == 1 else f"{units.count(busy, capped=counts.running.is_capped)} runs are"
        then = plain(f"{runs} still claimed: the workers may all be busy. More of them would take these tasks.")
        return [Finding("nobody claims", queue, Level.DEGRADED, what, then)]
    then = plain("No worker seems to poll this queue. Start one; the tasks will wait.")
    return [Finding("nobody claims", queue, Level.WEDGED, what, then)]


def _expired(queue: str, counts: Counts, now: float) -> list[Finding]:
    if not counts.expired.value or counts.oldest_expired is None:
        return []
    one = counts.expired.value == 1 and not counts.expired.is_capped
    what = say(
        "{queue}: {leases} expired, the oldest {since} ago, and no claim has ended {it}.",
        queue=queue,
        leases=_leases(counts.expired),
        since=units.age(now - counts.oldest_expired),
        it="it" if one else "them",
    )
    then = plain(
        "Its run is likely not running. The next claims end the attempt."
        if one
        else "Their runs are likely not running. The next claims end these attempts."
    )
    return [Finding("lease expired", queue, Level.DEGRADED, what, then)]


def _leases(expired: Count) -> str:
    if expired == Count(1):
        return "1 lease has"
    return f"{units.count(expired.value, capped=expired.is_capped)} leases have"


def _tasks(number: int, capped: bool) -> str:
    if number == 1:
        return "1 task is"
    return f"{units.count(number, capped=capped)} tasks are"


def fails_often(counts: Counts) -> bool:
    """Whether attempts claimed in the last minute failed in number, and as a good share of those that ended."""
    failed = counts.failed_last_minute.value
    return failed >= FAILS_MANY and failed >= FAILS_SHARE * (failed + counts.done_last_minute.value)


def unreadable(snapshot: Snapshot) -> tuple[Plain, Plain] | None:
    """Say that no queue can be read and why, or None where one can, or where there is none."""
    if not snapshot.queues or any(queue.counts is not None for queue in snapshot.queues):
        return None
    refusals = (queue.refusal for queue in snapshot.queues if queue.refusal is not None)
    return _UNREADABLE, next((_reason(refusal) for refusal in refusals), plain(""))


def _reason(refusal: Refusal) -> Plain:
    said = plain(refusal.reason.rstrip(".") + ".")
    return said if refusal.remedy is None else said + plain(" ? shows the GRANT.")


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
    leases = f"{_leases(expired)} expired." if expired.value else "No expired lease."
    finished = f"{units.count(done.value, capped=done.is_capped)} claimed in the last minute completed."
    return plain(f"{said} {oldest} {leases} {finished}")


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings that are shown, and what was counted on the way to showing or dropping others."""

    shown: tuple[Finding, ...] = ()
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)
    missed: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def after(self, found: tuple[Finding, ...]) -> "Settled":
        """Take in the findings of the next snapshot."""
        now = {finding.identity: finding for finding in found}
        seen = {identity: self.seen.get(identity, 0) + 1 for identity in now}
        shown = {finding.identity: finding for finding in self.shown}
        missed = {identity: self.missed.get(identity, 0) + 1 for identity in shown if identity not in now}
        kept = {
            identity: now.get(identity, finding)
            for identity, finding in shown.items()
            if missed.get(identity, 0) < GOES_AFTER
        }
        kept |= {identity: finding for identity, finding in now.items() if seen[identity] >= APPEARS_AFTER}
        order = sorted(kept.values(), key=lambda finding: (-finding.level, finding.queue, finding.kind))
        return Settled(tuple(order), seen, missed)

    @property
    def level(self) -> Level:
        """The worst level shown."""
        return max((finding.level for finding in self.shown), default=Level.OK)

    def level_of(self, queue: str) -> Level:
        """The worst level shown of one queue."""
        return max((finding.level for finding in self.shown if finding.queue == queue), default=Level.OK)
