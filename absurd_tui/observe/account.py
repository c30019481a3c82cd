"""What each part of the readings costs the database, as this side sees it."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from absurd_tui.observe.parts import Part, PartCost

MINUTE = 60.0
_TYPICAL_OF, _AT_MOST = 3, 3
_DEAR = 0.05
"""Seconds."""


@dataclass(slots=True)
class _Charge:
    """What one part has cost in one reading: `learned` of it for new statements, the rest for those `known`."""

    at: float
    statements: int = 0
    seconds: float = 0.0
    learned: float = 0.0
    known: int = 0


class Account:
    """Keeps the charges of the last minute, by part.

    What a part costs is what its last reading did, so that the pause after it makes up for just that; but no more than
    three times the median of the last three, once there are three: one that had to wait for a lock says little of the
    next. Nor does what was learned in it count, because the next will not cost that. Of two the lesser counts, where
    it is dear.
    """

    def __init__(self) -> None:
        self._part = Part.CLOCK
        self._charges: dict[Part, deque[_Charge]] = {}
        self._typical: dict[Part, deque[float]] = {}
        self._open: dict[Part, _Charge] = {}
        self._since = time.monotonic()

    @property
    def spent(self) -> float:
        """How many seconds the reading under way has kept a backend."""
        return sum(charge.seconds for charge in self._open.values())

    @property
    def learned(self) -> float:
        """How many of these seconds went to statements that are new to the server."""
        return sum(charge.learned for charge in self._open.values())

    def connected(self) -> None:
        """Begin with a new connection."""
        self._open = {}
        self._typical = {}

    def begin(self) -> None:
        """Begin a reading; one that was broken off is left out of what is typical."""
        self._open = {}

    def end(self) -> None:
        """End a reading that is whole."""
        for part, charge in self._open.items():
            if charge.known:
                typical = self._typical.setdefault(part, deque(maxlen=_TYPICAL_OF))
                typical.append(charge.seconds - charge.learned)
        self._open = {}

    @contextmanager
    def charging(self, part: Part) -> Iterator[None]:
        """Charge a part with what is asked meanwhile."""
        before, self._part = self._part, part
        try:
            yield
        finally:
            self._part = before

    def charge(self, seconds: float, *, is_new: bool = False) -> None:
        """Add a statement to the part that is being charged; `is_new` says that the server had to plan it first."""
        now = time.monotonic()
        charges = self._charges.setdefault(self._part, deque())
        charge = self._open.get(self._part)
        if charge is None:
            charge = self._open[self._part] = _Charge(now)
            charges.append(charge)
        charge.statements += 1
        charge.seconds += seconds
        if is_new:
            charge.learned += seconds
        else:
            charge.known += 1
        while charges[0].at < now - MINUTE:
            charges.popleft()

    def add(self, part: Part, statements: int, seconds: float) -> None:
        """Charge a part with what was read beside the readings."""
        charges = self._charges.setdefault(part, deque())
        now = time.monotonic()
        charges.append(_Charge(now, statements, seconds))
        while charges[0].at < now - MINUTE:
            charges.popleft()

    def is_new(self) -> bool:
        """Whether the part that is being charged has not been charged yet in this reading."""
        return self._part not in self._open

    @property
    def part(self) -> Part:
        """The part that is being charged."""
        return self._part

    def cost(self, part: Part) -> float:
        """Give how many seconds a reading of a part keeps a backend; 0 while too few were made to say so."""
        typical: Sequence[float] = self._typical.get(part, ())
        if len(typical) == _TYPICAL_OF:
            return min(typical[-1], _AT_MOST * median(typical))
        is_dear = len(typical) > 1 and min(typical) >= _DEAR
        return min(typical) if is_dear else 0.0

    def all_lately(self) -> tuple[PartCost, ...]:
        """Give what every part has cost that was read over the last minute."""
        costs = (self.lately(part) for part in Part)
        return tuple(cost for cost in costs if cost.statements)

    def lately(self, part: Part) -> PartCost:
        """Give what a part has cost over the last minute, or since the beginning where that is less."""
        now = time.monotonic()
        charges = [charge for charge in self._charges.get(part, ()) if charge.at >= now - MINUTE]
        return PartCost(
            part,
            max(1.0, min(MINUTE, now - self._since)),
            len(charges),
            sum(charge.statements for charge in charges),
            sum(charge.seconds for charge in charges),
        )
