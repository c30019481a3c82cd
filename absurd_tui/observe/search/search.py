"""Searches all queues for the tasks that a filter is true of, and gives what each step found as soon as it is there.

What an index answers is asked for at once: ids by their keys, states by the index on them. Everything else is walked
through. Each statement is short, with a pause after it that is as long as it took; between two of them others may use
the connection.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf
from uuid import UUID

from absurd_tui.database.faults import Fault, classify, sentence, sqlstate
from absurd_tui.observe.branches import Asked, Gathered, ListedQueue, Question, Row
from absurd_tui.observe.finder import Finder
from absurd_tui.observe.found import Found, found
from absurd_tui.observe.ids import ids_in
from absurd_tui.observe.places import epoch
from absurd_tui.observe.records import Place, Refusal, State
from absurd_tui.observe.search.language import seconds
from absurd_tui.observe.search.search_queries import (
    BY_CLAIM,
    BY_ID,
    NAMED,
    by_claim_branch,
    by_id_branch,
    named_branch,
    parameters_of,
)
from absurd_tui.observe.search.terms import NAMING, Field, Filter, Op, Term
from absurd_tui.observe.search.walk import (
    LEAST_ROWS,
    MOST_ID,
    NO_ID,
    Lane,
    Walk,
    arguments_by_claim,
    arguments_by_id,
    id_at,
    id_place,
)
from absurd_tui.observe.slot import SupersededError

MOST_FOUND = 1_000
LEAST_PAUSE = 0.05
MOST_QUEUES = 20
"""So many queues are asked in one statement."""

_AGAIN_AFTER = 0.02
_TIMED_OUT = "57014"
_TRIES = 5
_MAYBE_MORE = frozenset({State.CANCELLED})
"""States of tasks that the state of their last run does not tell."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step has brought: the tasks it found, and what is known of the whole search after it.

    Everything down to `back_to` was looked at, which is the time of a spawn, or of a claim where `is_by_claim`.
    `unsure` tasks have documents that are too large to be looked into.
    """

    found: tuple[Found, ...]
    looked_at: int
    back_to: float
    queues: int
    is_over: bool
    is_by_claim: bool = False
    unsure: int = 0
    refused: tuple[tuple[str, Refusal], ...] = ()
    trouble: str = ""


@dataclass
class _Sum:
    looked_at: int = 0
    unsure: int = 0
    number: int = 0
    refused: dict[str, Refusal] = field(default_factory=dict)


class Search:
    """One search. `now` is the database's clock, in seconds since 1970."""

    def __init__(self, finder: Finder, filter: Filter, now: float) -> None:
        self._finder = finder
        self._filter = filter
        self._now = now
        self._sum = _Sum()
        self._queues: Sequence[ListedQueue] = ()
        self._walk: Walk | None = None
        self._trouble = ""

    async def steps(self) -> AsyncIterator[Progress]:
        """Search step by step, until all was looked at or a thousand tasks were found; who asks no more stops it."""
        tries = 0
        steps = self._steps()
        while True:
            try:
                async for progress in steps:
                    tries = 0
                    yield progress
                return
            except SupersededError:
                await asyncio.sleep(_AGAIN_AFTER)
            except Exception as error:
                tries += 1
                if tries > _TRIES or classify(error) not in (Fault.RECONNECT, Fault.RETRY_ONCE):
                    yield self._progress((), is_over=True, trouble=sentence(error))
                    return
                await asyncio.sleep(LEAST_PAUSE * 2**tries)
            steps = self._steps()

    async def _steps(self) -> AsyncIterator[Progress]:
        """Go on from where the walk is."""
        if self._walk is None:
            listed = await self._finder.run(self._finder.queues)
            self._queues = [queue for queue in listed if self._filter.admits(queue.name)]
            self._sum.refused = {queue.name: queue.refusal for queue in self._queues if queue.refusal is not None}
            if any(not term.is_negated for field in NAMING for term in self._filter.of(field)):
                tasks = await self._by_name()
                yield self._progress(tasks, is_over=True, trouble=self._trouble)
                return
            self._walk = Walk(self._lanes(), self._now, oldest=self._oldest)
            if self._walk.is_over:
                yield self._progress((), is_over=True)
        walk = self._walk
        while not walk.is_over:
            for chunk in self._asked(walk).chunks([Question(lane.queue, lane) for lane in walk.next_lanes()]):
                tasks, took = await self._step(walk, [question.about for question in chunk])
                self._sum.number += len(tasks)
                is_over = walk.is_over or self._sum.number >= MOST_FOUND
                yield self._progress(tasks, is_over=is_over)
                if is_over:
                    return
                await asyncio.sleep(max(LEAST_PAUSE, took))

    async def _step(self, walk: Walk, lanes: Sequence[Lane]) -> tuple[tuple[Found, ...], float]:
        """Look into some lanes; where that takes too long, take less the next time."""
        started, rows, before = time.monotonic(), walk.pace.rows, self._sum.looked_at
        answers = await self._finder.run(partial(self._answers, self._asked(walk), lanes, is_least=rows == LEAST_ROWS))
        took = time.monotonic() - started
        if answers is None:
            walk.pace = walk.pace.halved()
            return (), took
        tasks: list[Found] = []
        was_cut = False
        for lane, answer in answers.items():
            edge = None
            for row in answer.rows.get(lane.queue.name, ()):
                if row["looked_at"] is None:
                    tasks += self._taken(lane.queue.name, row)
                    continue
                self._sum.looked_at += row["looked_at"]
                if row["looked_at"] >= rows:
                    edge, was_cut = _edge(row), True
            if answer.refused:
                self._sum.refused |= dict(answer.refused)
                walk.leave(lane)
            else:
                walk.walked(lane, edge)
        walk.pace = walk.pace.after(took, self._sum.looked_at - before, was_cut=was_cut)
        return tuple(sorted(tasks, key=lambda task: -task.task_id.int)), took

    async def _answers(
        self, asked: "Asked[Lane]", lanes: Sequence[Lane], *, is_least: bool
    ) -> Mapping[Lane, Gathered] | None:
        """Ask some lanes; None where the statement took too long. One that is refused is asked for each lane alone."""
        questions = [Question(lane.queue, lane) for lane in lanes]
        try:
            rows = await asked.answers(questions)
        except Exception as error:
            if classify(error) is not Fault.PANEL:
                raise
            return None if sqlstate(error) == _TIMED_OUT and not is_least else await asked.gather(questions)
        return {lane: Gathered({lane.queue.name: rows.get(at, ())}, ()) for at, lane in enumerate(lanes)}

    def _taken(self, queue: str, row: Row) -> list[Found]:
        if row["is_sure"]:
            return [found(queue, row)]
        self._sum.unsure += 1
        return []

    # where is looked

    @property
    def _readable(self) -> list[ListedQueue]:
        return [queue for queue in self._queues if queue.refusal is None]

    @property
    def _states(self) -> tuple[State, ...] | None:
        """The states whose index is walked; None where the tasks are."""
        states = self._filter.states
        return None if states is None or states & _MAYBE_MORE else tuple(sorted(states))

    def _lanes(self) -> list[Lane]:
        newest, oldest = self._bounds
        if newest < oldest:
            return []
        if self._states is not None:
            return [Lane(queue, state) for queue in self._readable for state in self._states]
        return [
            Lane(queue, None, id_place(newest)) if newest < MOST_ID else Lane(queue, None) for queue in self._readable
        ]

    @property
    def _bounds(self) -> tuple[UUID, UUID]:
        """The newest and the oldest id that the ages allow."""
        newest, oldest = MOST_ID, NO_ID
        for term in self._filter.of(Field.AGE):
            ids = [id_at(self._now - seconds(value.text)) for value in term.values]
            is_older = (term.op in (Op.OVER, Op.AT_LEAST)) is not term.is_negated
            youngest, eldest = max(ids), min(ids)
            if is_older:
                newest = min(newest, eldest if term.is_negated else youngest)
            else:
                oldest = max(oldest, youngest if term.is_negated else eldest)
        return newest, oldest

    @property
    def _oldest(self) -> float:
        _, oldest = self._bounds
        return -inf if oldest == NO_ID or self._states is not None else float(int(epoch(id_place(oldest).at)))

    def _asked(self, walk: Walk) -> "Asked[Lane]":
        newest, oldest = self._bounds
        filter, rows = self._filter, walk.pace.rows
        is_by_id = self._states is None
        arguments = arguments_by_id if is_by_id else arguments_by_claim
        typed = parameters_of(filter, BY_ID if is_by_id else BY_CLAIM)

        def branch(position: int, queue: str, lane: Lane) -> str:
            if lane.state is None:
                return by_id_branch(position, queue, filter, rows=rows)
            return by_claim_branch(position, queue, lane.state, filter, rows=rows)

        def arguments_of(chunk: Sequence[Question[Lane]]) -> list[object]:
            return [*arguments([question.about for question in chunk], walk.low, oldest, newest), *typed]

        return Asked(
            fetch=self._finder.fetch,
            branch=branch,
            role=self._finder.role,
            arguments_of=arguments_of,
            most_queues=MOST_QUEUES,
        )

    # by ids and keys

    async def _by_name(self) -> tuple[Found, ...]:
        """Find the tasks that ids and keys name, and keep those that the rest of the filter is true of."""
        named: Mapping[str, set[UUID]] | None = None
        for term in (*self._filter.of(Field.ID), *self._filter.of(Field.KEY)):
            if not term.is_negated:
                found = await (self._with_ids(term) if term.field is Field.ID else self._with_keys(term))
                named = found if named is None else {q: named[q] & found[q] for q in named.keys() & found.keys()}
        tasks: list[Found] = []
        for queue in self._readable:
            if wanted := (named or {}).get(queue.name):
                tasks += await self._finder.run(partial(self._named, queue, wanted))
        return tuple(sorted(tasks, key=lambda task: -task.task_id.int))

    async def _with_ids(self, term: Term) -> Mapping[str, set[UUID]]:
        ranges = [ids_in(value.text) for value in term.values]
        ids = await self._finder.find_ids(tuple(one for each in ranges if isinstance(each, tuple) for one in each))
        self._sum.refused |= dict(ids.refused)
        by_queue: dict[str, set[UUID]] = {}
        for task in ids.tasks:
            by_queue.setdefault(task.queue, set()).add(task.task_id)
        return by_queue

    async def _with_keys(self, term: Term) -> Mapping[str, set[UUID]]:
        keys = await self._finder.find_keys([value.text for value in term.values])
        self._sum.refused |= dict(keys.refused)
        if not keys.has_keys:
            self._trouble = "this schema has no idempotency keys."
        return keys.tasks

    async def _named(self, queue: ListedQueue, wanted: set[UUID]) -> list[Found]:
        newest, oldest = self._bounds
        asked = sorted(id for id in wanted if oldest <= id <= newest)
        rows = await self._finder.fetch(
            named_branch(0, queue.name, self._filter), asked, *parameters_of(self._filter, NAMED)
        )
        self._sum.looked_at += len(asked)
        return [task for row in rows for task in self._taken(queue.name, row)]

    def _progress(self, tasks: tuple[Found, ...], *, is_over: bool, trouble: str = "") -> Progress:
        walk = self._walk
        return Progress(
            found=tasks,
            looked_at=self._sum.looked_at,
            back_to=walk.back_to if walk is not None else -inf,
            queues=len(self._queues),
            is_over=is_over,
            is_by_claim=self._states is not None,
            unsure=self._sum.unsure,
            refused=tuple(sorted(self._sum.refused.items(), key=lambda each: each[0])),
            trouble=trouble,
        )


def _edge(row: Row) -> Place:
    if row["edge_at"] is None:
        return id_place(row["edge_id"])
    return Place(int.from_bytes(row["edge_at"], signed=True), row["edge_id"])
