"""What a queue's health is read from besides its counts: read only where the counts make one ask."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Poison:
    """A live task whose cancellation policy no claim can read: its state, the limit at fault and its raw value."""

    task_id: UUID
    task_name: str
    state: str
    limit: str
    value: str


@dataclass(frozen=True, slots=True)
class GoneWorker:
    """A worker all of whose leases are over: how many, two at least, and when the first and the last ended."""

    worker: str | None
    leases: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails most among the newest attempts that were claimed in the last minute.

    `attempts` of the `looked` newest are of this task and failure, `retried` of the looked are tried again.
    """

    task_name: str
    failure: str
    attempts: int
    retried: int
    looked: int


@dataclass(frozen=True, slots=True)
class Trend:
    """Failed attempts by claim: in the last 5 minutes, and in the 25 before; None where the queue did no work then."""

    lately: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Tasks that were put off more than once without a checkpoint, and the name that most of them have.

    Where `is_part` only the soonest to wake were looked at, and there may be more.
    """

    tasks: int
    task_name: str
    names: int
    is_part: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """How many tasks were spawned in the last 5 minutes, at least so many if `is_capped`, and how many claims made."""

    spawned: int
    claimed: int
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Symptoms:
    """The symptoms of one queue; None where they were not asked for, or not seen."""

    poison: Poison | None = None
    gone: tuple[GoneWorker, ...] = ()
    failing: Failing | None = None
    trend: Trend | None = None
    deferred: Deferred | None = None
    flow: Flow | None = None
