"""The events that are awaited although nobody has emitted them, and those that were emitted."""

from dataclasses import dataclass

from textual.app import ComposeResult

from absurd_tui import units
from absurd_tui.observe.event_records import (
    AwaitedEvent,
    EmittedEvent,
    EventPlace,
    EventsReading,
    EventsWanted,
    about_awaited,
    about_emitted,
)
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.places import epoch
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Command, Scope, bindings
from absurd_tui.ui.dialogs.prefix import PrefixDialog
from absurd_tui.ui.looks import EventOpened, Looks, Question
from absurd_tui.ui.screens.reading import Face, ReadingScreen
from absurd_tui.ui.sending import ask_to_emit, why_not_emit
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.event_columns import AWAITED_SHEET, EMITTED_SHEET, EmittedTable
from absurd_tui.ui.widgets.record_table import RecordTable, Title

MARGIN, BACK = 10, 20
"""Rows before an end of the page at which another is read, and how many rows before the cursor that begins."""
AWAY_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class EventsAsked:
    """Which events are there?"""

    wanted: EventsWanted

    async def ask(self, source: Looks) -> Looked[EventsReading]:
        """Ask it."""
        return await source.event_list(self.wanted)


class EventsScreen(ReadingScreen[EventsReading]):
    """Above, what is awaited in vain; below, what was emitted, page by page, the newest first."""

    BINDINGS = [*bindings(Scope.EVENTS, Scope.EVERYWHERE)]
    scope = Scope.EVENTS

    def __init__(self, watch: Watch, queue: str | None) -> None:
        super().__init__(watch, queue)
        self._prefix = ""
        self._starts: list[EventPlace] = []
        self._shown: EventsWanted | None = None
        self._goes_home = False

    @property
    def question(self) -> EventsAsked:
        """Ask for the chosen queue, the names that are looked for, and the page with the cursor."""
        return EventsAsked(EventsWanted(self.queue, self._prefix, self._starts[-1] if self._starts else None))

    def is_about(self, answered: Question) -> bool:
        """Another page of the same stays on the screen until its own is here."""
        asked = self.question.wanted
        return isinstance(answered, EventsAsked) and (answered.wanted.queue, answered.wanted.prefix) == (
            asked.queue,
            asked.prefix,
        )

    @property
    def pause(self) -> float:
        """What was emitted long ago changes seldom."""
        return max(super().pause, AWAY_EVERY) if self._starts else super().pause

    def body(self) -> ComposeResult:
        """Put the two tables one over the other."""
        yield RecordTable(AWAITED_SHEET, id="awaited", classes="reading-table -lower")
        yield EmittedTable(EMITTED_SHEET, id="emitted", classes="reading-table")

    def show(self, found: EventsReading | None, sight: Sight | None, face: Face) -> None:
        """Show both."""
        awaited = found.awaited if found is not None and sight is not None else ()
        emitted = found.emitted if found is not None and sight is not None else ()
        begins = say(", {prefix}…", prefix=self._prefix) if self._prefix else Plain("")
        where = say(" in {queue}", queue=self.queue) if self.queue is not None else Plain("")
        count = plain("…") if found is None else plain(units.count(len(awaited)))
        title = Title("1", Plain(""), "", plain("Awaited, not emitted") + where, count, *_alert(face), face.as_of)
        nothing = plain("Nothing is awaited that was not emitted.") if not self._prefix else self._no_match()
        self._awaited.show(awaited, sight, title, notes=face.notes or (nothing,), is_stale=face.is_old)
        title = Title("2", Plain(""), "", plain("Emitted") + begins, self._counted(found, sight), as_of=face.as_of)
        nothing = plain("No event was emitted.") if not self._prefix else self._no_match()
        notes = () if face.notes else (self._looked_so_far(found, sight) or nothing,)
        self._emitted.show(emitted, sight, title, notes=notes, is_stale=face.is_old)
        if found is not None and found.wanted != self._shown:
            is_page = self._shown is not None and self._shown.start != found.wanted.start
            self._shown = found.wanted
            if is_page:
                self._emitted.mark_met()
        if self._goes_home and found is not None and found.wanted == self.question.wanted:
            self._goes_home = False
            self._emitted.to_first()

    def _counted(self, found: EventsReading | None, sight: Sight | None) -> Plain:
        if found is None or sight is None:
            return plain("…")
        if found.wanted.start is not None:
            return say("from {at} on", at=sight.clock.at(epoch(found.wanted.start.at)))
        return plain(units.count(len(found.emitted), capped=found.after is not None))

    def _looked_so_far(self, found: EventsReading | None, sight: Sight | None) -> Plain:
        """Say how far was looked where that has found nothing and there is more."""
        if found is None or sight is None or found.after is None:
            return Plain("")
        at = sight.clock.at(epoch(found.after.at))
        return say("None from now back to {at} begins so; o looks further back.", at=at)

    def _no_match(self) -> Plain:
        return say("Nothing here begins with {prefix}; p and an empty field show all.", prefix=self._prefix)

    def about(self, found: EventsReading, clock: Clock) -> tuple[Plain, Plain]:
        """Tell about the event under the cursor."""
        table = self._awaited if self._awaited.has_focus else self._emitted
        event = table.cursor_record
        if table.cursor_is_gone:
            return plain("It is no longer among these."), Plain("")
        if isinstance(event, AwaitedEvent):
            return about_awaited(event, clock)
        return about_emitted(event, clock) if isinstance(event, EmittedEvent) else (Plain(""), Plain(""))

    def applies(self, command: Command) -> bool:
        """There is something further back only where the page was cut."""
        if command.id == "events.emit":
            return not why_not_emit(self._watch, self._in_question[0])
        return command.id != "events.further" or (self.found is not None and self.found.after is not None)

    @property
    def _awaited(self) -> RecordTable[AwaitedEvent]:
        return self.query_one("#awaited", RecordTable)

    @property
    def _emitted(self) -> EmittedTable:
        return self.query_one("#emitted", EmittedTable)

    # what the user does

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Tell about another event, and read on where the cursor nears an end of the page."""
        if event.table is self._emitted:
            self._turn()
        self.repaint()

    def _turn(self) -> None:
        found, record = self.found, self._emitted.cursor_record
        if found is None or record not in found.emitted or found.wanted != self.question.wanted:
            return
        at, held = found.emitted.index(record), len(found.emitted)
        if found.after is not None and held - at <= MARGIN and at:
            self._starts.append(found.emitted[max(1, at - BACK)].place)
            self.ask_now()
        elif self._starts and at < MARGIN:
            self._starts.pop()
            self.ask_now()

    def on_emitted_table_rewound(self, event: EmittedTable.Rewound) -> None:
        """Go to the newest of all."""
        if self._starts:
            self._starts.clear()
            self._goes_home = True
            self.ask_now()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Show who waits for an event, or what it carries."""
        if isinstance(event.record, AwaitedEvent | EmittedEvent):
            is_emitted = isinstance(event.record, EmittedEvent)
            self.post_message(EventOpened(event.record.queue, event.record.name, is_emitted))

    def action_open(self) -> None:
        """Open the event under the cursor."""
        (self._awaited if self._awaited.has_focus else self._emitted).action_choose()

    def action_emit(self) -> None:
        """Open the form for the event under the cursor, or for another of the chosen queue; or say why not."""
        if refused := ask_to_emit(self, self._watch, *self._in_question):
            self.say(refused)

    @property
    def _in_question(self) -> tuple[str | None, str]:
        """The queue and the name of the event under the cursor, or else the queue that is chosen."""
        table = self._awaited if self._awaited.has_focus else self._emitted
        event = table.cursor_record
        if isinstance(event, AwaitedEvent | EmittedEvent):
            return event.queue, event.name
        return self.queue, ""

    def action_table(self, name: str) -> None:
        """Go to one of the tables."""
        self.set_focus(self.query_one(f"#{name}"))

    def action_further(self) -> None:
        """Look further back."""
        found = self.found
        if found is None or found.after is None:
            self.say(plain("further: this is all that there is."))
        elif found.wanted == self.question.wanted:
            self._starts.append(found.after)
            self.ask_now()

    def action_prefix(self) -> None:
        """Ask how names begin."""

        def answered(prefix: str | None) -> None:
            if prefix is not None:
                self._prefix = prefix
                self._starts.clear()
                self.ask_anew()

        self.app.push_screen(PrefixDialog(self._prefix), answered)

    def action_queue(self, by: int) -> None:
        """Choose another queue, from its newest event on."""
        self._starts.clear()
        super().action_queue(by)


def _alert(face: Face) -> tuple[Plain, str]:
    return face.alert, face.alert_role
