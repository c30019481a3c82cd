"""Where the first rows of a panel stand: all that must be read of each of many queues to know which rows are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.branches import Row
from absurd_tui.observe.places import NEWEST_FIRST, order
from absurd_tui.observe.records import Place, State
from absurd_tui.observe.rows import by_end


@dataclass(frozen=True, slots=True)
class Spot:
    """A run, and the key that sorts it among the rows of its panel."""

    run_id: UUID
    key: tuple[float, ...]


def spot(state: State, row: Row) -> Spot:
    """Read the spot in a row of `spot_queries.merged_statement`."""
    run_id = row["spot_id"]
    if state in NEWEST_FIRST:
        return Spot(run_id, by_end(row["spot_ended_at"], run_id))
    at = int.from_bytes(row["spot_at"], signed=True)
    return Spot(run_id, order(state, Place(at, run_id, row["has_no_lease"])))


def first(items: Mapping[str, Sequence[Spot]], rows: int, names: Collection[str]) -> Mapping[str, frozenset[UUID]]:
    """Say which runs stand first in a panel of so many rows, of those of the queues named, by queue."""
    ordered = sorted((spot.key, name, spot.run_id) for name in names for spot in items.get(name, ()))
    shown: dict[str, set[UUID]] = {}
    for _, name, run_id in ordered[:rows]:
        shown.setdefault(name, set()).add(run_id)
    return {name: frozenset(run_ids) for name, run_ids in shown.items()}
