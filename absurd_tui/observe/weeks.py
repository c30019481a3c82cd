"""The weekly partitions that a queue's policy asks for, and those that there are."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe.queue_queries import DETACHABLE, WEEKS


@dataclass(frozen=True, slots=True)
class Weeks:
    """How many tables are `wanted`, how many of them are `missing`, and until when they reach; `ours` as asked for."""

    wanted: int
    missing: int
    ours: int
    until: float | None


async def read_weeks(fetch: Callable[..., Awaitable[Sequence[Any]]], queue: str, *, xmin: int = 0) -> Weeks:
    """Read them of a queue that is partitioned."""
    row = (await fetch(WEEKS, queue, xmin))[0]
    return Weeks(row["wanted"], row["missing"], row["ours"], row["until"])


async def read_detachable(fetch: Callable[..., Awaitable[Sequence[Any]]], queue: str) -> tuple[str, ...] | None:
    """Read which partitions may be detached; None where this role may not look into them."""
    try:
        return tuple(row["partition_table"] for row in await fetch(DETACHABLE, queue))
    except Exception as error:
        if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
            raise
        return None
