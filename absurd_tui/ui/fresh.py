"""One task, read anew before something is asked about it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.records import Refusal
from absurd_tui.observe.task_records import TaskPage


@dataclass(frozen=True, slots=True)
class Fresh:
    """Who takes the page of a task as it is now, or why there is none; `again` where something newer was asked for."""

    queue: str
    task_id: UUID
    taken: Callable[[TaskPage | None], None]
    refused: Callable[[Refusal], None]
    again: Callable[[], None]

    def take_page(self, page: TaskPage | None) -> None:
        """Give the page on."""
        self.taken(page)

    def take_refusal(self, refusal: Refusal) -> None:
        """Give on why it could not be read."""
        self.refused(refusal)

    def let_go(self) -> None:
        """Ask again."""
        self.again()
