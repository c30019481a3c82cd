"""Drop a queue (absurd.drop_queue): only the one that was looked at, and without making its workers wait."""

import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.statements import DROP_QUEUE
from absurd_tui.operations import literals
from absurd_tui.operations.holder import Holder
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import Changed, Done, Gone, Refused
from absurd_tui.operations.queue_requests import DropQueue
from absurd_tui.operations.queue_standing import LOCK, READ, another_queues, read_queue
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.table_locks import HOLDERS, LIMIT, limited
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(Function("drop_queue", ("text",)), "0.0.3", on_queues=("SELECT", "UPDATE", "DELETE"), owns=True)


class Drop:
    """A dropping on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: DropQueue) -> None:
        self._created_at = request.created_at
        self.queue = request.queue
        self.holder: Holder | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (LIMIT, HOLDERS, LOCK, READ, DROP_QUEUE)

    @property
    def sql(self) -> str:
        """The call."""
        return literals.sql_call("drop_queue", literals.text_literal(self.queue))

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl."""
        return shlex.join(
            ["absurdctl", "drop-queue", "--yes", *(["--"] if self.queue.startswith("-") else []), self.queue]
        )

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the queue's row, and see that it is the same queue."""
        self.holder = await limited(fetch, self.queue)
        await fetch(LOCK, self.queue)
        found = await read_queue(fetch, self.queue)
        if found.created_at is None:
            return Gone()
        if found.created_at != self._created_at:
            return Changed(None, found.after)
        return another_queues(self.queue, found)

    async def call(self, session: WriteSession) -> None:
        """Drop the queue."""
        await lifecycle_over(session).drop_queue(self.queue)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | Refused:
        """Neither the queue nor a table of its name is there."""
        found = await read_queue(fetch, self.queue)
        if found.created_at is not None or found.tables:
            return Refused("Absurd took the call, but something of the queue is still there.")
        return Done(None, queue_after=found.after)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue that was dropped is not there; one of its name may be again."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at != self._created_at, None)
