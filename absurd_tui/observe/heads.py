"""Reads the first of each queue's tasks for the panels: their rows, or where these stand."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import Gathered, ListedQueue, Question, Row
from absurd_tui.observe.depths import Depths
from absurd_tui.observe.records import QueueReading, ReadAt, Refusal, State, View
from absurd_tui.observe.resting import Resting
from absurd_tui.observe.settled import Settled

Item = TypeVar("Item")

_AMONG_OTHERS = frozenset({State.FAILED, State.CANCELLED})
"""The states whose tasks are looked for among failed runs, of which most may have been tried again."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a queue is asked for one panel."""

    state: State
    with_retried: bool
    may_checkpoints: bool
    has_keys: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be read: the first tasks in these states of the queues chosen, whose counts were just read."""

    states: Sequence[State]
    chosen: Sequence[ListedQueue]
    readings: Sequence[QueueReading]
    view: View
    read: ReadAt


Wanted = Callable[[Question[Look]], int]
"""Says how many rows are wanted of a question."""


@dataclass
class Found(Generic[Item]):
    """What the queues gave for one panel, rows or spots: who gave as many as were asked for, and what is older.

    `has_more` says that they have more than is here.
    """

    items: dict[str, list[Item]] = field(default_factory=dict)
    full: dict[str, int] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    kept: dict[str, ReadAt] = field(default_factory=dict)
    has_more: bool = False

    def refuse(self, name: str, why: Refusal) -> None:
        """Take note that a queue refused: it has no more to give, and what it gave before is not shown."""
        self.refused[name] = why
        self.full.pop(name, None)
        if self.kept.pop(name, None) is not None:
            self.items.pop(name, None)


class Asks(Protocol[Item]):
    """Asks the questions, and gives what was answered to each, or who refused."""

    async def __call__(
        self,
        questions: Sequence[Question[Look]],
        found: Mapping[State, Found[Item]],
        wanted: Wanted,
        apart: Collection[str],
    ) -> Mapping[Look, Gathered]:
        """Ask for as many rows as are `wanted`, where so much was found already; queues `apart` alone."""
        ...


@dataclass(frozen=True, slots=True)
class Form(Generic[Item]):
    """What is read of a task: how it is asked for, what is made of a row, and the key that sorts it in its panel."""

    ask: Asks[Item]
    made_of: Callable[[str, State, Row], Item]
    key: Callable[[State, Item], tuple[float, ...]]


class Heads(Generic[Item]):
    """Reads in one form. Remembers what has hardly changed."""

    def __init__(self, asking: Asking, depths: Depths, resting: Mapping[State, Resting], form: Form[Item]) -> None:
        self._asking = asking
        self._depths = depths
        self._resting = resting
        self._form = form
        self._settled: Settled[Item] = Settled()

    def forget(self) -> None:
        """Read again also what has hardly changed since it was read."""
        self._settled.forget()

    def forget_of(self, state: State, names: Collection[str]) -> None:
        """Read some queues again: what they gave for a panel is not there any more."""
        self._settled.forget_of(state, names)

    async def read(self, wish: Wish) -> Mapping[State, Found[Item]]:
        """Read for all panels in one statement for as many queues as one may ask."""
        states, chosen, readings, view, read = wish.states, wish.chosen, wish.readings, wish.view, wish.read
        found: Mapping[State, Found[Item]] = {state: Found() for state in states}
        worth = {state: self._depths.worth_asking(state, chosen, having(state, view, readings)) for state in states}
        signs = {reading.name: reading.counts for reading in readings if reading.counts is not None}
        for state in states:
            for queue in worth[state]:
                kept = self._settled.items(state, queue.name, (view, signs.get(queue.name)), read, among=len(chosen))
                if kept is not None and self._resting[state].refusal(queue.name) is None:
                    found[state].items[queue.name], found[state].kept[queue.name] = list(kept.items), kept.read
                    found[state].full |= {queue.name: kept.full} if kept.full else {}
        asked: Mapping[State, Sequence[ListedQueue]] = {
            state: [queue for queue in worth[state] if queue.name not in found[state].items] for state in states
        }
        await self._ask(found, asked, chosen, view)
        while again := self._to_ask_again(found, worth, wish):
            await self._ask(found, again, chosen, view)
        for state in states:
            for name in found[state].items.keys() - found[state].kept.keys() - found[state].refused.keys():
                items, full = found[state].items[name], found[state].full.get(name, 0)
                self._settled.keep(state, name, (view, signs.get(name)), items, full, read)
        return found

    async def _ask(
        self,
        found: Mapping[State, Found[Item]],
        asked: Mapping[State, Sequence[ListedQueue]],
        chosen: Sequence[ListedQueue],
        view: View,
    ) -> None:
        """Ask these queues, and put what they give in place of what they gave before."""

        def rows(state: State, name: str) -> int:
            return self._depths.rows(state, name, len(chosen), view.rows)

        def wanted(question: Question[Look]) -> int:
            return 0 if question.is_idle else rows(question.about.state, question.queue.name)

        questions = self._questions(found, asked, chosen, view)
        slow = frozenset[str]().union(*(self._resting[state].slow for state in asked))
        answers = await self._form.ask(questions, found, wanted, slow)
        for look, gathered in answers.items():
            of_state = found[look.state]
            for name, given in gathered.rows.items():
                of_state.items[name] = [self._form.made_of(name, look.state, row) for row in given]
                of_state.kept.pop(name, None)
                of_state.full.pop(name, None)
                if len(given) >= rows(look.state, name):
                    of_state.full[name] = rows(look.state, name)
            meant = {queue.name for queue in asked[look.state]}.union(of_state.kept)
            for name, why in gathered.refused:
                told = self._resting[look.state].rest(name, why)
                if name in meant:
                    of_state.refuse(name, told)

    def _questions(
        self,
        found: Mapping[State, Found[Item]],
        asked: Mapping[State, Sequence[ListedQueue]],
        chosen: Sequence[ListedQueue],
        view: View,
    ) -> list[Question[Look]]:
        """Make the questions to these queues, and idle ones so that a statement keeps its text, where it is kept."""
        names = {state: {queue.name for queue in queues} for state, queues in asked.items()}
        named: Mapping[State, Collection[str]] = {state: found[state].kept for state in asked}
        if not self._asking.is_pooled:
            named = {state: {queue.name for queue in self._depths.worth_naming(state, chosen)} for state in asked}
        questions = []
        for queue in chosen:
            for state in asked:
                why = self._resting[state].refusal(queue.name)
                is_asked = queue.name in names[state]
                if why is not None and is_asked:
                    found[state].refuse(queue.name, why)
                if why is None and (is_asked or queue.name in named[state]):
                    look = Look(state, view.with_retried, queue.may_checkpoints, queue.has_keys)
                    questions.append(Question(queue, look, is_idle=not is_asked))
        return questions

    def _to_ask_again(
        self, found: Mapping[State, Found[Item]], worth: Mapping[State, Sequence[ListedQueue]], wish: Wish
    ) -> Mapping[State, Sequence[ListedQueue]]:
        """Give the queues that may have more of the rows to be shown than they were asked for; empty where none has."""
        again = {
            state: [
                *self._with_more(state, found[state], worth[state], wish.view),
                *self._with_hidden(state, found[state], worth[state], wish),
            ]
            for state in found
        }
        return again if any(again.values()) else {}

    def _with_more(
        self, state: State, found: Found[Item], asked: Sequence[ListedQueue], view: View
    ) -> Sequence[ListedQueue]:
        few = {name for name, rows in found.full.items() if rows < view.rows}
        if not few:
            return []
        keys = sorted(self._form.key(state, item) for items in found.items.values() for item in items)
        last_shown = keys[view.rows - 1] if len(keys) >= view.rows else None
        again = []
        for queue in asked:
            if queue.name in few:
                last = max(self._form.key(state, item) for item in found.items[queue.name])
                if last_shown is None or last < last_shown:
                    self._depths.needed(state, queue.name)
                    again.append(queue)
        return again

    def _with_hidden(
        self, state: State, found: Found[Item], asked: Sequence[ListedQueue], wish: Wish
    ) -> Sequence[ListedQueue]:
        """Give the queues that have more than they gave, because only few runs were looked at."""
        if state not in _AMONG_OTHERS:
            return []
        rows = wish.view.rows
        counts = {reading.name: reading.counts.of(state).value for reading in wish.readings if reading.counts}
        again = []
        for queue in asked:
            wanted = self._depths.rows(state, queue.name, len(wish.chosen), rows)
            least = min(wanted, counts.get(queue.name, 0))
            if wanted < rows and len(found.items.get(queue.name, ())) < least:
                self._depths.needed(state, queue.name)
                again.append(queue)
        return again


def having(state: State, view: View, readings: Sequence[QueueReading]) -> Collection[str]:
    """Name the queues that have tasks in a state, or may have: attempts that were tried again are not counted."""
    is_uncounted = state is State.FAILED and view.with_retried
    return {r.name for r in readings if r.counts is not None and (is_uncounted or r.counts.of(state).value)}
