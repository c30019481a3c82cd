"""Lists the queues, and what this role may read of each, and write."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from absurd_tui.database.capabilities import Capabilities, Functions, QueueAccess, read_functions, read_queues
from absurd_tui.database.faults import Fault, classify
from absurd_tui.observe import queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.beats import Beats, Moment
from absurd_tui.observe.branches import NO_TEXT, ListedQueue, Row, no_right
from absurd_tui.observe.parts import Part
from absurd_tui.observe.records import Refusal

_EVERY = 10.0
_CAPABLE_FOR = 30.0
"""Seconds after which rights are read again; sooner where queues came or went, and when urged."""


class Listing:
    """The queues as the catalog has them."""

    def __init__(self, asking: Asking, beats: Beats) -> None:
        self._asking = asking
        self._beats = beats
        self._listed: Sequence[ListedQueue] = ()
        self.has_modes = True
        """Whether queues have a storage mode, which they have since schema 0.4.0."""
        self._functions: Functions | None = None
        self._access: Mapping[str, QueueAccess] = {}
        self._access_of: Moment | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What this schema and this role can do, as far as it is known."""
        return Capabilities(self._asking.role, self._functions, self._access)

    async def begin_anew(self) -> None:
        """Learn what the schema can do, on a new connection."""
        self._functions, self._access, self._access_of = None, {}, None
        try:
            self._functions = await read_functions(self._asking.fetch)
        except Exception as error:
            _raise_unless_refused(error)

    async def read_capabilities(self, moment: Moment, *, is_urged: bool) -> Capabilities:
        """Give what can be done; rights are read again every half minute, with other queues, and when urged."""
        last = self._access_of
        if (
            last is None
            or last.queues != moment.queues
            or moment.ticks - last.ticks >= _CAPABLE_FOR
            or (is_urged and not moment.is_like(last))
        ):
            self._access_of = moment
            with self._asking.account.charging(Part.LIST):
                try:
                    self._access = await read_queues(self._asking.fetch)
                except Exception as error:
                    _raise_unless_refused(error)
                    self._access = {}
        return self.capabilities

    async def read(self, moment: Moment) -> Sequence[ListedQueue]:
        """Give the queues as they were listed lately: within ten seconds, or since a queue was made or dropped."""
        if self._beats.is_due(Part.LIST, moment.queues, every=_EVERY):
            with self._asking.account.charging(Part.LIST):
                rows = await self._asking.fetch(queries.queue_list(has_modes=self.has_modes))
            self._listed = [listed_queue(row, self._asking.role) for row in rows]
            self._beats.read(Part.LIST, moment.queues)
        return [
            replace(queue, refusal=queue.refusal or self._asking.resting.refusal(queue.name)) for queue in self._listed
        ]


def _raise_unless_refused(error: Exception) -> None:
    """Let pass what only this statement met: what it asks for is not known then."""
    if classify(error) in (Fault.RECONNECT, Fault.RETRY_ONCE):
        raise error


def listed_queue(row: Row, role: str) -> ListedQueue:
    """Read a row of `queries.queue_list`, and say why this role cannot read the queue, if it cannot."""
    refusal = None
    if not row["is_text"]:
        refusal = NO_TEXT
    elif not row["has_tables"]:
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
