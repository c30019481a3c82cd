"""The demo's six queues and who works on them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

DATABASE = "demo"
DEFAULT_RATE = 3.0
"""Tasks spawned per second."""

KEPT_TASKS = 20_000
LONGEST_KEPT = timedelta(hours=2)
SHORTEST_KEPT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: `workers` names its workers, each with `slots` tasks at a time and leases of `claim_timeout` seconds."""

    name: str
    workers: tuple[str, ...]
    slots: int
    claim_timeout: int
    storage_mode: Literal["unpartitioned", "partitioned"] = "unpartitioned"
    longest_kept: timedelta = LONGEST_KEPT

    def kept(self, rate: float) -> timedelta:
        """How long ended tasks are kept so that all queues together stay near KEPT_TASKS."""
        return max(SHORTEST_KEPT, min(self.longest_kept, timedelta(seconds=round(KEPT_TASKS / rate))))

    def slots_at(self, rate: float) -> int:
        """Tasks at a time that keep up with `rate`."""
        return min(24, round(self.slots * max(1.0, rate / DEFAULT_RATE)))


ORDERS = Queue("orders", ("orders-a", "orders-b"), slots=3, claim_timeout=30)
BILLING = Queue("billing", ("billing-a",), slots=4, claim_timeout=30)
NOTIFICATIONS = Queue("notifications", ("mail-1", "mail-2"), slots=3, claim_timeout=15, storage_mode="partitioned")
MEDIA = Queue("media", ("gpu-1",), slots=4, claim_timeout=10)
REPORTS = Queue("reports", ("reports-a",), slots=4, claim_timeout=30)
# its tasks carry payloads of 5 MB
IMPORTS = Queue("imports", ("imports-a",), slots=2, claim_timeout=12, longest_kept=timedelta(minutes=20))

QUEUES = (ORDERS, BILLING, NOTIFICATIONS, MEDIA, REPORTS, IMPORTS)
FRAGILE = IMPORTS
"""The queue whose worker dies now and then, process and all."""
