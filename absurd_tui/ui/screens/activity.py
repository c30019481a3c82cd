"""What was done from here: each write with its outcome, the exact SQL, and the line that does the same in a shell."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen
from textual.timer import Timer

from absurd_tui import units
from absurd_tui.operations.audit import Audit, AuditRecord
from absurd_tui.operations.markdown import as_markdown, export, holds
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import fit
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.find_writes import FindWritesDialog
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

_ROLES = {"done": "completed", "unknown": "warning", "refused": "failed", "locked": "failed", "not applied": "failed"}
_CLOCK = slice(11, 19)
_LABEL = 12
NOTE_SECONDS = 4.0
_TABLE_ROWS = 6
"""Rows that the table keeps, its title among them, when the chosen write needs all the others."""


def _columns(width: int, _: bool) -> tuple[Column[AuditRecord], ...]:
    return (
        Column("task", 0, lambda record, _: text(record.task_name)),
        Column("what", 8, lambda record, _: text(record.operation)),
        Column("outcome", 11, lambda record, _: text(record.outcome, _ROLES.get(record.outcome, "muted"))),
        Column("queue", 15, lambda record, _: text(record.queue, "muted")),
        Column("…id", 8, lambda record, _: text(units.short_id(record.task_id, 8) if record.task_id else "", "muted")),
        Column("took", 7, lambda record, _: text(units.duration(record.seconds), "muted"), right=True),
        Column("at (UTC)", 8, lambda record, _: text(record.at[_CLOCK])),
    )


_SHEET: Sheet[AuditRecord] = Sheet(key=lambda record: (record.at, record.task_id, record.operation), columns=_columns)


class ActivityScreen(Screen[None]):
    """The writes of this run, newest first, and the chosen one in full."""

    BINDINGS = [*bindings(Scope.ACTIVITY, Scope.EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch, audit: Audit) -> None:
        super().__init__()
        self._watch = watch
        self._audit = audit
        self._words = ""
        self._note = Plain("")
        self._hushing: Timer | None = None

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield RecordTable(_SHEET, id="activity")
        yield WriteBlock(id="activity-write")
        yield KeyBar()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show what there is, and what is added."""
        self.set_focus(self.query_one(RecordTable))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def repaint(self) -> None:
        """Show the records as they are now."""
        ticks = time.monotonic()
        records = self._listed()
        self.query_one(Header).show(self._watch.head(ticks))
        clock = self._watch.clock(ticks)
        title = Title("", Plain(""), "", plain("Activity"), plain(str(len(records))), *self._alert())
        found = say("No write holds {words}. esc lists all.", words=self._words)
        notes = (found if self._words else plain("Nothing was written from here."),)
        table = self.query_one(RecordTable)
        table.show(records, Sight(clock) if clock is not None else None, title, notes=notes)
        self._show_chosen()

    def on_resize(self, event: Resize) -> None:
        """Share the rows out anew."""
        self.call_after_refresh(self.repaint)

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Show the record under the cursor in full."""
        self._show_chosen()

    def action_turn(self, by: int) -> None:
        """Read on in the chosen record, or back; the table has the keys that move in a list."""
        self.query_one(WriteBlock).action_page(by)

    def _listed(self) -> tuple[AuditRecord, ...]:
        """The writes that hold the words, newest first."""
        return tuple(record for record in reversed(self._audit.records) if holds(record, self._words))

    def _alert(self) -> tuple[Plain, str]:
        """What was done last, else what is wrong with the file, else what is looked for."""
        if self._note:
            return self._note, "strong"
        if self._audit.trouble is not None:
            return plain(self._audit.trouble), "warning"
        if not self._words:
            return Plain(""), "muted"
        return say("holds {words}, of {n}", words=self._words, n=len(self._audit.records)), "muted"

    def _say(self, note: Plain) -> None:
        """Say something in the title for a few seconds."""
        self._note = note
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(NOTE_SECONDS, self._hush)
        self.repaint()

    def _hush(self) -> None:
        self._note = Plain("")
        self.repaint()

    def action_back(self) -> None:
        """List all writes again, or go back."""
        if self._words:
            self._list("")
        else:
            self.dismiss()

    def _list(self, words: str) -> None:
        """List the writes that hold these words from now on, and let go of one that does not."""
        self._words = words
        self.repaint()
        self.query_one(RecordTable).action_first()
        self.repaint()

    def action_find(self) -> None:
        """Ask for the words that a write must hold to be listed."""

        def answered(words: str | None) -> None:
            if words is not None:
                self._list(words)

        self.app.push_screen(FindWritesDialog(self._words), answered)

    def action_copy_listed(self) -> None:
        """Copy what is listed, for the incident channel."""
        listed = self._listed()
        self.app.copy_to_clipboard(as_markdown(listed))
        self._say(say("copied {n} as Markdown", n=units.plural(len(listed), "write")))

    def action_write_listed(self) -> None:
        """Write what is listed into a file beside the audit's."""
        try:
            path = export(self._listed(), self._audit.path)
        except OSError as error:
            self._say(say("not written: {why}", why=error.strerror or str(error)))
        else:
            self._say(say("written to {path}", path=str(path)))

    def _show_chosen(self) -> None:
        """Give the chosen record the rows that it needs, as long as the table keeps a few."""
        block, record = self.query_one(WriteBlock), self.query_one(RecordTable).cursor_record
        block.show(record)
        room = self.size.height - 2 - min(_TABLE_ROWS, 1 + len(self._listed()))
        wanted = 1 + len(block.body(self.size.width))
        block.styles.height = min(wanted, room)
        is_cut = record is not None and wanted > room
        self.query_one(KeyBar).show(key_hints(self, Scope.ACTIVITY, applies=lambda c: c.id != "activity.on" or is_cut))


class WriteBlock(Block, can_focus=False):
    """One write in full: what came of it, then what one may want to type elsewhere, then the facts."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._record: AuditRecord | None = None

    def show(self, record: AuditRecord | None) -> None:
        """Show this record, another one from its first line on."""
        if record != self._record:
            self._record = record
            self.to_top()
        self.display = record is not None
        self.repaint()

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Name what is below."""
        return ((plain("In full"), "strong"),), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make all lines."""
        pieces = _pieces(self._record) if self._record is not None else []
        lines = (line for piece in pieces for line in piece.lines(width - 2))
        return [Line(((blank(1), ""), *line.spans), line.ground) for line in lines]


def _pieces(record: AuditRecord) -> list[Piece]:
    by = say("{user} as {role} on {server}", user=record.os_user, role=record.role, server=record.server)
    called = (("SQL", plain(record.sql or "")), ("absurdctl", plain(record.absurdctl or "")))
    facts = (
        ("at", say("{at}, {clock} clock", at=record.at, clock=record.clock)),
        ("by", by),
        ("reason", plain(record.reason)),
        ("task", plain(str(record.task_id or ""))),
        ("before", plain(record.before or "")),
        ("after", plain(record.after or "")),
        ("transaction", plain(str(record.xid or ""))),
    )
    return [Paragraph(plain(record.told), "strong"), *_labelled(called), *_labelled(facts), *_labelled(_items(record))]


def _items(record: AuditRecord) -> list[tuple[str, Plain]]:
    """Give the tasks of a batch by what came of them, what was done last: the rest is what one looks for."""
    ids: dict[str, list[str]] = {}
    for item in record.items:
        ids.setdefault(item.outcome, []).append(str(item.task_id))
    return [(outcome, plain(" ".join(ids[outcome]))) for outcome in sorted(ids, key="done".__eq__)]


def _labelled(values: Sequence[tuple[str, Plain]]) -> list[Piece]:
    """Write values behind their names, after a blank line; those that are empty are left out."""
    rows = [
        Paragraph(value, "", fit(plain(name), _LABEL), "muted", keeps_words=True) for name, value in values if value
    ]
    return [BLANK, *rows] if rows else []
