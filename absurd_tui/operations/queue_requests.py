"""What a dialog about a whole queue asks for. Pure records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreateQueue:
    """Create a queue, stored `unpartitioned` or `partitioned`."""

    queue: str
    storage_mode: str = "unpartitioned"


@dataclass(frozen=True, slots=True)
class DropQueue:
    """Delete the queue that was made at `created_at` (seconds since 1970), with everything in it.

    `held` is what the dialog said was in it.
    """

    queue: str
    created_at: float
    held: str = ""


@dataclass(frozen=True, slots=True)
class SetQueuePolicy:
    """Change values of a queue's policy, by their keys; `seen` are those that the dialog showed for the same keys."""

    queue: str
    created_at: float
    values: tuple[tuple[str, str], ...]
    seen: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Delete, at most `limit` at a time, tasks that ended before `cutoff`, and events emitted before it if asked for.

    `cutoff` is `ttl` seconds before the count that the dialog showed, which found so many `tasks` and `events`: what
    ends later is left, however long the clean-up takes.
    """

    queue: str
    created_at: float
    ttl: int
    cutoff: float
    limit: int
    with_events: bool
    tasks: int
    events: int


@dataclass(frozen=True, slots=True)
class MakePartitions:
    """Make the weekly partitions that the policy of the queue asks for; `missing` were missing when it was asked."""

    queue: str
    created_at: float
    missing: int


@dataclass(frozen=True, slots=True)
class SwitchCron:
    """Have pg_cron keep the queue up, or no longer; `seen` are the jobs of this queue that the dialog showed."""

    queue: str
    created_at: float
    is_on: bool
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetachPartitions:
    """Have pg_cron detach and drop old, empty partitions of the queue; `seen` are those that the dialog named."""

    queue: str
    created_at: float
    seen: tuple[str, ...]


QueueRequest = CreateQueue | DropQueue | SetQueuePolicy | CleanUp | MakePartitions | SwitchCron | DetachPartitions
