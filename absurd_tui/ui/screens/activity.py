"""What was done from here: each write with its outcome, the exact SQL, and the line that does the same in a shell."""

import time
from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import Screen

from absurd_tui import units
from absurd_tui.operations.audit import AuditRecord
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Scope, bindings, in_footer
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import BLANK, DialogText, Fixed, Paragraph, Piece
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.foot import KeyBar, KeyHint
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.lines import blank, fit
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet, Title
from absurd_tui.ui.widgets.roles import Roles

_ROLES = {"done": "completed", "unknown": "warning", "refused": "failed", "locked": "failed", "not applied": "failed"}
_CLOCK = slice(11, 19)


def _columns(width: int, _: bool) -> tuple[Column[AuditRecord], ...]:
    return (
        Column("at (UTC)", 8, lambda record, _: text(record.at[_CLOCK])),
        Column("what", 8, lambda record, _: text(record.operation)),
        Column("outcome", 11, lambda record, _: text(record.outcome, _ROLES.get(record.outcome, "muted"))),
        Column("queue", 15, lambda record, _: text(record.queue, "muted")),
        Column("…id", 8, lambda record, _: text(units.short_id(record.task_id, 8) if record.task_id else "", "muted")),
        Column("task", 0, lambda record, _: text(record.task_name)),
        Column("took", 7, lambda record, _: text(units.duration(record.seconds), "muted"), right=True),
    )


_SHEET: Sheet[AuditRecord] = Sheet(key=lambda record: (record.at, record.task_id, record.operation), columns=_columns)


class ActivityScreen(Screen[None]):
    """The writes of this run, newest first, and the chosen one in full."""

    BINDINGS = [*bindings(Scope.EVERYWHERE), Binding("escape", "dismiss", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch, records: Callable[[], Sequence[AuditRecord]]) -> None:
        super().__init__()
        self._watch = watch
        self._records = records

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield RecordTable(_SHEET, id="activity")
        with Vertical(id="activity-below"):
            yield DialogText(id="activity-text")
        yield KeyBar()

    def on_mount(self) -> None:
        """Show what there is, and what is added."""
        self.set_focus(self.query_one(RecordTable))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def repaint(self) -> None:
        """Show the records as they are now."""
        ticks = time.monotonic()
        records = tuple(reversed(self._records()))
        self.query_one(Header).show(self._watch.head(ticks))
        clock = self._watch.clock(ticks)
        title = Title("", Plain(""), "", plain("Activity"), plain(str(len(records))))
        notes = (plain("Nothing was written from here."),)
        table = self.query_one(RecordTable)
        table.show(records, Sight(clock) if clock is not None else None, title, notes=notes)
        self._show_chosen()
        esc = KeyHint("esc", "back", "dismiss")
        self.query_one(KeyBar).show([esc, *(KeyHint(c.key, c.label, c.action) for c in in_footer(Scope.EVERYWHERE))])

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Show the record under the cursor in full."""
        self._show_chosen()

    def _show_chosen(self) -> None:
        record = self.query_one(RecordTable).cursor_record
        self.query_one("#activity-text", DialogText).show(_pieces(record) if record is not None else ())


def _pieces(record: AuditRecord) -> list[Piece]:
    by = say("{user} as {role} on {server}", user=record.os_user, role=record.role, server=record.server)
    facts: list[tuple[str, Plain]] = [
        ("at", say("{at}, {clock} clock", at=record.at, clock=record.clock)),
        ("by", by),
        ("task", plain(str(record.task_id)) if record.task_id is not None else Plain("")),
        ("before", plain(record.before or "")),
        ("after", plain(record.after or "")),
        ("transaction", plain(str(record.xid)) if record.xid is not None else Plain("")),
    ]
    shown: list[Piece] = [Paragraph(plain(record.told), "strong"), BLANK]
    shown += [_fact(name, value) for name, value in facts if value]
    for name, called in (("SQL", record.sql), ("absurdctl", record.absurdctl)):
        if called is not None:
            shown += [BLANK, Fixed(((plain(name), "muted"),)), Paragraph(plain(called))]
    return shown


def _fact(name: str, value: Plain) -> Fixed:
    label: tuple[Span, ...] = fit(((plain(name), "muted"),), 13)
    return Fixed((*label, (blank(1), ""), (value, "")))
