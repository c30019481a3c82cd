"""Reads the rows of the panels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from absurd_tui.observe import panel_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue, Question
from absurd_tui.observe.depths import Depths
from absurd_tui.observe.finished import Departed
from absurd_tui.observe.floors import Floors
from absurd_tui.observe.leases import Leases
from absurd_tui.observe.pages import read_page
from absurd_tui.observe.places import NEWEST_FIRST, first_place, order, placed
from absurd_tui.observe.records import PanelReading, QueueReading, ReadAt, Refusal, State, TaskRow, View
from absurd_tui.observe.resting import Resting
from absurd_tui.observe.rows import natural_order, task_row
from absurd_tui.observe.settled import Settled

_ENDED = (State.COMPLETED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Look:
    """What a queue is asked for one panel."""

    state: State
    rows: int
    with_retried: bool
    may_checkpoints: bool
    has_keys: bool
    has_floor: bool


@dataclass
class _Found:
    """What the queues gave for one panel: their rows, who gave as many as were asked for, and whose rows are older."""

    rows: dict[str, list[TaskRow]] = field(default_factory=dict)
    full: dict[str, int] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    kept: dict[str, ReadAt] = field(default_factory=dict)

    def refuse(self, name: str, why: Refusal) -> None:
        """Take note that a queue refused: it has no more to give."""
        self.refused[name] = why
        self.full.pop(name, None)


class Panels:
    """The panels' rows. Remembers which runs left the running set, and when leases were set."""

    def __init__(self, asking: Asking, floors: Floors) -> None:
        self._asking = asking
        self._floors = floors
        self._departed = Departed()
        self._leases = Leases()
        self._depths = Depths()
        self._settled = Settled()
        self._resting: dict[State, Resting] = {state: Resting() for state in State}

    async def read(
        self,
        chosen: Sequence[ListedQueue],
        readings: Sequence[QueueReading],
        view: View,
        read: ReadAt,
        *,
        is_urged: bool = False,
    ) -> tuple[PanelReading, ...]:
        """Read the rows of the panels of a view at `read`: the first of the queues chosen, or those where it is away.

        All panels at their heads are read in one statement for as many queues as one may ask. Where urged, also what
        has hardly changed since it was read.
        """
        heads = [state for state in view.panels if view.away is None or view.away.state is not state]
        if is_urged:
            self._settled.forget()
        found = await self._heads(heads, chosen, readings, view, read)
        if State.RUNNING in found:
            self._see_running(found[State.RUNNING], chosen, read.now)
        await self._add_finished(found, chosen)
        _drop_overtaken(found)
        panels = []
        for state in view.panels:
            if state in found:
                panels.append(_reading(state, found[state], readings, view))
            else:
                panels.append(await self.read_away(chosen, readings, view, read.now))
        return tuple(panels)

    async def read_away(
        self, chosen: Sequence[ListedQueue], readings: Sequence[QueueReading], view: View, now: float
    ) -> PanelReading:
        """Read the panel that a view is away in, around its place.

        Which runs leave the running set is seen at the head alone.
        """
        if view.away is None:
            raise ValueError("no panel is away from its head")
        state = view.away.state
        page = await read_page(
            self._asking, self._depths.worth_asking(state, chosen, _having(state, readings)), view, view.away
        )
        return replace(page, rows=tuple(self._leases.see(page.rows, now))) if state is State.RUNNING else page

    def unchanged(self, now: float) -> None:
        """Take note that at `now` everything is as it was read last."""
        self._leases.unchanged(now)

    async def _heads(
        self,
        states: Sequence[State],
        chosen: Sequence[ListedQueue],
        readings: Sequence[QueueReading],
        view: View,
        read: ReadAt,
    ) -> Mapping[State, _Found]:
        found = {state: _Found() for state in states}
        worth = {state: self._depths.worth_asking(state, chosen, _having(state, readings)) for state in states}
        signs = {reading.name: reading.counts for reading in readings if reading.counts is not None}
        for state in states:
            for queue in worth[state]:
                kept = self._settled.rows(state, queue.name, (view, signs.get(queue.name)), read, among=len(chosen))
                if kept is not None:
                    found[state].rows[queue.name], found[state].kept[queue.name] = list(kept.rows), kept.read
                    found[state].full |= {queue.name: kept.full} if kept.full else {}
        asked: Mapping[State, Sequence[ListedQueue]] = {
            state: [queue for queue in worth[state] if queue.name not in found[state].rows] for state in states
        }
        while any(asked.values()):
            await self._ask(found, asked, chosen, view)
            asked = {state: self._to_ask_again(state, found[state], worth[state], view) for state in states}
        for state in states:
            for name in found[state].rows.keys() - found[state].kept.keys():
                rows, full = found[state].rows[name], found[state].full.get(name, 0)
                self._settled.keep(state, name, (view, signs.get(name)), rows, full, read)
        return found

    async def _ask(
        self,
        found: Mapping[State, _Found],
        asked: Mapping[State, Sequence[ListedQueue]],
        chosen: Sequence[ListedQueue],
        view: View,
    ) -> None:
        """Ask these queues, and put what they give in place of what they gave before."""
        names = {state: {queue.name for queue in queues} for state, queues in asked.items()}
        questions = []
        for queue in chosen:
            for state in asked:
                if queue.name in names[state] and not self._rests(state, queue.name, found[state]):
                    rows = self._depths.rows(state, queue.name, len(chosen), view.rows)
                    may_checkpoints = state is State.SLEEPING and queue.may_checkpoints
                    has_floor = state is State.PENDING and self._floors.holds
                    look = Look(state, rows, view.with_retried, may_checkpoints, queue.has_keys, has_floor)
                    questions.append(Question(queue, look))
        slow = frozenset[str]().union(*(self._resting[state].slow for state in asked))
        answers = await self._asking.gather(
            questions, _branch, arguments_of=self._arguments, checkpoints=State.SLEEPING in asked, apart=slow
        )
        for look, gathered in answers.items():
            of_state = found[look.state]
            for name, given in gathered.rows.items():
                of_state.rows[name] = [task_row(name, look.state, row) for row in given]
                of_state.kept.pop(name, None)
                of_state.full.pop(name, None)
                if len(given) >= look.rows:
                    of_state.full[name] = look.rows
            for name, why in gathered.refused:
                of_state.refuse(name, self._resting[look.state].rest(name, why))

    def _arguments(self, asked: Sequence[Question[Look]]) -> Sequence[object]:
        return self._floors.arguments(asked) if any(one.about.has_floor for one in asked) else ()

    def _rests(self, state: State, name: str, found: _Found) -> bool:
        why = self._resting[state].refusal(name)
        if why is not None:
            found.refuse(name, why)
        return why is not None

    def _to_ask_again(
        self, state: State, found: _Found, asked: Sequence[ListedQueue], view: View
    ) -> Sequence[ListedQueue]:
        """Give the queues that may have more of the rows to be shown than they were asked for."""
        few = {name for name, rows in found.full.items() if rows < view.rows}
        if not few:
            return []
        keys = sorted(_key(state, row) for rows in found.rows.values() for row in rows)
        last_shown = keys[view.rows - 1] if len(keys) >= view.rows else None
        again = []
        for queue in asked:
            if queue.name in few:
                last = max(_key(state, row) for row in found.rows[queue.name])
                if last_shown is None or last < last_shown:
                    self._depths.needed(state, queue.name)
                    again.append(queue)
        return again

    def _see_running(self, found: _Found, chosen: Sequence[ListedQueue], now: float) -> None:
        read = [queue.name for queue in chosen if queue.name not in found.refused]
        self._departed.see(((name, row.run_id) for name, rows in found.rows.items() for row in rows), read)
        for row in self._leases.see([row for rows in found.rows.values() for row in rows], now):
            rows = found.rows[row.queue]
            rows[next(at for at, other in enumerate(rows) if other.run_id == row.run_id)] = row

    async def _add_finished(self, found: Mapping[State, _Found], chosen: Sequence[ListedQueue]) -> None:
        """Add what was seen running and has ended since, which the newest by claim may leave out."""
        left = self._departed.by_queue()
        run_ids: list[UUID] = [run_id for queue in chosen for run_id in left.get(queue.name, ())]
        questions = [
            Question(queue, (state, queue.has_keys))
            for queue in chosen
            if queue.name in left
            for state in _ENDED
            if state in found
        ]
        if not questions:
            return
        answers = await self._asking.gather(questions, _finished_branch, run_ids)
        for (state, _), gathered in answers.items():
            for name, rows in gathered.rows.items():
                there = found[state].rows.setdefault(name, [])
                known = {row.run_id for row in there}
                there += [row for row in (task_row(name, state, row) for row in rows) if row.run_id not in known]


def _branch(position: int, queue: str, look: Look) -> str:
    if look.state is State.FAILED and look.with_retried:
        return panel_queries.failed_runs_branch(position, queue, rows=look.rows, has_keys=look.has_keys)
    return panel_queries.panel_branch(
        position,
        queue,
        look.state,
        rows=look.rows,
        may_checkpoints=look.may_checkpoints,
        has_keys=look.has_keys,
        has_floor=look.has_floor,
    )


def _finished_branch(position: int, queue: str, about: tuple[State, bool]) -> str:
    state, has_keys = about
    return panel_queries.finished_branch(position, queue, state, has_keys=has_keys)


def _drop_overtaken(found: Mapping[State, _Found]) -> None:
    """Leave out rows of an older reading whose task was found elsewhere since."""
    fresh = {
        row.key
        for of_state in found.values()
        for name, rows in of_state.rows.items()
        if name not in of_state.kept
        for row in rows
        if not row.is_retried
    }
    for of_state in found.values():
        for name in of_state.kept:
            of_state.rows[name] = [row for row in of_state.rows[name] if row.key not in fresh]


def _having(state: State, readings: Sequence[QueueReading]) -> Collection[str]:
    """Name the queues that have tasks in a state."""
    return {r.name for r in readings if r.counts is not None and r.counts.of(state).value}


def _key(state: State, row: TaskRow) -> tuple[float, ...]:
    return natural_order(state, row) if state in NEWEST_FIRST else order(state, placed(row))


def _reading(state: State, found: _Found, readings: Sequence[QueueReading], view: View) -> PanelReading:
    ordered = sorted((row for rows in found.rows.values() for row in rows), key=lambda row: _key(state, row))
    shown = tuple(ordered[: view.rows])
    has_more = len(ordered) > view.rows or bool(found.full)
    by_end = state in NEWEST_FIRST
    if by_end:  # only the newest were picked from
        counted = [r.counts.of(state) for r in readings if r.counts is not None and r.name in found.rows]
        has_more |= sum(count.value for count in counted) > len(shown)
    after = first_place(state) if by_end else shown[-1].place if shown else None
    return PanelReading(
        state,
        shown,
        is_by_claim=state in _ENDED and bool(found.full),
        refused=tuple(sorted(found.refused.items(), key=lambda refused: refused[0])),
        after=after if has_more else None,
        read=min(found.kept.values(), key=lambda read: read.ticks, default=None),
    )
