"""Columns of a table of records: how wide each is, and how a record is drawn in it.

Widths come from the width of the terminal alone, never from the data, so that
nothing moves sideways when the data changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from absurd_tui.observe.why import Clock
from absurd_tui.text import plain
from absurd_tui.ui.cells import cut_end
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.lines import blank, fit

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Sight:
    """Under which light records are drawn: the clock, whether rows of several queues are mixed, and only with ASCII."""

    clock: Clock
    shows_queue: bool = True
    is_ascii: bool = False


@dataclass(frozen=True, slots=True)
class Column(Generic[Record]):
    """One column: a label, a width in cells (0 takes what is left), and the spans of a record in it."""

    label: str
    width: int
    draw: Callable[[Record, Sight], Sequence[Span]]
    right: bool = False
    cuts_middle: bool = False


def text(raw: str, role: str = "") -> tuple[Span, ...]:
    """Make the spans of one raw text."""
    return ((plain(raw), role),)


def widths(columns: Sequence[Column[Record]], width: int) -> tuple[int, ...]:
    """Share out a line: one blank cell at each side and between columns, and the rest to the column of width 0."""
    fixed = sum(column.width for column in columns)
    rest = width - 2 - (len(columns) - 1) - fixed
    return tuple(column.width or max(0, rest) for column in columns)


def row_spans(
    columns: Sequence[Column[Record]], shares: Sequence[int], record: Record, sight: Sight
) -> tuple[Span, ...]:
    """Draw one record over its columns, with one blank cell before each."""
    spans: list[Span] = []
    for column, share in zip(columns, shares, strict=True):
        spans.append((blank(1), ""))
        spans.extend(
            fit(column.draw(record, sight), share, right=column.right, middle=column.cuts_middle) if share else ()
        )
    return tuple(spans)


def label_spans(columns: Sequence[Column[Record]], shares: Sequence[int], taken: int) -> tuple[Span, ...]:
    """Write the columns' labels from cell `taken` on, each cut to its column; one that begins before it gives way."""
    spans: list[Span] = []
    at = 1
    filled = taken
    for column, share in zip(columns, shares, strict=True):
        label = cut_end(plain(column.label), share)
        cells = cells_of(label)
        start = at + share - cells if column.right else at
        if label and start > filled:
            spans.append((blank(start - filled), ""))
            spans.append((label, "muted"))
            filled = start + cells
        at += share + 1
    return tuple(spans)
