"""Why one task is where it is: a sentence or two from its row alone, for the line under the cursor."""

from dataclasses import dataclass
from datetime import tzinfo
from math import inf

from absurd_tui import units
from absurd_tui.observe.reasons import (
    Canceller,
    Sleep,
    event_awaited_by,
    headline,
    short_name,
    who_cancelled,
    whole_seconds,
    why_sleeping,
)
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.text import Plain, plain, say

_NOTHING = Plain("")
_CLOCKS_DIFFER = 1.0
_LONG = 60.0


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are told: the database's now, and whether in UTC or in the viewer's zone."""

    now: float
    utc: bool = False
    offset: tzinfo | None = None

    def at(self, epoch: float) -> str:
        """Give the clock time of an instant."""
        return units.clock(epoch, now=self.now, utc=self.utc, offset=self.offset)

    @property
    def zone(self) -> str:
        """Name the zone that times are told in."""
        return units.zone(self.now, utc=self.utc, offset=self.offset)

    def ago(self, epoch: float) -> str:
        """Give how long ago an instant was."""
        return units.age(self.now - epoch)

    def since(self, epoch: float) -> str:
        """Give the same for a sentence: how long ago an instant was is unknown while it lies ahead."""
        return self.ago(epoch) if epoch - self.now <= _CLOCKS_DIFFER else units.UNKNOWN


def why(row: TaskRow, clock: Clock, last_claim: float | None = None) -> tuple[Plain, Plain]:
    """Say why a task is in its panel: what is so, and what follows from it.

    `last_claim` is when a claim was last seen in its queue, where that is known.
    """
    return _pending(row, clock, last_claim) if row.state is State.PENDING else _SENTENCES[row.state](row, clock)


def _pending(row: TaskRow, clock: Clock, last_claim: float | None) -> tuple[Plain, Plain]:
    due = say("Due for {age}.", age=clock.since(row.available_at))
    if row.started_at is not None:
        due = say("Woken by {event}; due for {age}.", event=_woken_by(row), age=clock.since(row.available_at))
    if last_claim is None:
        return due, plain("It runs when a worker of this queue claims it; the oldest due is claimed first.")
    if last_claim <= row.available_at or clock.now - last_claim > _LONG:
        return due, say("No claim was seen in {queue} since {at}.", queue=row.queue, at=clock.at(last_claim))
    told = "The last claim in {queue} was seen {ago} ago; the oldest due is claimed first."
    return due, say(told, queue=row.queue, ago=clock.since(last_claim))


def _woken_by(row: TaskRow) -> str:
    """Name the event that a run was woken by: an emission makes the step that waited its newest checkpoint."""
    event = event_awaited_by(row.reached_step) if row.reached_step is not None else None
    return "an event" if event is None else event


def _running(row: TaskRow, clock: Clock) -> tuple[Plain, Plain]:
    worker = plain(row.worker or "an unnamed worker")
    ran = clock.since(row.started_at if row.started_at is not None else row.available_at)
    if row.claim_expires_at is None:
        return (
            say("Runs for {age} on {worker}, claimed without a lease.", age=ran, worker=worker),
            plain("Nothing will end this run but its worker."),
        )
    if row.claim_expires_at == inf:
        return (
            say("Runs for {age} on {worker}.", age=ran, worker=worker),
            plain("The lease never ends: nothing will end this run but its worker."),
        )
    left = row.claim_expires_at - clock.now
    if left <= 0:
        return (
            say("The lease expired {age} ago on {worker}.", age=clock.since(row.claim_expires_at), worker=worker),
            say("It may still run; the next claim in this queue ends {attempt}.", attempt=_attempt(row)),
        )
    return (
        say("Runs for {age} on {worker}.", age=ran, worker=worker),
        say(
            "The lease ends in {left}; without a heartbeat, the next claim ends {attempt}.",
            left=units.time_left(left),
            attempt=_attempt(row),
        ),
    )


def _sleeping(row: TaskRow, clock: Clock) -> tuple[Plain, Plain]:
    reason = why_sleeping(row)
    wakes = _wakes(row, clock)
    if reason.kind is Sleep.EVENT:
        event = plain(reason.detail)
        if row.available_at == inf:
            return (
                say("Waits for the event {event} without a limit.", event=event),
                plain("Only that event, or cancel, ends the wait."),
            )
        return (
            say("Waits for the event {event}, at most until {at}.", event=event, at=clock.at(row.available_at)),
            say("Emitting it in {queue} wakes the task.", queue=row.queue),
        )
    if reason.kind is Sleep.RETRY:
        failed = say("Attempt {number} failed", number=row.attempt - 1)
        if short_name(row.failure):
            failed += say(" ({failure})", failure=short_name(row.failure))
        return (
            failed + say(". {attempt} {wakes}.", attempt=_attempt(row).capitalize(), wakes=wakes),
            plain("Only time wakes it: Absurd has no call that starts it earlier."),
        )
    if reason.kind is Sleep.TIMER:
        until = "without a limit" if row.available_at == inf else f"until {clock.at(row.available_at)}"
        return (
            say("Sleeps {until}, set by step {step}.", until=until, step=reason.detail),
            say("It {wakes}.", wakes=wakes),
        )
    return (
        say("Put off by a worker without a checkpoint; it {wakes}.", wakes=wakes),
        plain("Likely no worker that polls this queue knows the task: is a deployment missing?"),
    )


def _wakes(row: TaskRow, clock: Clock) -> Plain:
    if row.available_at == inf:
        return plain("never starts by itself")
    left = row.available_at - clock.now
    if left <= 0:
        return say("is due for {age}", age=units.age(-left))
    return say("starts in {left}, at {at}", left=units.time_left(left), at=clock.at(row.available_at))


def _failed(row: TaskRow, clock: Clock) -> tuple[Plain, Plain]:
    ended = clock.since(row.ended_at) if row.ended_at is not None else units.UNKNOWN
    reason = plain(headline(row.failure).rstrip(".") or "No reason was recorded") + plain(".")
    if row.is_retried:
        attempt = _attempt(row).capitalize()
        return say(
            "{attempt} failed {ago} ago; the task was tried again or cancelled.", attempt=attempt, ago=ended
        ), reason
    then = reason + plain(" A retry in place keeps its checkpoints.")
    if row.attempt == 1:
        return say("The only attempt failed, {ago} ago.", ago=ended), then
    return say("All {number} attempts failed, the last {ago} ago.", number=row.attempt, ago=ended), then


def _completed(row: TaskRow, clock: Clock) -> tuple[Plain, Plain]:
    if row.ended_at is None:
        return say("Completed at attempt {number}.", number=row.attempt), _NOTHING
    whole = row.ended_at - row.enqueued_at
    return (
        say("Completed {ago} ago at attempt {number}.", ago=clock.since(row.ended_at), number=row.attempt),
        say("{whole} from spawn to end.", whole=units.duration(whole)),
    )


def _cancelled(row: TaskRow, clock: Clock) -> tuple[Plain, Plain]:
    when = clock.since(row.cancelled_at) if row.cancelled_at is not None else units.UNKNOWN
    then = plain("A cancelled task cannot be retried; n spawns a copy.")
    who = who_cancelled(row)
    if who is Canceller.OVER_DURATION:
        limit = _limit("max_duration", row.max_duration)
        told = "Cancelled {ago} ago: attempt {next} would start beyond {limit}."
        return say(told, ago=when, next=row.attempt + 1, limit=limit), then
    began = row.first_started_at if row.first_started_at is not None else row.enqueued_at
    after = Clock(row.cancelled_at).since(began) if row.cancelled_at is not None else units.UNKNOWN
    by = {
        Canceller.OPERATOR: "an operator",
        Canceller.MAX_DURATION: _limit("max_duration", row.max_duration),
        Canceller.MAX_DELAY: _limit("max_delay", row.max_delay),
    }[who]
    return say("Cancelled {ago} ago after {after}, likely by {by}.", ago=when, after=after, by=by), then


def _limit(name: str, value: str | None) -> str:
    """Name a limit with its time, where it is one that the database could read."""
    seconds = whole_seconds(value)
    return name if seconds is None else f"{name} {units.age(seconds)}"


def _attempt(row: TaskRow) -> str:
    if row.max_attempts is None:
        return f"attempt {row.attempt}"
    return f"attempt {row.attempt} of {row.max_attempts}"


_SENTENCES = {
    State.RUNNING: _running,
    State.SLEEPING: _sleeping,
    State.FAILED: _failed,
    State.COMPLETED: _completed,
    State.CANCELLED: _cancelled,
}
