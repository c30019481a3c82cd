"""Reads the rows of the panels."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from absurd_tui.observe import panel_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import Gathered, ListedQueue, Question
from absurd_tui.observe.depths import FEW_QUEUES, Depths
from absurd_tui.observe.finished import Departed
from absurd_tui.observe.floors import Floors
from absurd_tui.observe.heads import Form, Found, Heads, Look, Wanted, Wish, having
from absurd_tui.observe.leases import Leases
from absurd_tui.observe.merged import Merged
from absurd_tui.observe.pages import read_page
from absurd_tui.observe.places import BY_CLAIM, NEWEST_FIRST, first_place, order, placed
from absurd_tui.observe.records import PanelReading, QueueReading, ReadAt, State, TaskRow, View
from absurd_tui.observe.resting import Resting
from absurd_tui.observe.rows import natural_order, task_row
from absurd_tui.observe.spots import Spot, spot


def _branch(position: int, queue: str, look: Look) -> str:
    if look.state is State.FAILED and look.with_retried:
        return panel_queries.failed_runs_branch(position, queue, has_keys=look.has_keys)
    return panel_queries.panel_branch(
        position, queue, look.state, may_checkpoints=look.may_checkpoints, has_keys=look.has_keys
    )


def _key(state: State, row: TaskRow) -> tuple[float, ...]:
    return natural_order(state, row) if state in NEWEST_FIRST else order(state, placed(row))


class Panels:
    """The panels' rows. Remembers which runs left the running set, and when leases were set."""

    def __init__(self, asking: Asking, floors: Floors) -> None:
        self._asking = asking
        self._floors = floors
        self._departed = Departed()
        self._leases = Leases()
        self._depths = Depths()
        resting = {state: Resting() for state in State}
        self._merged = Merged(asking, floors)
        self._rows = Heads(asking, self._depths, resting, Form(self._ask_rows, task_row, _key))
        self._spots = Heads(
            asking,
            self._depths,
            resting,
            Form(self._merged.ask, lambda _, state, row: spot(state, row), lambda _, one: one.key),
        )

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
            self._rows.forget()
            self._spots.forget()
        read_heads = self._read_many if len(chosen) > FEW_QUEUES else self._read_few
        found = await read_heads(Wish(heads, chosen, readings, view, read))
        if State.RUNNING in found:
            self._note_leases(found[State.RUNNING], read.now)
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
            self._asking, self._depths.worth_asking(state, chosen, having(state, view, readings)), view, view.away
        )
        return replace(page, rows=tuple(self._leases.see(page.rows, now))) if state is State.RUNNING else page

    def unchanged(self, now: float) -> None:
        """Take note that at `now` everything is as it was read last."""
        self._leases.unchanged(now)

    async def _read_few(self, wish: Wish) -> Mapping[State, Found[TaskRow]]:
        found = await self._rows.read(wish)
        self._see_running(found, wish.chosen)
        known = {row.run_id for of_state in found.values() for rows in of_state.items.values() for row in rows}
        await self._add_finished(found, wish.chosen, known)
        _drop_overtaken(found)
        return found

    async def _read_many(self, wish: Wish) -> Mapping[State, Found[TaskRow]]:
        spots, found = await self._merge(wish)
        if self._has_forgotten(spots, found):
            spots, found = await self._merge(wish)
        self._see_running(spots, wish.chosen)
        await self._add_finished(found, wish.chosen, self._merged.known)
        return found

    async def _merge(self, wish: Wish) -> tuple[Mapping[State, Found[Spot]], Mapping[State, Found[TaskRow]]]:
        self._merged.begin(self._departed.by_queue(), wish.view)
        spots = await self._spots.read(wish)
        return spots, self._merged.rows(spots)

    def _has_forgotten(self, spots: Mapping[State, Found[Spot]], found: Mapping[State, Found[TaskRow]]) -> bool:
        """Forget what queues gave before of which something is not there any more; says whether there was such."""
        gone = {state: spots[state].kept.keys() - of_state.kept.keys() for state, of_state in found.items()}
        for state, names in gone.items():
            self._spots.forget_of(state, names)
        return any(gone.values())

    async def _ask_rows(
        self,
        questions: Sequence[Question[Look]],
        found: Mapping[State, Found[TaskRow]],
        wanted: Wanted,
        apart: Collection[str],
    ) -> Mapping[Look, Gathered]:
        def arguments(chunk: Sequence[Question[Look]]) -> Sequence[object]:
            has_pending = any(question.about.state is State.PENDING for question in chunk)
            return ([*map(wanted, chunk)], *(self._floors.arguments(chunk) if has_pending else ()))

        return await self._asking.gather(
            questions, _branch, arguments_of=arguments, checkpoints=State.SLEEPING in found, apart=apart
        )

    def _see_running(
        self, found: Mapping[State, Found[TaskRow]] | Mapping[State, Found[Spot]], chosen: Sequence[ListedQueue]
    ) -> None:
        if State.RUNNING in found:
            running = found[State.RUNNING]
            run_ids = ((name, one.run_id) for name, items in running.items.items() for one in items)
            self._departed.see(run_ids, [queue.name for queue in chosen if queue.name not in running.refused])

    def _note_leases(self, running: Found[TaskRow], now: float) -> None:
        """Tell when each lease was set, as far as its row was seen; of many queues only those shown are."""
        noted: dict[str, list[TaskRow]] = {name: [] for name in running.items}
        for row in self._leases.see([row for rows in running.items.values() for row in rows], now):
            noted[row.queue].append(row)
        running.items = noted

    async def _add_finished(
        self, found: Mapping[State, Found[TaskRow]], chosen: Sequence[ListedQueue], known: Collection[UUID]
    ) -> None:
        """Add what was seen running and has ended since, which the newest by claim may leave out.

        What is `known` was read already.
        """
        left = {
            name: unknown
            for name, run_ids in self._departed.by_queue().items()
            if (unknown := [run_id for run_id in run_ids if run_id not in known])
        }
        questions = [
            Question(queue, (state, queue.has_keys), is_idle=queue.name not in left)
            for queue in chosen
            if queue.name in left or not self._asking.is_pooled
            for state in BY_CLAIM
            if state in found
        ]

        def arguments(chunk: Sequence[Question[tuple[State, bool]]]) -> Sequence[object]:
            return ([f"{{{','.join(map(str, left.get(question.queue.name, ())))}}}" for question in chunk],)

        answers = await self._asking.gather(questions, _finished_branch, arguments_of=arguments)
        for (state, _), gathered in answers.items():
            for name, rows in gathered.rows.items():
                found[state].items.setdefault(name, []).extend(task_row(name, state, row) for row in rows)


def _finished_branch(position: int, queue: str, about: tuple[State, bool]) -> str:
    state, has_keys = about
    return panel_queries.finished_branch(position, queue, state, has_keys=has_keys)


def _drop_overtaken(found: Mapping[State, Found[TaskRow]]) -> None:
    """Leave out rows of an older reading whose task was found elsewhere since."""
    fresh = {
        row.key
        for of_state in found.values()
        for name, rows in of_state.items.items()
        if name not in of_state.kept
        for row in rows
        if not row.is_retried
    }
    for of_state in found.values():
        for name in of_state.kept:
            of_state.items[name] = [row for row in of_state.items[name] if row.key not in fresh]


def _reading(state: State, found: Found[TaskRow], readings: Sequence[QueueReading], view: View) -> PanelReading:
    ordered = sorted((row for rows in found.items.values() for row in rows), key=lambda row: _key(state, row))
    shown = tuple(ordered[: view.rows])
    has_more = found.has_more or len(ordered) > view.rows or bool(found.full)
    by_end = state in NEWEST_FIRST
    if by_end:  # only the newest were picked from
        counted = [r.counts.of(state) for r in readings if r.counts is not None and r.name in found.items]
        has_more |= sum(count.value for count in counted) > len(shown)
    after = first_place(state) if by_end else shown[-1].place if shown else None
    return PanelReading(
        state,
        shown,
        is_by_claim=state in BY_CLAIM and bool(found.full),
        refused=tuple(sorted(found.refused.items(), key=lambda refused: refused[0])),
        after=after if has_more else None,
        read=min(found.kept.values(), key=lambda read: read.ticks, default=None),
    )
