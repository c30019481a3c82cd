"""Tasks that are followed from their spawn to their end: what is known of them, and what a reading adds. Pure.

Texts are raw. Times are the database's, in seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from absurd_tui.observe.records import Failure, Refusal, State

_ENDED = (State.COMPLETED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class FollowedTask:
    """How one task stands, with the run that decides its state.

    `available_at` is from when that run can be claimed, `ended_at` when it completed or failed. `reached_step` is the
    newest checkpoint of a run that sleeps; where `has_steps` is False, nobody could say which that is.
    """

    task_id: UUID
    state: State
    attempt: int
    max_attempts: int | None
    worker: str | None
    claim_expires_at: float | None
    available_at: float
    started_at: float | None
    ended_at: float | None
    enqueued_at: float
    cancelled_at: float | None
    wake_event: str | None
    failure: Failure | None
    reached_step: str | None = None
    has_steps: bool = True

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in _ENDED


@dataclass(frozen=True, slots=True)
class Standings:
    """How the tasks that were asked for stand at `now`; None stands for one that is no longer in the database."""

    now: float
    tasks: Mapping[UUID, FollowedTask | None]


@dataclass(frozen=True, slots=True)
class Follow:
    """Tasks that were spawned together, and how each stood when it was last read, at `now`.

    What is not in `known` was not read yet; None stands there for a task that is no longer in the database.
    `refusal` says why the last reading came to nothing.
    """

    queue: str
    task_name: str
    task_ids: tuple[UUID, ...]
    known: Mapping[UUID, FollowedTask | None] = field(default_factory=dict)
    now: float | None = None
    refusal: Refusal | None = None

    @property
    def living(self) -> tuple[UUID, ...]:
        """The tasks that may not have ended: those that are worth another reading."""
        return tuple(task_id for task_id in self.task_ids if self._may_live(task_id))

    @property
    def subject(self) -> UUID:
        """The task to look at first: the first that is there and has not completed, else the first."""
        return next((task_id for task_id in self.task_ids if self._is_open(task_id)), self.task_ids[0])

    def after(self, standings: Standings) -> "Follow":
        """Add a reading; one that was not about these tasks changes nothing."""
        read = {task_id: standings.tasks[task_id] for task_id in self.task_ids if task_id in standings.tasks}
        if not read:
            return self
        return replace(self, known={**self.known, **read}, now=standings.now, refusal=None)

    def refused(self, refusal: Refusal) -> "Follow":
        """Note why a reading came to nothing; what was known stays."""
        return replace(self, refusal=refusal)

    def _may_live(self, task_id: UUID) -> bool:
        if task_id not in self.known:
            return True
        task = self.known[task_id]
        return task is not None and not task.is_over

    def _is_open(self, task_id: UUID) -> bool:
        if task_id not in self.known:
            return True
        task = self.known[task_id]
        return task is not None and task.state is not State.COMPLETED
