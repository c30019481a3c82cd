"""What a dialog asks for: the frozen target and what is to be done to it. Pure records."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from absurd_tui.lifecycle.json_values import Json
from absurd_tui.lifecycle.options import SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations.queue_requests import QueueRequest


@dataclass(frozen=True, slots=True)
class Target:
    """A task as it stood on the screen when the key was pressed; the write compares it with the locked rows.

    `run_id` and `attempt` are of the run that decides the task's state, `claim_expires_at` is its
    lease (seconds since 1970, None without one), `seen_at` the database's clock of that look.
    """

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    state: State
    attempt: int
    claim_expires_at: float | None
    seen_at: float


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Cancel the target. It cannot be undone."""

    target: Target


@dataclass(frozen=True, slots=True)
class RetryTask:
    """Try a failed task again: in place with `extra_attempts` more, or as a new task."""

    target: Target
    as_new: bool = False
    extra_attempts: int = 1


@dataclass(frozen=True, slots=True)
class ExtendClaim:
    """Set the lease to `seconds` from now, or add them to what is left of the locked lease.

    `may_shorten` says that the operator ticked that the lease may end earlier than it does now.
    """

    target: Target
    seconds: int
    on_top: bool = False
    may_shorten: bool = False


@dataclass(frozen=True, slots=True)
class FailRun:
    """Fail the run of the target by hand, as long as its claim is the one that was seen: it began at `claimed_at`."""

    target: Target
    claimed_at: float | None


@dataclass(frozen=True, slots=True)
class SpawnTask:
    """Spawn `count` tasks. With one, the idempotency key makes sending again safe; with more, each gets its own."""

    queue: str
    task_name: str
    params: Json
    options: SpawnOptions = field(default_factory=SpawnOptions)
    count: int = 1


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Emit an event in a queue, once and for good."""

    queue: str
    event_name: str
    payload: Json


TaskRequest = CancelTask | RetryTask | ExtendClaim | FailRun
Request = TaskRequest | SpawnTask | EmitEvent | QueueRequest


class Act(StrEnum):
    """What can be done to many tasks."""

    CANCEL = "cancel"
    RETRY = "retry"
    RETRY_AS_NEW = "retry as new"

    @property
    def verb(self) -> str:
        """The act in one word."""
        return "retry" if self is Act.RETRY_AS_NEW else self.value


@dataclass(frozen=True, slots=True)
class TaskBatch:
    """Do one thing to up to a hundred tasks of a queue in one transaction.

    A retry is one in place, by one attempt; one as new makes a copy, but never a second one of the same failure.
    `reason` is the operator's, where it was asked for.
    """

    act: Act
    queue: str
    targets: tuple[Target, ...]
    reason: str = ""
