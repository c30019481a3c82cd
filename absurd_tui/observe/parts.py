"""The parts of a reading, each of which has its own account and its own beat."""

from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a reading consists of, as a screen names it."""

    CLOCK = "clock"
    LIST = "queue list"
    COUNTS = "counts"
    TOTALS = "totals"
    HISTORY = "history"
    DONE = "half hours"
    RATES = "rates"
    SYMPTOMS = "symptoms"
    PANELS = "panels"
    FAILURES = "failures"
    """The walk through failed attempts, while their groups are looked at."""
    SCREENS = "screens"
    """What the screens beside the dashboard read while they are open."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A part that is read less often than asked for: every `seconds`, because it costs a backend so many (`cost`)."""

    part: Part
    seconds: float
    cost: float


@dataclass(frozen=True, slots=True)
class PartCost:
    """What one part has cost over the last `span` seconds: how many statements, and how long they kept a backend."""

    part: Part
    span: float
    readings: int
    statements: int
    seconds: float

    @property
    def share(self) -> float:
        """How much of a backend that is."""
        return self.seconds / self.span
