"""The text of a dialog: who it is about, paragraphs that wrap, and the two choices in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.geometry import Size

from absurd_tui.observe.records import TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import width as cells_of
from absurd_tui.ui.cells import wrap
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, spread

GROUND = "dialog"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text that wraps, behind a mark such as `·` or `!` that stands alone in its column.

    With `keeps_words` it breaks a word only where that is longer than a line.
    """

    text: Plain
    role: str = ""
    mark: Plain = Plain("")
    mark_role: str = ""
    keeps_words: bool = False

    def lines(self, width: int) -> list[Line]:
        """Wrap it to a width."""
        indent = cells_of(self.mark) + 1 if self.mark else 0
        pieces = wrap(self.text, max(8, width - indent), keeps_words=self.keeps_words)
        head: tuple[Span, ...] = ((self.mark, self.mark_role), (blank(1), "")) if self.mark else ()
        first = Line((*head, (pieces[0], self.role)), GROUND)
        return [first, *(Line(((blank(indent), ""), (piece, self.role)), GROUND) for piece in pieces[1:])]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A line that does not wrap."""

    spans: tuple[Span, ...] = ()

    def lines(self, width: int) -> list[Line]:
        """Cut it to a width."""
        return [Line(fit(self.spans, width), GROUND)]


Piece = Paragraph | Fixed
BLANK = Fixed()


def reserved(pieces: Sequence[Piece], rows: int, width: int, *, at_end: bool = False) -> list[Piece]:
    """Keep so many rows for these pieces, so that nothing below moves when they change; they stand first, or last."""
    empty = [Fixed() for _ in range(rows - sum(len(piece.lines(width)) for piece in pieces))]
    return [*empty, *pieces] if at_end else [*pieces, *empty]


def point(text: Plain) -> Paragraph:
    """Make one point of a list."""
    return Paragraph(text, "", plain("·"), "muted")


def warning(text: Plain) -> Paragraph:
    """Make a warning."""
    return Paragraph(text, "warning", plain("!"), "caution")


class DialogText(Lines):
    """Pieces of text one below the other, as high as they need."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._pieces: tuple[Piece, ...] = ()

    def show(self, pieces: Sequence[Piece]) -> None:
        """Show these pieces."""
        height = len(self.lines(self.size.width, 0)) if self.size.width else 0
        self._pieces = tuple(pieces)
        self.repaint()
        if self.size.width and len(self.lines(self.size.width, 0)) != height:
            self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        """Lay the pieces out."""
        return [line for piece in self._pieces for line in piece.lines(width)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Be as high as the text is."""
        return len(self.lines(width, 0))


@dataclass(frozen=True, slots=True)
class Choice:
    """A key and what it does, in words; struck through while it cannot be done."""

    key: str
    label: Plain
    is_enabled: bool = True

    def spans(self, role: str) -> tuple[Span, ...]:
        """Make its spans."""
        if not self.is_enabled:
            return ((plain(f"{self.key} ") + self.label, "struck"),)
        return ((plain(self.key), "strong"), (blank(1), ""), (self.label, role))


class Choices(Lines):
    """The last row: leave it as it is, left; the act, right."""

    def __init__(self) -> None:
        super().__init__(id="dialog-choices")
        self._keep = Choice("esc", Plain(""))
        self._act = Choice("", Plain(""))

    def show(self, keep: Choice, act: Choice) -> None:
        """Show these choices."""
        self._keep, self._act = keep, act
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the row."""
        return [Line(spread(self._keep.spans(""), self._act.spans("bold"), width), GROUND)]


def target_lines(row: TaskRow, seen: Clock, address: str, badges: Sequence[Span], width: int) -> list[Piece]:
    """Name the frozen target: which task in which state, its whole id and when that was seen, and where."""
    state: Span = (plain(f"{STATE_GLYPHS[row.state]} {row.state.value}, ") + _attempt(row), row.state.value)
    full = str(row.task_id)
    name: tuple[Span, ...] = ((plain(row.queue) + plain(" › "), "muted"), (plain(row.task_name), "strong"))
    as_of = say("as of {at}", at=seen.at(seen.now))
    return [
        Fixed(spread(name, (state,), width)),
        Fixed(spread(((plain(full[:-8]), "muted"), (plain(full[-8:]), "strong")), ((as_of, "muted"),), width)),
        Fixed(((plain(address), "muted"), *(span for badge in badges for span in ((blank(2), ""), badge)))),
        Fixed(((plain("─" * width), "rule"),)),
    ]


def _attempt(row: TaskRow) -> Plain:
    limit = f" of {row.max_attempts}" if row.max_attempts is not None else ""
    return plain(f"attempt {row.attempt}{limit}")
