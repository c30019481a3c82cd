"""Lists the queues, and what this role may read of each."""

from collections.abc import Sequence
from dataclasses import replace

from absurd_tui.observe import queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue, Row, no_right
from absurd_tui.observe.records import Refusal


class Listing:
    """The queues as the catalog has them."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.has_modes = True
        """Whether queues have a storage mode, which they have since schema 0.4.0."""

    async def read(self) -> tuple[Sequence[ListedQueue], float]:
        """Read the queues, and the database's clock."""
        rows = await self._asking.fetch(queries.queue_list(has_modes=self.has_modes))
        now: float = rows[0]["now"] if rows else (await self._asking.fetch(queries.NOW))[0]["now"]
        listed = [_listed(row, self._asking.role) for row in rows]
        return [
            replace(queue, refusal=queue.refusal or self._asking.resting.refusal(queue.name)) for queue in listed
        ], now


def _listed(row: Row, role: str) -> ListedQueue:
    refusal = None
    if not row["has_tables"]:
        refusal = Refusal("its tables are missing")
    elif not (row["may_tasks"] and row["may_runs"]):
        refusal = no_right(row["name"], role)
    return ListedQueue(row["name"], row["storage_mode"], row["partitions"], row["may_checkpoints"], refusal)
