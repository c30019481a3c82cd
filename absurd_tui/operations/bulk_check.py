"""What a bulk would do, found by a dry run: which tasks it can be done to, and why not to the others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from absurd_tui.operations.batch import MOST, BatchResult
from absurd_tui.operations.outcomes import AlreadySo, Changed, Gone, Locked, Outcome, WouldBeLost
from absurd_tui.operations.requests import Act, Target, TaskBatch

Checks = Callable[[TaskBatch], Awaitable[BatchResult]]


class Fate(Enum):
    """What would become of a task."""

    DONE = auto()
    LOCKED = auto()
    """Somebody holds its rows now; it is tried when its turn comes."""

    LOST = auto()
    """The next claim would cancel it."""

    COPIED = auto()
    """The same failure was retried as new before."""

    MOVED_ON = auto()
    """It is no longer as it was seen."""

    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Split:
    """A frozen list, and what a dry run found of each; `failure` says why it found nothing."""

    targets: tuple[Target, ...]
    found: tuple[Outcome | None, ...]
    failure: Outcome | None = None

    @property
    def ready(self) -> tuple[Target, ...]:
        """What would be tried."""
        return tuple(target for target, outcome in self._all if fate(outcome) in (Fate.DONE, Fate.LOCKED))

    @property
    def left_out(self) -> tuple[tuple[Target, Outcome], ...]:
        """What nothing would be done to, and why."""
        return tuple(
            (target, outcome)
            for target, outcome in self._all
            if outcome is not None and fate(outcome) is not Fate.LOCKED
        )

    def count(self, wanted: Fate) -> int:
        """How many have this fate."""
        return sum(fate(outcome) is wanted for outcome in self.found)

    @property
    def _all(self) -> list[tuple[Target, Outcome | None]]:
        return list(zip(self.targets, self.found, strict=True))


def fate(outcome: Outcome | None) -> Fate:
    """Say what an outcome of the dry run means; None is a task that the call would be made for."""
    match outcome:
        case None:
            return Fate.DONE
        case Locked():
            return Fate.LOCKED
        case WouldBeLost():
            return Fate.LOST
        case AlreadySo(existing=UUID()):
            return Fate.COPIED
        case AlreadySo() | Changed() | Gone():
            return Fate.MOVED_ON
    return Fate.REFUSED


async def split(act: Act, targets: Sequence[Target], check: Checks, checked: Callable[[int], bool]) -> Split | None:
    """Go through all of them without a call. The first failure ends it.

    `checked` is told how many are through, and says whether anybody wants to know the rest; None where nobody does.
    """
    found: dict[Target, Outcome | None] = {}
    for batch in batches(act, targets):
        result = await check(batch)
        if result.failure is not None:
            return Split(tuple(targets), (None,) * len(targets), result.failure)
        found |= dict(zip(batch.targets, result.outcomes, strict=True))
        if not checked(len(found)):
            return None
    return Split(tuple(targets), tuple(found[target] for target in targets))


def batches(act: Act, targets: Sequence[Target]) -> list[TaskBatch]:
    """Cut a list into batches, each of one queue."""
    by_queue: dict[str, list[Target]] = {}
    for target in targets:
        by_queue.setdefault(target.queue, []).append(target)
    return [
        TaskBatch(act, queue, tuple(of_queue[first : first + MOST]))
        for queue, of_queue in by_queue.items()
        for first in range(0, len(of_queue), MOST)
    ]
