"""What the page of a task knows of its parents and children: looked for while it is open, within its share."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any
from uuid import UUID

from absurd_tui.observe.family import Family, awaited, suspects
from absurd_tui.observe.looking import SHARE, Looked
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.ui.looks import Looks

EVERY, REFUSED_EVERY = 5.0, 10.0
_COSTS = 3


@dataclass(frozen=True, slots=True)
class FamilyAsked:
    """Who are the parents and children of a task?"""

    queue: str
    task_id: UUID
    suspected: tuple[UUID, ...] = ()
    awaited: tuple[tuple[UUID, str], ...] = ()

    async def ask(self, source: Looks) -> Looked[Family]:
        """Ask it."""
        return await source.family(self.queue, self.task_id, self.suspected, self.awaited)


class Kin:
    """The family of one task as it was found last, and when it is looked for again.

    `came_from` is the task whose page led here: it may be a parent. `changed` is told that something was found.
    """

    def __init__(self, queue: str, task_id: UUID, came_from: UUID | None, changed: Callable[[], None]) -> None:
        self.question = FamilyAsked(queue, task_id)
        self.family: Family | None = None
        self.refusal: Refusal | None = None
        self._came_from = came_from
        self._changed = changed
        self._is_asking = False
        self._asked_at = float("-inf")
        self._costs: deque[float] = deque(maxlen=_COSTS)

    def begins(self, page: TaskPage, ticks: float) -> bool:
        """Say whether it is time to look for the family of a page again, and take it that one does."""
        if self._is_asking or ticks - self._asked_at < self._pause:
            return False
        suspected = suspects(page)
        if self._came_from is not None and self._came_from not in suspected:
            suspected = (self._came_from, *suspected)
        self.question = FamilyAsked(page.queue, page.task_id, suspected, awaited(page))
        self._is_asking, self._asked_at = True, ticks
        return True

    @property
    def _pause(self) -> float:
        if self.refusal is not None:
            return REFUSED_EVERY
        return max(EVERY, SHARE * median(self._costs)) if self._costs else EVERY

    def take_look(self, question: Any, looked: Looked[Any]) -> None:
        """Take who was found."""
        self._is_asking, self.family, self.refusal = False, looked.found, None
        self._costs.append(looked.cost)
        self._changed()

    def take_refusal(self, question: Any, refusal: Refusal) -> None:
        """Take why nobody was found."""
        self._is_asking, self.refusal = False, refusal
        self._changed()

    def let_go(self) -> None:
        """Look again as soon as can be: another request took this one's place."""
        self._is_asking, self._asked_at = False, float("-inf")
