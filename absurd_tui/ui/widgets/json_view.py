"""One JSON document, laid out in lines and coloured, of any size and any nesting.

Only the lines on the screen are cleaned, lexed and painted. A long document
shows its beginning at once, while the rest is laid out in a thread.
"""

import asyncio
import threading
from collections.abc import Sequence
from functools import cache
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Error, Name, String
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.json_document import LaidOut, read, safe
from absurd_tui.ui.json_outline import Outline, around, folded_line, inside, path_of, row_of, value_of, visible

LAID_OUT_AT_ONCE = 65_536
"""Characters that are laid out before `show` returns: some tens of milliseconds."""

MOST_COPIED = 1_000_000
"""Characters that are copied at once; more, terminals do not take."""

FOLDED_AT_ONCE = 50_000
"""Lines of a document all of which is folded before anything else gets its turn; more are folded beside."""

LOOKED_AT_ONCE = 5_000
"""Lines that are looked through before anything else gets its turn."""

_SHIFT = 8
_MORE = Plain("…")
_ABSENT = Plain("–")


class JsonView(ScrollView, can_focus=True, inherit_bindings=False):
    """A view of the text of a JSON document, every lexeme as it is stored, with a cursor on one of its lines.

    Text that is not JSON is shown as it is. Left and right are free for its screen, with shift they reach the end of
    long lines.
    """

    class Said(Message):
        """There is something to tell about what was done here."""

        def __init__(self, said: Plain) -> None:
            super().__init__()
            self.said = said

    class TextWanted(Message):
        """A text to look for in this document is to be asked for."""

        def __init__(self, view: "JsonView") -> None:
            super().__init__()
            self.view = view

    COMPONENT_CLASSES: ClassVar[set[str]] = {"json--key", "json--string", "json--muted", "json--cursor"}
    DEFAULT_CSS = """
    JsonView {
        height: 1fr;
        overflow-x: hidden;
        & > .json--key { color: $state-running; }
        & > .json--string { color: $state-completed; }
        & > .json--muted { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False),
        Binding("down,j", "move(1)", "Line down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First line", show=False),
        Binding("end,G", "last", "Last line", show=False),
        Binding("enter", "fold", "Fold or unfold", show=False),
        Binding("minus", "fold_all", "Fold all", show=False),
        Binding("plus", "unfold_all", "Unfold all", show=False),
        Binding("f", "ask_for_text", "Look for a text", show=False),
        Binding("full_stop", "find_again(1)", "Next match", show=False),
        Binding("comma", "find_again(-1)", "Match before", show=False),
        Binding("y", "copy_value", "Copy the value", show=False),
        Binding("p", "copy_path", "Copy its path", show=False),
        Binding("shift+left", f"shift({-_SHIFT})", "Left part of long lines", show=False),
        Binding("shift+right", f"shift({_SHIFT})", "Right part of long lines", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text: str | None = None
        self._size_note: Plain | None = None
        self._document: LaidOut | None = None
        self._is_whole = True
        self._strips: LRUCache[int, Strip] = LRUCache(1_000)
        self._folded: set[int] = set()
        self._seen: Sequence[int] = ()
        self._cursor = 0
        self._wanted = ""

    @property
    def cursor_line(self) -> int:
        """The line that the cursor is on, counted in the whole document."""
        return self._cursor

    def show(self, text: str | None, size_note: Plain | None = None) -> None:
        """Show a document, given as `jsonb::text`, or a dash for None.

        `size_note` stands above it, for example when `text` is only its
        beginning. The same text again keeps the place on the screen.
        """
        is_new = text != self._text
        if not is_new and size_note == self._size_note:
            return
        self._text, self._size_note = text, size_note
        if is_new:
            self.workers.cancel_group(self, "json")
            self._is_whole = text is None or len(text) <= LAID_OUT_AT_ONCE
            self._document = None if text is None else read(text[:LAID_OUT_AT_ONCE])
            self._folded, self._cursor = set(), 0
            self.scroll_to(0, 0, animate=False, force=True)
        self._measure()
        if is_new and text is not None and not self._is_whole:
            self._show_whole(text)

    @work(group="json", exit_on_error=False, description="lay out")  # Textual would write the text for it
    async def _show_whole(self, text: str) -> None:
        is_cancelled = threading.Event()
        try:
            document = await asyncio.to_thread(read, text, lambda: not is_cancelled.is_set())
        finally:
            is_cancelled.set()
        self._document, self._is_whole = document, True
        if document.outline is None:
            self._folded, self._cursor = set(), 0
        self._measure()

    def _measure(self) -> None:
        document = self._document
        if document is None:
            self._seen = ()
        elif self._folded and document.outline is not None:
            self._seen = visible(len(document.lines), document.outline, self._folded)
        else:
            self._seen = range(len(document.lines))
        rows = 1 if document is None else len(self._seen) + (not self._is_whole)
        self._strips.clear()
        self.virtual_size = Size(document.cells if document else 1, rows + (self._size_note is not None))
        self.refresh()

    # the cursor

    def action_move(self, by: int) -> None:
        """Move the cursor by some lines."""
        self._put_cursor(row_of(self._cursor, self._seen) + int(by))

    def action_page(self, by: int) -> None:
        """Move the cursor by some screens."""
        self.action_move(int(by) * max(1, self.size.height))

    def action_first(self) -> None:
        """Go to the first line."""
        self._put_cursor(0)

    def action_last(self) -> None:
        """Go to the last line."""
        self._put_cursor(len(self._seen) - 1)

    def _put_cursor(self, row: int) -> None:
        if not self._seen:
            return
        row = max(0, min(len(self._seen) - 1, row))
        self._cursor = self._seen[row]
        above = self._size_note is not None
        at, height = (row + above if row else 0), self.size.height
        top = self.scroll_offset.y
        if not top <= at < top + height:
            self.scroll_to(y=at if at < top else at - height + 1, animate=False, force=True)
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Put the cursor where it was clicked; a second click folds."""
        row = self.scroll_offset.y + event.y - (self._size_note is not None)
        if 0 <= row < len(self._seen):
            self._put_cursor(row)
            if event.chain == 2:
                self.action_fold()

    # folds

    def action_fold(self) -> None:
        """Fold the object or array of the line, or unfold it."""
        if (found := self._outlined()) is None:
            return
        _, made = found
        line = self._cursor
        if not made.opens(line):
            line = next(iter(around(line, made)), line)
        if made.opens(line):
            self._folded ^= {line}
            self._cursor = line
            self._refold()

    def action_fold_all(self) -> None:
        """Fold everything that is directly in the outermost."""
        if (found := self._outlined()) is None:
            return
        document, made = found
        if len(document.lines) > FOLDED_AT_ONCE:
            self._fold_many(document, made)
        else:
            self._folded = set(inside(made))
            self._refold()

    @work(group="json-fold", exclusive=True, exit_on_error=False, description="fold")
    async def _fold_many(self, document: LaidOut, made: Outline) -> None:
        folded = await asyncio.to_thread(lambda: set(inside(made)))
        if self._document is document:
            self._folded = folded
            self._refold()

    def action_unfold_all(self) -> None:
        """Unfold everything."""
        self._folded = set()
        self._refold()

    def _refold(self) -> None:
        self._measure()
        self._put_cursor(row_of(self._cursor, self._seen))

    def _outlined(self) -> tuple[LaidOut, Outline] | None:
        document = self._document
        if document is None or document.outline is None or not document.lines:
            self._say(plain("json: there is no JSON here."))
            return None
        return document, document.outline

    # copies

    def action_copy_value(self) -> None:
        """Copy the value of the line, all of it, as it is stored."""
        if (found := self._outlined()) is not None:
            document, made = found
            value = value_of(self._cursor, document.lines, made)
            if not self._is_whole:
                self._say(plain("copy: the document is still being laid out."))
            elif len(value) > MOST_COPIED:
                self._say(say("copy: the value has {n} characters; a terminal takes fewer.", n=f"{len(value):,}"))
            else:
                self.app.copy_to_clipboard(value)
                self._say(say("Copied {n} characters of the value.", n=f"{len(value):,}"))

    def action_copy_path(self) -> None:
        """Copy where the value of the line stands, as jq writes it."""
        if (found := self._outlined()) is not None:
            document, made = found
            path = path_of(self._cursor, document.lines, made)
            self.app.copy_to_clipboard(path)
            self._say(say("Copied the path {path}", path=path))

    # search

    def action_ask_for_text(self) -> None:
        """Have a text asked for."""
        self.post_message(self.TextWanted(self))

    def action_find_again(self, by: int) -> None:
        """Go to the next line with the text that was looked for, or to the one before."""
        if self._wanted:
            self._find(self._wanted, int(by))
        else:
            self.action_ask_for_text()

    def find(self, wanted: str) -> None:
        """Go to the next line that contains a text, in upper or lower case."""
        self._wanted = wanted
        self._find(wanted, 1)

    @work(group="json-find", exclusive=True, exit_on_error=False)
    async def _find(self, wanted: str, by: int) -> None:
        document = self._document
        if document is None or not wanted:
            return
        number, folded_case = len(document.lines), wanted.lower()
        for step in range(1, number + 1):
            line = (self._cursor + by * step) % number
            if folded_case in document.lines[line].lower():
                self._show_line(line)
                self._say(
                    say("Line {line} of {number} has {text}", line=f"{line + 1:,}", number=f"{number:,}", text=wanted)
                )
                return
            if not step % LOOKED_AT_ONCE:
                await asyncio.sleep(0)
                if self._document is not document:
                    return
        self._say(say("Nothing in this document has {text}", text=wanted))

    def _show_line(self, line: int) -> None:
        document = self._document
        if document is not None and document.outline is not None:
            hiding = self._folded & set(around(line, document.outline))
            self._folded -= hiding
        self._cursor = line
        self._refold()

    def _say(self, said: Plain) -> None:
        self.post_message(self.Said(said))

    # what is painted

    def action_shift(self, cells: int) -> None:
        """Move the view sideways by some cells."""
        self.scroll_to(x=self.scroll_x + cells, animate=False, force=True)

    def notify_style_update(self) -> None:
        """Forget what was painted in the old colours."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Give the strip of one line of the screen; a line that goes on to the right ends in `…`."""
        left, cells = self.scroll_offset.x, self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strips[row] = Strip(self._paint(row))
        if strip.cell_length <= left + cells:
            painted = strip.crop_extend(left, left + cells, self.rich_style)
        else:
            shown = strip.crop_extend(left, left + cells - 1, self.rich_style)
            painted = Strip.join([shown, Strip([self._muted(_MORE)])])
        return painted.apply_style(self._cursor_style) if self._is_cursor(row) else painted

    @property
    def _cursor_style(self) -> Style:
        style = self.get_component_rich_style("json--cursor")
        return Style(bgcolor=style.bgcolor, bold=style.bold, reverse=style.reverse)

    def _is_cursor(self, row: int) -> bool:
        row -= self._size_note is not None
        return self.has_focus and 0 <= row < len(self._seen) and self._seen[row] == self._cursor

    def _paint(self, row: int) -> list[Segment]:
        document = self._document
        if self._size_note is not None:
            if row == 0:
                return [self._muted(self._size_note)]
            row -= 1
        if document is None:
            return [self._muted(_ABSENT)] if row == 0 else []
        if row < len(self._seen):
            at = self._seen[row]
            if document.outline is None:
                return [Segment(safe(document.lines[at]).text, self.rich_style)]
            if at in self._folded:
                return self._coloured(safe(folded_line(at, document.lines, document.outline)))
            return self._coloured(safe(document.lines[at]))
        return [self._muted(_MORE)] if row == len(self._seen) and not self._is_whole else []

    def _coloured(self, line: Plain) -> list[Segment]:
        segments: list[Segment] = []
        for _, token, lexeme in _json_lexer().get_tokens_unprocessed(line.text):
            if token is Name.Tag:
                style = self.get_component_rich_style("json--key")
            elif token is String.Double or (token is Error and lexeme.startswith('"')):
                style = self.get_component_rich_style("json--string")
            else:
                style = self.rich_style
            segments.append(Segment(lexeme, style))
        return segments

    def _muted(self, text: Plain) -> Segment:
        return Segment(text.text, self.get_component_rich_style("json--muted"))


@cache
def _json_lexer() -> Lexer:
    from pygments.lexers.data import JsonLexer

    return JsonLexer()
