"""Every outcome of a write about a whole queue in words. Nothing here claims more than was read back."""

from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.why import Clock
from absurd_tui.operations.outcomes import (
    AlreadySo,
    Changed,
    Done,
    Gone,
    JobsSet,
    Locked,
    NotApplied,
    Outcome,
    PartitionsMade,
    QueueAfter,
    Refused,
    Removed,
    StillUnderWay,
    Unknown,
)
from absurd_tui.operations.queue_requests import (
    CleanUp,
    CreateQueue,
    DetachPartitions,
    DropQueue,
    MakePartitions,
    QueueRequest,
    SetQueuePolicy,
    SwitchCron,
)
from absurd_tui.operations.table_locks import LOCK_MILLISECONDS, TRIES
from absurd_tui.text import Plain, plain, say


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a clean-up is: `done` of so many rows, and how long the rest may take, None before the first batch."""

    done: int
    of: int
    seconds_left: float | None
    is_stopping: bool


Sentence = tuple[str, Plain, Plain]
"""The sign (one of `✓ = ? ✗ ! …`), the headline, the detail."""

NOTHING_CHANGED = "Nothing changed."
_OPERATIONS = {
    CreateQueue: "create queue",
    DropQueue: "drop queue",
    SetQueuePolicy: "set policy",
    CleanUp: "clean up",
    MakePartitions: "make partitions",
    DetachPartitions: "detach partitions",
}
_DOING = {
    CreateQueue: "creating",
    DropQueue: "dropping",
    SetQueuePolicy: "changing the policy of",
    CleanUp: "cleaning up",
    MakePartitions: "making partitions of",
    DetachPartitions: "detaching partitions of",
}


def sentence(request: QueueRequest, outcome: Outcome, clock: Clock) -> Sentence:
    """Say what came of a request about a queue."""
    about = target(request)
    match outcome:
        case Done(removed=Removed() as removed):
            return "!" if removed.cut_short else "✓", *_removed(about, removed)
        case Done():
            return "✓", *_done(request, outcome, clock)
        case AlreadySo() if told := _already(request):
            return "=", say("Already so · {target}", target=about), plain(f"{told} {NOTHING_CHANGED}")
        case AlreadySo(since=since, queue_after=after):
            told = "It is there since {at}. Nothing changed."
            at = clock.at(since) if since is not None else "before"
            mode = f", {after.storage_mode}" if after is not None else ""
            return "=", say("Already so · {target}{mode}", target=about, mode=mode), say(told, at=at)
        case Changed(queue_after=after):
            return "!", *_changed(request, after, clock)
        case Gone():
            return (
                "!",
                say("Gone · {target}", target=about),
                plain("There is no such queue any more. Nothing was sent."),
            )
        case Refused(reason, remedy):
            help_at_hand = " ? shows the GRANT." if remedy else ""
            return "✗", say("Refused · {why}", why=reason), plain(NOTHING_CHANGED + help_at_hand)
        case Locked():
            is_batch = isinstance(request, CleanUp | CreateQueue | SwitchCron | DetachPartitions)
            tries = NOTHING_CHANGED if is_batch else f"{TRIES} tries of {LOCK_MILLISECONDS} ms. {NOTHING_CHANGED}"
            return "✗", say("In use by {who} · {target}", who=holder(outcome), target=about), plain(tries)
        case NotApplied(reason):
            return "✗", say("Not applied · {target}", target=about), say("{why} {no}", why=reason, no=NOTHING_CHANGED)
        case Unknown(xid, reason):
            headline = say("Unknown · Connection lost {doing} {target}", doing=doing(request), target=about)
            told = f"{reason} Transaction {xid}." if xid is not None else reason
            return "?", headline, say("{told} Look before you repeat it.", told=told)
        case StillUnderWay(operation=before):
            headline = say("Still under way · {target}", target=about)
            return "…", headline, say("The {before} asked for before is not over; this was not sent.", before=before)


def why_not_done(outcome: Outcome) -> str:
    """Say in one sentence why a batch of a clean-up was not done, or that nobody knows."""
    match outcome:
        case Refused(reason) | NotApplied(reason):
            return reason
        case Locked():
            return f"Rows are held by {holder(outcome).text}."
        case Unknown(xid, reason):
            return f"Of the last batch nobody knows: {reason} Transaction {xid}."
        case Gone():
            return "There is no such queue any more."
    return "The queue was made anew meanwhile."


def progressing(request: CleanUp, progress: Progress) -> Sentence:
    """Say how far a clean-up is."""
    left = f"; ~{units.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    then = "Stops after this batch." if progress.is_stopping else "x stops it."
    headline = say("Cleaning up · {target}", target=target(request))
    return "…", headline, plain(f"{progress.done:,} of {progress.of:,} rows gone{left}. {then}")


def target(request: QueueRequest) -> Plain:
    """Name what a request is about: `queue payments`."""
    return say("queue {queue}", queue=request.queue)


def operation(request: QueueRequest) -> str:
    """Name what a request does."""
    if isinstance(request, SwitchCron):
        return "enable cron" if request.is_on else "disable cron"
    return _OPERATIONS[type(request)]


def doing(request: QueueRequest) -> str:
    """Name what is being done while a request is performed."""
    if isinstance(request, SwitchCron):
        return "enabling cron for" if request.is_on else "disabling cron for"
    return _DOING[type(request)]


def before(request: QueueRequest) -> str | None:
    """Say, for the audit, what the operator saw."""
    match request:
        case CreateQueue():
            return None
        case DropQueue(created_at=made, held=held):
            return f"made at {units.iso(made)}; {held}" if held else f"made at {units.iso(made)}"
        case SetQueuePolicy(seen=seen):
            return written(seen)
        case CleanUp(cutoff=cutoff, tasks=tasks, events=events, with_events=with_events):
            also = f", {events:,} events" if with_events else ""
            return f"ended before {units.iso(cutoff)}: {tasks:,} tasks{also}"
        case SwitchCron(seen=seen) | DetachPartitions(seen=seen):
            return ", ".join(seen) or "none"
        case MakePartitions(missing=missing):
            return f"{units.plural(missing, 'partition')} missing"


def standing(after: QueueAfter) -> str:
    """Say, for the audit, what was read back of a queue."""
    if after.created_at is None:
        return "no such queue"
    return "; ".join(
        part for part in (f"{after.storage_mode}, made at {units.iso(after.created_at)}", written(after.policy)) if part
    )


def written(values: tuple[tuple[str, str], ...]) -> str:
    """Write values of a policy: `cleanup_ttl 30 days, cleanup_limit 1000`."""
    return ", ".join(f"{key} {value}" for key, value in values)


def holder(locked: Locked) -> Plain:
    """Name who is in the way, as far as that is known."""
    if locked.pid is None:
        return plain("another session")
    known = [f"pid {locked.pid}"]
    if locked.application:
        known.append(locked.application)
    if locked.seconds is not None:
        known.append(f"for {units.age(locked.seconds)}")
    return plain(", ".join(known))


def _done(request: QueueRequest, done: Done, clock: Clock) -> tuple[Plain, Plain]:
    about, after = target(request), done.queue_after
    at = clock.at(after.read_at) if after is not None else units.UNKNOWN
    match request:
        case CreateQueue():
            told = say("Read back {at}: by this call, {mode}.", at=at, mode=request.storage_mode)
            return say("Created · {target}", target=about), told
        case DropQueue():
            told = say("Read back {at}: it and its tables are gone.", at=at)
            return say("Dropped · {target}", target=about), told
        case CleanUp():
            return say("Cleaned up · {target}", target=about), say("Read back {at}.", at=at)
        case SwitchCron(is_on=is_on):
            number = len(done.jobs) if isinstance(done, JobsSet) else 0
            jobs = f"{units.plural(number, 'job')} of its own" if number else "none of its own is seen"
            what = say("Cron {on} · {target}", on="enabled" if is_on else "disabled", target=about)
            return what, say("Read back {at}: {jobs}.", at=at, jobs=jobs)
        case DetachPartitions():
            number = len(done.jobs) if isinstance(done, JobsSet) else 0
            what = say("Detach scheduled · {target}", target=about)
            return what, say("Read back {at}: {jobs}, run within minutes.", at=at, jobs=units.plural(number, "job"))
        case MakePartitions():
            number = done.number if isinstance(done, PartitionsMade) else 0
            until = clock.at(done.until) if isinstance(done, PartitionsMade) and done.until is not None else ""
            made = say("Made {n} · {target}", n=units.plural(number, "partition"), target=about)
            return made, say("Read back {at}: by this call; they reach until {until}.", at=at, until=until)
        case SetQueuePolicy():
            keys = [key for key, _ in request.values]
            now = written(tuple(pair for pair in after.policy if pair[0] in keys)) if after is not None else ""
            return say("Policy set · {target}", target=about), say("Read back {at}: {now}.", at=at, now=now)


def _already(request: QueueRequest) -> str:
    """Say what is so already; empty where it is that the queue is there."""
    match request:
        case MakePartitions():
            return "Every partition that its policy asks for is there."
        case SwitchCron(is_on=is_on):
            return "Its jobs are there." if is_on else "pg_cron has no job of its own for it that this role may see."
        case DetachPartitions():
            return "Jobs that detach its partitions are under way."
    return ""


def _removed(about: Plain, removed: Removed) -> tuple[Plain, Plain]:
    headline = say(
        "Cleaned up · {target}: {tasks}, {events}",
        target=about,
        tasks=units.plural(removed.tasks, "task"),
        events=units.plural(removed.events, "event"),
    )
    if removed.cut_short is not None:
        return headline, say("{why} These are gone.", why=removed.cut_short)
    if removed.left is None:
        return headline, plain("By the answers to its batches; what is left could not be counted.")
    return headline, plain(f"Counted again: {removed.left or 'none'} of those that were counted left.")


def _changed(request: QueueRequest, after: QueueAfter | None, clock: Clock) -> tuple[Plain, Plain]:
    about = target(request)
    made = after.created_at if after is not None else None
    if not isinstance(request, CreateQueue) and made is not None and made != request.created_at:
        now = say("made anew at {at}", at=clock.at(made))
    elif isinstance(request, SwitchCron):
        now = plain("its jobs are others")
    elif isinstance(request, DetachPartitions):
        now = plain("other partitions are old and empty")
    else:
        now = plain("its policy is another")
    headline = say("Changed since you looked · {now}", now=now)
    return headline, say("{target} is not what you saw. Nothing was sent.", target=about)
