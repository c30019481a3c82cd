"""What is known of one whole queue besides its counts: when it was made, its policy, its size."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from absurd_tui.observe import queue_queries
from absurd_tui.observe.cron_reader import read_cron
from absurd_tui.observe.storage import Cron
from absurd_tui.observe.weeks import Weeks, read_detachable, read_weeks

POLICY_KEYS = (
    "cleanup_ttl",
    "cleanup_limit",
    "partition_lookahead",
    "partition_lookback",
    "detach_mode",
    "detach_min_age",
    "default_partition",
)
"""The keys that absurd.set_queue_policy knows, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """A queue read at `now`, times in seconds since 1970. `policy` has its values as PostgreSQL writes them.

    `bytes` is all its tables and indexes on disk. `checkpoints`, `events` and `waits` are estimates by statistics,
    None where there are none. `weeks` are the partitions of one that has some, `detachable` those that are old and
    empty, None where that cannot be read; `cron` is what pg_cron does.
    """

    name: str
    created_at: float
    storage_mode: str
    policy: tuple[tuple[str, str], ...]
    bytes: int | None
    checkpoints: int | None
    events: int | None
    waits: int | None
    now: float
    weeks: Weeks | None = None
    detachable: tuple[str, ...] | None = ()
    cron: Cron = Cron(is_there=False)

    @property
    def is_partitioned(self) -> bool:
        """Whether it is stored a week in each table."""
        return self.storage_mode == "partitioned"

    def value(self, key: str) -> str | None:
        """Give one value of the policy; None where the schema has no policies."""
        return dict(self.policy).get(key)


async def read_facts(fetch: Callable[..., Awaitable[Sequence[Any]]], queue: str) -> QueueFacts | None:
    """Read them; None where there is no such queue."""
    for row in await fetch(queue_queries.FACTS, queue):
        stored = json.loads(row["stored"])
        is_partitioned = stored.get("storage_mode") == "partitioned"
        return QueueFacts(
            name=queue,
            created_at=row["created_at"],
            storage_mode=stored.get("storage_mode", "unpartitioned"),
            policy=policy_of(stored),
            bytes=row["bytes"],
            checkpoints=row["checkpoints"],
            events=row["events"],
            waits=row["waits"],
            now=row["now"],
            weeks=await read_weeks(fetch, queue) if is_partitioned else None,
            detachable=await read_detachable(fetch, queue) if is_partitioned else (),
            cron=await read_cron(fetch),
        )
    return None


def policy_of(stored: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Take the policy out of a queue's row, as text."""
    return tuple((key, str(stored[key])) for key in POLICY_KEYS if stored.get(key) is not None)
