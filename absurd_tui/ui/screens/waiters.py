"""Who waits for one event."""

from dataclasses import dataclass

from textual.app import ComposeResult

from absurd_tui import units
from absurd_tui.observe.event_records import Waiter, WaitersReading
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Command, Scope, bindings
from absurd_tui.ui.looks import Looks
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.screens.reading import Face, ReadingScreen
from absurd_tui.ui.sending import ask_to_emit, why_not_emit
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.event_columns import WAITER_SHEET
from absurd_tui.ui.widgets.record_table import RecordTable, Title


@dataclass(frozen=True, slots=True)
class WaitersAsked:
    """Who waits for this event of this queue?"""

    queue: str
    name: str

    async def ask(self, source: Looks) -> Looked[WaitersReading]:
        """Ask it."""
        return await source.waiters(self.queue, self.name)


class WaitersScreen(ReadingScreen[WaitersReading]):
    """The tasks that wait for an event; enter opens one."""

    BINDINGS = [*bindings(Scope.EVENT, Scope.EVERYWHERE)]
    scope = Scope.EVENT

    def __init__(self, watch: Watch, queue: str, name: str) -> None:
        super().__init__(watch, queue)
        self._asked = WaitersAsked(queue, name)

    @property
    def question(self) -> WaitersAsked:
        """Ask about this event."""
        return self._asked

    def body(self) -> ComposeResult:
        """Show one table."""
        yield RecordTable(WAITER_SHEET, id="waiters", classes="reading-table")

    def show(self, found: WaitersReading | None, sight: Sight | None, face: Face) -> None:
        """Show the waiters."""
        name = say("Waiting for {event} in {queue}", event=self._asked.name, queue=self._asked.queue)
        count = plain("…") if found is None else _count(found)
        title = Title("", Plain(""), "", name, count, face.alert, face.alert_role, face.as_of)
        waiters = found.waiters if found is not None and sight is not None else ()
        notes = face.notes or (plain("Nobody waits for it any more."),)
        self._table.show(waiters, sight, title, notes=notes, is_stale=face.is_old)

    def about(self, found: WaitersReading, clock: Clock) -> tuple[Plain, Plain]:
        """Tell about the task under the cursor."""
        if found.emitted_at is not None:
            return say("It was emitted at {at}.", at=clock.at(found.emitted_at)), Plain("")
        waiter = self._table.cursor_record
        if waiter is None or self._table.cursor_is_gone:
            return Plain(""), Plain("")
        first = say("It waits since {at}, in step {step}.", at=clock.at(waiter.since), step=waiter.step_name)
        if waiter.timeout_at is None:
            return first, plain("Without a limit: only the event, or cancel, ends the wait.")
        return first, say("At most until {at}; the event wakes it before.", at=clock.at(waiter.timeout_at))

    @property
    def _table(self) -> RecordTable[Waiter]:
        return self.query_one("#waiters", RecordTable)

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Tell about another task."""
        self.repaint()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Open the task."""
        self.post_message(TaskOpened(event.record.queue, event.record.task_id))

    def action_emit(self) -> None:
        """Open the form for this event, or say why not."""
        if refused := ask_to_emit(self, self._watch, self._asked.queue, self._asked.name):
            self.say(refused)

    def applies(self, command: Command) -> bool:
        """The event can be emitted, as far as anything can."""
        return command.id != "event.emit_it" or not why_not_emit(self._watch, self._asked.queue)

    def action_open(self) -> None:
        """Open the task under the cursor."""
        self._table.action_choose()


def _count(found: WaitersReading) -> Plain:
    return plain(units.count(len(found.waiters), capped=found.is_capped) if found.waiters else "")
