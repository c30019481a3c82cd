"""When each part of a reading is read again: not before anything can have changed, and not beyond its share.

Where no transaction has ended since a part was read, and the clock alone has not
changed it, what was read is what would be read now. That is exact for what Absurd's
tables hold; some figures are statistics, which lag, so that after ten seconds a part is
read again all the same.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from statistics import median

from absurd_tui.observe.account import Account
from absurd_tui.observe.governor import BUDGET, SEEN, Demand, slowed
from absurd_tui.observe.parts import Beat, Part

LONGEST = 10.0
_LEAST_GAP = 0.1
_EARLY = 0.9
_VISIBLY = 1.5
_SEEN_BUDGET = SEEN * BUDGET
_LEAST_BUDGET = _SEEN_BUDGET / 4
_BESIDE = (Part.HISTORY, Part.FAILURES, Part.SCREENS)
"""What keeps to a share of its own: background counts and the walk through failures to half of the budget each,
screens to a quarter."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The beginning of a reading: `now` is the database's clock, `ticks` this machine's monotonic clock.

    `transactions` names the transactions that had ended; None on a standby, whose snapshot does not name them all.
    `queues` names the rows of `absurd.queues`. A standby may have become the primary since the connection was made.
    """

    transactions: str | None
    queues: str
    now: float
    ticks: float
    is_standby: bool = False

    def is_like(self, other: "Moment") -> bool:
        """Whether no transaction has ended between the two."""
        return self.transactions is not None and self.transactions == other.transactions


@dataclass(frozen=True, slots=True)
class _Mark:
    moment: Moment
    asked: object
    until: float


class Beats:
    """Remembers when each part was read, and decides whether it is read now."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._marks: dict[Part, _Mark] = {}
        self._wishes: dict[Part, float] = {}
        self._gaps: deque[float] = deque(maxlen=3)
        self._moment: Moment | None = None
        self._is_urged = False
        self._slowed: Mapping[Part, float] = {}

    def begin_anew(self) -> None:
        """Forget what was read: the next connection may be to another server."""
        self._marks = {}
        self._gaps.clear()
        self._moment = None

    def begin(self, moment: Moment, *, is_urged: bool) -> None:
        """Begin a reading; one that is urged reads whatever can have changed, also what is slowed."""
        if self._moment is not None:
            self._gaps.append(max(_LEAST_GAP, moment.ticks - self._moment.ticks))
        self._moment, self._is_urged = moment, is_urged
        beside = sum(self._account.lately(part).share for part in _BESIDE)
        self._slowed = slowed(self._demands(), max(_LEAST_BUDGET, _SEEN_BUDGET - beside))

    def is_due(self, part: Part, asked: object = None, *, every: float = 0.0) -> bool:
        """Say whether a part is to be read: `asked` is what of it is wanted, `every` how often that is enough."""
        self._wishes[part] = every
        mark, moment = self._marks.get(part), self._moment
        if mark is None or moment is None or mark.asked != asked:
            return True
        age = moment.ticks - mark.moment.ticks
        if age < _EARLY * max(every, self._slowed.get(part, 0.0)) and not self._is_urged:
            return False
        return age >= LONGEST or moment.now >= mark.until or not moment.is_like(mark.moment)

    def read(self, part: Part, asked: object = None, *, until: float = inf) -> None:
        """Note that a part was read; the clock changes it at `until`, at once where something is pending (`-inf`)."""
        if self._moment is not None:
            self._marks[part] = _Mark(self._moment, asked, until)

    def as_of(self, part: Part) -> Moment | None:
        """Give the latest moment at which a part is known to have been as it was read; None where it never was."""
        mark = self._marks.get(part)
        if mark is None or self._moment is None:
            return None
        return self._moment if self._moment.is_like(mark.moment) else mark.moment

    def forget(self, part: Part) -> None:
        """Read a part at the next reading, whatever else holds."""
        self._marks.pop(part, None)

    @property
    def told(self) -> tuple[Beat, ...]:
        """The parts that are visibly slowed, the slowest first."""
        beats = [
            Beat(part, seconds, self._account.cost(part))
            for part, seconds in self._slowed.items()
            if seconds > _VISIBLY * self._wished(part)
        ]
        return tuple(sorted(beats, key=lambda beat: -beat.seconds))

    def _demands(self) -> Mapping[Part, Demand]:
        costs = {part: self._account.cost(part) for part in self._wishes}
        return {part: Demand(cost, self._wished(part)) for part, cost in costs.items() if cost}

    def _wished(self, part: Part) -> float:
        return max(self._wishes[part], median(self._gaps) if self._gaps else 1.0)
