"""What came of a write: one type for each thing that can be true afterwards, each with its sentence.

Times are the database's, in seconds since 1970. Texts are raw.
"""

from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.records import State


@dataclass(frozen=True, slots=True)
class After:
    """The row as it was read back in the same transaction: state, attempt, lease, and when that was."""

    state: State
    attempt: int
    claim_expires_at: float | None
    read_at: float


@dataclass(frozen=True, slots=True)
class QueueAfter:
    """A queue as it was read back in the same transaction; `created_at` is None where there is none of that name."""

    created_at: float | None
    storage_mode: str | None
    policy: tuple[tuple[str, str], ...]
    read_at: float


@dataclass(frozen=True, slots=True)
class Removed:
    """What a clean-up deleted for good, batch by batch; `left` is what was counted again afterwards, None where not.

    `cut_short` says why it ended before its end, None where it went through.
    """

    tasks: int
    events: int
    left: int | None = None
    cut_short: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The write took effect, and it was this one: the row it wrote bears this transaction's id.

    `after` is None where only the server said so, after the answer to the COMMIT was lost, and the task has been
    deleted since; and where the write was not about a task. `queue_after` is of a write about a queue, `removed` of a
    clean-up.
    """

    after: After | None
    spawned: tuple[UUID, ...] = ()
    queue_after: QueueAfter | None = None
    removed: Removed | None = None


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """It was so before, by somebody else; `since` is None where Absurd does not record it. Nothing was changed."""

    after: After | None
    since: float | None
    existing: UUID | None = None
    queue_after: QueueAfter | None = None


@dataclass(frozen=True, slots=True)
class Emitted(Done):
    """The event is emitted, and it was this call; `woken` runs had waited for it, and `at` is when that was read."""

    woken: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class PartitionsMade(Done):
    """So many tables were made by this call; those of the policy reach until `until` now."""

    number: int = 0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class JobsSet(Done):
    """The jobs that pg_cron has for it now, each with its schedule."""

    jobs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadyEmitted(AlreadySo):
    """The event had been emitted, with the beginning of this payload; `now` is when that was read."""

    payload: str = ""
    now: float = 0.0


@dataclass(frozen=True, slots=True)
class Changed:
    """The target is no longer as it was on the screen; nothing was called."""

    after: After | None
    queue_after: QueueAfter | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The task, or the queue, is no longer in the database; nothing was called."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Refused, here or by the database: why, and the statement that would allow it, if one would."""

    reason: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class WouldBeLost(Refused):
    """Refused, because the next claim would cancel the task, and a cancelled task cannot be retried."""


@dataclass(frozen=True, slots=True)
class QueueGone(Refused):
    """Refused by the database, because there is no such queue any more, or its tables are missing."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Somebody else holds the rows; nothing was changed. What is not known of the holder is None."""

    pid: int | None
    application: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class NotApplied:
    """The connection failed, and it is certain that nothing was changed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the call was sent, and the server could not say what became of it.

    `xid` names the transaction, for `pg_xact_status`; `after` is the row as it stands now, where it could be read.
    """

    xid: int | None
    reason: str
    after: After | None = None


@dataclass(frozen=True, slots=True)
class StillUnderWay:
    """An `operation` on the same target is not over; this write was not begun, and leaves no record."""

    operation: str


Outcome = Done | AlreadySo | Changed | Gone | Refused | Locked | NotApplied | Unknown | StillUnderWay


def copy_of(outcome: Outcome | None) -> UUID | None:
    """The task that was spawned, or had been spawned before, in place of another one."""
    if isinstance(outcome, Done) and outcome.spawned:
        return outcome.spawned[0]
    return outcome.existing if isinstance(outcome, AlreadySo) else None
