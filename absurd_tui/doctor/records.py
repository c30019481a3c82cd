"""What the doctor found: frozen records. Every text is raw."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much it matters: nothing to do, good to know, or something that somebody should put right."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: under which heading, what was found, and the statement or command that cures it.

    `facts` is the same for a program to read: numbers, texts, lists of them.
    """

    section: str
    name: str
    level: Level
    told: str
    remedy: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at, in order."""

    checks: tuple[Check, ...]

    @property
    def problems(self) -> int:
        """How many things somebody should put right."""
        return sum(check.level is Level.PROBLEM for check in self.checks)
