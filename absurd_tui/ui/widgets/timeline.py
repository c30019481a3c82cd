"""A task's attempts on one time axis, as lines: readable without colour, and true about what is not recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from uuid import UUID

from absurd_tui import units
from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.axis import Axis, axis_spans
from absurd_tui.ui.widgets.lanes import Kind, Lane, lanes
from absurd_tui.ui.widgets.lines import Line, blank, fit

MIDDLE, WIDE = 116, 182
MOST_ROWS = 8
_NARROW_CHART, _CHART, _WIDE_CHART = 15, 35, 48
_DRAWN = {
    Kind.WAITS: ("·", "muted"),
    Kind.RUNS: ("━", "running"),
    Kind.SLEEPS: ("z", "sleeping"),
    Kind.UNKNOWN: ("╌", "muted"),
}
_LEGEND = {
    Kind.WAITS: ("·", "waits"),
    Kind.RUNS: ("━", "runs"),
    Kind.SLEEPS: ("zz", "sleeps"),
    Kind.UNKNOWN: ("╌╌", "not recorded"),
}
_ENDS = (State.FAILED, State.COMPLETED, State.CANCELLED)
_SHORTEST = 0.1
_START = "»"
_NOW = "│"


@dataclass(frozen=True, slots=True)
class Gap:
    """Attempts that are left out."""

    count: int


def timeline_lines(page: TaskPage, clock: Clock, width: int, chosen: UUID | None) -> list[Line]:
    """Draw the axis, one line per attempt with the chosen one marked, and a legend of what was drawn."""
    drawn = lanes(page, clock.now)
    if not drawn:
        return [Line(((blank(1), ""), (plain("This task has no run left."), "muted")))]
    left = chart_at(width)
    edge = _edge_label(drawn, page, clock)
    axis = make_axis(page, drawn, clock.now, width - left - 1 - (len(edge) + 3 if edge else 0))
    lines = [Line(fit(((blank(left), ""), *axis_spans(axis, clock)), width))]
    for row in shown_rows(drawn, chosen):
        if isinstance(row, Gap):
            lines.append(Line(((blank(1), ""), (plain(f"… {units.plural(row.count, 'attempt')}"), "muted"))))
            continue
        label = edge if row is drawn[-1] else ""
        spans = (*_left(row, clock, left), *chart(row, axis, label))
        is_chosen = row.attempt.run_id == chosen
        lines.append(Line(fit(spans, width), "cursor" if is_chosen else "ground"))
    return [*lines, Line(fit(((blank(left), ""), *_legend(drawn)), width))]


def chart_at(width: int) -> int:
    """Give the cell where the chart begins."""
    return _NARROW_CHART if width < MIDDLE else _CHART if width < WIDE else _WIDE_CHART


def make_axis(page: TaskPage, drawn: Sequence[Lane], now: float, cells: int) -> Axis:
    """Span the axis from the spawn to now, to the planned start where that is near, or to the end of what is over."""
    start = _start(page, drawn, now)
    if page.is_over:
        ends = [lane.ended_at for lane in drawn if lane.ended_at is not None and isfinite(lane.ended_at)]
        return Axis(start, max([*ends, start + _SHORTEST]), max(1, cells), None)
    end = max(now, start + _SHORTEST)
    planned = drawn[-1].planned_at
    if planned is not None and _is_near(planned, start, now):
        end = max(end, planned)
    return Axis(start, end, max(1, cells), now)


def _start(page: TaskPage, drawn: Sequence[Lane], now: float) -> float:
    begun = (page.enqueued_at, *(lane.attempt.created_at for lane in drawn))
    return min((at for at in begun if isfinite(at)), default=now)


def _is_near(planned: float, start: float, now: float) -> bool:
    return isfinite(planned) and planned - now <= (planned - start) / 4


def _edge_label(drawn: Sequence[Lane], page: TaskPage, clock: Clock) -> str:
    """Give the time of a planned start that is too far away for the axis."""
    planned = drawn[-1].planned_at
    if planned is None or page.is_over or _is_near(planned, _start(page, drawn, clock.now), clock.now):
        return ""
    return clock.at(planned)


def shown_rows(drawn: Sequence[Lane], chosen: UUID | None) -> list[Lane | Gap]:
    """Choose at most eight rows: of many attempts the first, the last ones, and the chosen one among them."""
    if len(drawn) <= MOST_ROWS:
        return list(drawn)
    last = MOST_ROWS - 2
    at = next((place for place, lane in enumerate(drawn) if lane.attempt.run_id == chosen), 0)
    if 0 < at < len(drawn) - last:
        last -= 2
        before, after = at - 1, len(drawn) - last - at - 1
        gap = [Gap(before)] if before else []
        return [drawn[0], *gap, drawn[at], Gap(after), *drawn[-last:]]
    return [drawn[0], Gap(len(drawn) - last - 1), *drawn[-last:]]


def _left(lane: Lane, clock: Clock, cells: int) -> tuple[Span, ...]:
    run = lane.attempt
    number, word = plain(f"{run.attempt:>2}"), plain(run.state.value)
    head: tuple[Span, ...] = (
        (number, "bold"),
        (blank(1), ""),
        (plain(STATE_GLYPHS[run.state]), run.state.value),
        (blank(1), ""),
        (word, run.state.value),
    )
    if cells < _CHART:
        return fit(head, cells)
    took = plain(_took(lane, clock))
    worker = plain(run.worker or "")
    room = cells - 24
    return (
        *fit(head, 14),
        *fit(((took, ""),), 7, right=True),
        (blank(2), ""),
        *fit(((worker, "muted"),), room, middle=True),
        (blank(1), ""),
    )


def _took(lane: Lane, clock: Clock) -> str:
    began = next((s.start for s in lane.stretches if s.kind in (Kind.RUNS, Kind.UNKNOWN)), None)
    if began is None:
        return ""
    if lane.ended_at is not None:
        return units.duration(lane.ended_at - began)
    return units.duration(clock.now - began) if lane.attempt.state is State.RUNNING else ""


def chart(lane: Lane, axis: Axis, edge: str = "") -> list[Span]:
    """Draw one attempt over the axis; `edge` is the time of a planned start beyond it."""
    cells: list[tuple[str, str]] = [(" ", "")] * axis.cells
    for stretch in lane.stretches:
        first, last = axis.cell(stretch.start), axis.cell(stretch.end)
        drawn = _DRAWN[stretch.kind]
        if first == last and cells[first][0] in " ·z":
            cells[first] = drawn
        cells[first:last] = [drawn] * (last - first)
    _draw_now(cells, axis)
    _draw_end(cells, lane, axis)
    for mark in lane.marks:
        _draw_mark(cells, mark.number, axis.cell(mark.at))
    spans = _joined(cells)
    if edge:
        spans += [(blank(1), ""), (plain(_START), "running"), (blank(1), ""), (plain(edge), "muted")]
    return spans


def _draw_now(cells: list[tuple[str, str]], axis: Axis) -> None:
    if axis.now is not None:
        cells[axis.cell(axis.now)] = (_NOW, "strong" if cells[axis.cell(axis.now)][0] != " " else "muted")


def _draw_end(cells: list[tuple[str, str]], lane: Lane, axis: Axis) -> None:
    state = lane.attempt.state
    if lane.ended_at is not None and state in _ENDS:
        at = axis.cell(lane.ended_at)
        if cells[at][0] == "━" and at + 1 < axis.cells and cells[at + 1][0] == " ":
            at += 1
        cells[at] = (STATE_GLYPHS[state], state.value)
    elif lane.planned_at is not None and lane.planned_at <= axis.end:
        cells[axis.cell(lane.planned_at)] = (_START, "running")


def _draw_mark(cells: list[tuple[str, str]], number: int, at: int) -> None:
    """Write a checkpoint's number at its cell or one beside it; where there is no room the table has it."""
    digits = str(number)
    for place in (at, at + 1, at - 1):
        here = cells[place : place + len(digits)] if place >= 0 else []
        if len(here) == len(digits) and all(sign in "━╌·z" for sign, _ in here):
            cells[place : place + len(digits)] = [(digit, "strong") for digit in digits]
            return


def _joined(cells: Sequence[tuple[str, str]]) -> list[Span]:
    spans: list[Span] = []
    text, role = "", ""
    for sign, its in cells:
        if its != role and text:
            spans.append((plain(text), role))
            text = ""
        text, role = text + sign, its
    return [*spans, (plain(text), role)]


def _legend(drawn: Sequence[Lane]) -> list[Span]:
    """Explain what was drawn, and nothing else."""
    kinds = {stretch.kind for lane in drawn for stretch in lane.stretches}
    entries = [(sign, _DRAWN[kind][1], word) for kind, (sign, word) in _LEGEND.items() if kind in kinds]
    if any(lane.marks for lane in drawn):
        entries.append(("1", "strong", "checkpoint"))
    ended = {lane.attempt.state for lane in drawn}
    entries += [(STATE_GLYPHS[state], state.value, state.value) for state in _ENDS if state in ended]
    if drawn[-1].planned_at is not None:
        entries.append((_START, "running", "due"))
    spans: list[Span] = []
    for sign, role, word in entries:
        spans += [(plain(sign), role), (blank(1), ""), (plain(word), "muted"), (blank(2), "")]
    return spans


def range_text(page: TaskPage, clock: Clock) -> Plain:
    """Say over which time the axis goes."""
    drawn = lanes(page, clock.now)
    if not drawn:
        return Plain("")
    axis = make_axis(page, drawn, clock.now, 2)
    return plain(f"{clock.at(axis.start)} to {clock.at(axis.end)}, database clock")
