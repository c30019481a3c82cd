"""What the screens beside the dashboard share: each reads for itself while it is open, and tells how true that is."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.timer import Timer

from absurd_tui.observe.looking import SHARE, Looked
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import Command, Scope
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.looks import LookWanted, Question
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.about import About
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.head import Header, Verdict
from absurd_tui.ui.widgets.outcomes import Outcomes
from absurd_tui.ui.widgets.record_table import RecordTable
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

NOTE_SECONDS = 4.0
REFUSED_EVERY = 10.0
READING_AFTER = 2.0
_EARLY = 0.1
_COSTS = 3
_VISIBLY = 1.5


class Reading(Protocol):
    """What every reading of such a screen says: of when it is, and how many queues could not be read."""

    @property
    def now(self) -> float:
        """When it was read, by the database's clock."""
        ...

    @property
    def asked(self) -> int:
        """How many queues it is about."""
        ...

    @property
    def refused(self) -> tuple[tuple[str, Refusal], ...]:
        """The queues that could not be read."""
        ...

    @property
    def veiled(self) -> tuple[str, ...]:
        """The queues of which row security hides rows."""
        ...


Found = TypeVar("Found", bound=Reading)


@dataclass(frozen=True, slots=True)
class Face:
    """How true what is shown is: what stands in place of rows, one alert, and as of when it is where it is old."""

    notes: tuple[Plain, ...] = ()
    alert: Plain = Plain("")
    alert_role: str = "warning"
    as_of: Plain = Plain("")
    is_old: bool = False


class ReadingScreen(Screen[None], Generic[Found]):
    """A screen that asks its question again and again while it is on top, within its share of a backend."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]
    scope: ClassVar[Scope]
    every: ClassVar[float] = 2.0

    def __init__(self, watch: Watch, queue: str | None) -> None:
        super().__init__(classes="reading")
        self._watch = watch
        self.queue = queue
        self._looked: Looked[Found] | None = None
        self._answered: Question | None = None
        self._refusal: Refusal | None = None
        self._is_asking = False
        self._asked_at = float("-inf")
        self._costs: deque[float] = deque(maxlen=_COSTS)
        self._began = time.monotonic()
        self._hushing: Timer | None = None

    # what a screen of this kind says

    @property
    def question(self) -> Question:
        """What is asked now."""
        raise NotImplementedError

    def is_refused(self, found: Found) -> bool:
        """Whether nothing at all could be read."""
        return found.asked > 0 and len(found.refused) >= found.asked

    def is_about(self, answered: Question) -> bool:
        """Whether the answer to a question may be shown while another is asked now."""
        return answered == self.question

    def body(self) -> ComposeResult:
        """Put its own surfaces together."""
        raise NotImplementedError

    def show(self, found: Found | None, sight: Sight | None, face: Face) -> None:
        """Show what was found."""
        raise NotImplementedError

    def about(self, found: Found, clock: Clock) -> tuple[Plain, Plain]:
        """Tell about what is under the cursor."""
        raise NotImplementedError

    def applies(self, command: Command) -> bool:
        """Say whether a command of the footer can do something now."""
        return True

    # what the app brings

    def take_look(self, question: Question, looked: Looked[Any]) -> None:
        """Take the answer to a question; to another than is asked now it is of no use any more."""
        self._is_asking = False
        self._costs.append(looked.cost)
        if question == self.question:
            self._looked, self._answered, self._refusal = looked, question, None
        else:
            self._asked_at = float("-inf")
        self.repaint()

    def take_refusal(self, question: Question, refusal: Refusal) -> None:
        """Take why there is no answer."""
        self._is_asking = False
        if question == self.question:
            self._refusal = refusal
        else:
            self._asked_at = float("-inf")
        self.repaint()

    def let_go(self) -> None:
        """Know that another request took this one's place."""
        self._is_asking = False

    def ask_now(self) -> None:
        """Ask at once, because the question is another, or because the user wants it."""
        self._asked_at = float("-inf")
        self.repaint()

    def ask_anew(self) -> None:
        """Ask about something else at once."""
        for table in self.query(RecordTable):
            table.begin_anew()
        self.ask_now()

    # what is shown

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield from self.body()
        yield Verdict()
        yield About()
        yield KeyBar()
        yield Outcomes()
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin with the first table, and let the times run."""
        self.set_focus(next(iter(self.query("RecordTable, JsonView")), None))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def repaint(self) -> None:
        """Show what is known now, and ask again where it is time."""
        if not self.is_running or not self.query(KeyBar):
            return
        ticks = time.monotonic()
        head, clock = self._watch.head(ticks), self._watch.clock(ticks)
        self.set_class(head.is_stale, "-stale")
        self.query_one(Header).show(head)
        self.query_one(Verdict).show(head)
        if self.app.screen is self:
            self._watch.unread = self.found.refused if self.found is not None else ()
        face = self._face(clock, ticks, is_stale=head.is_stale)
        sight = None
        if self.found is not None and clock is not None and not face.notes:
            sight = Sight(clock, shows_queue=self.queue is None, is_ascii=self._watch.is_ascii)
        self.show(self.found, sight, face)
        self._show_about(clock)
        self.query_one(Outcomes).show(self._watch.told(ticks))
        self.query_one(KeyBar).show(key_hints(self, self.scope, applies=self.applies))
        self._ask(ticks, is_held=head.frozen_since is not None)

    @property
    def found(self) -> Found | None:
        """What was found last; None while nothing is known of what is asked now."""
        is_about = self._answered is not None and self.is_about(self._answered)
        return self._looked.found if self._looked is not None and is_about else None

    def _show_about(self, clock: Clock | None) -> None:
        told = (Plain(""), Plain(""))
        if self.found is not None and self._refusal is not None:
            told = (
                say("Not read again: {why}.", why=self._refusal.reason.rstrip(".")),
                plain("Tried again every 10s."),
            )
        elif self.found is not None and clock is not None:
            told = self.about(self.found, clock)
        self.query_one(About).show(*told)

    def _face(self, clock: Clock | None, ticks: float, *, is_stale: bool) -> Face:
        found = self.found
        if found is None:
            return Face(self._notes_before(ticks), is_old=is_stale)
        if self.is_refused(found):
            return Face(refused_notes(found.refused[0][1]), is_old=is_stale)
        is_old = is_stale or self._refusal is not None
        as_of = say("as of {at}", at=clock.at(found.now)) if is_old and clock is not None else Plain("")
        notes = () if found.asked else (plain("No queue yet."),)
        return Face(notes, self._alert(found), as_of=as_of, is_old=is_old)

    def _notes_before(self, ticks: float) -> tuple[Plain, ...]:
        if self._refusal is not None:
            return refused_notes(self._refusal)
        if not self._watch.is_live:
            return (plain("There is no connection; nothing has been read yet."),)
        return (plain("Reading."),) if ticks - max(self._began, self._asked_at) > READING_AFTER else ()

    def _alert(self, found: Found) -> Plain:
        if found.refused:
            return plain(f"{found.asked - len(found.refused)} of {found.asked} queues, ? says why")
        if found.veiled:
            return plain("row security hides rows")
        return plain(f"every {self.pause:.0f}s") if self.pause > _VISIBLY * self.every else Plain("")

    # when it asks

    @property
    def pause(self) -> float:
        """How many seconds lie between two questions."""
        return max(self.every, SHARE * median(self._costs) if self._costs else 0.0)

    def _ask(self, ticks: float, *, is_held: bool) -> None:
        if self._is_asking or not self._watch.is_live or self.app.screen is not self:
            return
        if is_held and self.found is not None:
            return
        every = REFUSED_EVERY if self._refusal is not None else self.pause
        if ticks - self._asked_at >= every - _EARLY:
            self._is_asking, self._asked_at = True, ticks
            self.post_message(LookWanted(self))

    # what the user does

    def on_key(self, event: Key) -> None:
        """Take away what was said about the key before, and take every row here as known."""
        self.query_one(About).note(Plain(""))
        for table in self.query(RecordTable):
            table.mark_known()

    def on_unmount(self) -> None:
        """What it could not read is of no interest any more."""
        self._watch.unread = ()

    def on_screen_resume(self) -> None:
        """Read again what is on top again."""
        self.repaint()

    def action_back(self) -> None:
        """Go back to where it was opened."""
        self.dismiss()

    def action_queue(self, by: int) -> None:
        """Choose the queue before or after; all of them come first."""
        snapshot = self._watch.newest
        if snapshot is None:
            return
        names = [None, *(reading.name for reading in snapshot.queues)]
        at = names.index(self.queue) if self.queue in names else 0
        self.queue = names[(at + int(by)) % len(names)]
        self.ask_anew()

    def say(self, said: Plain) -> None:
        """Say something for a few seconds in place of what is told."""
        line = self.query_one(About)
        line.note(said)
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(NOTE_SECONDS, lambda: line.note(Plain("")))


def refused_notes(refusal: Refusal) -> tuple[Plain, ...]:
    """Say in place of rows why there are none, and what would allow it."""
    said: Sequence[Plain] = (
        Plain(""),
        say("Refused: {reason}. Tried again every 10s.", reason=refusal.reason.rstrip(".")),
    )
    if refusal.remedy is None:
        return tuple(said)
    return (*said, Plain(""), plain("A database owner can allow it:"), plain(refusal.remedy))
