"""Programs measured in turns, and what can be said of two of them: medians, spreads, and the ratio of the medians."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Measured = Mapping[str, Sequence[float]]
"""What one run of one program gave: the values of each quantity, by its name."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quantity of two programs. `ratio` is that of the medians; its spread is that of the single rounds' ratios."""

    ours: Spread
    theirs: Spread
    ratio: Spread


def in_turns(programs: Sequence[Callable[[], Measured]], rounds: int) -> list[list[Measured]]:
    """Run every program once a round, the order reversed each time; a first round, to warm up, is thrown away.

    What was measured, by round, in the order of `programs`.
    """
    measured = []
    for number in range(rounds + 1):
        order = list(range(len(programs)))
        if number % 2:
            order.reverse()
        by_place = {place: programs[place]() for place in order}
        measured.append([by_place[place] for place in range(len(programs))])
    return measured[1:]


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def compare(rounds: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Comparison:
    """Compare what two programs gave in the same rounds; all values of a program count alike."""
    ours = spread([value for mine, _ in rounds for value in mine])
    theirs = spread([value for _, other in rounds for value in other])
    single = spread([median(mine) / median(other) for mine, other in rounds])
    return Comparison(ours, theirs, Spread(ours.median / theirs.median, single.least, single.greatest))
