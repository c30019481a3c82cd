"""Do one thing to many tasks: a few first, to watch; then the rest at a pace, in batches, until done or stopped.

A run holds a frozen list. Nothing is done to what is not on it, and everything on it is told in the end.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.operations.batch import MOST, BatchResult
from absurd_tui.operations.outcomes import Done, Locked, NotApplied, Outcome, Unknown, copy_of
from absurd_tui.operations.requests import Act, Target, TaskBatch

CANARY = 5
"""Tasks that are done first, and watched."""

GENTLE = 10
"""Tasks a second, where nobody asks for more."""

WATCHED_FOR = 120.0
WATCHED_EVERY = 1.0

Performs = Callable[[TaskBatch], Awaitable[BatchResult]]
Watches = Callable[[str, Sequence[UUID]], Awaitable[Standings]]


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What was confirmed: the frozen tasks, and how. `left_out` are tasks that nothing is done to, and why.

    `canary` tasks are done first, 0 for none; `pace` is tasks a second, None for as fast as can be.
    `reason` is the operator's, where it was asked for.
    """

    act: Act
    targets: tuple[Target, ...]
    left_out: tuple[tuple[Target, Outcome], ...] = ()
    canary: int = 0
    pace: int | None = GENTLE
    reason: str = ""


class Stage(Enum):
    """How far a run is."""

    CANARY = auto()
    WATCHING = auto()
    ASKING = auto()
    """The canary has had its time; the rest waits for a word."""

    REST = auto()
    STOPPED = auto()
    HALTED = auto()
    """Nothing more can be done as things are; `failure` says why."""

    OVER = auto()


AT_REST = frozenset({Stage.ASKING, Stage.STOPPED, Stage.HALTED, Stage.OVER})


class BulkRun:
    """One run over a plan. `changed` is called whenever there is something new to tell."""

    def __init__(
        self, plan: BulkPlan, perform: Performs, watch: Watches, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.plan = plan
        self.stage = Stage.CANARY if plan.canary else Stage.REST
        self.failure: Outcome | None = None
        self.canary: dict[tuple[str, UUID], FollowedTask | None] = {}
        """How the canary's tasks stand, by queue and id, as far as they were read."""
        self.newest: list[int] = []
        """The places of the tasks that something came of, the latest last."""
        self._outcomes: list[Outcome | None] = [None] * len(plan.targets)
        self._counts: Counter[type[Outcome]] = Counter()
        self._perform = perform
        self._watch = watch
        self._changed = changed
        self._stopping = asyncio.Event()
        self._rest_began: float | None = None
        self._rest_from = 0

    # what is told

    @property
    def outcomes(self) -> Sequence[Outcome | None]:
        """What came of each target, in their order; None as long as nothing did."""
        return self._outcomes

    def count(self, *kinds: type[Outcome]) -> int:
        """How many ended in one of these outcomes."""
        return sum(self._counts[kind] for kind in kinds)

    @property
    def left(self) -> list[int]:
        """The places of what may be tried yet: not reached, locked, or undone by the server.

        What is unknown is tried again only as a copy, which nobody makes twice.
        """
        return [place for place, outcome in enumerate(self._outcomes) if self._is_open(outcome)]

    @property
    def canary_places(self) -> range:
        """The places of the canary."""
        return range(min(self.plan.canary, len(self.plan.targets)))

    @property
    def unread(self) -> int:
        """How many of the canary's tasks are to be watched, and were not read once."""
        watched = self._watched().items()
        return sum((queue, task_id) not in self.canary for queue, task_ids in watched for task_id in task_ids)

    @property
    def reached(self) -> int:
        """How many something came of."""
        return sum(self._counts.values())

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing goes on by itself."""
        return self.stage in AT_REST

    @property
    def is_left(self) -> bool:
        """Whether nobody expects anything of it any more: it neither goes on nor waits for a word."""
        return self.is_at_rest and self.stage is not Stage.ASKING

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop, and a call is still in flight."""
        return self._stopping.is_set() and not self.is_at_rest

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the pace so far; None before that is known."""
        done = self.reached - self._rest_from if self._rest_began is not None else 0
        if self._rest_began is None or done <= 0 or self.stage is not Stage.REST:
            return None
        return (time.monotonic() - self._rest_began) / done * (len(self._outcomes) - self.reached)

    # what it does

    async def begin(self) -> None:
        """Do the canary and watch it; where there is none, do all."""
        if not self.plan.canary:
            await self.go_on()
            return
        await self._do(list(self.canary_places))
        if self.stage is Stage.CANARY:
            await self._watch_canary()

    def go_on(self) -> Coroutine[Any, Any, None]:
        """Do what is left. From the call on it is not at rest, so that nobody can let it go on twice."""
        self._stopping.clear()
        self.failure = None
        self.stage = Stage.REST
        return self._do_rest()

    async def _do_rest(self) -> None:
        self._rest_began, self._rest_from = time.monotonic(), self.reached
        await self._do(self.left)
        if self.stage is Stage.REST:
            self._turn(Stage.OVER)

    def stop(self) -> None:
        """Stop after the call in flight; what is left can be gone on with."""
        if self.stage is Stage.ASKING:
            self._turn(Stage.STOPPED)
        elif not self.is_at_rest:
            self._stopping.set()
            self._changed()

    async def _do(self, places: Sequence[int]) -> None:
        pace = self.plan.pace
        for batch in self._batches(places, min(MOST, pace) if pace is not None else MOST):
            if self._stopping.is_set():
                break
            began = time.monotonic()
            await self._carry(batch)
            if self.stage is Stage.HALTED:
                return
            if pace is not None and batch[-1] != places[-1]:
                await self._pause(len(batch) / pace - (time.monotonic() - began))
        if self._stopping.is_set() and (self.left or self.stage is Stage.CANARY):
            self._turn(Stage.STOPPED)

    def _batches(self, places: Sequence[int], most: int) -> Iterator[list[int]]:
        """Cut places into batches, each of one queue."""
        by_queue: dict[str, list[int]] = {}
        for place in places:
            by_queue.setdefault(self.plan.targets[place].queue, []).append(place)
        for of_queue in by_queue.values():
            for first in range(0, len(of_queue), most):
                yield of_queue[first : first + most]

    async def _carry(self, places: Sequence[int]) -> None:
        """Do a batch; where it fails as a whole, one by one, so that a task that cannot be done costs only itself."""
        result = await self._do_batch(places)
        for place in [place for place, outcome in zip(places, result.outcomes, strict=True) if outcome is None]:
            if self._stopping.is_set() or self.stage is Stage.HALTED:
                return
            alone = await self._do_batch([place])
            if alone.failure is not None and not alone.is_general:
                self._note(place, alone.failure)

    async def _do_batch(self, places: Sequence[int]) -> BatchResult:
        """Do a batch in one write; what hinders every other batch too is the end of the run."""
        targets = tuple(self.plan.targets[place] for place in places)
        result = await self._perform(TaskBatch(self.plan.act, targets[0].queue, targets, self.plan.reason))
        for place, outcome in zip(places, result.outcomes, strict=True):
            if outcome is not None:
                self._note(place, outcome)
        if result.failure is None or not result.is_general:
            self._changed()
        else:
            self.failure = result.failure
            self._turn(Stage.HALTED)
        return result

    def _note(self, place: int, outcome: Outcome) -> None:
        before = self._outcomes[place]
        if before is not None:
            self._counts[type(before)] -= 1
            self.newest.remove(place)
        self._outcomes[place] = outcome
        self._counts[type(outcome)] += 1
        self.newest.append(place)

    async def _watch_canary(self) -> None:
        """Watch until the tasks that were done have ended, or for two minutes; then ask."""
        self._turn(Stage.WATCHING)
        until = time.monotonic() + WATCHED_FOR
        while not self._stopping.is_set():
            watched = self._watched()
            if not watched or time.monotonic() > until:
                self._turn(Stage.ASKING)
                return
            for queue, task_ids in watched.items():
                try:
                    standings = await self._watch(queue, task_ids)
                except Exception:
                    continue  # a canary that cannot be read is not over; the screen tells why nothing is read
                self.canary.update({(queue, task_id): task for task_id, task in standings.tasks.items()})
            self._changed()
            if self._watched():
                await self._pause(WATCHED_EVERY)
        self._turn(Stage.STOPPED)

    def _watched(self) -> dict[str, list[UUID]]:
        """Give the canary's tasks that may not have ended, by their queues; a cancelled task has."""
        watched: dict[str, list[UUID]] = {}
        if self.plan.act is Act.CANCEL:
            return watched
        for place in self.canary_places:
            target, outcome = self.plan.targets[place], self._outcomes[place]
            task_id = copy_of(outcome) or target.task_id
            if isinstance(outcome, Done) and not self._has_ended((target.queue, task_id)):
                watched.setdefault(target.queue, []).append(task_id)
        return watched

    def _is_open(self, outcome: Outcome | None) -> bool:
        if isinstance(outcome, Unknown):
            return self.plan.act is Act.RETRY_AS_NEW
        return outcome is None or isinstance(outcome, Locked | NotApplied)

    def _has_ended(self, key: tuple[str, UUID]) -> bool:
        if key not in self.canary:
            return False
        task = self.canary[key]
        return task is None or task.is_over

    async def _pause(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _turn(self, stage: Stage) -> None:
        self.stage = stage
        self._changed()
