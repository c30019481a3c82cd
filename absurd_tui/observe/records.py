"""What the dashboard knows: frozen records of one reading of the database.

Every string that came from the database is raw here; it goes through
`absurd_tui.text` before it is shown. Every time is the database's, in seconds
since 1970 (`inf` stands for PostgreSQL's `infinity`).
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from absurd_tui.database.capabilities import Capabilities
from absurd_tui.observe.parts import Beat, PartCost
from absurd_tui.observe.symptoms import Symptoms


class State(StrEnum):
    """The six states of a task and of a run, as Absurd's tables spell them."""

    PENDING = "pending"
    RUNNING = "running"
    SLEEPING = "sleeping"
    FAILED = "failed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are: exact, at least that many when `is_capped`, about that many when `is_estimate`."""

    value: int
    is_capped: bool = False
    is_estimate: bool = False

    def __add__(self, other: "Count") -> "Count":
        return Count(self.value + other.value, self.is_capped or other.is_capped, self.is_estimate or other.is_estimate)


NOTHING = Count(0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks of one queue by state, and the few times its health is read from.

    `expired` counts running tasks whose lease is over. `oldest_due` is since when
    the longest waiting claimable task is due, `last_claim` when a task was last
    seen claimed; both None when there is none. `done_last_minute` counts completed
    tasks that were claimed in the last 60 seconds, `failed_last_minute` attempts that
    were and failed, whatever became of their tasks.
    """

    pending: Count
    running: Count
    sleeping: Count
    failed: Count
    completed: Count
    cancelled: Count
    expired: Count
    due_sleepers: Count
    done_last_minute: Count
    failed_last_minute: Count
    oldest_due: float | None
    last_claim: float | None
    oldest_expired: float | None

    @property
    def at_least(self) -> "Counts":
        """The same as what there is at least: others may be hidden."""
        counted: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):
            if isinstance(count := getattr(self, name), Count):
                counted[name] = replace(count, is_capped=True)
        return replace(self, **counted)

    def of(self, state: State) -> Count:
        """Give the number of tasks in one state."""
        found: Count = getattr(self, state.value)
        return found


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something could not be read, and the statement that would allow it, if one would."""

    reason: str
    remedy: str | None = None
    is_slow: bool = False
    """Whether the server worked on it until its time was up, as it would if it were asked again."""
    every: float = 10.0
    """Every how many seconds it is tried again."""


@dataclass(frozen=True, slots=True)
class QueueReading:
    """One queue at the time of a snapshot: its counts, or why there are none."""

    name: str
    storage_mode: str
    counts: Counts | None
    refusal: Refusal | None = None
    done: tuple[int | None, ...] = ()
    """Completed tasks a minute over the last half hour, by claim, oldest first; None where not read."""
    hides_rows: bool = False
    """Whether row security decides which rows this role sees: what is counted is what there is at least."""
    symptoms: Symptoms = Symptoms()
    """What more is known of its health, where its counts made that asked; some seconds old."""

    @property
    def veiled(self) -> "QueueReading":
        """The same where row security hides rows."""
        return replace(self, hides_rows=True, counts=self.counts.at_least if self.counts is not None else None)


@dataclass(frozen=True, slots=True)
class Failure:
    """The head of a failure reason: its name and the beginning of its message, as far as it has them."""

    name: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands in the order of its panel.

    `at` is the time that the panel is ordered by, in microseconds since 2000 as PostgreSQL keeps it, so that no two
    times become one; its infinities are the ends of 64 bits. Among equal times the run's id decides. Claims without a
    lease (`has_no_lease`) stand after all others.
    """

    at: int
    run_id: UUID
    has_no_lease: bool = False


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One line of a panel: a task with the run that decides its state.

    `reached_step` is the newest checkpoint of a sleeping run, `failure` the one of
    this run, or of the attempt before when this run waits to retry. `preview` is the
    beginning of the params (pending) or of the result (completed).
    """

    queue: str
    task_id: UUID
    run_id: UUID
    state: State
    task_name: str
    attempt: int
    max_attempts: int | None
    worker: str | None
    claim_expires_at: float | None
    available_at: float
    started_at: float | None
    ended_at: float | None
    created_at: float
    enqueued_at: float
    first_started_at: float | None
    cancelled_at: float | None
    wake_event: str | None
    failure: Failure | None
    reached_step: str | None
    preview: str | None
    max_duration: str | None
    max_delay: str | None
    idempotency_key: str | None = None
    """Its beginning; None also where the schema has no such keys."""
    is_retried: bool = False
    """A row of a failed run whose task is not failed: another attempt followed, or the task was cancelled."""
    is_cancelled_by_failure: bool = False
    """A cancelled task whose last run failed: the next attempt would have started beyond max_duration."""
    lease_set_at: float | None = None
    """When the lease was last set, where that was seen; no column of Absurd's says it."""
    place: Place | None = None
    """Where it stands in its panel, by the index that orders it."""

    @property
    def key(self) -> tuple[str, UUID]:
        """What names this task among all queues."""
        return (self.queue, self.task_id)

    @property
    def run_key(self) -> tuple[str, UUID]:
        """What names this run among all queues."""
        return (self.queue, self.run_id)


@dataclass(frozen=True, slots=True)
class Head:
    """The first rows of a panel of ended tasks, by their end, as they stood when the panel was left for older ones.

    What follows them is in the order of claims, without them, and without what was claimed after `as_of`
    (microseconds since 2000): so every task stands in one place.
    """

    run_ids: tuple[UUID, ...]
    as_of: int


@dataclass(frozen=True, slots=True)
class Away:
    """Where a panel is read when not at its head: the rows up to one place and those from another on.

    The two are the same place, or nothing stands between them.
    """

    state: State
    up: Place
    down: Place
    head: Head | None = None


@dataclass(frozen=True, slots=True)
class ReadAt:
    """When something was read: `now` by the database's clock, `ticks` by the client's monotonic clock."""

    now: float
    ticks: float


@dataclass(frozen=True, slots=True)
class PanelReading:
    """Some rows of one panel, in its own order: the first, or those around the places of `away`.

    `is_by_claim` says that rows were picked by when they were claimed, so that one which ran for long may be missing.
    `refused` names the queues that could not be read. `before` and `after` are how far was looked: what stands before
    and after these places was not read; None where there is no more.
    """

    state: State
    rows: tuple[TaskRow, ...]
    is_by_claim: bool = False
    refused: tuple[tuple[str, Refusal], ...] = ()
    away: Away | None = None
    before: Place | None = None
    after: Place | None = None
    read: ReadAt | None = None
    """When the oldest of its rows were read, where not all are of the same reading."""


@dataclass(frozen=True, slots=True)
class QueueRates:
    """How fast a queue is worked off: runs in each of the last thirty minutes, the oldest first, and times in seconds.

    `claimed`, `completed` and `failed` count runs by the minute of their last claim; one that sleeps since is in none,
    and a minute that is not known is None. `waited` is from spawn to the first claim, `ran` since the last claim: half
    of the latest `sample` completed runs took no longer than the first number, 95 of 100 than the second.
    """

    queue: str
    claimed: tuple[int | None, ...]
    completed: tuple[int | None, ...]
    failed: tuple[int | None, ...]
    waited: tuple[float, float] | None
    ran: tuple[float, float] | None
    sample: int


@dataclass(frozen=True, slots=True)
class View:
    """What the screen asks of a reading: one queue or all (None), and which panels it shows."""

    queue: str | None = None
    panels: tuple[State, ...] = tuple(State)
    rows: int = 60
    with_retried: bool = False
    """Whether Failed lists every failed run, also those whose task was tried again."""
    away: Away | None = None
    """Which panel is read elsewhere than at its head, and where; None where all follow their newest rows."""


@dataclass(frozen=True, slots=True)
class Server:
    """Whom we are talking to, read once a connection; whether it is a standby, at each reading.

    `absurd_version` is None where the schema is too old to say it.
    """

    address: str
    database: str
    role: str
    is_superuser: bool
    is_standby: bool
    version: str
    absurd_version: str | None
    fake_now: str | None
    is_pooled: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading of everything the dashboard shows.

    `now` is the database's clock, `taken` the client's monotonic clock at the same
    moment, `cost` how many seconds the reading kept a backend, `learned` how many of them for statements that
    were new to the server. It is as things were at that moment, but for what is
    `slowed`: that is as old as its beat at most.
    """

    server: Server
    view: View
    now: float
    taken: float
    cost: float
    queues: tuple[QueueReading, ...]
    panels: tuple[PanelReading, ...]
    slowed: tuple[Beat, ...] = ()
    learned: float = 0.0
    panels_taken: float | None = None
    """When the panels were read, where that was before `taken`."""
    costs: tuple[PartCost, ...] = ()
    """What each part has cost over the last minute."""
    rates: QueueRates | None = None
    """The rates of the chosen queue; None where all are shown, or where they could not be read."""
    capabilities: Capabilities | None = None
    """What this schema and this role can do, as it was half a minute ago at most; None where that is not known."""

    @property
    def rows_read(self) -> ReadAt:
        """The moment at which the rows of the panels were as they are here."""
        if self.panels_taken is None:
            return ReadAt(self.now, self.taken)
        return ReadAt(self.now - (self.taken - self.panels_taken), self.panels_taken)

    def read_of(self, panel: PanelReading) -> ReadAt:
        """Give when the rows of one panel were read, all of them."""
        rows_read = self.rows_read
        return rows_read if panel.read is None or panel.read.ticks > rows_read.ticks else panel.read

    def panel(self, state: State) -> PanelReading | None:
        """Give the reading of one panel, or None where it was not asked for."""
        return next((panel for panel in self.panels if panel.state is state), None)

    def queue(self, name: str) -> QueueReading | None:
        """Give the reading of one queue, or None where there is no such queue."""
        return next((queue for queue in self.queues if queue.name == name), None)


class LinkState(StrEnum):
    """How things stand with the connection."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Link:
    """The connection as the screen tells it.

    `since` and `retry_at` are the client's monotonic clock; `reason` is one raw line. `has_answered` says that the
    server did, and that what every reading needs could not be read.
    A REFUSED link does not try again by itself.
    """

    state: LinkState
    since: float
    reason: str = ""
    attempt: int = 0
    retry_at: float | None = None
    has_answered: bool = False
