"""The last nets before the terminal: no control character, and no Unicode where the terminal has none."""

from collections.abc import Callable

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from absurd_tui.text import filter_terminal, to_ascii


class TextFilter(LineFilter):
    """Passes the text of every rendered segment through a function."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Give the segments with their texts changed; what needs no change is passed on as it is."""
        changed = [(segment, self._change(segment.text)) for segment in segments]
        return [
            segment if text == segment.text else Segment(text, segment.style, segment.control)
            for segment, text in changed
        ]


TERMINAL_SAFE = TextFilter(filter_terminal)
ASCII_ONLY = TextFilter(to_ascii)
