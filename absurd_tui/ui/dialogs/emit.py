"""Emit an event: who would wake, whether it was emitted before, and with what. It counts once, and for good."""

from uuid import UUID

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.lifecycle.json_values import Json
from absurd_tui.observe.events import EventStanding
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.why import Clock
from absurd_tui.operations.emit import refusal
from absurd_tui.operations.requests import EmitEvent
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import EMIT, why_not_many
from absurd_tui.ui.awaited import AwaitedBy
from absurd_tui.ui.cells import cut_end, cut_words
from absurd_tui.ui.content import Span, content
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.json_errors import Wrong, read_json
from absurd_tui.ui.dialogs.queue_frame import typed_name
from absurd_tui.ui.dialogs.text import (
    BLANK,
    Choice,
    Choices,
    DialogText,
    Fixed,
    Paragraph,
    Piece,
    point,
    reserved,
    warning,
)
from absurd_tui.ui.messages import EventWanted, LookupWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

LOOKED_UP_AFTER = 0.3
"""Seconds after the last key until an event is looked up."""

_AGAIN_AFTER = 2.0
_NAMED = 3
_NOTE_ROWS = 4


class EmitDialog(DormantDialog[EmitEvent | None]):
    """A form for a name and a payload. What was emitted before is told, and is not sent again."""

    BINDINGS = [
        Binding("escape", "keep", show=False, priority=True),
        Binding("ctrl+s", "send", show=False, priority=True),
    ]

    def __init__(self, watch: Watch, queue: str, event_name: str, clock: Clock, cut_of: UUID | None = None) -> None:
        """Begin with an event's name, or, where only its beginning is known, with the one that the run waits for."""
        super().__init__()
        self._watched = watch
        self._queue = queue
        self._first_name = "" if cut_of is not None else event_name
        self._beginning = event_name
        self._cut_of = cut_of
        self._trouble = Plain("")
        self._clock = clock
        self._standing: EventStanding | Refusal | None = None
        self._standing_of = ""
        self._asking: Timer | None = None

    def compose(self) -> ComposeResult:
        """Put the form together."""
        yield Roles()
        with Vertical(id="dialog", classes="final") as box:
            box.border_title = content(plain("Emit event"), "bold $text-strong")
            yield DialogText(id="dialog-target")
            yield DialogText(id="dialog-name-label")
            yield Input(self._first_name, id="dialog-event", compact=True, disabled=True)
            yield DialogText(id="dialog-payload-label")
            yield Input("null", id="dialog-payload", compact=True, disabled=True)
            yield DialogText(id="dialog-notes")
            if self._watched.is_production:
                yield Input(id="dialog-typed", compact=True, disabled=True)
            yield DialogText(id="dialog-alert")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it, and look the event up."""
        place: list[Span] = [(plain(self._watched.address), "muted")]
        if self._watched.is_production:
            place += [(blank(2), ""), (plain(" PRODUCTION "), "block-production")]
        head = Fixed(((plain("an event in "), "muted"), (plain(self._queue), "strong")))
        rule = Fixed(((plain("─" * INNER_WIDTH), "rule"),))
        self.query_one("#dialog-target", DialogText).show([head, Fixed(tuple(place)), rule])
        self.query_one("#dialog-name-label", DialogText).show([BLANK, Fixed(((plain("name"), "muted"),))])
        self.query_one("#dialog-payload-label", DialogText).show([Fixed(((plain("payload, as JSON"), "muted"),))])
        if self._cut_of is not None:
            self._trouble = plain("The name is long; reading the whole of it.")
            self.post_message(LookupWanted(AwaitedBy(self, self._queue, self._cut_of)))
        self._ask()
        self.set_interval(_AGAIN_AFTER, self._ask)
        self.repaint()

    def wake(self) -> None:
        """Let it be filled in from now on; a name that is known leaves the payload to be written."""
        fields = list(self.query(Input))
        was_disabled = any(field.disabled for field in fields)
        for field in fields:
            field.disabled = False
        if was_disabled:
            self.query_one("#dialog-payload" if self._first_name else "#dialog-event", Input).focus()
        self.repaint()

    # what is known of the event

    def take_awaited(self, name: str | Refusal | None) -> None:
        """Put in the whole name, unless something else was typed meanwhile, or the task waits for another by now."""
        if not self.query(Choices):
            return
        field = self.query_one("#dialog-event", Input)
        if isinstance(name, Refusal):
            self._trouble = say("The whole name could not be read: {why}", why=name.reason)
        elif name is None or not name.startswith(self._beginning):
            self._trouble = plain("The task waits for it no longer, so that its whole name is not known.")
        elif not field.value:
            self._trouble, self._first_name, field.value = Plain(""), name, name
            if field.has_focus:
                self.query_one("#dialog-payload", Input).focus()
        self.repaint()

    def take_event(self, name: str, event: EventStanding | Refusal) -> None:
        """Take how the event stands, unless another name stands there by now."""
        if self.query(Choices) and name == self._event_name:
            self._standing, self._standing_of = event, name
            self.repaint()

    def _ask(self) -> None:
        if refusal(self._event_name) is None:
            self.post_message(EventWanted(self, self._queue, self._event_name))

    @property
    def _event_name(self) -> str:
        return self.query_one("#dialog-event", Input).value

    @property
    def _typed(self) -> str:
        return self.query_one("#dialog-typed", Input).value

    @property
    def _payload(self) -> Json | Wrong:
        return read_json(self.query_one("#dialog-payload", Input).value, "payload")

    @property
    def _known(self) -> EventStanding | Refusal | None:
        return self._standing if self._standing_of == self._event_name else None

    # what it says

    def repaint(self) -> None:
        """Show what is known now."""
        if not self.query(Choices):
            return
        notes = [BLANK, *reserved(self._about(), _NOTE_ROWS, INNER_WIDTH)]
        notes.append(point(plain("Only the first event of a name counts. There is no way back.")))
        if self._watched.is_production:
            notes += [BLANK, Paragraph(say("Type {queue}, the queue, to emit it:", queue=typed_name(self._queue)))]
        self.query_one("#dialog-notes", DialogText).show(notes)
        hindrance = self._hindrance()
        alert = [warning(cut_words(hindrance, 2 * INNER_WIDTH - 10))] if hindrance else []
        self.query_one("#dialog-alert", DialogText).show(reserved(alert, 2, INNER_WIDTH, at_end=True))
        act = Choice("ctrl+s", plain("emit the event"), self._may_send)
        self.query_one(Choices).show(Choice("esc", plain("emit nothing")), act)

    def _about(self) -> list[Piece]:
        known = self._known
        if refusal(self._event_name) is not None:
            return [point(self._trouble)] if self._trouble and not self._event_name else []
        if known is None:
            return [point(plain("Looking it up."))]
        if isinstance(known, Refusal):
            return [warning(say("Whether it was emitted is not known: {why}", why=known.reason))]
        if known.emitted_at is not None:
            said = [warning(say("Already emitted at {at}. Another one would change nothing.", at=self._at(known)))]
            payload = cut_end(plain(known.payload), INNER_WIDTH - 9)
            return [*said, Fixed(((plain("  it has "), "muted"), (payload, "")))]
        if not known.waiters:
            return [point(plain("Nobody waits for it. Who awaits it later has it at once."))]
        number = units.plural(len(known.waiters), "task")
        more = "at least " if known.has_more else ""
        named = ", ".join(
            f"{waiter.task_name} …{units.short_id(waiter.task_id, 8)}" for waiter in known.waiters[:_NAMED]
        )
        rest = ", …" if len(known.waiters) > _NAMED else ""
        return [
            point(say("It would wake {more}{number}:", more=more, number=number)),
            Fixed(((blank(2), ""), (cut_words(say("{named}{rest}", named=named, rest=rest), INNER_WIDTH - 2), ""))),
        ]

    def _at(self, known: EventStanding) -> str:
        return self._clock.at(known.emitted_at) if known.emitted_at is not None else units.UNKNOWN

    def _hindrance(self) -> Plain:
        """Say why it cannot be sent as it stands; empty where it can."""
        if reason := refusal(self._event_name):
            return plain(reason)
        payload = self._payload
        if isinstance(payload, Wrong):
            return plain("payload: ") + payload.text
        return why_not_many(EMIT, (self._queue,), self._watched)

    @property
    def _may_send(self) -> bool:
        known = self._known
        is_typed = not self._watched.is_production or self._typed == typed_name(self._queue)
        is_known = isinstance(known, EventStanding) and known.emitted_at is None
        return self.is_awake and is_known and is_typed and not self._hindrance()

    # what its user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key choose anything while the keys are dead; leaving is always possible."""
        return self.is_awake or action == "keep"

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look the event up once its name is not typed on."""
        if event.input.id == "dialog-event":
            if self._asking is not None:
                self._asking.stop()
            self._asking = self.set_timer(LOOKED_UP_AFTER, self._ask)
        self.repaint()

    def action_keep(self) -> None:
        """Emit nothing."""
        if self.is_current:
            self.dismiss(None)

    def action_send(self) -> None:
        """Emit it, where that can be done."""
        payload = self._payload
        if self.is_current and self._may_send and not isinstance(payload, Wrong):
            self.dismiss(EmitEvent(self._queue, self._event_name, payload))
