"""Clean a queue up (absurd.cleanup_tasks, absurd.cleanup_events), one batch a transaction, and never beyond the count.

Each call deletes what is older than so many seconds at its own time. A clean-up that
takes an hour would so go an hour beyond what was counted: the seconds grow with it.
"""

import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.operations import literals
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import Changed, Done, Gone, Refused
from absurd_tui.operations.queue_requests import CleanUp
from absurd_tui.operations.queue_standing import READ, QueueStanding, another_queues, read_queue
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Confirmation, Found

TASKS, EVENTS = "cleanup_tasks", "cleanup_events"
LEAST_LIMIT, MOST_LIMIT = 1, 100_000
_ARGUMENTS = ("text", "integer", "integer")
_DELETES = ("SELECT", "DELETE")
NEEDS = Needs(Function(TASKS, _ARGUMENTS), "0.0.3", tuple((letter, _DELETES) for letter in "trwc"))
_NEEDS_FOR_EVENTS = Needs(Function(EVENTS, _ARGUMENTS), "0.0.3", (("e", _DELETES),))
_DAY = 86_400


def call_of(function: str) -> str:
    """Call a clean-up of the queue $1 for what is older than the time $2, at most $3 of it; how many went."""
    seconds = "greatest(0, ceil(date_part('epoch', absurd.current_time()) - $2::float8))::integer"
    return f"select absurd.{function}($1::text, {seconds}, $3::integer) as deleted"


class Batch:
    """One batch on its way through the envelope; `deleted` is how many went, once it is done."""

    def __init__(self, request: CleanUp, function: str = TASKS) -> None:
        self._request = request
        self._function = function
        self.queue = request.queue
        self.deleted = 0

    @property
    def needs(self) -> Needs:
        """Tasks go with what belongs to them, events alone."""
        return NEEDS if self._function == TASKS else _NEEDS_FOR_EVENTS

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (READ, call_of(self._function))

    @property
    def sql(self) -> str:
        """The call, as it was for the first batch."""
        numbers = (str(self._request.ttl), str(self._request.limit))
        return literals.sql_call(self._function, literals.text_literal(self.queue), *numbers)

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl, which knows whole days, and always takes the events too."""
        request = self._request
        if request.ttl % _DAY or not request.with_events:
            return None
        name = ["--", self.queue] if self.queue.startswith("-") else [self.queue]
        return shlex.join(["absurdctl", "cleanup", f"--limit={request.limit}", *name, str(request.ttl // _DAY)])

    async def look(self, fetch: Fetch) -> Found | None:
        """See that it is the queue that was counted."""
        found = await read_queue(fetch, self.queue)
        return self._other(found) or another_queues(self.queue, found)

    async def call(self, session: WriteSession) -> None:
        """Delete a batch."""
        request = self._request
        rows = await session.fetch(call_of(self._function), self.queue, request.cutoff, request.limit)
        self.deleted = int(rows[0]["deleted"])

    async def read_back(self, fetch: Fetch, xid: int) -> Done | Changed | Refused:
        """See again that it is that queue: now that rows of it are locked nobody can drop it before the COMMIT."""
        other = self._other(await read_queue(fetch, self.queue))
        if isinstance(other, Gone):
            return Refused(f"There is no queue {self.queue} any more.")
        return Done(None) if other is None else other

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """Deleted rows cannot be looked at: the server's word is all there is."""
        return Confirmation(is_borne_out=True, after=None)

    def _other(self, found: QueueStanding) -> Changed | Gone | None:
        if found.created_at is None:
            return Gone()
        return None if found.created_at == self._request.created_at else Changed(None, found.after)
