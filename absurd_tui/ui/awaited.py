"""Asks for the whole name of the event that a run waits for: where it is shown, it is cut off."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from absurd_tui.observe.records import Refusal


class TakesAwaited(Protocol):
    """Who wants to know it."""

    def take_awaited(self, name: str | Refusal | None) -> None:
        """Take the name, or why it is not known; None where the run waits for no event any more."""
        ...


@dataclass(frozen=True, slots=True)
class AwaitedBy:
    """Which run of which queue."""

    asker: TakesAwaited
    queue: str
    run_id: UUID
