"""Asks for a text to look for in the document that is shown."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.text import plain
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.find_id import OneLineInput
from absurd_tui.ui.dialogs.text import Choice, Choices
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall


class FindTextDialog(ModalScreen[str | None]):
    """A field for a text; it answers with it, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Look for a text in this document"), "bold $text-strong")
            yield OneLineInput(id="dialog-wanted", compact=True)
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Wait for a text."""
        self.query_one(Choices).show(Choice("esc", plain("stay")), Choice("enter", plain("find; . and , go on")))
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with what was typed."""
        self.dismiss(event.value or None)

    def action_leave(self) -> None:
        """Look for nothing."""
        self.dismiss(None)
