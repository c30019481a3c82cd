"""Create a queue (absurd.create_queue), which says nothing where there is one already."""

import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.errors import InvalidRequest
from absurd_tui.lifecycle import arguments
from absurd_tui.lifecycle.statements import CREATE_QUEUE, CREATE_QUEUE_STORED_AS
from absurd_tui.operations import literals
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Done, Refused
from absurd_tui.operations.queue_requests import CreateQueue
from absurd_tui.operations.queue_standing import READ, QueueStanding, read_queue
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

MOST_NAME_BYTES = 57
"""What Absurd takes: the names of a queue's indexes are made from it."""

UNPARTITIONED, PARTITIONED = "unpartitioned", "partitioned"
NEEDS = Needs(Function("create_queue", ("text",)), "0.0.3", on_queues=("SELECT", "INSERT"), creates=True)
NEEDS_STORED_AS = Needs(Function("create_queue", ("text", "text")), "0.4.0", on_queues=NEEDS.on_queues, creates=True)


def refusal(name: str) -> str | None:
    """Say why a queue cannot have this name, or None. Absurd would take blanks, which nobody can read."""
    if not name.strip():
        return "A queue needs a name."
    try:
        size = len(arguments.text(name, "the name").encode())
    except InvalidRequest as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    if size > MOST_NAME_BYTES:
        return f"A queue's name has at most {MOST_NAME_BYTES} bytes; this has {size}."
    return None


class Create:
    """A creation on its way through the envelope."""

    def __init__(self, request: CreateQueue) -> None:
        self._mode = request.storage_mode
        self.queue = request.queue

    @property
    def needs(self) -> Needs:
        """Older schemas know one way to store a queue."""
        return NEEDS if self._mode == UNPARTITIONED else NEEDS_STORED_AS

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (READ, CREATE_QUEUE if self._mode == UNPARTITIONED else CREATE_QUEUE_STORED_AS)

    @property
    def sql(self) -> str:
        """The call."""
        mode = [] if self._mode == UNPARTITIONED else [literals.text_literal(self._mode)]
        return literals.sql_call("create_queue", literals.text_literal(self.queue), *mode)

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl."""
        mode = [] if self._mode == UNPARTITIONED else ["--storage-mode", self._mode]
        return shlex.join(
            ["absurdctl", "create-queue", *mode, *(["--"] if self.queue.startswith("-") else []), self.queue]
        )

    async def look(self, fetch: Fetch) -> Found | None:
        """Look whether there is one, and whether tables of one that is gone would be taken over."""
        if reason := refusal(self.queue):
            return Refused(reason)
        found = await read_queue(fetch, self.queue)
        if found.created_at is not None:
            return self._is_there(found)
        if found.tables:
            names = _tables(found, self.queue)
            return Refused(f"Tables of such a queue are there without it, and it would take them over: {names}.")
        if self._mode == PARTITIONED:
            default = f"{self.queue}_d"
            taken = await read_queue(fetch, default)
            if taken.tables:
                return Refused(f"Absurd would take what is there for its partitions: {_tables(taken, default)}.")
        return None

    def _is_there(self, found: QueueStanding) -> AlreadySo | Refused:
        if found.storage_mode != self._mode:
            return Refused(f"Queue {self.queue} is there already, stored {found.storage_mode}.")
        return AlreadySo(None, since=found.created_at, queue_after=found.after)

    async def call(self, session: WriteSession) -> None:
        """Create the queue."""
        await lifecycle_over(session).create_queue(self.queue, self._mode)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell by its row whether this call made it, or somebody whom the call had to wait for."""
        found = await read_queue(fetch, self.queue, xid=xid)
        if found.created_at is None or not found.tables >= set("trcew"):
            return Refused("Absurd took the call, but the queue is not there.")
        return Done(None, queue_after=found.after) if found.is_ours else self._is_there(found)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue is there."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at is not None, None)


def _tables(found: QueueStanding, name: str) -> str:
    return ", ".join(f"absurd.{letter}_{name}" for letter in sorted(found.tables))
