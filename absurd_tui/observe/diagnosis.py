"""The diagnosis: what is wrong, worst first, from a snapshot alone. Pure."""

from collections.abc import Mapping

from absurd_tui import units
from absurd_tui.observe.ailments import ailments, failing
from absurd_tui.observe.finding import HELP, Finding, Goal, Kind, Level
from absurd_tui.observe.reasons import may_be_read, stops_claims
from absurd_tui.observe.records import Count, Counts, QueueReading, Refusal, Snapshot, State, TaskRow
from absurd_tui.observe.symptoms import Poison
from absurd_tui.text import Plain, plain, say

DUE_TOO_LONG = 60.0
_LIVE = (State.PENDING, State.RUNNING, State.SLEEPING)


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find what is wrong in a snapshot, worst first."""
    poisons = _poisons(snapshot)
    found = [_claims_fail(queue, poison) for queue, poison in poisons.items()]
    for queue in snapshot.queues:
        found += _of_queue(queue, snapshot.now, is_poisoned=queue.name in poisons)
    return tuple(sorted(found, key=lambda finding: finding.order))


def _of_queue(queue: QueueReading, now: float, *, is_poisoned: bool) -> list[Finding]:
    if queue.refusal is not None:
        what = say("{queue} cannot be read.", queue=queue.name)
        goal = HELP if queue.refusal.remedy is not None else Goal("Pending", State.PENDING)
        return [Finding(Kind.REFUSED, queue.name, Level.DEGRADED, what, reason(queue.refusal), goal)]
    if queue.counts is None:
        return []
    found = [*_expired(queue, queue.counts, now), *failing(queue, queue.counts), *ailments(queue, now)]
    if is_poisoned or queue.hides_rows:
        return found  # nobody can claim; or others may have been claimed where they are not seen
    return [*_nobody_claims(queue.name, queue.counts, now), *found]


def _poisons(snapshot: Snapshot) -> Mapping[str, Poison]:
    """Name for each queue one task whose policy no claim can read: one that was looked for, or that a panel holds."""
    rows = (row for panel in snapshot.panels if panel.state in _LIVE for row in panel.rows if stops_claims(row))
    seen: dict[str, Poison] = {}
    for row in rows:
        seen.setdefault(row.queue, _poison(row))
    found = {queue.name: queue.symptoms.poison for queue in snapshot.queues if queue.symptoms.poison is not None}
    return {**seen, **found}


def _poison(row: TaskRow) -> Poison:
    limits = {"max_delay": row.max_delay, "max_duration": row.max_duration}
    limit, value = next((name, value) for name, value in limits.items() if not may_be_read(value))
    return Poison(row.task_id, row.task_name, row.state, limit, value or "")


def _claims_fail(queue: str, poison: Poison) -> Finding:
    short = units.short_id(poison.task_id, 8)
    what = say("{queue}: every claim fails because of {name} …{id}.", queue=queue, name=poison.task_name, id=short)
    then = say(
        'It is {state}: cancel it, and claims work again; none can read its {limit} "{value}".',
        limit=poison.limit,
        value=poison.value,
        state=poison.state,
    )
    return Finding(Kind.CLAIMS_FAIL, queue, Level.WEDGED, what, then, Goal("its page", task_id=poison.task_id))


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
    goal = Goal("Pending", State.PENDING) if counts.pending.value else Goal("Sleeping", State.SLEEPING)
    busy = counts.running.value - counts.expired.value
    if busy > 0:
        runs = "1 run is" if busy == 1 else f"{units.count(busy, capped=counts.running.is_capped)} runs are"
        then = plain(f"{runs} still claimed: the workers may all be busy. More of them would take these tasks.")
        return [Finding(Kind.NOBODY_CLAIMS, queue, Level.DEGRADED, what, then, goal)]
    then = plain("No worker seems to poll this queue. Start one; the tasks will wait.")
    return [Finding(Kind.NOBODY_CLAIMS, queue, Level.WEDGED, what, then, goal)]


def _expired(queue: QueueReading, counts: Counts, now: float) -> list[Finding]:
    of_gone = sum(gone.leases for gone in queue.symptoms.gone)
    if not counts.expired.value or counts.oldest_expired is None or of_gone >= counts.expired.value:
        return []
    one = counts.expired.value == 1 and not counts.expired.is_capped
    what = say(
        "{queue}: {leases} expired, the oldest {since} ago, and no claim has ended {it}.",
        queue=queue.name,
        leases=leases(counts.expired),
        since=units.age(now - counts.oldest_expired),
        it="it" if one else "them",
    )
    then = plain(
        "Its run is likely not running. The next claims end the attempt."
        if one
        else "Their runs are likely not running. The next claims end these attempts."
    )
    goal = Goal("Claimed", State.RUNNING)
    return [Finding(Kind.LEASE_EXPIRED, queue.name, Level.DEGRADED, what, then, goal)]


def leases(expired: Count) -> str:
    """Begin a sentence about leases that are over."""
    if expired == Count(1):
        return "1 lease has"
    return f"{units.count(expired.value, capped=expired.is_capped)} leases have"


def _tasks(number: int, capped: bool) -> str:
    if number == 1:
        return "1 task is"
    return f"{units.count(number, capped=capped)} tasks are"


def reason(refusal: Refusal) -> Plain:
    """Say why a queue could not be read."""
    said = plain(refusal.reason.rstrip(".") + ".")
    return said if refusal.remedy is None else said + plain(" ? shows the GRANT.")
