"""What the dashboard claims: the rows of its panels and the counts of its strip, read from the cells of a screen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

STATES = ("pending", "running", "sleeping", "failed", "completed", "cancelled")
_TITLE = re.compile(r"(?:^|(?<= )) ([1-6]) [◌»z✗✓⊖] (?:Pending|Claimed|Sleeping|Failed|Completed|Cancelled) ")
_LIVE = re.compile(r" live  .* every ([\d.]+)s(?:  [a-z ]+ ([\d.]+)s)?(?: |$)")
_ID = "…id      "
_DIALOG = "╭"
_WHY = re.compile(r"^ [◌»z✗✓⊖] .* › ")


@dataclass(frozen=True, slots=True)
class Row:
    """A task in a panel: the state that the panel stands for, and the end of the task's id."""

    state: str
    short: str


@dataclass(frozen=True, slots=True)
class Told:
    """How many tasks of a queue, or of all (None), are said to be in a state; at least so many where it is capped."""

    queue: str | None
    state: str
    number: int
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A dashboard that says that it is live: what it claims, and the most seconds between two of its readings."""

    every: float
    rows: tuple[Row, ...]
    counts: tuple[Told, ...]


class Screen(Protocol):
    """What is read: a terminal that knows what is struck through."""

    @property
    def size(self) -> tuple[int, int]: ...

    def row(self, at: int) -> str: ...

    def is_struck(self, row: int, column: int) -> bool: ...


def read(shown: Screen) -> Reading | None:
    """Read the screen; None where it is no dashboard, or one that does not say that it is live."""
    width, height = shown.size
    lines = [shown.row(at) for at in range(height)]
    live = _LIVE.search(lines[0])
    if live is None or any(_DIALOG in line for line in lines):
        return None
    every = max(float(live[1]), float(live[2] or 0))
    return Reading(every, tuple(_rows(shown, lines, width)), tuple(_counts(lines)))


def _rows(shown: Screen, lines: list[str], width: int) -> Iterator[Row]:
    panels: list[tuple[str, int, int, int]] = []
    for at, line in enumerate(lines):
        titles = list(_TITLE.finditer(line))
        if titles:
            starts = [title.start() for title in titles]
            ends = [*starts[1:], width]
            panels = [
                (STATES[int(title[1]) - 1], line.find(_ID, start, end), start, end)
                for title, start, end in zip(titles, starts, ends, strict=True)
            ]
        elif _WHY.match(line):
            return
        for state, column, start, end in panels:
            short = line[column : column + 8]
            is_row = column > 0 and re.fullmatch("[0-9a-f]{8}", short) and line[column - 1] + line[column + 8] == "  "
            # an attempt that was retried stands for no state, and what is struck through has left
            if is_row and not shown.is_struck(at, column) and "retried ·" not in line[start:end]:
                yield Row(state, short)


def _counts(lines: list[str]) -> Iterator[Told]:
    ends: dict[str, int] = {}
    for line in lines:
        if line.startswith(" 0 Queues "):
            ends = {state: found.end() for state in STATES if (found := re.search(rf"\b{state}\b", line))}
        elif _TITLE.search(line) or not line.strip():
            ends = {}
        for state, end in ends.items():
            told = re.search(r" ([\d,]+)(\+?)$", line[:end])
            name = re.match(r"[ ›][ !] (all queues|[a-z]+\d*)  ", line)
            if told and name and "refused: " not in line and len(ends) == len(STATES):
                queue = None if name[1] == "all queues" else name[1]
                yield Told(queue, state, int(told[1].replace(",", "")), is_capped=bool(told[2]))
