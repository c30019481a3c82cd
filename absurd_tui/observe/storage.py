"""How each queue is stored and kept up: sizes, growth, what clean-up leaves, partitions, pg_cron's jobs. Records.

Every string that came from the database is raw here; every time is the database's, in seconds since 1970.
"""

from dataclasses import dataclass
from hashlib import md5
from uuid import UUID

from absurd_tui.observe.records import Refusal

DAY = 86_400.0
YOUNG = 600.0
"""Seconds below which what was spawned says nothing of a day."""

SLACK = DAY
"""A clean-up may be so late without being told."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """One of a queue's tables with its indexes, all partitions together; `live` and `dead` rows are statistics."""

    letter: str
    bytes: int
    live: int
    dead: int


@dataclass(frozen=True, slots=True)
class Spawned:
    """How many tasks were spawned in the last `span` seconds, as the newest ids tell."""

    number: int
    span: float

    @property
    def a_day(self) -> float | None:
        """How many that would be a day; None where it is of too short a time."""
        return self.number / self.span * DAY if self.span >= YOUNG else None


@dataclass(frozen=True, slots=True)
class Kept:
    """The oldest that is there, as of the `looked_at` oldest tasks: the ended task that ended first, and the event."""

    looked_at: int
    task_ended_at: float | None
    event_at: float | None

    @property
    def oldest(self) -> float | None:
        """The older of the two."""
        return min((at for at in (self.task_ended_at, self.event_at) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Partitions:
    """A queue's partitions of a week: how many of its tasks', until when the first of its tables that ends has some.

    `stray` is how many tasks no partition is for, so that they are in the default one; None where that is not known.
    """

    number: int
    until: float | None
    has_default: bool
    stray: int | None = None
    is_stray_capped: bool = False


@dataclass(frozen=True, slots=True)
class CronJob:
    """A job of pg_cron that calls Absurd, and how it ended last, as far as its log may be read."""

    name: str
    schedule: str
    command: str
    is_active: bool
    ran_at: float | None = None
    status: str | None = None
    message: str | None = None

    def concerns(self, queue: str) -> bool:
        """Whether it is one of a queue, or of all queues."""
        parts = self.name.split("_")
        return "all" in parts or suffix(queue) in parts or not self.name.startswith("absurd_")


@dataclass(frozen=True, slots=True)
class Cron:
    """What pg_cron has for Absurd: None of `jobs` where it may not be read, `is_there` where it is in this database."""

    is_there: bool
    jobs: tuple[CronJob, ...] | None = ()


@dataclass(frozen=True, slots=True)
class QueueStorage:
    """One queue. What could not be read is None, and `refusals` say why."""

    name: str
    created_at: float
    storage_mode: str
    policy: tuple[tuple[str, str], ...]
    ttl: float | None
    tables: tuple[TableSize, ...] | None = None
    spawned: Spawned | None = None
    kept: Kept | None = None
    partitions: Partitions | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def key(self) -> tuple[str]:
        """What names it."""
        return (self.name,)

    @property
    def is_partitioned(self) -> bool:
        """Whether it is stored a week in each table."""
        return self.storage_mode == "partitioned"

    @property
    def bytes(self) -> int | None:
        """Its size on disk."""
        return sum(table.bytes for table in self.tables) if self.tables is not None else None

    @property
    def dead(self) -> int | None:
        """How many rows are dead."""
        return sum(table.dead for table in self.tables) if self.tables is not None else None

    @property
    def live(self) -> int | None:
        """How many rows live."""
        return sum(table.live for table in self.tables) if self.tables is not None else None

    @property
    def bytes_a_day(self) -> float | None:
        """How much it grows a day before clean-up: as large as its tasks with all that is theirs are on the average."""
        tasks = next((table.live for table in self.tables or () if table.letter == "t"), 0)
        if self.spawned is None or self.spawned.a_day is None or self.bytes is None or not tasks:
            return None
        return self.spawned.a_day * self.bytes / tasks

    def is_behind(self, now: float) -> bool:
        """Whether something is there that its policy would have cleaned up."""
        oldest = self.kept.oldest if self.kept is not None else None
        return oldest is not None and self.ttl is not None and now - oldest > self.ttl + SLACK


@dataclass(frozen=True, slots=True)
class StorageReading:
    """All queues, and what pg_cron does for them."""

    now: float
    queues: tuple[QueueStorage, ...]
    cron: Cron
    refused: tuple[tuple[str, Refusal], ...] = ()
    veiled: tuple[str, ...] = ()

    @property
    def asked(self) -> int:
        """How many queues it is about."""
        return len(self.queues)


def suffix(queue: str) -> str:
    """Give what absurd.enable_cron names the jobs of one queue by."""
    return md5(queue.encode(), usedforsecurity=False).hexdigest()[:12]


def spawned_at(task_id: UUID) -> float:
    """Give when an id was made, by its own account."""
    return (task_id.int >> 80) / 1000
