"""Asks for the words by which writes are looked for."""

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


class FindWritesDialog(ModalScreen[str | None]):
    """A field for words; it answers with them, empty for all writes, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Find writes"), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield Input(self._words, id="dialog-words", max_length=100, compact=True)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say what can be typed."""
        told = "Words that a write must hold, all of them: cancel refused mail …7be2d48a"
        self.query_one("#dialog-text", DialogText).show([Paragraph(plain(told)), BLANK])
        self.query_one("#dialog-notes", DialogText).show([BLANK])
        self.query_one(Choices).show(Choice("esc", plain("leave it")), Choice("enter", plain("list those")))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the words."""
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
