"""Make the weekly partitions that a queue's policy asks for (absurd.ensure_partitions), without stalling its workers.

A new partition takes the whole table for itself, for a moment. Where none is
missing, nothing is called, so that nothing is locked.
"""

from typing import Final

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.statements import ENSURE_PARTITIONS
from absurd_tui.observe.queue_queries import WEEKS
from absurd_tui.observe.weeks import read_weeks
from absurd_tui.operations import literals
from absurd_tui.operations.holder import Holder
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, PartitionsMade, Refused
from absurd_tui.operations.queue_requests import MakePartitions
from absurd_tui.operations.queue_standing import LOCK, READ, read_queue
from absurd_tui.operations.standing import XID_CYCLE, Fetch
from absurd_tui.operations.table_locks import HELD, HOLDERS, LIMIT, held_briefly, limited
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("ensure_partitions", ("text",)), "0.4.0", on_queues=("SELECT", "UPDATE"), creates=True, owns=True
)
NOT_PARTITIONED: Final = "Queue {queue} is unpartitioned: there are no partitions to make."


class Ensure:
    """The making of partitions on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: MakePartitions) -> None:
        self._created_at = request.created_at
        self.queue = request.queue
        self.holder: Holder | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (LIMIT, HELD, HOLDERS, LOCK, READ, WEEKS, ENSURE_PARTITIONS)

    @property
    def sql(self) -> str:
        """The call."""
        return literals.sql_call("ensure_partitions", literals.text_literal(self.queue))

    @property
    def absurdctl(self) -> str | None:
        """absurdctl has no such command for one queue."""
        return None

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the queue's row, see that it is the same queue, and whether anything is missing."""
        self.holder = await limited(fetch, self.queue)
        await held_briefly(fetch)
        await fetch(LOCK, self.queue)
        found = await read_queue(fetch, self.queue)
        if found.created_at is None:
            return Gone()
        if found.created_at != self._created_at:
            return Changed(None, found.after)
        if found.storage_mode != "partitioned":
            return Refused(NOT_PARTITIONED.format(queue=self.queue))
        weeks = await read_weeks(fetch, self.queue)
        return None if weeks.missing else AlreadySo(None, since=None, queue_after=found.after)

    async def call(self, session: WriteSession) -> None:
        """Make them."""
        await lifecycle_over(session).ensure_partitions(self.queue)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Count those that this call made, by the catalog."""
        found = await read_queue(fetch, self.queue)
        weeks = await read_weeks(fetch, self.queue, xmin=xid % XID_CYCLE)
        if weeks.missing:
            return Refused(f"Absurd took the call, but {weeks.missing} of the partitions are still missing.")
        if not weeks.ours:
            return AlreadySo(None, since=None, queue_after=found.after)
        return PartitionsMade(None, queue_after=found.after, number=weeks.ours, until=weeks.until)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue is there; its partitions may have been detached since."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at == self._created_at, None)
