"""What the readings cost the database: by part, in statements, time and pages."""

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from absurd_tui import units
from absurd_tui.observe.parts import Beat, Part, PartCost
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import fit
from absurd_tui.ui.content import Span, assemble
from absurd_tui.ui.watch import Watch

_WIDTHS = (12, 7, 11, 9, 10, 8, 9)
_LABELS = ("part", "every", "statements", "ms each", "backend", "pages", "pages/s")
_END = Plain("\n")
_NOTES = (
    "All of it may take 2 % of one backend; what would take more is read less often."
    " What the server plans for the first time, as at the beginning, is counted over ten minutes instead.",
    "Times are as this side sees them, less the way there and back.",
    "Pages are 8 kB each, counted by running once more what was asked last.",
)


class Costs(ModalScreen[None]):
    """The account of the last minute, live, over whatever is on the screen."""

    BINDINGS = [Binding("escape,q,C,enter", "dismiss", show=False)]

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._pages: Mapping[Part, int] | None = None
        self._refusal = Plain("")

    def compose(self) -> ComposeResult:
        """Make room for the table."""
        with VerticalScroll(id="costs") as box:
            box.border_title = assemble((plain("What reading costs, over the last minute"), "bold"))
            yield Static(id="costs-table")

    def on_mount(self) -> None:
        """Show the newest each second."""
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def take_pages(self, pages: Mapping[Part, int]) -> None:
        """Take how many pages each part reads."""
        self._pages = pages
        self.repaint()

    def take_refusal(self, reason: Plain) -> None:
        """Take why the pages could not be counted."""
        self._refusal = reason
        self.repaint()

    def repaint(self) -> None:
        """Write the table anew from the newest snapshot."""
        if not (self.is_mounted and self.is_running):
            return  # pages were counted before it was there, or after it was left
        snapshot = self._watch.newest
        table = self.query_one("#costs-table", Static)
        if snapshot is None:
            table.update(assemble((plain("Nothing has been read yet."), "$text-muted")))
            return
        notes = [*_NOTES[:2], *(() if self._refusal else _NOTES[2:])]
        table.update(
            assemble(
                *_row(_LABELS, "bold $text-strong"),
                *(span for cost in snapshot.costs for span in _row(_cells(cost, self._pages), "")),
                *_row(_total(snapshot.costs, self._pages), "bold"),
                (_END, ""),
                *(span for beat in snapshot.slowed for span in _slowed(beat)),
                *(span for note in notes for span in ((plain(note), "$text-muted"), (_END, ""))),
                (self._refusal, "$text-muted"),
            )
        )


def _row(cells: Sequence[str], style: str) -> list[Span]:
    first, *rest = (plain(cell) for cell in cells)
    numbers = [(fit(cell, width, right=True), style) for cell, width in zip(rest, _WIDTHS[1:], strict=True)]
    return [(fit(first, _WIDTHS[0]), style), *numbers, (_END, "")]


def _cells(cost: PartCost, pages: Mapping[Part, int] | None) -> tuple[str, ...]:
    read = pages.get(cost.part, 0) if pages is not None else None
    each = cost.seconds / cost.readings if cost.readings else 0.0
    return (
        cost.part.value,
        _every(cost),
        f"{cost.statements / cost.span * 60:,.0f}/min",
        f"{each * 1000:,.1f}",
        f"{100 * cost.share:.2f} %",
        units.UNKNOWN if read is None else f"{read:,}",
        units.UNKNOWN if read is None else f"{_pages_a_second(cost, read):,.0f}",
    )


def _total(costs: Sequence[PartCost], pages: Mapping[Part, int] | None) -> tuple[str, ...]:
    read = sum(_pages_a_second(cost, pages.get(cost.part, 0)) for cost in costs) if pages is not None else None
    return (
        "all",
        "",
        f"{sum(cost.statements / cost.span for cost in costs) * 60:,.0f}/min",
        "",
        f"{100 * sum(cost.share for cost in costs):.2f} %",
        "",
        units.UNKNOWN if read is None else f"{read:,.0f}",
    )


def _every(cost: PartCost) -> str:
    seconds = cost.span / cost.readings if cost.readings else 0.0
    return f"{seconds:.1f}s" if seconds < 10 else f"{seconds:.0f}s"


def _pages_a_second(cost: PartCost, pages: int) -> float:
    return pages * cost.readings / cost.span


def _slowed(beat: Beat) -> list[Span]:
    return [(slowed(beat), "$state-warning"), (_END, "")]


def slowed(beat: Beat) -> Plain:
    """Say that a part is read less often than asked for, and why."""
    return say(
        "{part} every {s}s: {ms} ms", part=beat.part.value, s=f"{beat.seconds:.0f}", ms=f"{beat.cost * 1000:.0f}"
    )
