"""How far followed tasks are, in two short sentences; nothing is told that the last reading did not say."""

from collections import Counter
from dataclasses import dataclass
from math import inf

from absurd_tui import units
from absurd_tui.observe.following import Follow, FollowedTask
from absurd_tui.observe.reasons import Sleep, headline, why_sleeping
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say

LATE_AFTER = 10.0
"""Seconds that a task can be claimed and is not, after which that is said."""

_ID_CELLS = 8
_WORST_FIRST = (
    (State.FAILED, "failed"),
    (State.CANCELLED, "cancelled"),
    (None, "no longer there"),
    (State.PENDING, "pending"),
    (State.RUNNING, "claimed"),
    (State.SLEEPING, "sleeping"),
    (State.COMPLETED, "completed"),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is told of followed tasks. `state` is None where somebody should look."""

    state: State | None
    headline: Plain
    detail: Plain


_Told = tuple[State | None, Plain, Plain]


def progress(follow: Follow, clock: Clock, *, is_live: bool, is_old: bool = False) -> Progress:
    """Tell how far the tasks are at the clock of their last reading.

    `is_live` says whether the connection lives, `is_old` that the last reading was some time ago.
    """
    if follow.now is None:
        reason = follow.refusal.reason if follow.refusal is not None else "there is no connection"
        detail = say("Not read since it was spawned: {why}.", why=reason)
        return Progress(None, say("Not read yet · {what}", what=_what(follow)), detail)
    if len(follow.task_ids) == 1:
        state, said, detail = _one(follow, follow.known[follow.task_ids[0]], clock)
    else:
        state, said, detail = _many(follow, clock)
    if follow.refusal is not None:
        detail = say("As of {at}; not read since ({why}).", at=clock.at(clock.now), why=follow.refusal.reason)
    elif not is_live and follow.living:
        detail = say("As of {at}; there is no connection.", at=clock.at(clock.now))
    elif is_old and follow.living:
        detail = say("As of {at}: {detail}", at=clock.at(clock.now), detail=detail)
    return Progress(state, say("{said} · {what}", said=said, what=_what(follow)), detail)


def _what(follow: Follow) -> Plain:
    if len(follow.task_ids) > 1:
        return say("{queue} › {name}", queue=follow.queue, name=follow.task_name)
    return say("{name} …{id}", name=follow.task_name, id=units.short_id(follow.task_ids[0], _ID_CELLS))


def _one(follow: Follow, task: FollowedTask | None, clock: Clock) -> _Told:
    if task is None:
        return None, plain("No longer in the database"), plain("It was cleaned up; how it ended was not seen.")
    match task.state:
        case State.RUNNING:
            return _claimed(task, clock)
        case State.COMPLETED:
            took = units.duration(_since_spawn(task, task.ended_at))
            by = say("{attempt}, by {worker}.", attempt=_attempt(task), worker=_worker(task))
            return task.state, say("Completed after {took}", took=took), by
        case State.FAILED:
            said = say("Failed after {n}", n=units.plural(task.attempt, "attempt"))
            return task.state, said, plain(headline(task.failure) or "It gave no reason.")
        case State.CANCELLED:
            said = say("Cancelled after {took}", took=units.duration(_since_spawn(task, task.cancelled_at)))
            was_claimed = task.attempt > 1 or task.started_at is not None
            return task.state, said, plain(f"{_attempt(task)}." if was_claimed else "No worker had claimed it.")
    if task.available_at <= clock.now:
        return _due(task, follow.queue, clock)
    return _sleeping(task, follow.queue, clock) if task.state is State.SLEEPING else _early(task, clock)


def _claimed(task: FollowedTask, clock: Clock) -> _Told:
    lease, attempt = task.claim_expires_at, _attempt(task)
    if lease is not None and lease <= clock.now:
        said = say("Lease expired {age} ago", age=clock.ago(lease))
        return None, said, say("{attempt} may still run on {worker}.", attempt=attempt, worker=_worker(task))
    ends = "without a lease"
    if lease is not None:
        ends = "the lease never ends" if lease == inf else f"the lease ends in {units.time_left(lease - clock.now)}"
    ran = clock.ago(task.started_at if task.started_at is not None else task.available_at)
    detail = plain(f"{attempt} runs for {ran}, {ends}.")
    return task.state, say("Claimed by {worker}", worker=_worker(task)), detail


def _due(task: FollowedTask, queue: str, clock: Clock) -> _Told:
    waited = clock.now - task.available_at
    if waited >= LATE_AFTER:
        detail = say("It waits: does a worker of {queue} run?", queue=queue)
        return None, say("Nobody picked it up for {age}", age=units.age(waited)), detail
    word = "Pending" if task.state is State.PENDING else "Due again"
    if _is_unknown_to_workers(task):
        return None, say("{word} for {age}", word=word, age=units.age(waited)), _unknown_in(queue)
    detail = say("{attempt} runs when a worker of {queue} claims it.", attempt=_attempt(task), queue=queue)
    return task.state, say("{word} for {age}", word=word, age=units.age(waited)), detail


def _early(task: FollowedTask, clock: Clock) -> _Told:
    left = units.time_left(task.available_at - clock.now)
    detail = say("{attempt} can be claimed from {at} on.", attempt=_attempt(task), at=clock.at(task.available_at))
    return task.state, say("Pending, due in {left}", left=left), detail


def _sleeping(task: FollowedTask, queue: str, clock: Clock) -> _Told:
    at = None if task.available_at == inf else clock.at(task.available_at)
    kind = why_sleeping(task).kind
    if kind is Sleep.EVENT:
        until = f"At most until {at}." if at else "Without a limit: only that event, or cancel, ends it."
        return task.state, say("Waits for {event}", event=task.wake_event or ""), plain(until)
    if kind is Sleep.RETRY:
        left = units.time_left(task.available_at - clock.now)
        failed = f"Attempt {task.attempt - 1} failed; {_attempt(task).lower()} is due at {at or units.UNKNOWN}."
        return task.state, say("Sleeps, tried again in {left}", left=left), plain(failed)
    if _is_unknown_to_workers(task):
        said = say("Put off by a worker until {at}", at=at) if at else plain("Put off by a worker without a limit")
        return None, said, _unknown_in(queue)
    said = say("Sleeps until {at}", at=at) if at else plain("Sleeps without a limit")
    return task.state, said, say("{attempt} goes on then.", attempt=_attempt(task))


def _is_unknown_to_workers(task: FollowedTask) -> bool:
    """Whether it was likely put off by a worker that does not know it."""
    return task.state is State.SLEEPING and task.has_steps and why_sleeping(task).kind is Sleep.DEFERRED


def _unknown_in(queue: str) -> Plain:
    return say("Likely no worker that polls {queue} knows the task.", queue=queue)


def _many(follow: Follow, clock: Clock) -> _Told:
    tasks = [follow.known[task_id] for task_id in follow.task_ids if task_id in follow.known]
    counted = Counter(task.state if task is not None else None for task in tasks)
    detail = plain(" · ".join(f"{counted[state]:,} {word}" for state, word in _WORST_FIRST if counted[state]))
    total, left = len(follow.task_ids), len(follow.living)
    if not left:
        worst = next(state for state, _ in _WORST_FIRST if counted[state])
        word = "completed" if worst is State.COMPLETED else "ended"
        return worst, say("All {total} {word}", total=f"{total:,}", word=word), detail
    due, waited = _waiting(tasks, clock.now)
    if due and waited >= LATE_AFTER:
        said = say("Nobody picked up {n} for {age}", n=f"{due:,}", age=units.age(waited))
        return None, said, detail
    if unknown := sum(task is not None and _is_unknown_to_workers(task) for task in tasks):
        return None, say("{n} put off, likely known to no worker", n=f"{unknown:,}"), detail
    state = next((state for state in (State.RUNNING, State.PENDING) if counted[state]), State.SLEEPING)
    return state, say("{ended} of {total} ended", ended=f"{total - left:,}", total=f"{total:,}"), detail


def _waiting(tasks: "list[FollowedTask | None]", now: float) -> tuple[int, float]:
    """Count those that can be claimed, and how long none of all was: a queue that gets on is not late."""
    there = [task for task in tasks if task is not None]
    due = [task.available_at for task in there if _waits(task) and task.available_at <= now]
    claims = [task.started_at for task in there if task.started_at is not None]
    return len(due), now - max([min(due), *claims]) if due else 0.0


def _waits(task: FollowedTask) -> bool:
    return task.state in (State.PENDING, State.SLEEPING)


def _since_spawn(task: FollowedTask, at: float | None) -> float:
    return at - task.enqueued_at if at is not None else -inf


def _attempt(task: FollowedTask) -> str:
    return f"Attempt {task.attempt}" + (f" of {task.max_attempts}" if task.max_attempts is not None else "")


def _worker(task: FollowedTask) -> Plain:
    return plain(task.worker or "an unnamed worker")
