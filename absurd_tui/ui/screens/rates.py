"""The rates of the chosen queue, with what they are: readable where the dashboard has no line for them."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from absurd_tui import units
from absurd_tui.observe.records import QueueRates
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import fit
from absurd_tui.ui.content import Span, assemble
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.queue_strip import sparkline
from absurd_tui.ui.widgets.rates_line import LATELY, a_minute

_END = Plain("\n")
_NOTES = (
    "Runs count in the minute of their last claim, because Absurd keeps no other time of them in an index; one that"
    " sleeps since is in none, and the current minute is not over.",
    "Wait is from spawn to the first claim. Run is since the last claim: of a run that slept, its last stretch. Slow"
    " runs that are not over are not among them.",
)


class RatesScreen(ModalScreen[None]):
    """Half an hour of one queue, live."""

    BINDINGS = [Binding("escape,q,m,enter", "dismiss", show=False)]

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def compose(self) -> ComposeResult:
        """Make room for it."""
        with VerticalScroll(id="rates-box") as box:
            box.border_title = assemble((plain("Rates, the last 30 minutes"), "bold"))
            yield Static(id="rates-table")

    def on_mount(self) -> None:
        """Show the newest each second."""
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def repaint(self) -> None:
        """Write them anew from the newest snapshot."""
        snapshot = self._watch.newest
        rates = snapshot.rates if snapshot is not None else None
        shown = _lines(rates) if rates is not None else [(plain("Choose a queue with ← → to see its rates."), "")]
        self.query_one("#rates-table", Static).update(assemble(*shown))


def _lines(rates: QueueRates) -> list[Span]:
    spans: list[Span] = [(plain(rates.queue), "bold $text-strong"), (_END, ""), (_END, "")]
    spans += [(plain(f"a minute, mean of the last {LATELY}"), "$text-muted"), (_END, "")]
    for name, minutes, style in (
        ("claimed", rates.claimed, "$state-running"),
        ("completed", rates.completed, "$state-completed"),
        ("failed", rates.failed, "$state-failed"),
    ):
        spans += _row(name, minutes, style)
    spans += [(_END, "")]
    for name, times in (("wait", rates.waited), ("run", rates.ran)):
        spans += [(fit(plain(name), 12), ""), (_times(times), "bold"), (_END, "")]
    of = say("of the latest {n} completed", n=units.plural(rates.sample, "run"))
    spans += [(of, "$text-muted"), (_END, ""), (_END, "")]
    return spans + [span for note in _NOTES for span in ((plain(note), "$text-muted"), (_END, ""))]


def _row(name: str, minutes: Sequence[int | None], style: str) -> list[Span]:
    return [
        (fit(plain(name), 12), style),
        (fit(plain(a_minute(minutes)), 7, right=True), "bold"),
        (plain("  "), ""),
        (plain(sparkline(minutes, len(minutes))), style),
        (_END, ""),
    ]


def _times(times: tuple[float, float] | None) -> Plain:
    if times is None:
        return plain(units.UNKNOWN)
    half, most = (units.duration(seconds) for seconds in times)
    return say("half within {half}, 95 of 100 within {most}", half=half, most=most)
