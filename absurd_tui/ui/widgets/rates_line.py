"""How fast the chosen queue is worked off, in the one line between the queues and the panels."""

from collections.abc import Sequence

from absurd_tui import units
from absurd_tui.observe.records import QueueRates
from absurd_tui.text import plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, quiet
from absurd_tui.ui.widgets.queue_strip import sparkline

_WIDE = 182
LATELY = 5
"""How many whole minutes a number of runs a minute is the mean of."""


class RatesLine(Lines):
    """The rates of one queue; nothing for all of them."""

    def __init__(self) -> None:
        super().__init__(id="rates")
        self._rates: QueueRates | None = None
        self._is_stale = False

    def show(self, rates: QueueRates | None, *, is_stale: bool) -> None:
        """Show these."""
        self._rates, self._is_stale = rates, is_stale
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the line; what has no room at its end is cut."""
        if self._rates is None:
            return [Line()]
        spans = _spans(self._rates, 15 if width >= _WIDE else 6)
        return [Line(fit(quiet(spans) if self._is_stale else spans, width))]


def _spans(rates: QueueRates, cells: int) -> tuple[Span, ...]:
    spans: list[Span] = [(plain(" a minute, by claim: "), "muted")]
    for name, minutes in (("claimed", rates.claimed), ("completed", rates.completed), ("failed", rates.failed)):
        spans += [
            (plain(f"{name} "), "muted"),
            (plain(a_minute(minutes)), "failed" if name == "failed" and (lately(minutes) or 0) > 0 else "bold"),
            (blank(1), ""),
            (plain(sparkline(minutes, cells)), "spark"),
            (blank(2), ""),
        ]
    for name, times in (("wait", rates.waited), ("run", rates.ran)):
        half, most = (units.duration(seconds) for seconds in times) if times else (units.UNKNOWN, units.UNKNOWN)
        spans += [(plain(f"{name} "), "muted"), (plain(half), ""), (plain(" p95 "), "muted"), (plain(most), "")]
        spans += [(blank(2), "")]
    return tuple(spans)


def lately(minutes: Sequence[int | None]) -> float | None:
    """Give the mean of the last whole minutes; None where one is not known."""
    last = [number for number in minutes[-LATELY - 1 : -1] if number is not None]
    return sum(last) / len(last) if len(last) == LATELY else None


def a_minute(minutes: Sequence[int | None]) -> str:
    """Write how many runs a minute there were lately."""
    mean = lately(minutes)
    if mean is None:
        return units.UNKNOWN
    return f"{mean:.1f}" if 0 < mean < 10 else units.count(round(mean))
