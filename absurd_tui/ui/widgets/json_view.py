"""One JSON document, laid out in lines and coloured, of any size and any nesting.

Only the lines on the screen are cleaned, lexed and painted. A long document
shows its beginning at once, while the rest is laid out in a thread.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from pygments.lexer import Lexer
from pygments.token import Error, Name, String
from rich.segment import Segment
from textual import work
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_end, width
from absurd_tui.ui.json_lines import lay_out

LONGEST_LINE = 4_096
"""Cells of a line that are shown; the rest is cut, with `…` in the last one."""

LAID_OUT_AT_ONCE = 65_536
"""Characters that are laid out before `show` returns: some tens of milliseconds."""

_SHIFT = 8
_TAB_STOPS = 8
_MORE = Plain("…")
_ABSENT = Plain("–")


@dataclass(frozen=True, slots=True)
class _Document:
    """Lines as they are stored, not yet safe to show; `cells` is the width of the widest one on the screen."""

    lines: Sequence[str]
    is_json: bool
    cells: int


class JsonView(ScrollView, can_focus=True, inherit_bindings=False):
    """A view of the text of a JSON document: keys, strings and the rest as stored, nothing folded.

    Text that is not JSON is shown as it is. The keys of a page move it; left and
    right are free for its screen, with shift they reach the end of long lines.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"json--key", "json--string", "json--muted"}
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
        Binding("up,k", "scroll_up", "Line up", show=False),
        Binding("down,j", "scroll_down", "Line down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_home", "First line", show=False),
        Binding("end,G", "scroll_end", "Last line", show=False),
        Binding("shift+left", f"shift({-_SHIFT})", "Left part of long lines", show=False),
        Binding("shift+right", f"shift({_SHIFT})", "Right part of long lines", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text: str | None = None
        self._size_note: Plain | None = None
        self._document: _Document | None = None
        self._is_whole = True
        self._strips: LRUCache[int, Strip] = LRUCache(1_000)

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
            self._document = None if text is None else _read(text[:LAID_OUT_AT_ONCE])
            self.scroll_to(0, 0, animate=False, force=True)
        self._measure()
        if is_new and text is not None and not self._is_whole:
            self._show_whole(text)

    @work(group="json", exit_on_error=False)
    async def _show_whole(self, text: str) -> None:
        is_cancelled = threading.Event()
        try:
            document = await asyncio.to_thread(_read, text, lambda: not is_cancelled.is_set())
        finally:
            is_cancelled.set()
        self._document, self._is_whole = document, True
        self._measure()

    def _measure(self) -> None:
        document = self._document
        rows = 1 if document is None else len(document.lines) + (not self._is_whole)
        self._strips.clear()
        self.virtual_size = Size(document.cells if document else 1, rows + (self._size_note is not None))
        self.refresh()

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
            return strip.crop_extend(left, left + cells, self.rich_style)
        shown = strip.crop_extend(left, left + cells - 1, self.rich_style)
        return Strip.join([shown, Strip([self._muted(_MORE)])])

    def _paint(self, row: int) -> list[Segment]:
        document = self._document
        if self._size_note is not None:
            if row == 0:
                return [self._muted(self._size_note)]
            row -= 1
        if document is None:
            return [self._muted(_ABSENT)] if row == 0 else []
        if row < len(document.lines):
            line = _safe(document.lines[row])
            return self._coloured(line) if document.is_json else [Segment(line.text, self.rich_style)]
        return [self._muted(_MORE)] if row == len(document.lines) and not self._is_whole else []

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


def _read(text: str, is_wanted: Callable[[], bool] = lambda: True) -> _Document:
    """Lay out a document, or only split it where it is not JSON."""
    lines = lay_out(text, is_wanted)
    is_json = lines is not None
    if lines is None:
        lines = text.expandtabs(_TAB_STOPS).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return _Document(lines, is_json, _widest(lines))


def _widest(lines: Sequence[str]) -> int:
    """Count the cells of the widest line on the screen; a character takes two at most."""
    widest = 0
    for line in lines:
        if 2 * len(line) > widest:
            widest = max(widest, min(len(line), LONGEST_LINE) if line.isascii() else width(_safe(line)))
    return widest


def _safe(line: str) -> Plain:
    """Make one stored line safe and short enough to show."""
    return cut_end(plain(line[: LONGEST_LINE + 1]), LONGEST_LINE)


@cache
def _json_lexer() -> Lexer:
    from pygments.lexers.data import JsonLexer

    return JsonLexer()
