"""What a task page shows: one task with its attempts and checkpoints, as frozen records.

The same rules as in `absurd_tui.observe.records`: strings are raw, times are the database's.
"""

from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.records import Failure, ReadAt, Refusal, State

WHOLE_CHARACTERS = 8_000_000
"""Of a document that is asked for, at most this much text is kept here."""

PARAMS, HEADERS, RESULT = "params", "headers", "result"
"""The parts of a task that are one document each."""


def failure_part(run_id: UUID) -> str:
    """Name the failure reason of a run as a part of its task."""
    return f"failure {run_id}"


def checkpoint_part(checkpoint_name: str) -> str:
    """Name the state of a checkpoint as a part of its task."""
    return f"checkpoint {checkpoint_name}"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value of the database: its stored size in bytes, and its text where that was small enough to fetch.

    `text` is None when the value was left in the database; `is_cut` says that `text` is only its beginning.
    """

    size: int
    text: str | None
    is_cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all of its text is here."""
        return self.text is not None and not self.is_cut


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the task. A claim overwrites `started_at` and `available_at`, so they tell of the last claim only."""

    run_id: UUID
    attempt: int
    state: State
    worker: str | None
    claim_expires_at: float | None
    available_at: float
    started_at: float | None
    completed_at: float | None
    failed_at: float | None
    created_at: float
    wake_event: str | None
    failure: Failure | None
    reason: Document | None

    @property
    def ended_at(self) -> float | None:
        """When the run completed or failed, or None while it has not."""
        return self.completed_at if self.completed_at is not None else self.failed_at


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A step's saved state: its name, who saved it and when, and its stored size in bytes (None: no state)."""

    checkpoint_name: str
    status: str
    owner_run_id: UUID | None
    updated_at: float
    size: int | None


@dataclass(frozen=True, slots=True)
class Wait:
    """An event that the task waits for; `timeout_at` None means without a limit."""

    step_name: str
    event_name: str
    timeout_at: float | None
    created_at: float


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The task that has an idempotency key."""

    task_id: UUID
    task_name: str
    state: State


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Everything that the database holds of one task, read at `now` (the database's clock, `taken` the client's).

    `runs` and `checkpoints` are the newest, oldest first; there are more where `has_more_runs` or
    `has_more_checkpoints`. A part that this role may not read is empty and has a refusal.
    """

    now: float
    taken: float
    queue: str
    task_id: UUID
    task_name: str
    state: State
    attempts: int
    max_attempts: int | None
    enqueued_at: float
    first_started_at: float | None
    cancelled_at: float | None
    retry_strategy: str | None
    cancellation: str | None
    max_duration: str | None
    max_delay: str | None
    idempotency_key: str | None
    params: Document
    headers: Document | None
    result: Document | None
    runs: tuple[Attempt, ...]
    checkpoints: tuple[CheckpointRow, ...]
    waits: tuple[Wait, ...]
    has_more_runs: bool = False
    has_more_checkpoints: bool = False
    checkpoints_refusal: Refusal | None = None
    waits_refusal: Refusal | None = None

    @property
    def read(self) -> ReadAt:
        """The moment at which it was read."""
        return ReadAt(self.now, self.taken)

    @property
    def last_run(self) -> Attempt | None:
        """The newest attempt, or None where the task has no run left."""
        return self.runs[-1] if self.runs else None

    def attempt_shown(self, chosen: UUID | None) -> Attempt | None:
        """Give the attempt whose run was chosen, or else the newest that started or failed."""
        for run in self.runs:
            if run.run_id == chosen:
                return run
        is_waiting = len(self.runs) > 1 and self.runs[-1].started_at is None
        return self.runs[-2] if is_waiting else self.last_run

    @property
    def is_over(self) -> bool:
        """Whether the task has ended."""
        return self.state in (State.FAILED, State.COMPLETED, State.CANCELLED)
