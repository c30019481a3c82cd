"""Asks for the reason of a write that was confirmed: without one nothing is sent."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from absurd_tui.text import Plain, plain
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Paragraph
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_MOST = 200


class ReasonDialog(DormantDialog[str | None]):
    """A field for one line; it answers with it, or None."""

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, about: Plain) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Reason"), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield Input(id="dialog-reason", max_length=_MOST, compact=True, disabled=True)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say for what."""
        told = plain("Why, in one line? It is kept in the audit.")
        self.query_one("#dialog-text", DialogText).show([Paragraph(self._about, "strong"), Paragraph(told), BLANK])
        self.query_one("#dialog-notes", DialogText).show([BLANK])
        self._judge()

    def wake(self) -> None:
        """Let the reason be typed from now on."""
        field = self.query_one(Input)
        field.disabled = False
        field.focus()
        self._judge()

    def _judge(self) -> None:
        is_given = bool(self.query_one(Input).value.strip())
        act = Choice("enter", plain("send it"), self.is_awake and is_given)
        self.query_one(Choices).show(Choice("esc", plain("send nothing")), act)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Strike the act out, or not."""
        self._judge()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the reason, if there is one."""
        if self.is_awake and event.value.strip():
            self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Send nothing."""
        self.dismiss(None)
