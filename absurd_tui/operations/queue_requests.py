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


QueueRequest = CreateQueue | DropQueue | SetQueuePolicy
