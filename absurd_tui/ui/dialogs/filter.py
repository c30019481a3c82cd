"""Asks for a filter: with what it may go on with, and an error that points at its place."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.observe.search.completion import Known, completions
from absurd_tui.observe.search.language import MOST_CHARACTERS, Wrong, parse
from absurd_tui.observe.search.terms import Filter
from absurd_tui.text import plain
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.find_id import OneLineInput
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Fixed, Paragraph, Piece, reserved, warning
from absurd_tui.ui.widgets.lines import blank
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

_NOTE_ROWS = 6
_WIDTH = 66
_BEFORE, _WRONG = 24, 30
_EXAMPLE = 'state:failed queue:emails name:send* age<7d error~"timed out" params.user.id:42'


class FilterDialog(ModalScreen[Filter | None]):
    """A field for a filter; it answers with the filter, or None."""

    BINDINGS = [Binding("escape", "leave", show=False), Binding("tab", "complete", show=False, priority=True)]

    def __init__(self, known: Known, typed: str = "") -> None:
        super().__init__()
        self._known = known
        self._typed = typed

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Find tasks"), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield OneLineInput(
                self._typed, id="dialog-filter", compact=True, select_on_focus=False, max_length=MOST_CHARACTERS
            )
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say what can be typed."""
        told = plain("Terms that are all so; - before one: not so; commas: any of them; * stands for anything.")
        shown = [Paragraph(told, "muted", keeps_words=True), Paragraph(plain(_EXAMPLE), "muted", keeps_words=True)]
        self.query_one("#dialog-text", DialogText).show([*shown, BLANK])
        self.query_one(Choices).show(Choice("esc", plain("stay")), Choice("enter", plain("find")))
        self.query_one(Input).focus()
        self._offer()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what it may go on with."""
        self._offer()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the filter, or point at what is wrong with it."""
        found = parse(event.value)
        if isinstance(found, Wrong):
            self._note(*_pointed(event.value, found), warning(found.why))
            self.query_one(Input).cursor_position = min(found.end, len(event.value))
        else:
            self.dismiss(found)

    def action_complete(self) -> None:
        """Take the first of what is offered."""
        field = self.query_one(Input)
        if offered := completions(field.value[: field.cursor_position], self._known):
            field.value = offered[0] + field.value[field.cursor_position :]
            field.cursor_position = len(offered[0])

    def action_leave(self) -> None:
        """Find nothing."""
        self.dismiss(None)

    def _offer(self) -> None:
        field = self.query_one(Input)
        before = field.value[: field.cursor_position]
        offered = [plain(option[_last_word(before) :]) for option in completions(before, self._known)]
        if not offered:
            self._note()
            return
        words = offered[0]
        for option in offered[1:]:
            words = words + blank(2) + option
        self._note(Paragraph(words, "muted", plain("tab"), "strong", keeps_words=True))

    def _note(self, *pieces: Piece) -> None:
        notes = self.query_one("#dialog-notes", DialogText)
        notes.show(reserved([BLANK, *pieces], _NOTE_ROWS, _WIDTH)[:_NOTE_ROWS])


def _last_word(typed: str) -> int:
    return max(typed.rfind(" "), typed.rfind(",")) + 1


def _pointed(typed: str, wrong: Wrong) -> Sequence[Piece]:
    """Show the place that is wrong, with signs under it."""
    before, at = typed[: wrong.start], typed[wrong.start : wrong.end]
    head = plain(("…" if len(before) > _BEFORE else "") + before[-_BEFORE:])
    shown = plain(at[:_WRONG]) if at else plain(" ")
    rest = plain(typed[wrong.end :][:_BEFORE])
    return (
        Fixed(((head, "muted"), (shown, "alarm"), (rest, "muted"))),
        Fixed(((blank(cells_of(head)), ""), (plain("^" * max(1, cells_of(shown))), "alarm"))),
    )
