"""The workers that were seen: Absurd keeps no list of them, only who claimed a run. Records, and what follows of them.

Every string that came from the database is raw here; every time is the database's, in seconds since 1970.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID

from absurd_tui import units
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say

DEFAULT_IDS = {"worker": "Absurd's own", "gabsurd_worker": "gabsurd's"}
"""Ids that a worker has which was given none: every process that keeps it has the same."""


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that a worker has claimed, and the newest checkpoint that it saved, where there is one."""

    queue: str
    run_id: UUID
    task_id: UUID
    task_name: str
    attempt: int
    max_attempts: int | None
    claimed_at: float
    claim_expires_at: float | None
    checkpoint_at: float | None
    checkpoint_name: str | None

    def is_expired(self, now: float) -> bool:
        """Whether its lease is over."""
        return self.claim_expires_at is not None and self.claim_expires_at <= now


LATELY = 300.0
"""Seconds within which a worker that holds nothing stands among those that do."""


class Standing(IntEnum):
    """How a worker stands, the worst first."""

    GONE = 0
    """Each of its leases is over."""
    LATE = 1
    """Some of its leases are over."""
    WORKS = 2
    """It holds claims that live, or has held one lately."""
    IDLE = 3
    """It holds nothing and was not seen lately: it may wait for work, or have ended."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One id under which runs were claimed; None of a claim without a name.

    `ended` of the latest runs were ended by it, the last at `ended_at`.
    """

    name: str | None
    runs: tuple[HeldRun, ...]
    queues: tuple[str, ...]
    ended: int = 0
    ended_at: float | None = None

    @property
    def key(self) -> tuple[str | None]:
        """What names it."""
        return (self.name,)

    def expired(self, now: float) -> tuple[HeldRun, ...]:
        """Give the runs whose lease is over."""
        return tuple(run for run in self.runs if run.is_expired(now))

    def standing(self, now: float) -> Standing:
        """Say how it stands."""
        if not self.runs:
            return Standing.WORKS if now - (self.last_seen or 0.0) < LATELY else Standing.IDLE
        expired = len(self.expired(now))
        return Standing.GONE if expired == len(self.runs) else Standing.LATE if expired else Standing.WORKS

    @property
    def oldest(self) -> float | None:
        """When the oldest of its claims was made."""
        return min((run.claimed_at for run in self.runs), default=None)

    @property
    def nearest_expiry(self) -> float | None:
        """When the next of its leases ends, or the first that is over ended; None without a lease."""
        return min((run.claim_expires_at for run in self.runs if run.claim_expires_at is not None), default=None)

    @property
    def checkpoint_at(self) -> float | None:
        """When it last saved a checkpoint of a run that it holds."""
        return max((run.checkpoint_at for run in self.runs if run.checkpoint_at is not None), default=None)

    @property
    def last_seen(self) -> float | None:
        """When it last did what left a trace: a claim, a checkpoint, an end."""
        claimed = max((run.claimed_at for run in self.runs), default=None)
        return max((at for at in (claimed, self.checkpoint_at, self.ended_at) if at is not None), default=None)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks that it holds, each once."""
        return tuple(dict.fromkeys(run.task_name for run in self.runs))


@dataclass(frozen=True, slots=True)
class WorkersReading:
    """The workers of one queue, or of all. `capped` names the queues with more claims than were read.

    `veiled` names those of which row security hides rows, `blind` those whose checkpoints may not be read.
    """

    now: float
    workers: tuple[Worker, ...]
    asked: int
    refused: tuple[tuple[str, Refusal], ...] = ()
    veiled: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    capped: tuple[str, ...] = ()


@dataclass
class _Trace:
    runs: list[HeldRun] = field(default_factory=list)
    queues: set[str] = field(default_factory=set)
    ended: int = 0
    ended_at: float | None = None


def workers_of(
    runs: Iterable[tuple[str | None, HeldRun]], ended: Iterable[tuple[str, str, int, float | None]], now: float
) -> tuple[Worker, ...]:
    """Put together what each worker holds, and what it ended (queue, worker, how many, when last); in order."""
    traces: dict[str | None, _Trace] = {}
    for name, run in runs:
        trace = traces.setdefault(name, _Trace())
        trace.runs.append(run)
        trace.queues.add(run.queue)
    for queue, name, number, at in ended:
        trace = traces.setdefault(name, _Trace())
        trace.queues.add(queue)
        trace.ended += number
        trace.ended_at = max((one for one in (trace.ended_at, at) if one is not None), default=None)
    workers = [
        Worker(name, tuple(sorted(trace.runs, key=_by_claim)), tuple(sorted(trace.queues)), trace.ended, trace.ended_at)
        for name, trace in traces.items()
    ]
    return tuple(sorted(workers, key=lambda worker: _order(worker, now)))


def _order(worker: Worker, now: float) -> tuple[int, float, str]:
    """The worst first, then by name, so that few rows move; those not seen lately by when they were."""
    standing = worker.standing(now)
    is_idle = standing is Standing.IDLE
    return standing, -(worker.last_seen or 0.0) if is_idle else 0.0, worker.name or ""


def _by_claim(run: HeldRun) -> tuple[float, int]:
    return run.claimed_at, run.run_id.int


def about(worker: Worker, clock: Clock, *, sees_steps: bool = True) -> tuple[Plain, Plain]:
    """Say what is known of a worker, and what follows; `sees_steps` says that its checkpoints may be read."""
    held, expired = len(worker.runs), len(worker.expired(clock.now))
    if not held:
        first = plain("It holds nothing.")
        if worker.last_seen is not None:
            told = "It holds nothing, ended {n} of the latest, and was last seen {ago} ago."
            first = say(told, n=units.plural(worker.ended, "run"), ago=clock.since(worker.last_seen))
        return first, _shared(worker) or plain("Idle and stopped look the same: Absurd keeps no list of workers.")
    if expired == held:
        told, ends = _ONE_EXPIRED if held == 1 else _ALL_EXPIRED
        first = say(told, n=held, ago=clock.ago(worker.nearest_expiry or 0.0))
        return first, _shared(worker) or say(ends, queue=_where(worker))
    if expired:
        first = say("{n} of its {held} leases expired; the others live.", n=expired, held=held)
        return first, _shared(worker) or plain("Slow, or one of several processes under this id is gone.")
    return _living(worker, clock, sees_steps=sees_steps)


_ONE_EXPIRED = "Its lease expired {ago} ago: likely gone.", "The next claim in {queue} ends this attempt."
_ALL_EXPIRED = (
    "All its {n} leases have expired, the first {ago} ago: likely gone.",
    "The next claims in {queue} end these attempts.",
)


def _living(worker: Worker, clock: Clock, *, sees_steps: bool) -> tuple[Plain, Plain]:
    claims = plain("1 claim") if len(worker.runs) == 1 else say("{n} claims", n=len(worker.runs))
    oldest = clock.since(worker.oldest or 0.0)
    if not sees_steps:
        first = say(
            "It holds {claims}, the oldest for {age}. Its checkpoints may not be read.", claims=claims, age=oldest
        )
    elif worker.checkpoint_at is None:
        told = "It holds {claims}, the oldest for {age}, and has saved no checkpoint in them."
        first = say(told, claims=claims, age=oldest)
    else:
        told = "It holds {claims}, the oldest for {age}; its last checkpoint was {ago} ago."
        first = say(told, claims=claims, age=oldest, ago=clock.since(worker.checkpoint_at))
    if shared := _shared(worker):
        return first, shared
    expiry = worker.nearest_expiry
    if expiry is None:
        return first, plain("Claimed without a lease: slow or dead cannot be told apart, and nothing but it ends them.")
    at = clock.at(expiry)
    return first, say("Slow or dead: rows do not tell until its next lease ends, at {at}.", at=at)


def _shared(worker: Worker) -> Plain:
    """Say that several processes may stand behind an id, as far as that can be told: by its being a default."""
    whose = DEFAULT_IDS.get(worker.name or "")
    if whose is None:
        return Plain("")
    return say("This is {whose} default id: processes that keep it cannot be told apart.", whose=whose)


def _where(worker: Worker) -> Plain:
    queues: Sequence[str] = tuple(dict.fromkeys(run.queue for run in worker.runs))
    return plain(queues[0]) if len(queues) == 1 else say("{n} queues", n=len(queues))
