"""What is known of the idempotency key that somebody typed into a spawn form."""

from dataclasses import dataclass

from absurd_tui import units
from absurd_tui.observe.task_records import KeyHolder
from absurd_tui.text import Plain, say

_ID_CELLS = 8


@dataclass(frozen=True, slots=True)
class KeyLook:
    """A look for the task of a queue that has a key; no `holder` was found while `is_awaited`, or none is there."""

    queue: str
    key: str
    holder: KeyHolder | None = None
    is_awaited: bool = True

    def is_for(self, queue: str, key: str) -> bool:
        """Whether it is for this queue and key."""
        return (self.queue, self.key) == (queue, key)

    @property
    def told(self) -> Plain:
        """Say which task has the key; empty where none is known to have it."""
        if self.holder is None:
            return Plain("")
        said = "This key exists: task …{id} ({state}). Spawning returns it."
        return say(said, id=units.short_id(self.holder.task_id, _ID_CELLS), state=self.holder.state)
