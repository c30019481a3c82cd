"""A failure reason of any JSON type as lines: what failed in red, then its stack trace, frames of libraries folded.

Nothing is cut off at the right: long lines go on in the next one.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from absurd_tui import units
from absurd_tui.observe.task_records import Document
from absurd_tui.text import Plain, plain, plain_lines
from absurd_tui.ui.cells import width, wrap
from absurd_tui.ui.content import Span
from absurd_tui.ui.json_lines import INDENT, lay_out
from absurd_tui.ui.widgets.lines import Line, blank, width_of

_TRACES = ("traceback", "stack", "stacktrace", "stack_trace", "trace")
_FRAME = re.compile(r'\s*File "(?P<path>[^"]*)", line \d+|\s+at .*?(?P<place>[\w@./<>:\\-]*):\d+(?::\d+)?\)?\s*$')
_LIBRARY = re.compile(r"site-packages[\\/]|dist-packages[\\/]|node_modules[\\/]|[\\/]lib[\\/]python3|^node:|^<frozen ")
_PACKAGE = re.compile(r"(?:site-packages|dist-packages|node_modules)[\\/]+(?P<name>@[^\\/]+[\\/][^\\/]+|[^\\/]+)")
_MOST = 100_000
_LONGEST_FRAME = 400
_HEADINGS = ("Traceback (most recent call last)", "During handling of", "The above exception was")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a stack trace: its lines, and the library it is in (None: not in a library)."""

    lines: tuple[str, ...]
    library: str | None


def failure_lines(reason: Document, cells: int, *, unfolded: bool) -> list[Line]:
    """Make the lines of a failure reason; what is not known to be a stack trace is shown as it is stored."""
    return [part for line in _unwrapped(reason, unfolded=unfolded) for part in _wrapped(line, max(20, cells - 2))]


def _wrapped(line: Line, cells: int) -> list[Line]:
    if width_of(line.spans) <= cells + 1:
        return [line]
    made: list[Line] = []
    for text, role in line.spans[1:]:
        indent = blank(min(_indent(text.text) + len(INDENT), cells // 2))
        first, *rest = wrap(text, cells - width(indent))
        made.append(Line(((blank(1), ""), (first, role))))
        made += [Line(((blank(1), ""), (indent + piece, role))) for piece in rest]
    return made


def _unwrapped(reason: Document, *, unfolded: bool) -> list[Line]:
    if reason.text is None:
        said = f"{units.size(reason.size)} stored. o loads it."
        return [_plain_line(plain(said), "muted")]
    read = None if reason.is_cut else _read(reason.text)
    if isinstance(read, str):
        return _headline(_begun(read))
    if not isinstance(read, dict):
        text = _begun(reason.text)
        lines = _headline("\n".join(lay_out(text) or [text]))
        return [*lines, _plain_line(plain("… cut here; o loads more"), "muted")] if reason.is_cut else lines
    read = {key: _begun(value) if isinstance(value, str) else value for key, value in read.items()}
    trace = next((key for key in _TRACES if isinstance(read.get(key), str) and read[key].strip()), None)
    lines = _headline(_summary(read))
    if trace is not None:
        lines += trace_lines(read[trace], unfolded=unfolded)
    rest = {key: value for key, value in read.items() if key not in ("name", "message", trace) and value is not None}
    return lines + [line for key, value in rest.items() for line in _field(key, value)]


def _begun(text: str) -> str:
    """Keep what anybody reads of a text of any length."""
    return text if len(text) <= _MOST else text[:_MOST] + "\n… cut here"


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _summary(read: dict[str, Any]) -> str:
    name, message = (read.get(key) for key in ("name", "message"))
    words = [part if isinstance(part, str) else json.dumps(part) for part in (name, message) if part not in (None, "")]
    return ": ".join(words) or "No name and no message."


def _headline(text: str) -> list[Line]:
    first, *rest = plain_lines(text.strip("\r\n")) or (plain("An empty reason."),)
    return [_plain_line(first, "alarm"), *(_plain_line(line) for line in rest)]


def _field(key: str, value: Any) -> list[Line]:
    shown = value if isinstance(value, str) else _begun(json.dumps(value, ensure_ascii=False))
    first, *rest = plain_lines(shown) or (Plain(""),)
    label: Span = (plain(key) + plain(": "), "muted")
    return [Line(((blank(1), ""), label, (first, ""))), *(_plain_line(line) for line in rest)]


def _plain_line(text: Plain, role: str = "") -> Line:
    return Line(((blank(1), ""), (text, role)))


def trace_lines(trace: str, *, unfolded: bool) -> list[Line]:
    """Write a stack trace of Python or JavaScript; a row of library frames is one line unless unfolded."""
    lines: list[Line] = []
    folded: list[Frame] = []
    for frame in frames(trace):
        if frame.library is not None and not unfolded:
            folded.append(frame)
            continue
        lines += _fold(folded)
        folded = []
        role = "muted" if frame.library is not None or frame.lines[0].lstrip().startswith(_HEADINGS) else ""
        lines += [_plain_line(plain(line.expandtabs()), role) for line in frame.lines]
    return lines + _fold(folded)


def _fold(folded: Sequence[Frame]) -> list[Line]:
    if not folded:
        return []
    names = list(dict.fromkeys(frame.library or "" for frame in folded))
    where = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    said = f"  … {units.plural(len(folded), 'frame')} in {where}"
    return [Line(((blank(1), ""), (plain(said), "muted"), (blank(3), ""), (plain("enter unfolds"), "muted")))]


def frames(trace: str) -> list[Frame]:
    """Split a stack trace into frames, and what is between them into frames of no library, one a line."""
    made: list[Frame] = []
    lines = trace.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        found = _FRAME.match(line) if len(line) <= _LONGEST_FRAME else None
        end = at + 1
        if found is not None and found["path"] is not None:
            indent = _indent(line)
            while end < len(lines) and _indent(lines[end]) > indent:
                end += 1
        path = (found["path"] or found["place"] or "") if found is not None else ""
        made.append(Frame(tuple(lines[at:end]), _library(path)))
        at = end
    return made


def _library(path: str) -> str | None:
    if not _LIBRARY.search(path):
        return None
    package = _PACKAGE.search(path)
    return package["name"] if package is not None else "the standard library"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
