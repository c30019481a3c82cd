"""Asks for the id of a task or a run, in whatever it was copied with, and goes there."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Paste
from textual.screen import ModalScreen
from textual.widgets import Input

from absurd_tui.observe.found import Found, IdsFound
from absurd_tui.observe.ids import IdRange, ids_in, tail_of
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import content
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Paragraph, Piece, reserved, warning
from absurd_tui.ui.messages import IdsWanted
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

MOST_PASTED = 20_000
_NOTE_ROWS = 4
_NAMED = 3


class OneLineInput(Input):
    """A field that takes all lines of what is pasted, as one."""

    def _on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(one_line(event.text))


def one_line(pasted: str) -> str:
    """Make one line of what was pasted."""
    return " ".join(pasted[:MOST_PASTED].split())


class FindIdDialog(ModalScreen[IdsFound | None]):
    """A field for an id; it answers with the tasks that have it, or None.

    `on_screen` are the tasks that can be told by the end of their id, as the lists show it.
    """

    BINDINGS = [Binding("escape", "leave", show=False)]

    def __init__(self, on_screen: Sequence[Found], pasted: str = "") -> None:
        super().__init__()
        self._on_screen = tuple(on_screen)
        self._pasted = one_line(pasted)
        self._wanted: tuple[IdRange, ...] = ()

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog") as box:
            box.border_title = content(plain("Go to a task by its id"), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield OneLineInput(self._pasted, id="dialog-id", compact=True, select_on_focus=False)
            yield DialogText(id="dialog-notes")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Say what can be typed, and look at once for what was pasted."""
        forms = plain(
            "of a task or a run, whole or its first ten digits, in any text around it; or the end that a list shows"
        )
        self.query_one("#dialog-text", DialogText).show([Paragraph(forms, "muted", keeps_words=True), BLANK])
        self._note()
        self.query_one(Choices).show(Choice("esc", plain("stay")), Choice("enter", plain("go there")))
        self.query_one(Input).focus()
        if self._pasted:
            self._look(self._pasted)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look for what was typed."""
        self._look(event.value)

    def awaits_ids(self, ranges: Sequence[IdRange]) -> bool:
        """Whether these are still wanted."""
        return self.is_running and self._wanted == tuple(ranges)

    def take_ids(self, found: IdsFound) -> None:
        """Take what was found; where that is nothing, stay and say so."""
        if found.tasks:
            self.dismiss(found)
            return
        self._note(warning(_nothing(self._wanted, found)))

    def take_trouble(self, said: Plain) -> None:
        """Take why nothing could be looked for."""
        self._note(warning(said))

    def action_leave(self) -> None:
        """Stay where one is."""
        self.dismiss(None)

    def _look(self, typed: str) -> None:
        ranges = ids_in(typed)
        if not isinstance(ranges, Plain):
            self._wanted = ranges
            self._note(Paragraph(plain("Looking for it in every queue."), "muted"))
            self.post_message(IdsWanted(self, ranges))
            return
        tail = tail_of(typed)
        shown = [task for task in self._on_screen if tail is not None and task.task_id.hex.endswith(tail)]
        if shown:
            self.dismiss(IdsFound(tuple(shown), 0))
        elif tail is not None:
            told = (
                "No task on the screen ends in {tail}. To find others it takes the first ten digits of an id, or more."
            )
            self._note(warning(say(told, tail=tail)))
        else:
            self._note(warning(ranges))

    def _note(self, *pieces: Piece) -> None:
        notes = self.query_one("#dialog-notes", DialogText)
        notes.show(reserved([BLANK, *pieces], _NOTE_ROWS, 66))


def _nothing(ranges: Sequence[IdRange], found: IdsFound) -> Plain:
    queues = "the only queue" if found.queues == 1 else f"{found.queues} queues"
    wanted = ranges[0].text if len(ranges) == 1 else f"any of {len(ranges)} ids"
    said = say("No task and no run in {queues} has {wanted}", queues=queues, wanted=wanted)
    if not found.refused:
        return said + plain(": it was cleaned up, or belongs to another database.")
    names = ", ".join(name for name, _ in found.refused[:_NAMED])
    more = f" and {len(found.refused) - _NAMED} more" if len(found.refused) > _NAMED else ""
    return said + say("; {names}{more} could not be read.", names=names, more=more)
