"""What every dialog about a whole queue has: its name and age, keys that are dead at first, and what is in the way."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, TextArea

from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.why import Clock
from absurd_tui.operations.queue_requests import QueueRequest
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import why_not
from absurd_tui.ui.cells import cut_middle
from absurd_tui.ui.content import Span, content
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.hidden_characters import hidden
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Fixed, Piece, reserved, warning
from absurd_tui.ui.messages import FactsOf, LookupWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank, spread
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

INNER_WIDTH = 66
_FRAME_ROWS = 9
"""Border, padding, target and choices of a dialog."""
_ALERT_ROWS = 2
_NAME_CELLS = 40
_NEVER_DEAD = frozenset({"keep"})

Asked = TypeVar("Asked", bound=QueueRequest)


class QueueDialog(DormantDialog[Asked | None], Generic[Asked]):
    """A question about one queue as a whole. What is not on the screen already is read when it opens.

    Subclasses say what the act is and means, and make the request. The act is struck through while it cannot be done.
    """

    BINDINGS = [Binding("escape", "keep", show=False)]
    AUTO_FOCUS = ""
    COMMAND = ""
    TITLE_TEXT = ""
    KEEP = ""
    IS_FINAL = False
    NEEDS_FACTS = True
    FIELD_ROWS = 1

    def __init__(self, watch: Watch, queue: str, seen: Clock) -> None:
        super().__init__()
        self.watched = watch
        self.queue = queue
        self.seen = seen
        self.facts: QueueFacts | None = None
        self.trouble = Plain("")
        self.is_gone = False

    def compose(self) -> ComposeResult:
        """Put the frame together, with the fields of the dialog in it."""
        yield Roles()
        with Vertical(id="dialog", classes="final" if self.IS_FINAL else "") as box:
            box.border_title = content(plain(self.TITLE_TEXT), "bold $text-strong")
            yield DialogText(id="dialog-target")
            yield DialogText(id="dialog-text")
            yield from self.fields()
            yield DialogText(id="dialog-notes")
            yield DialogText(id="dialog-alert")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it, read what is not known, and go with the time."""
        if self.NEEDS_FACTS:
            self.post_message(LookupWanted(FactsOf(self)))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    # what a dialog says

    def fields(self) -> Iterator[Widget]:
        """Give the widgets between the text and the notes."""
        yield from ()

    def text(self) -> Sequence[Piece]:
        """Say what the act means."""
        raise NotImplementedError

    def notes(self) -> Sequence[Piece]:
        """Say what stands below the fields."""
        return ()

    def act(self) -> Choice:
        """Name the act; struck through while it cannot be done."""
        raise NotImplementedError

    def request(self) -> Asked:
        """Make the request that is confirmed."""
        raise NotImplementedError

    # how it lives

    @property
    def clock(self) -> Clock:
        """The database's clock now."""
        return self.watched.newest_clock(time.monotonic()) or self.seen

    def take_facts(self, facts: QueueFacts | None) -> None:
        """Take what was read of the queue, or that it is no more."""
        self.is_gone = facts is None
        self.facts, self.trouble = facts, Plain("")
        if self.is_current:
            self.facts_arrived()
            self.repaint()

    def take_refusal(self, refusal: Refusal) -> None:
        """Take why it could not be read."""
        self.trouble = say("Not read: {reason}.", reason=refusal.reason.rstrip("."))
        if self.is_current:
            self.repaint()

    def facts_arrived(self) -> None:
        """Fill in what was waited for."""

    def wake(self) -> None:
        """Let the fields take what is typed from now on."""
        for field in self.query(Widget):
            if isinstance(field, Input | TextArea):
                field.disabled = False
        self.focus_first()
        self.repaint()

    def focus_first(self) -> None:
        """Put the cursor where one begins."""
        for field in self.query(Widget):
            if field.can_focus and isinstance(field, Input | TextArea):
                field.focus()
                return

    def repaint(self) -> None:
        """Show what is true now."""
        if not self.query(Choices):
            return
        act, hindrance = self.act(), self.hindrance()
        if hindrance:
            act = replace(act, is_enabled=False)
        text, notes = [BLANK, *self.text()], list(self.notes())
        rows = (
            _FRAME_ROWS
            + self.FIELD_ROWS
            + _ALERT_ROWS
            + sum(len(piece.lines(INNER_WIDTH)) for piece in (*text, *notes))
        )
        is_tight = rows > self.app.size.height
        self.query_one("#dialog").set_class(is_tight, "-tight")
        for name, pieces in (("#dialog-text", text), ("#dialog-notes", notes)):
            shown = [piece for piece in pieces if piece is not BLANK] if is_tight else pieces
            self.query_one(name, DialogText).show(shown)
        alert: list[Piece] = [warning(hindrance)] if hindrance else []
        self.query_one("#dialog-alert", DialogText).show(reserved(alert, _ALERT_ROWS, INNER_WIDTH, at_end=True))
        self.query_one("#dialog-target", DialogText).show(self._target())
        self.query_one(Choices).show(Choice("esc", plain(self.KEEP)), act)

    def _target(self) -> list[Piece]:
        facts = self.facts
        about = cut_middle(plain(self.queue), _NAME_CELLS)
        stored = plain(facts.storage_mode if facts is not None else "")
        made = say("made {at}", at=self.clock.at(facts.created_at)) if facts is not None else Plain("")
        as_of = say("as of {at}", at=self.seen.at(facts.now if facts is not None else self.seen.now))
        badges: tuple[Span, ...] = ((plain(" PRODUCTION "), "block-production"),) if self.watched.is_production else ()
        return [
            Fixed(spread(((plain("queue "), "muted"), (about, "strong")), ((stored, "muted"),), INNER_WIDTH)),
            Fixed(spread(((made, "muted"),), ((as_of, "muted"),), INNER_WIDTH)),
            Fixed(
                ((plain(self.watched.address), "muted"), *(span for each in badges for span in ((blank(2), ""), each)))
            ),
            Fixed(((plain("─" * INNER_WIDTH), "rule"),)),
        ]

    def hindrance(self) -> Plain:
        """Say why the act cannot be done at all; empty where it can."""
        if refused := why_not(self.COMMAND, None, self.watched):
            return refused
        if self.is_gone:
            return plain("There is no such queue any more.")
        return self.trouble

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key choose anything while the keys are dead; leaving is always possible."""
        return self.is_awake or action in _NEVER_DEAD

    def action_keep(self) -> None:
        """Leave everything as it is."""
        self._answer(None)

    def action_confirm(self) -> None:
        """Do it, if it can be done."""
        if self.is_awake and self.act().is_enabled and not self.hindrance():
            self._answer(self.request())

    def _answer(self, answer: Asked | None) -> None:
        """Close with this answer; what arrives afterwards would close the screen below."""
        if self.is_current:
            self.dismiss(answer)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Judge what stands there now."""
        self.repaint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Confirm."""
        self.action_confirm()


def typed_name(queue: str) -> str:
    """Give what is typed for a queue's name: the name itself, or with escapes where it cannot be typed as it is."""
    return queue.encode("unicode_escape").decode() if hidden(queue) else queue
