"""Reads a panel away from its head: the rows around a place, each once and in order, over every queue that is asked.

A queue is read only so far in one statement. What another queue has beyond that is left for the next page, because
rows of the first may belong before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from absurd_tui.observe import page_queries
from absurd_tui.observe.asking import Asking
from absurd_tui.observe.branches import ListedQueue, Question, merged
from absurd_tui.observe.places import BY_CLAIM, EARLIEST, INFINITY, LATEST, NEWEST_FIRST, literal, order, placed
from absurd_tui.observe.records import Away, Head, PanelReading, Place, State, TaskRow, View
from absurd_tui.observe.rows import natural_order, task_row


@dataclass(frozen=True, slots=True)
class Batch:
    """What one queue gave: its rows, and the places at which a look for them was cut short."""

    rows: Sequence[TaskRow]
    edges: Sequence[Place] = ()


def half_of(view: View) -> int:
    """Give how many rows are read in each direction, so that a table holds three pages."""
    return view.rows * 3 // 2


async def read_page(asking: Asking, chosen: Sequence[ListedQueue], view: View, away: Away) -> PanelReading:
    """Read the rows around a place from the queues that are chosen."""
    state, half = away.state, half_of(view)

    def branch(position: int, queue: str, about: tuple[bool, bool]) -> str:
        may_checkpoints, has_keys = about
        return page_queries.page_branch(
            position,
            queue,
            state,
            half=half,
            with_retried=view.with_retried,
            may_checkpoints=may_checkpoints,
            has_keys=has_keys,
        )

    reads_steps = state is State.SLEEPING
    asked = [Question(queue, (queue.may_checkpoints and reads_steps, queue.has_keys)) for queue in chosen]
    found = merged(await asking.gather(asked, branch, *arguments(away), checkpoints=reads_steps))
    batches = []
    for queue, rows in found.rows.items():
        read = [(task_row(queue, state, row), bool(row["is_edge"])) for row in rows]
        edges = [row.place for row, is_edge in read if is_edge and row.place is not None]
        batches.append(Batch(_shown((row for row, _ in read), view), edges))
    page = cut(away, batches, half)
    if page.before is None and away.head is not None and away.head.run_ids:
        again = merged(
            await asking.gather(
                [Question(queue, queue.has_keys) for queue in chosen],
                lambda position, queue, has_keys: page_queries.head_branch(position, queue, state, has_keys=has_keys),
                list(away.head.run_ids),
            )
        )
        page = with_head(
            page, _shown((task_row(queue, state, row) for queue, rows in again.rows.items() for row in rows), view)
        )
    return replace(page, refused=found.refused)


def cut(away: Away, batches: Iterable[Batch], half: int) -> PanelReading:
    """Put what the queues gave in order, as far as it is known to be whole; at most `half` rows in each direction."""
    kept = tuple(batches)
    above, before = _from(away.up, away.state, kept, half, sign=-1)
    below, after = _from(away.down, away.state, kept, half, sign=1)
    rows = {row.run_key: row for row in (*reversed(above), *below)}
    is_by_claim = away.state in BY_CLAIM
    return PanelReading(away.state, tuple(rows.values()), is_by_claim, away=away, before=before, after=after)


def with_head(page: PanelReading, first: Iterable[TaskRow]) -> PanelReading:
    """Put the rows that stood at the head before a page that begins right after them."""
    head = sorted(first, key=lambda row: natural_order(page.state, row))
    return replace(page, rows=(*head, *page.rows))


def _from(
    start: Place, state: State, batches: Sequence[Batch], half: int, *, sign: int
) -> tuple[list[TaskRow], Place | None]:
    """Give the rows from a place on, the nearest first, and where to go on from; None where there is no more."""

    def far(place: Place) -> tuple[int, ...]:
        return tuple(sign * part for part in order(state, place))

    rows: list[TaskRow] = []
    edges: list[Place] = []
    for batch in batches:
        once = {row.run_id: row for row in batch.rows if far(placed(row)) >= far(start)}
        nearest = sorted(once.values(), key=lambda row: far(placed(row)))
        rows += nearest
        edges += [edge for edge in batch.edges if far(edge) >= far(start)]
        edges += [placed(row) for row in nearest[half - 1 : half]]
    horizon = min(edges, key=far, default=None)
    rows.sort(key=lambda row: far(placed(row)))
    kept = [row for row in rows if horizon is None or far(placed(row)) <= far(horizon)]
    return (kept[:half], placed(kept[half - 1])) if len(kept) > half else (kept, horizon)


def _shown(rows: Iterable[TaskRow], view: View) -> list[TaskRow]:
    return [row for row in rows if row.state is not State.FAILED or view.with_retried or not row.is_retried]


def arguments(away: Away) -> list[object]:
    """Give the arguments of `page_queries.page_branch`, in their order."""
    told: list[object] = []
    for place in (away.up, away.down):
        leased = LATEST if place.has_no_lease and away.state is State.RUNNING else place
        told += [literal(leased.at), leased.run_id]
    if away.state is State.RUNNING:
        for place in (away.up, away.down):
            unleased = place if place.has_no_lease else EARLIEST
            told += [literal(unleased.at), unleased.run_id]
    if away.state in NEWEST_FIRST:
        head = away.head or Head((), INFINITY)
        told.append(list(head.run_ids))
        if away.state in BY_CLAIM:
            told.append(literal(head.as_of))
    return told
