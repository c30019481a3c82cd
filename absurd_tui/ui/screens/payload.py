"""What one event carries."""

from dataclasses import dataclass
from math import inf

from textual.app import ComposeResult

from absurd_tui import units
from absurd_tui.observe.event_records import PayloadReading
from absurd_tui.observe.looking import Looked
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.looks import Looks
from absurd_tui.ui.screens.reading import Face, ReadingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.about import Bar
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.json_view import JsonView


@dataclass(frozen=True, slots=True)
class PayloadAsked:
    """What does this event of this queue carry?"""

    queue: str
    name: str

    async def ask(self, source: Looks) -> Looked[PayloadReading]:
        """Ask it."""
        return await source.payload(self.queue, self.name)


class PayloadScreen(ReadingScreen[PayloadReading]):
    """A payload in full; it is read once, because an emitted event never changes."""

    BINDINGS = [*bindings(Scope.PAYLOAD, Scope.EVERYWHERE)]
    scope = Scope.PAYLOAD
    every = inf

    def __init__(self, watch: Watch, queue: str, name: str) -> None:
        super().__init__(watch, queue)
        self._asked = PayloadAsked(queue, name)

    @property
    def question(self) -> PayloadAsked:
        """Ask about this event."""
        return self._asked

    def body(self) -> ComposeResult:
        """Show one document under its title."""
        yield Bar()
        yield JsonView(id="payload")

    def show(self, found: PayloadReading | None, sight: Sight | None, face: Face) -> None:
        """Show the document."""
        name = say("{event} in {queue}", event=self._asked.name, queue=self._asked.queue)
        size = units.size(found.size) if found is not None and found.text is not None else ""
        self.query_one(Bar).show(name, face.as_of or plain(size))
        view = self.query_one(JsonView)
        view.set_class(face.is_old, "-old")
        note = Plain(" ".join(piece.text for piece in face.notes if piece)) if face.notes else None
        if found is not None and not found.is_whole:
            note = plain("Only its beginning is here; O opens all of it in a pager, :to-file writes a file.")
        view.show(found.text if found is not None else None, note)

    def about(self, found: PayloadReading, clock: Clock) -> tuple[Plain, Plain]:
        """Tell when it was emitted."""
        if found.emitted_at is None:
            return plain("This event is no longer in the database."), plain(
                "It was cleaned up, or its queue was dropped."
            )
        first = say("Emitted at {at}, {age} ago.", at=clock.at(found.emitted_at), age=clock.since(found.emitted_at))
        return first, plain("The first payload stays: emitting it again changes nothing and wakes nobody.")
