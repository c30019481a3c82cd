"""One of the six panels: a table of tasks that holds a few pages of them, at its head or around its cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from textual.events import Click
from textual.message import Message

from absurd_tui import units
from absurd_tui.observe.places import INFINITY, epoch, instant_place, order, placed
from absurd_tui.observe.records import Away, PanelReading, Place, ReadAt, State, TaskRow
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.browsing import at_end, at_place, head_rows, onward, stands_in_head
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.panel_columns import panel_columns
from absurd_tui.ui.widgets.record_table import RecordTable, Sheet, Title

_MOST_AHEAD = 30
_TIMES = {
    State.PENDING: "due",
    State.RUNNING: "lease",
    State.SLEEPING: "wakes",
    State.FAILED: "claimed",
    State.COMPLETED: "claimed",
    State.CANCELLED: "due",
}
ORDERED_BY = {
    State.PENDING: "the time it is due",
    State.RUNNING: "the end of its lease",
    State.SLEEPING: "the time it wakes",
    State.FAILED: "the time it was claimed",
    State.COMPLETED: "the time it was claimed",
    State.CANCELLED: "the time it was due",
}
"""The time that orders each panel away from its head."""

PAST = frozenset({State.PENDING, State.FAILED, State.COMPLETED, State.CANCELLED})
"""The panels whose times lie behind."""


@dataclass(frozen=True, slots=True)
class _Landing:
    """Where the cursor goes once the rows of `away` are here: the first row from a place on, or an end of the panel."""

    away: Away | None
    place: Place | None = None


class Panel(RecordTable[TaskRow]):
    """Tasks in one state, or attempts that failed."""

    class Turned(Message):
        """The panel wants other rows than it asked for before."""

    class Landed(Message):
        """The cursor is at the time it was sent to, or at the last row where there is none from that time on."""

        def __init__(self, panel: "Panel", at: int, *, is_there: bool) -> None:
            super().__init__()
            self.panel = panel
            self.at = at
            self.is_there = is_there

    def __init__(self, state: State) -> None:
        self.state = state
        sheet: Sheet[TaskRow] = Sheet(
            key=lambda row: row.run_key if state is State.FAILED else row.key,
            columns=lambda width, shows_queue: panel_columns(state, width, shows_queue),
        )
        super().__init__(sheet, id=f"panel-{state}", classes="panel")
        self.wanted: Away | None = None
        """Where the rows are that it wants; None is its head."""
        self._reading: PanelReading | None = None
        self._read = ReadAt(0.0, 0.0)
        self._read_with_cursor = self._read
        self._landing: _Landing | None = None
        self.marked = 0
        """How many tasks are marked in it, also beyond its rows."""

    # what is shown

    def take(
        self,
        reading: PanelReading | None,
        read: ReadAt,
        sight: Sight,
        title: Title | None,
        *,
        notes: Sequence[Plain] = (),
        is_stale: bool = False,
    ) -> None:
        """Show what was read, if it is what is wanted; until that comes, what was shown stays."""
        is_wanted = reading is None or reading.away == self.wanted
        before = self._reading
        self._read_with_cursor = self.cursor_read
        if is_wanted:
            self._reading, self._read = reading, read
        rows = self._reading.rows if self._reading is not None else ()
        self.show(rows, sight, title, notes=notes, is_stale=is_stale)
        if self._reading is not None and (before is None or before.away != self._reading.away):
            self.mark_met()
            self.repaint()
        self._land()

    @property
    def cursor_read(self) -> ReadAt:
        """When the row under the cursor was read as it stands there; that may be long ago where it is gone."""
        return self._read_with_cursor if self.cursor_is_gone else self._read

    def between(self, key: tuple[str, UUID] | None, row: TaskRow) -> tuple[TaskRow, ...] | None:
        """Give the rows from the task with a key to another row, both with them; None where one is not here."""
        places = [place for place, here in enumerate(self._records) if here.key in (key, row.key)]
        if key is None or not any(here.key == key for here in self._records) or not places:
            return None
        return tuple(here for here in self._records[places[0] : places[-1] + 1] if here is not self._gone)

    @property
    def head_rows(self) -> int:
        """How many rows its head holds."""
        return head_rows(self.app.size.height, is_alone=self.screen.has_class("-one"))

    def choose(self, queue: str | None) -> None:
        """Show nothing of what was read, because it was of another queue; the cursor stays on a task of this one."""
        self.wanted = self._reading = self._landing = None
        row = self.cursor_record
        if row is not None and (self.cursor_is_gone or queue not in (None, row.queue)):
            super()._let_go()

    def count_told(self, count: Plain) -> Plain:
        """Add to how many there are where the cursor is: its row's number, or its time where that is not known.

        While a panel that was left still shows other rows than its first, it is the time of the topmost.
        """
        reading, sight = self._reading, self._sight
        row = self.cursor_record if self.has_focus else None
        if reading is None or reading.away is None or sight is None or not reading.rows or not count:
            return super()._count_text(count)
        if reading.before is None:
            is_by_claim = row is not None and reading.is_by_claim and not stands_in_head(row, reading.away)
            return super()._count_text(count) + plain(" by claim" if is_by_claim else "")
        told = count + plain(" · ") + self._time_told(placed(row or reading.rows[0]), sight)
        looked = reading.after
        if looked is not None and row is reading.rows[-1] and looked != row.place:
            told += say(", none to {at}", at=sight.clock.at(epoch(looked.at)))
        return told

    def _time_told(self, place: Place, sight: Sight) -> Plain:
        if place.has_no_lease:
            return plain("no lease")
        if place.at == INFINITY:
            return plain("no limit")
        return say("{by} {at}", by=_TIMES[self.state], at=sight.clock.at(epoch(place.at)))

    def _count_text(self, count: Plain) -> Plain:
        told = self.count_told(count)
        return told + plain(f" · {units.count(self.marked)} marked") if self.marked else told

    # where it is read

    def action_first(self) -> None:
        """Go to the head, and follow it again."""
        if self._reading is None or (self._reading.away is None and self.wanted is None):
            super().action_first()
        else:
            self._leave_for(_Landing(None))

    def action_last(self) -> None:
        """Go to the end of what there is."""
        if self._reading is None or self._reading.after is None:
            super().action_last()
        else:
            self._leave_for(_Landing(at_end(self.state)))

    def go_to(self, at: int) -> None:
        """Go to the first row whose time is `at` (microseconds since 2000) or comes after it in this panel's order."""
        place = instant_place(self.state, at)
        self._leave_for(_Landing(at_place(self.state, place), place))

    def stay(self) -> None:
        """Let the cursor stay where it is: another key was pressed before it could be taken elsewhere."""
        if self._landing is not None:
            self._landing = None
            self._turn(self._reading.away if self._reading is not None else None)

    def on_click(self, event: Click) -> None:
        """Let the cursor be where it was clicked, which the table sees to."""
        self.stay()

    def _leave_for(self, landing: _Landing) -> None:
        self._landing = landing
        self._turn(landing.away)
        self._land()

    def _land(self) -> None:
        landing, reading = self._landing, self._reading
        if landing is None or reading is None or reading.away != landing.away:
            return
        self._landing = None
        if landing.away is None:
            super().action_first()
        elif landing.place is None:
            super().action_last()
        else:
            target = order(self.state, landing.place)
            found = (row for row in reading.rows if order(self.state, placed(row)) >= target)
            row = next(found, None)
            if row is None:
                super().action_last()
            else:
                self.point_at(self._sheet.key(row))
            self.post_message(self.Landed(self, landing.place.at, is_there=row is not None))

    def _settle(self, position: int) -> None:
        super()._settle(position)
        if self._reading is not None and self._landing is None:
            margin = max(1, min(self._body, _MOST_AHEAD))
            self._turn(onward(self._reading, self._position, margin, self.head_rows, self._read.now))

    def _let_go(self) -> None:
        super()._let_go()
        self._landing = None
        self._turn(None)

    def _turn(self, wanted: Away | None) -> None:
        if wanted != self.wanted:
            self.wanted = wanted
            self.post_message(self.Turned())
