"""A table of records whose cursor is a record, not a place.

Records come and go with every snapshot; the row under the cursor does not change
unless the user moves. A row that leaves the panel stays under the cursor, greyed,
until then. Rows that arrive above are counted in the title instead of pushing.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from textual import events
from textual.binding import Binding
from textual.message import Message

from absurd_tui import units
from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.widgets.columns import Column, Sight, label_spans, row_spans, widths
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, quiet, spread, width_of
from absurd_tui.ui.widgets.notes import laid_out

Record = TypeVar("Record")
_WHEEL = 3


@dataclass(frozen=True, slots=True)
class Title:
    """What a table's title bar says: its key, glyph and name, how many there are, and one alert.

    `as_of` replaces the alert and the labels when the data is no longer true.
    """

    number: str
    glyph: Plain
    glyph_role: str
    name: Plain
    count: Plain
    alert: Plain = Plain("")
    alert_role: str = "muted"
    as_of: Plain = Plain("")


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Record]):
    """What a table is a table of: the key that names a record, and its columns for a width."""

    key: Callable[[Record], Hashable]
    columns: Callable[[int, bool], tuple[Column[Record], ...]]


class RecordTable(Lines, Generic[Record], can_focus=True):
    """A title bar and rows of records, with a cursor while it has the focus."""

    BINDINGS = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The cursor is on another record, or on none."""

        def __init__(self, table: "RecordTable[Any]") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "RecordTable[Any]":
            """The table it happened in."""
            return self.table

    class Chosen(Moved):
        """Enter was pressed on a record, or it was clicked twice; `record` is that one, whatever comes after."""

        def __init__(self, table: "RecordTable[Any]", record: Any) -> None:
            super().__init__(table)
            self.record = record

    def __init__(self, sheet: Sheet[Record], *, id: str, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._sheet = sheet
        self._title: Title | None = None
        self.is_stale = False
        self._sight: Sight | None = None
        self._records: tuple[Record, ...] = ()
        self._index: dict[Hashable, int] = {}
        self._notes: tuple[Plain, ...] = ()
        self._cursor: Hashable | None = None
        self._gone: Record | None = None
        self._top = 0
        self._seen: set[Hashable] = set()
        self._known: set[Hashable] | None = None
        self.is_marked: Callable[[Record], bool] = lambda _: False
        """Whether a record bears a mark; asked for each row that is painted."""

    # what is shown

    def show(
        self,
        records: Sequence[Record],
        sight: Sight | None,
        title: Title | None,
        *,
        notes: Sequence[Plain] = (),
        is_stale: bool = False,
    ) -> None:
        """Show these records; without a title only the labels; `notes` stand in place of rows when there are none."""
        self._sight, self._title, self._notes, self.is_stale = sight, title, tuple(notes), is_stale
        self._take(records)
        self.repaint()

    def mark_met(self) -> None:
        """Take every record that is here as known and seen: it did not arrive, the table went to it."""
        self._known, self._seen = set(self._index), set(self._index)

    def mark_known(self) -> None:
        """Take every record that is here as known: only what arrives later is marked as new."""
        self._known = set(self._index)

    @property
    def cursor_record(self) -> Record | None:
        """The record under the cursor, also when it has left the panel."""
        if self._cursor is None:
            return None
        return self._records[self._index[self._cursor]]

    @property
    def cursor_is_gone(self) -> bool:
        """Whether the record under the cursor has left the panel."""
        return self._gone is not None

    @property
    def in_view(self) -> tuple[Record, ...]:
        """The records that can be seen, but for one that has left the panel."""
        shown = self._records[self._top : self._top + self._body]
        return tuple(record for record in shown if record is not self._gone)

    def _take(self, records: Sequence[Record]) -> None:
        key = self._sheet.key
        fresh = list(records)
        keys = [key(record) for record in fresh]
        row = self._index.get(self._cursor, 0) - self._top if self._cursor is not None else 0
        gone = None
        if self._cursor is not None and self._cursor not in keys:
            gone = self.cursor_record
            at = self._place_among(keys)
            if gone is not None:
                fresh.insert(at, gone)
                keys.insert(at, self._cursor)
        self._gone = gone
        self._records = tuple(fresh)
        self._index = {name: position for position, name in enumerate(keys)}
        if self._known is None and self._sight is not None:
            self._known = set(keys)
        if self._cursor is None and self.has_focus and keys:
            self._cursor = keys[0]
            self.post_message(self.Moved(self))
        if self._cursor is None:
            self._top = 0
            self._seen = set(keys)
        else:
            self._bring_top(self._index[self._cursor] - row)

    def _place_among(self, keys: Sequence[Hashable]) -> int:
        """Say where a row that is gone belongs among others: after the nearest that stood above it, or where it was."""
        was, places = self._position, {name: position for position, name in enumerate(keys)}
        for record in reversed(self._records[:was]):
            above = places.get(self._sheet.key(record))
            if above is not None:
                return above + 1
        return min(was, len(keys))

    # the cursor

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self._settle(self._position + int(by))

    def action_page(self, by: int) -> None:
        """Move the cursor by some screens."""
        self._settle(self._position + int(by) * self._body)

    def action_first(self) -> None:
        """Go to the first row, and see what arrived above."""
        self._seen = set(self._index)
        self._settle(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._settle(len(self._records) - 1)

    def action_choose(self) -> None:
        """Open the record under the cursor."""
        self.take_cursor()
        if self._cursor is not None:
            self.post_message(self.Chosen(self, self.cursor_record))

    def take_cursor(self) -> None:
        """Put the cursor on the first row unless it is on one."""
        if self._cursor is None:
            self._settle(0)

    def point_at(self, key: Hashable) -> bool:
        """Put the cursor on a record by its key; False where it is not here."""
        if key not in self._index:
            return False
        self._settle(self._index[key])
        return True

    def reveal(self, key: Hashable) -> None:
        """Scroll so that a record is in view, while there is no cursor that decides."""
        if self._cursor is None and key in self._index:
            position = self._index[key]
            self._bring_top(position - self._body + 1 if position >= self._body else 0)
            self.repaint()

    @property
    def _position(self) -> int:
        return self._index.get(self._cursor, 0) if self._cursor is not None else 0

    @property
    def _body(self) -> int:
        return max(1, self.size.height - 1)

    def _settle(self, position: int) -> None:
        """Put the cursor on a row. A row that had left the panel is let go."""
        if self._gone is not None:
            position -= position > self._position
            self._drop_gone()
        if self._records:
            position = max(0, min(len(self._records) - 1, position))
            self._cursor = self._sheet.key(self._records[position])
            if position < self._top:
                self._bring_top(position)
            elif position >= self._top + self._body:
                self._bring_top(position - self._body + 1)
        else:
            self._cursor = None
        self.repaint()
        self.post_message(self.Moved(self))

    def _bring_top(self, top: int) -> None:
        self._top = max(0, min(len(self._records) - self._body, top))
        if self._top == 0:
            self._seen = set(self._index)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Give the cursor to the first row; let it go with the focus, unless only another screen came over this one."""
        super().watch_has_focus(has_focus)
        if has_focus:
            self.take_cursor()
        elif not has_focus and self.screen is self.app.screen:
            self._let_go()
        self.repaint()

    def begin_anew(self) -> None:
        """Let the cursor go: what is shown next is something else, from its first record on."""
        self._let_go()

    def _let_go(self) -> None:
        self._drop_gone()
        self._cursor = None
        self._top = 0

    def _drop_gone(self) -> None:
        """Let go of the row that had left the panel."""
        if self._gone is not None:
            self._gone = None
            self._records = tuple(record for record in self._records if self._sheet.key(record) != self._cursor)
            self._index = {self._sheet.key(record): place for place, record in enumerate(self._records)}

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        if self._cursor is not None:
            position = self._position
            self._bring_top(min(self._top, position) if position < self._top + self._body else position)
        super().on_resize()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where it was clicked; a second click opens."""
        position = event.y - 1 + self._top
        if event.y >= 1 and position < len(self._records):
            self._settle(position)
            if event.chain == 2:
                self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll; the cursor stays where it is."""
        self._scroll_by(_WHEEL, event)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll; the cursor stays where it is."""
        self._scroll_by(-_WHEEL, event)

    def _scroll_by(self, rows: int, event: events.MouseEvent) -> None:
        event.stop()
        if self._cursor is not None:
            self._bring_top(self._top + rows)
            self.repaint()

    # what is painted

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the title bar and the rows in view."""
        columns = self._sheet.columns(width, self._sight is None or self._sight.shows_queue)
        shares = widths(columns, width)
        made = [self._title_line(width, columns, shares)]
        if self._sight is None or not self._records:
            said = laid_out(self._notes, width - 2, height - len(made))
            return made + [Line(fit(((blank(1), ""), (note, "muted")), width)) for note in said]
        for record in self._records[self._top : self._top + height - len(made)]:
            made.append(self.row_line(record, columns, shares, self._sight))
        return made

    def row_line(self, record: Record, columns: Sequence[Column[Record]], shares: Sequence[int], sight: Sight) -> Line:
        """Draw one record as a line; the first cell is for marks."""
        key = self._sheet.key(record)
        spans = row_spans(columns, shares, record, sight)
        if self._known is not None and key not in self._known:
            spans = ((plain("·"), "strong"), *spans[1:])
        if self.is_marked(record):
            spans = ((plain("*"), "caution"), *spans[1:])
        is_cursor = key == self._cursor
        if is_cursor and self._gone is not None:
            spans = tuple((text, "struck") for text, _ in spans)
        elif self.is_stale:
            spans = quiet(spans)
        return Line(spans, "cursor" if is_cursor and self.has_focus else "ground")

    def _title_line(self, width: int, columns: Sequence[Column[Record]], shares: Sequence[int]) -> Line:
        title = self._title
        if title is None:
            return Line(fit(label_spans(columns, shares, 0), width))
        ground = "bar-focus" if self.has_focus else "bar"
        spans: list[Span] = [(blank(1), ""), (plain(title.number), "muted"), (blank(1), "")]
        if title.glyph:
            spans += [(title.glyph, "muted" if self.is_stale else title.glyph_role), (blank(1), "")]
        spans += [(title.name, "strong"), (blank(2), ""), (self._count_text(title.count), "")]
        if title.as_of:
            return Line(spread(spans, ((title.as_of, "muted"), (blank(1), "")), width), ground)
        newer = sum(1 for record in self._records[: self._top] if self._sheet.key(record) not in self._seen)
        if newer:
            spans += [(blank(2), ""), (plain(f"▲ {newer} newer"), "strong")]
        elif title.alert:
            spans += [(blank(2), ""), (title.alert, title.alert_role)]
        spans += label_spans(columns, shares, width_of(spans))
        return Line(fit(spans, width), ground)

    def _count_text(self, count: Plain) -> Plain:
        if self._cursor is None or not self.has_focus or count.text in ("", "0"):
            return count
        return plain(f"{units.count(self._position + 1)} of ") + count
