"""Asks how the names begin that are shown."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.text import plain
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Paragraph
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall


class PrefixDialog(ModalScreen[str | None]):
    """A field for the beginning of a name; it answers with that, empty for all names, or with None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Events whose names begin with"), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield Input(self._prefix, placeholder="refund.approved:", max_length=200, compact=True)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say what is compared."""
        told = plain("As it is written, capitals and all. Empty: every event.")
        self.query_one("#dialog-text", DialogText).show([Paragraph(told), BLANK])
        self.query_one("#dialog-notes", DialogText).show([BLANK])
        self.query_one(Choices).show(Choice("esc", plain("leave it")), Choice("enter", plain("show these")))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with what was typed."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
