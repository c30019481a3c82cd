"""All that is wrong, worst first, and the chosen finding explained: what it means, and where to look at it."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen

from absurd_tui.observe.finding import EXPLAINED, Finding, Level
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import BLANK, Paragraph, Piece
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.block import Block
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.lines import Line, blank
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_EXPLAINED_ROWS = 12


def _columns(width: int, _: bool) -> tuple[Column[Finding], ...]:
    return (
        Column("level", 8, lambda finding, _: text(finding.level.name, _role(finding))),
        Column("", 0, lambda finding, _: ((finding.what, ""),)),
        Column("enter goes to", 13, lambda finding, _: text(finding.goal.word, "muted")),
    )


def _role(finding: Finding) -> str:
    return "alarm" if finding.level is Level.WEDGED else "caution"


_SHEET: Sheet[Finding] = Sheet(key=lambda finding: finding.identity, columns=_columns)


class FindingsScreen(Screen[Finding | None]):
    """The findings of the verdict, live; it answers with the one to go to."""

    BINDINGS = [*bindings(Scope.FINDINGS, Scope.EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield RecordTable(_SHEET, id="findings")
        yield Explanation(id="finding-explained")
        yield KeyBar()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show what there is, and what becomes of it."""
        self.set_focus(self.query_one(RecordTable))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    @property
    def finding_in_question(self) -> Finding | None:
        """The finding under the cursor."""
        finding: Finding | None = self.query_one(RecordTable).cursor_record
        return finding

    def repaint(self) -> None:
        """Show the findings as they are now."""
        if not self.query(KeyBar):
            return  # the screen is being taken down
        ticks = time.monotonic()
        found, clock, snapshot = self._watch.settled.shown, self._watch.clock(ticks), self._watch.snapshot
        self.query_one(Header).show(self._watch.head(ticks))
        is_stale = not self._watch.is_live
        as_of = say("as of {at}", at=clock.at(snapshot.now)) if is_stale and clock and snapshot else Plain("")
        title = Title("", Plain(""), "", plain("Findings"), plain(str(len(found))), as_of=as_of)
        notes = (plain("Nothing is found to be wrong."),)
        sight = Sight(clock) if clock is not None else None
        self.query_one(RecordTable).show(found, sight, title, notes=notes, is_stale=is_stale)
        self._show_chosen()

    def on_resize(self, event: Resize) -> None:
        """Lay it out anew."""
        self.call_after_refresh(self.repaint)

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Explain the finding under the cursor."""
        self._show_chosen()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Go where it can be looked at."""
        self.dismiss(event.record)

    def action_go(self) -> None:
        """Go where the finding under the cursor can be looked at."""
        self.query_one(RecordTable).action_choose()

    def _show_chosen(self) -> None:
        block, finding = self.query_one(Explanation), self.query_one(RecordTable).cursor_record
        block.show(finding)
        block.styles.height = min(_EXPLAINED_ROWS, 1 + len(block.body(self.size.width)), self.size.height // 2)
        hints = key_hints(self, Scope.FINDINGS, applies=lambda c: c.id != "findings.go" or finding is not None)
        self.query_one(KeyBar).show(hints)


class Explanation(Block, can_focus=False):
    """One finding in full, and what its kind means."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._finding: Finding | None = None

    def show(self, finding: Finding | None) -> None:
        """Explain this finding."""
        self._finding = finding
        self.display = finding is not None
        self.repaint()

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Name what is below."""
        return ((plain("Explained"), "strong"),), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make all lines."""
        pieces = _pieces(self._finding) if self._finding is not None else []
        lines = (line for piece in pieces for line in piece.lines(width - 2))
        return [Line(((blank(1), ""), *line.spans)) for line in lines]


def _pieces(finding: Finding) -> list[Piece]:
    return [
        Paragraph(finding.what, "strong"),
        Paragraph(finding.then),
        BLANK,
        Paragraph(plain(EXPLAINED[finding.kind]), keeps_words=True),
    ]
