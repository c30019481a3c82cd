"""Asks for a time to go to in a panel."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Paragraph, warning
from absurd_tui.ui.instants import instant
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall


class GoToDialog(ModalScreen[int | None]):
    """A field for a time; it answers with microseconds since 2000, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, panel: Plain, ordered_by: Plain, clock: Clock, *, is_past: bool) -> None:
        super().__init__()
        self._panel = panel
        self._ordered_by = ordered_by
        self._clock = clock
        self._is_past = is_past

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Go to a time in ") + self._panel, "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield Input(placeholder="14:05", id="dialog-instant", max_length=40, compact=True)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say by which time one goes, and what can be typed."""
        told = say("A task stands by {by}; times are {zone}.", by=self._ordered_by, zone=self._clock.zone)
        forms = plain("14:05, 2h ago, in 5m, 2026-11-20 14:05, now")
        self.query_one("#dialog-text", DialogText).show([Paragraph(told), Paragraph(forms, "muted"), BLANK])
        self.query_one("#dialog-notes", DialogText).show([BLANK])
        self.query_one(Choices).show(Choice("esc", plain("stay")), Choice("enter", plain("go there")))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the time, or say why it is none."""
        at = instant(event.value, self._clock, is_past=self._is_past)
        if isinstance(at, int):
            self.dismiss(at)
        else:
            self.query_one("#dialog-notes", DialogText).show([BLANK, warning(at), BLANK])

    def action_leave(self) -> None:
        """Stay where the cursor is."""
        self.dismiss(None)
