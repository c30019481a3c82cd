"""Which tasks are marked: by their keys, all in one panel, each as it was read last where it is shown."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from absurd_tui.observe.matching import Match, Matching, match_of
from absurd_tui.observe.records import State, TaskRow
from absurd_tui.operations.requests import Target

Key = tuple[str, UUID]
_CHANGED = "changed by hand: "


class Marks:
    """The marked tasks. `origin` says in words how they were chosen; `last` is the one marked last by hand."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.origin = ""
        self.last: Key | None = None
        self.queues: frozenset[str] = frozenset()
        """The queues that they are in."""
        self.states: frozenset[State] = frozenset()
        """The states that they were seen in."""
        self._targets: dict[Key, Target] = {}
        self._is_frozen = False

    def __len__(self) -> int:
        return len(self._targets)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The tasks as they were seen, in the order in which they were marked."""
        return tuple(self._targets.values())

    def has(self, state: State, row: TaskRow) -> bool:
        """Whether a row of a panel is marked."""
        return state is self.state and row.key in self._targets and not row.is_retried

    def turn(self, state: State, row: TaskRow, seen_at: float) -> None:
        """Mark a row, or take its mark back."""
        if self.has(state, row):
            del self._targets[row.key]
            self._changed(by_hand=True)
        else:
            self.add(state, [row], seen_at)
        self.last = row.key

    def add(self, state: State, rows: Iterable[TaskRow], seen_at: float) -> None:
        """Mark rows of a panel; what is marked in another one is so no longer."""
        if state is not self.state:
            self.clear()
        self.state = state
        for row in rows:
            if not row.is_retried:
                self._targets[row.key] = _target(match_of(row), seen_at)
                self.last = row.key
        self._changed(by_hand=True)

    def take(self, state: State, matching: Matching, origin: str) -> None:
        """Mark a frozen list: it stays as it was read, whatever the panel shows later."""
        self.clear()
        self.state, self.origin, self._is_frozen = state, origin, True
        self._targets = {(match.queue, match.task_id): _target(match, matching.now) for match in matching.tasks}
        self._changed()

    def follow(self, state: State, rows: Sequence[TaskRow], seen_at: float) -> None:
        """Take marked tasks as their panel shows them now: that is how their user sees them."""
        if state is not self.state or self._is_frozen:
            return
        for row in rows:
            if row.key in self._targets and not row.is_retried:
                self._targets[row.key] = _target(match_of(row), seen_at)
        self._changed()

    def clear(self) -> int:
        """Take all marks back; how many there were."""
        had = len(self._targets)
        self.state, self.last, self.origin, self._is_frozen = None, None, "", False
        self._targets = {}
        self._changed()
        return had

    def _changed(self, *, by_hand: bool = False) -> None:
        """Sum them up once: ten thousand are too many to go through at every key press."""
        self.queues = frozenset(target.queue for target in self._targets.values())
        self.states = frozenset(target.state for target in self._targets.values())
        if not self._is_frozen:
            self.origin = "marked by hand"
        elif by_hand and not self.origin.startswith(_CHANGED):
            self.origin = _CHANGED + self.origin


def _target(match: Match, seen_at: float) -> Target:
    return Target(
        queue=match.queue,
        task_id=match.task_id,
        run_id=match.run_id,
        task_name=match.task_name,
        state=match.state,
        attempt=match.attempt,
        claim_expires_at=match.claim_expires_at,
        seen_at=seen_at,
    )
