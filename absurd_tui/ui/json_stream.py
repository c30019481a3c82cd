"""JSON laid out for a pager as it comes in, slice by slice: safe lines, none of them long, and none of it kept.

Takes the text that PostgreSQL makes of a jsonb value. Numbers keep every digit and strings every escape; what could
command a terminal or hide is replaced as everywhere on the screen.
"""

import re

from absurd_tui.text import clean, to_ascii
from absurd_tui.ui.json_lines import DEEPEST_INDENT, INDENT

LONGEST_LINE = 4_096
"""Characters after which a line goes on in the next one, which then begins with `…`."""

_GOES_ON = "… "
_OUTSIDE = re.compile(r'["{}\[\],]')
_INSIDE = re.compile(r'["\\]')


class JsonStream:
    """Gives for each slice the lines that it completes; `end` gives the last one."""

    def __init__(self, *, is_ascii: bool) -> None:
        self._is_ascii = is_ascii
        self._depth = 0
        self._line: list[str] = []
        self._length = 0
        self._lines: list[str] = []
        self._is_inside = False
        self._is_escaped = False
        self._is_begun = False
        self._was_opened = False

    def feed(self, piece: str) -> str:
        """Take the next slice."""
        at = 0
        while at < len(piece):
            at = self._string(piece, at) if self._is_inside else self._token(piece, at)
        return self._taken()

    def end(self) -> str:
        """Take that there is no more."""
        self._break()
        return self._taken()

    def _taken(self) -> str:
        lines, self._lines = self._lines, []
        return "".join(lines)

    def _string(self, piece: str, at: int) -> int:
        """Go on in a string, to its end or that of the slice."""
        start = at
        if self._is_escaped:
            self._is_escaped = False
            at += 1
        while (found := _INSIDE.search(piece, at)) is not None:
            at = found.end()
            if found[0] == '"':
                self._is_inside = False
                break
            if at == len(piece):
                self._is_escaped = True
                break
            at += 1
        else:
            at = len(piece)
        self._put(piece[start:at])
        return at

    def _token(self, piece: str, at: int) -> int:
        """Take what stands outside of strings, up to the next token and with it."""
        found = _OUTSIDE.search(piece, at)
        between = piece[at : found.start() if found is not None else len(piece)]
        if not self._is_begun:
            between = between.lstrip(" ")
        if between:
            self._value(between)
        if found is None:
            return len(piece)
        token = found[0]
        if token in "{[":
            self._value(token)
            self._depth += 1
            self._was_opened = True
        elif token in "}]":
            self._depth -= 1
            if not self._was_opened:
                self._break()
            self._was_opened = False
            self._put(token)
        elif token == ",":
            self._put(token)
            self._break()
        else:
            self._value(token)
            self._is_inside = True
        return found.end()

    def _value(self, text: str) -> None:
        if self._was_opened:
            self._was_opened = False
            self._break()
        self._put(text)

    def _put(self, text: str) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._line, self._length = [INDENT * min(self._depth, DEEPEST_INDENT)], 0
        self._line.append(text)
        self._length += len(text)
        if self._length > LONGEST_LINE:
            whole = "".join(self._line)
            cut = len(whole) - len(whole) % LONGEST_LINE
            for start in range(0, cut, LONGEST_LINE):
                self._write(whole[start : start + LONGEST_LINE], is_first=start == 0)
            self._line, self._length = [_GOES_ON, whole[cut:]], len(whole) - cut

    def _break(self) -> None:
        if self._is_begun:
            self._write("".join(self._line), is_first=True)
        self._is_begun = False

    def _write(self, line: str, *, is_first: bool) -> None:
        safe = clean(line if is_first else _GOES_ON + line)
        self._lines.append((to_ascii(safe) if self._is_ascii else safe) + "\n")
