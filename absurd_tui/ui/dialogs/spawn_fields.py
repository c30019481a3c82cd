"""The fields of the spawn form: lines and the editor that stand any paste, the choice of a retry strategy, notes."""

from collections.abc import Sequence

from rich.highlighter import Highlighter
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Edit, EditResult

from absurd_tui.text import Plain, clean, plain
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.hidden_characters import hidden, shown_json
from absurd_tui.ui.dialogs.spawn_draft import MOST_CHARACTERS, MOST_IN_NUMBER, Part, Retry
from absurd_tui.ui.dialogs.text import GROUND, DialogText, Paragraph, warning
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, width_of


class _Signs(Highlighter):
    """Shows a sign, one cell wide, for each character that a terminal does not show as what it is."""

    def highlight(self, text: Text) -> None:
        """Put the signs in the place of the characters."""
        text.plain = text.plain.translate({ord(char): clean("a" + char)[1:] for char in hidden(text.plain)})


class OneLine(Input):
    """One line of the form. A paste is cut to what the field takes, and one character more, so that it is refused."""

    BINDINGS = [Binding("down", "known(1)", show=False), Binding("up", "known(-1)", show=False)]

    def __init__(self, part: Part, value: str, known: Sequence[str] = ()) -> None:
        most = MOST_CHARACTERS.get(part, MOST_IN_NUMBER) + 1
        super().__init__(
            value[:most],
            id=f"spawn-{part}",
            classes="spawn-line",
            compact=True,
            max_length=most,
            highlighter=_Signs(),
            select_on_focus=False,
        )
        self.part = part
        self.known: tuple[str, ...] = ()
        self.offer(known)

    def offer(self, known: Sequence[str]) -> None:
        """Offer these values from now on."""
        self.known = tuple(known)
        shown = [value for value in known if not hidden(value)]
        self.suggester = SuggestFromList(shown, case_sensitive=True) if shown else None

    def on_paste(self, event: events.Paste) -> None:
        """Make one line of what is pasted, no longer than there is room; Textual then puts it in."""
        room = (self.max_length or 0) - len(self.value) + len(self.selected_text)
        text = event.text.lstrip("\r\n")[: max(0, room)]
        if self.part is Part.HEADERS:
            text = shown_json(" ".join(text.splitlines()))[: max(0, room)]
        event.text = next(iter(text.splitlines()), "")

    def action_paste(self) -> None:
        """Take what was copied in here the way of every paste."""
        self.post_message(events.Paste(self.app.clipboard))

    def action_known(self, by: int) -> None:
        """Take the next of the known values."""
        if self.known:
            at = self.known.index(self.value) + by if self.value in self.known else min(by - 1, 0)
            self.value = self.known[at % len(self.known)]

    def restricted(self) -> None:
        """Ring no bell: the note below the field says what is wrong."""


class ParamsEditor(TextArea):
    """The editor of the params: no language, because highlighting costs seconds, and no wrapping of long lines."""

    def __init__(self, text: str) -> None:
        super().__init__(
            text[: MOST_CHARACTERS[Part.PARAMS] + 1],
            id=f"spawn-{Part.PARAMS}",
            soft_wrap=False,
            show_line_numbers=True,
            compact=True,
        )

        self.is_typed = False
        """Whether somebody has changed what was put in here."""

    def put(self, text: str) -> None:
        """Put another text in, which nobody typed."""
        if text != self.text:
            self.text = text

    def edit(self, edit: Edit) -> EditResult:
        """Note that what stands here is typed, or pasted, if this changes it."""
        made = super().edit(edit)
        self.is_typed = self.is_typed or bool(edit.text or made.replaced_text)
        return made

    def on_paste(self, event: events.Paste) -> None:
        """Cut what is pasted to one character more than the field takes, and write out what would not be seen."""
        room = max(0, MOST_CHARACTERS[Part.PARAMS] + 1 - len(self.text) + len(self.selected_text))
        event.text = shown_json(event.text[:room])[:room]
        event.stop()

    def action_paste(self) -> None:
        """Take what was copied in here the way of every paste."""
        self.post_message(events.Paste(self.app.clipboard))

    def point_at(self, place: tuple[int, int]) -> None:
        """Move the cursor to a line and a column, both from 1."""
        self.move_cursor((place[0] - 1, place[1] - 1), center=True)


class RetryChoice(Lines, can_focus=True):
    """Which retry strategy: `←` and `→` go through them. One that Absurd does not have is none of the three."""

    BINDINGS = [Binding("right", "turn(1)", show=False), Binding("left", "turn(-1)", show=False)]

    class Chosen(Message):
        """Another strategy was chosen."""

    def __init__(self, chosen: str) -> None:
        super().__init__(id=f"spawn-{Part.RETRY}")
        self.chosen = chosen
        self._edges: list[tuple[int, Retry]] = []

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line."""
        spans: list[Span] = []
        self._edges = []
        for kind in Retry:
            is_chosen = self.chosen == kind
            spans.append((plain("(•) " if is_chosen else "( ) "), "strong" if is_chosen else "muted"))
            spans.append((plain(kind.value), "strong" if is_chosen else ""))
            spans.append((blank(2), ""))
            self._edges.append((width_of(spans), kind))
        return [Line(fit(spans, width), "bar-focus" if self.has_focus else GROUND)]

    def choose(self, kind: Retry) -> None:
        """Choose a strategy."""
        if self.chosen != kind:
            self.chosen = kind
            self.repaint()
            self.post_message(self.Chosen())

    def action_turn(self, by: int) -> None:
        """Choose the next strategy, or the one before."""
        kinds = list(Retry)
        at = kinds.index(Retry(self.chosen)) + by if self.chosen in kinds else 0
        self.choose(kinds[at % len(kinds)])

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for edge, kind in self._edges:
            if event.x < edge:
                self.choose(kind)
                return

    def on_focus(self) -> None:
        """Show that the keys go here."""
        self.repaint()

    def on_blur(self) -> None:
        """Show that the keys go elsewhere."""
        self.repaint()


class FieldNote(DialogText):
    """What is wrong with the fields above it, or what to think of; takes no room while there is nothing to say."""

    def __init__(self, *parts: Part) -> None:
        super().__init__(id=f"spawn-note-{parts[0]}")
        self.parts = parts
        self.display = False

    def tell(self, errors: Sequence[Plain], warnings: Sequence[Plain]) -> None:
        """Say these."""
        pieces = [Paragraph(said, "failed", plain("✗"), "alarm") for said in errors]
        pieces += [warning(said) for said in warnings]
        self.display = bool(pieces)
        self.show(pieces)
