"""Lists the queues, and what this role may read of each."""

from collections.abc import Sequence
from dataclasses import replace

from absurd_tui.observe import queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats, Moment
from absurd_tui.observe.branches import ListedQueue, Row, no_right
from absurd_tui.observe.parts import Part
from absurd_tui.observe.records import Refusal

_EVERY = 10.0


class Listing:
    """The queues as the catalog has them."""

    def __init__(self, asking: Asking, beats: Beats) -> None:
        self._asking = asking
        self._beats = beats
        self._listed: Sequence[ListedQueue] = ()
        self.has_modes = True
        """Whether queues have a storage mode, which they have since schema 0.4.0."""

    async def read(self, moment: Moment) -> Sequence[ListedQueue]:
        """Give the queues as they were listed lately: within ten seconds, or since a queue was made or dropped."""
        if self._beats.is_due(Part.LIST, moment.queues, every=_EVERY):
            with self._asking.account.charging(Part.LIST):
                rows = await self._asking.fetch(queries.queue_list(has_modes=self.has_modes))
            self._listed = [_listed(row, self._asking.role) for row in rows]
            self._beats.read(Part.LIST, moment.queues)
        return [
            replace(queue, refusal=queue.refusal or self._asking.resting.refusal(queue.name)) for queue in self._listed
        ]


def _listed(row: Row, role: str) -> ListedQueue:
    refusal = None
    if not row["has_tables"]:
        refusal = Refusal("its tables are missing")
    elif not (row["may_tasks"] and row["may_runs"]):
        refusal = no_right(row["name"], role)
    return ListedQueue(
        row["name"],
        row["storage_mode"],
        row["partitions"],
        may_checkpoints=row["may_checkpoints"],
        refusal=refusal,
        is_small=bool(row["is_small"]),
        has_keys=row["has_keys"],
    )
