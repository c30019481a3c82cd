"""Two per cent of a backend, shared out among the parts of a reading. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from absurd_tui.observe.parts import Part

BUDGET = 0.02
SEEN = 0.8
"""How much of what a statement takes of a backend is seen from here, at least: the rest is before and after it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a part would like: to cost a backend so many seconds (`cost`) every so many seconds (`every`)."""

    cost: float
    every: float

    @property
    def share(self) -> float:
        """How much of a backend that is."""
        return self.cost / self.every


def slowed(demands: Mapping[Part, Demand], budget: float = BUDGET) -> Mapping[Part, float]:
    """Give the parts that cannot have what they would like, and every how many seconds they are read instead.

    A part that wants little gets it; those that want most share what is left, each as much as the other.
    """
    left = budget
    periods: dict[Part, float] = {}
    by_share = sorted(demands.items(), key=lambda item: item[1].share)
    for number, (part, demand) in enumerate(by_share):
        fair = left / (len(by_share) - number)
        if demand.share > fair:
            periods[part] = demand.cost / fair
        left -= min(demand.share, fair)
    return periods
