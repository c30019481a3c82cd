"""What is wrong with a queue by its failures and its symptoms. Pure."""

from absurd_tui import units
from absurd_tui.observe.finding import FAILURES, Finding, Goal, Kind, Level
from absurd_tui.observe.records import Counts, QueueReading, State
from absurd_tui.observe.symptoms import Deferred, Failing, Flow, GoneWorker, Symptoms, Trend
from absurd_tui.text import Plain, plain, say

FAILS_MANY, FAILS_SHARE = 10, 0.2
RISES_FROM, RISES_BY = 10, 3.0
_LATELY, _BEFORE = 5, 25
"""Minutes."""


def fails_often(counts: Counts) -> bool:
    """Whether attempts claimed in the last minute failed in number, and as a good share of those that ended."""
    failed = counts.failed_last_minute.value
    return failed >= FAILS_MANY and failed >= FAILS_SHARE * (failed + counts.done_last_minute.value)


def failing(queue: QueueReading, counts: Counts) -> list[Finding]:
    """Find that attempts fail often, most of them to be tried again; or not often yet, but more than before."""
    seen, name = queue.symptoms.failing, queue.name
    if not fails_often(counts):
        return _rise(name, queue.symptoms.trend)
    failed = counts.failed_last_minute
    number = units.count(failed.value, capped=failed.is_capped)
    if seen is None:
        what = say("{queue}: {number} attempts claimed in the last minute failed.", queue=name, number=number)
        return [Finding(Kind.FAILS_OFTEN, name, Level.DEGRADED, what, _SEE_GROUPS, FAILURES)]
    is_storm = seen.retried * 2 > seen.looked
    word = "retry storm, " if is_storm else ""
    what = say(
        "{queue}: {word}{number} attempts claimed in the last minute failed, most of {task}{failure}.",
        queue=name,
        word=word,
        number=number,
        task=seen.task_name,
        failure=_in_brackets(seen.failure),
    )
    kind = Kind.RETRY_STORM if is_storm else Kind.FAILS_OFTEN
    return [Finding(kind, name, Level.DEGRADED, what, _retried(seen) if is_storm else _SEE_GROUPS, FAILURES)]


def ailments(queue: QueueReading, now: float) -> list[Finding]:
    """Find what the symptoms of a queue tell."""
    found: list[Finding] = []
    symptoms: Symptoms = queue.symptoms
    if symptoms.gone:
        found.append(_gone(queue.name, symptoms.gone, now))
    if symptoms.deferred is not None:
        found.append(_deferred(queue.name, symptoms.deferred))
    if symptoms.flow is not None and queue.counts is not None and symptoms.flow.spawned > symptoms.flow.claimed:
        found.append(_grows(queue.name, queue.counts, symptoms.flow))
    return found


def _rise(queue: str, trend: Trend | None) -> list[Finding]:
    if trend is None or trend.before is None or trend.lately < RISES_FROM:
        return []
    lately, before = trend.lately / _LATELY, trend.before / _BEFORE
    if lately < RISES_BY * before:
        return []
    what = say(
        "{queue}: failures rise: {lately} attempts claimed in the last {minutes} minutes failed,"
        " {before} of the {longer} minutes before.",
        queue=queue,
        lately=f"{trend.lately:,}",
        minutes=_LATELY,
        before=f"{trend.before:,}",
        longer=_BEFORE,
    )
    return [Finding(Kind.FAILURES_RISE, queue, Level.DEGRADED, what, _SEE_GROUPS, FAILURES)]


def _retried(seen: Failing) -> Plain:
    return plain(
        f"{seen.retried:,} of the newest {seen.looked:,} will be tried again, and add to the load."
        " The groups of failures show what they have in common."
    )


def _gone(queue: str, gone: tuple[GoneWorker, ...], now: float) -> Finding:
    first = gone[0]
    others = f" So have those of {units.plural(len(gone) - 1, 'other worker')}." if len(gone) > 1 else ""
    what = say(
        "{queue}: worker {worker} is likely gone: all its {leases} leases have expired, the last {ago} ago.{others}",
        queue=queue,
        worker=first.worker or "without a name",
        leases=f"{first.leases:,}",
        ago=units.age(now - first.last),
        others=others,
    )
    then = plain("Start it again, or let the next claims of other workers end its attempts.")
    return Finding(Kind.WORKER_GONE, queue, Level.DEGRADED, what, then, Goal("Claimed", State.RUNNING))


def _deferred(queue: str, deferred: Deferred) -> Finding:
    others = f" and {units.plural(deferred.names - 1, 'other name')}" if deferred.names > 1 else ""
    what = say(
        "{queue}: {tasks} again and again without a checkpoint: {name}{others}.",
        queue=queue,
        tasks=_put_off(deferred),
        name=deferred.task_name,
        others=others,
    )
    then = plain("The workers likely do not know this task: is a deployment missing?")
    return Finding(Kind.UNKNOWN_TASK, queue, Level.DEGRADED, what, then, Goal("Sleeping", State.SLEEPING))


def _put_off(deferred: Deferred) -> str:
    if deferred.tasks == 1 and not deferred.is_part:
        return "1 task is put off"
    return f"{units.count(deferred.tasks, capped=deferred.is_part)} tasks are put off"


def _grows(queue: str, counts: Counts, flow: Flow) -> Finding:
    due = counts.pending + counts.due_sleepers
    what = say(
        "{queue}: {due} tasks are due, and more come than are taken.",
        queue=queue,
        due=units.count(due.value, capped=due.is_capped),
    )
    then = plain(
        f"In the last {_LATELY} minutes {units.count(flow.spawned, capped=flow.is_capped)} were spawned and"
        f" {units.plural(flow.claimed, 'claim')} made. More workers would take them."
    )
    return Finding(Kind.BACKLOG_GROWS, queue, Level.DEGRADED, what, then, Goal("Pending", State.PENDING))


def _in_brackets(failure: str) -> Plain:
    return say(" ({failure})", failure=failure) if failure else Plain("")


_SEE_GROUPS = plain("The groups of failures show what they have in common.")
