"""The params that a spawn form offers while none are typed: those of the newest task known of its queue and name."""

from dataclasses import dataclass
from uuid import UUID

from absurd_tui import units
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.hidden_characters import shown_json
from absurd_tui.ui.json_lines import lay_out

EMPTY = "{}"
_ID_CELLS = 4


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest task that is known of a queue and a name, and its params as JSON text.

    `params` is None where they were not read whole; `trouble` says why, in few words.
    """

    task_id: UUID
    enqueued_at: float
    params: str | None
    trouble: Plain = Plain("")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered for a queue and a task name; while it `is_awaited`, nothing is known of the newest task yet."""

    queue: str
    task_name: str
    newest: Newest | None = None
    is_awaited: bool = False

    def is_for(self, queue: str, task_name: str) -> bool:
        """Whether it is for this queue and name."""
        return (self.queue, self.task_name) == (queue, task_name)

    @property
    def params(self) -> str:
        """The JSON text that is offered, laid out for the form."""
        params = self.newest.params if self.newest is not None else None
        return EMPTY if params is None else laid_out(params)

    def told(self, clock: Clock) -> Plain:
        """Say whose params these are, or why they are nobody's."""
        if not self.task_name:
            return plain("JSON")
        if self.is_awaited:
            return plain("JSON; reading those of the newest seen …")
        if self.newest is None:
            return plain("JSON; no task of this name was seen here")
        told = units.short_id(self.newest.task_id, _ID_CELLS)
        if self.newest.params is None:
            return say("JSON; of the newest seen, …{id}: {trouble}", id=told, trouble=self.newest.trouble)
        return say("JSON, of the newest seen (…{id}, {ago} ago)", id=told, ago=clock.ago(self.newest.enqueued_at))


def laid_out(params: str) -> str:
    """Lay JSON text out for the editor, with nothing in it that cannot be seen."""
    return shown_json("\n".join(lay_out(params) or [params]))
