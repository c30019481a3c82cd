"""Reads the panels that many queues share.

Where the first tasks of each queue stand is read of all, but whole rows only of those that are shown. One statement
for every few queues does both.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from absurd_tui.observe import spot_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import Chunked, Gathered, Question, Row
from absurd_tui.observe.floors import Floors
from absurd_tui.observe.heads import Found, Look, Wanted
from absurd_tui.observe.places import BY_CLAIM
from absurd_tui.observe.records import State, TaskRow, View
from absurd_tui.observe.rows import task_row
from absurd_tui.observe.spots import Spot, first

_Key = tuple[str, UUID]


@dataclass(frozen=True, kw_only=True)
class _MergedAsked(Chunked[Look]):
    """Asks where the first rows stand. So many of them as are `shown`, and the runs of `ids`, are put into `whole`."""

    floors: Floors
    wanted: Wanted
    shown: int
    ids: Mapping[str, Collection[UUID]]
    whole: dict[_Key, Row]

    def is_idle(self, chunk: Sequence[Question[Look]]) -> bool:
        """Whether there is nothing to ask in a statement: no spots, and no rows."""
        return super().is_idle(chunk) and not any(self.ids.get(question.queue.name) for question in chunk)

    async def answers(self, chunk: Sequence[Question[Look]]) -> Mapping[int, Sequence[Row]]:
        """Run one statement; the spots of each of its questions, by position."""
        queues = list(dict.fromkeys(question.queue for question in chunk))
        at = {queue.name: position for position, queue in enumerate(queues)}
        sleeping = {question.queue for question in chunk if question.about.state is State.SLEEPING}
        spots = [
            spot_queries.spot_branch(
                position,
                at[question.queue.name],
                question.queue.name,
                question.about.state,
                with_retried=question.about.state is State.FAILED and question.about.with_retried,
            )
            for position, question in enumerate(chunk)
        ]
        rows = [
            spot_queries.whole_branch(
                position,
                queue.name,
                with_waits=queue in sleeping,
                may_checkpoints=queue.may_checkpoints,
                has_keys=queue.has_keys,
            )
            for position, queue in enumerate(queues)
        ]
        has_pending = any(question.about.state is State.PENDING for question in chunk)
        found: dict[int, list[Row]] = {}
        for row in await self.fetch(
            spot_queries.merged_statement(spots, rows),
            [self.wanted(question) for question in chunk],
            [f"{{{','.join(map(str, self.ids.get(queue.name, ())))}}}" for queue in queues],
            self.shown,
            *(self.floors.arguments(chunk) if has_pending else ()),
        ):
            if row["qi"] is not None:
                found.setdefault(row["qi"], []).append(row)
            if row["run_id"] is not None:
                self.whole[queues[row["at"]].name, row["run_id"]] = row
        return found


class Merged:
    """The panels of one reading after another: spots as `heads` asks for them, and whole rows of those shown."""

    def __init__(self, asking: Asking, floors: Floors) -> None:
        self._asking = asking
        self._floors = floors
        self._whole: dict[_Key, Row] = {}
        self._left: Mapping[str, Sequence[UUID]] = {}
        self._view = View()

    def begin(self, left: Mapping[str, Sequence[UUID]], view: View) -> None:
        """Begin a reading of a view, and of runs that have `left` the running set before."""
        self._whole = {}
        self._left, self._view = left, view

    async def ask(
        self,
        questions: Sequence[Question[Look]],
        found: Mapping[State, Found[Spot]],
        wanted: Wanted,
        apart: Collection[str],
    ) -> Mapping[Look, Gathered]:
        """Ask where the first rows stand, and for whole rows of those that were found in an older reading."""
        known = self.known
        ids = {name: set(run_ids) - known for name, run_ids in self._left.items()}
        for of_state in found.values():
            for name, run_ids in first(of_state.items, self._view.rows, of_state.kept).items():
                ids.setdefault(name, set()).update(run_ids - known)
        asked = _MergedAsked(
            fetch=self._asking.fetch,
            role=self._asking.role,
            checkpoints=State.SLEEPING in found,
            apart=apart,
            floors=self._floors,
            wanted=wanted,
            shown=self._view.rows,
            ids=ids,
            whole=self._whole,
        )
        return await asked.gather(questions)

    @property
    def known(self) -> frozenset[UUID]:
        """The runs that were read whole."""
        return frozenset(run_id for _, run_id in self._whole)

    def rows(self, spots: Mapping[State, Found[Spot]]) -> Mapping[State, Found[TaskRow]]:
        """Give the rows that are shown, and those that left the running set, each where it is found now.

        A queue of whose older spots one is not there any more is no longer among those that are kept.
        """
        return {state: self._of(state, found) for state, found in spots.items()}

    def _of(self, state: State, spots: Found[Spot]) -> Found[TaskRow]:
        shown = first(spots.items, self._view.rows, spots.items)
        items: dict[str, list[TaskRow]] = {name: [] for name in spots.items}
        standing: dict[str, set[UUID]] = {name: set() for name in spots.items}
        for (name, run_id), row in self._whole.items():
            is_meant = run_id in shown.get(name, ()) or (state in BY_CLAIM and run_id in self._left.get(name, ()))
            if is_meant and _stands_in(state, row, self._view):
                items.setdefault(name, []).append(_row(name, state, row))
                standing.setdefault(name, set()).add(run_id)
        kept = {name: read for name, read in spots.kept.items() if shown.get(name, frozenset()) <= standing[name]}
        has_more = sum(map(len, spots.items.values())) > self._view.rows
        return Found(items, full=dict(spots.full), refused=dict(spots.refused), kept=kept, has_more=has_more)


def _stands_in(state: State, row: Row, view: View) -> bool:
    """Whether a run belongs into a panel as it is now."""
    if state is State.CANCELLED:
        return bool(row["task_state"] == "cancelled")
    if state is State.FAILED:
        return bool(row["run_state"] == "failed" and (view.with_retried or not row["is_unlike_task"]))
    return bool(row["run_state"] == state.value)


def _row(queue: str, state: State, row: Row) -> TaskRow:
    made = task_row(queue, state, row)
    return replace(made, failure=None) if state is State.CANCELLED else made
