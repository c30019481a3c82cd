"""The command bar: any command by its word, with what it takes."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.text import Plain, plain
from absurd_tui.ui.command_line import Place, Typed, offered, read
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.find_id import OneLineInput
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Paragraph, Piece, reserved, warning
from absurd_tui.ui.widgets.lines import blank
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_NOTE_ROWS, _WIDTH = 5, 66


class CommandBar(ModalScreen[Typed | None]):
    """A field for a command; it answers with the command and its argument, or None.

    `tried` says why a command that is right does not apply now, or what has failed of it.
    """

    BINDINGS = [Binding("escape", "leave", show=False), Binding("tab", "complete", show=False, priority=True)]

    def __init__(self, place: Place, tried: Callable[[Typed], Plain], begun: str = "") -> None:
        super().__init__()
        self._begun = begun
        self._place = place
        self._tried = tried

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Command"), "bold $text-strong")
            yield OneLineInput(self._begun, id="dialog-command", compact=True, select_on_focus=False)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Offer every word."""
        self.query_one(Choices).show(Choice("esc", plain("stay")), Choice("enter", plain("do it")))
        self.query_one(Input).focus()
        self._offer()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what it may go on with."""
        self._offer()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the command, or say why it cannot be done."""
        typed = read(event.value, self._place)
        said = typed if isinstance(typed, Plain) else self._tried(typed)
        if said or isinstance(typed, Plain):
            self._note(warning(said))
        else:
            self.dismiss(typed)

    def action_complete(self) -> None:
        """Take the first of what is offered."""
        field = self.query_one(Input)
        if found := offered(field.value, self._place):
            field.value = found[0]
            field.cursor_position = len(found[0])

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def _offer(self) -> None:
        field = self.query_one(Input)
        found = offered(field.value, self._place)
        if not found:
            self._note()
            return
        words = Plain("")
        for option in found:
            words = words + (blank(2) if words else Plain("")) + plain(option[option.find(" ") + 1 :])
        self._note(Paragraph(words, "muted", plain("tab"), "strong", keeps_words=True))

    def _note(self, *pieces: Piece) -> None:
        notes = self.query_one("#dialog-notes", DialogText)
        notes.show(reserved([BLANK, *pieces], _NOTE_ROWS, _WIDTH))
