"""The time axis of a timeline: which cell an instant has, and the ticks over it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from absurd_tui.observe.why import Clock
from absurd_tui.text import plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.lines import blank

TICK_CELLS = 10
_NOW_CELLS = 6
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 30, 90, 180, 365)),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """A finite span of time over some cells; `now` is None where it is not on the axis."""

    start: float
    end: float
    cells: int
    now: float | None

    def cell(self, at: float) -> int:
        """Give the cell of an instant, the nearest one for an instant outside."""
        if at <= self.start:
            return 0
        if at >= self.end:
            return self.cells - 1
        return int((at - self.start) / (self.end - self.start) * (self.cells - 1))


def axis_spans(axis: Axis, clock: Clock) -> list[Span]:
    """Write the ticks' times over their cells, and "now" before its own."""
    labels = _tick_labels(axis, clock)
    if axis.now is not None:
        labels.append((max(0, axis.cell(axis.now) - 3), "now", "strong"))
    spans: list[Span] = []
    filled = 0
    for at, text, role in sorted(labels):
        if at < filled:
            continue
        spans += [(blank(at - filled), ""), (plain(text), role)]
        filled = at + len(text)
    return spans


def _tick_labels(axis: Axis, clock: Clock) -> list[tuple[int, str, str]]:
    step = _step(axis)
    if step is None:
        return []
    offset = _zone_seconds(clock)
    now = axis.cell(axis.now) if axis.now is not None else None
    labels: list[tuple[int, str, str]] = []
    taken = 0
    tick = -(-(axis.start + offset) // step) * step - offset
    while tick <= axis.end:
        text = _tick_text(tick + offset, step)
        at = min(max(0, axis.cell(tick) - len(text) // 2), axis.cells - len(text))
        is_near_now = now is not None and abs(axis.cell(tick) - now) < _NOW_CELLS
        overlaps_now = now is not None and at <= now and at + len(text) > now - 4
        if at >= taken and not is_near_now and not overlaps_now:
            labels.append((at, text, "muted"))
            taken = at + len(text) + 2
        tick += step
    return labels


def _step(axis: Axis) -> int | None:
    span = axis.end - axis.start
    for step in _STEPS:
        cells = TICK_CELLS + 2 if step < _MINUTE else TICK_CELLS
        if span > 0 and step / span * axis.cells >= cells:
            return step
    return None


def _tick_text(local: float, step: int) -> str:
    try:
        moment = datetime.fromtimestamp(local, UTC)
    except (OverflowError, OSError, ValueError):
        return ""
    if step >= _DAY:
        return f"{moment:%Y-%m-%d}" if step >= 365 * _DAY else f"{moment:%m-%d}"
    return f"{moment:%H:%M}" if step >= _MINUTE else f"{moment:%H:%M:%S}"


def _zone_seconds(clock: Clock) -> float:
    """How far the clock's zone is from UTC, so that ticks fall on its whole hours."""
    if clock.utc or not isfinite(clock.now):
        return 0.0
    try:
        distance = datetime.fromtimestamp(clock.now, UTC).astimezone(clock.offset).utcoffset()
    except (OverflowError, OSError, ValueError):
        return 0.0
    return distance.total_seconds() if distance is not None else 0.0
