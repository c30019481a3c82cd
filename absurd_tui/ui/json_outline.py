"""What belongs to what in a JSON document that is laid out in lines: folds, paths, values. Pure.

An object or array begins in a line that ends in its bracket; the line that closes it begins with the other one.
"""

import json
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*"): ', re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ROOT = 2**32 - 1
_OPEN, _CLOSED = ("{", "["), ("}", "]")


@dataclass(frozen=True, slots=True)
class Outline:
    """For each line, the line that ends what begins in it, and the line that what it is in begins in."""

    ends: Sequence[int]
    parents: Sequence[int]

    def opens(self, line: int) -> bool:
        """Whether an object or array begins in a line."""
        return self.ends[line] > line


def outline(lines: Sequence[str], is_wanted: Callable[[], bool] = lambda: True) -> Outline:
    """Read what belongs to what; what is not closed ends with the last line. Takes time linear in the lines."""
    ends = array("I", range(len(lines)))
    parents = array("I", bytes(4 * len(lines)))
    begun: list[int] = []
    for at, line in enumerate(lines):
        if line.lstrip(" ").startswith(_CLOSED) and begun:
            start = begun.pop()
            ends[start] = at
            parents[at] = parents[start]
        else:
            parents[at] = begun[-1] if begun else _ROOT
            if line.endswith(_OPEN):
                begun.append(at)
        if not at % 4_096 and not is_wanted():
            break
    for start in begun:
        ends[start] = len(lines) - 1
    return Outline(ends, parents)


def visible(number: int, outline: Outline, folded: Iterable[int]) -> Sequence[int]:
    """Give the lines that are seen where some are folded; a folded one stands for all up to its end."""
    seen = array("I")
    at = 0
    for start in sorted(folded):
        if start > at:
            seen.extend(range(at, start))
        if start >= at:
            seen.append(start)
            at = outline.ends[start] + 1
    seen.extend(range(at, number))
    return seen


def row_of(line: int, seen: Sequence[int]) -> int:
    """Give the row of a line among those that are seen; of one that is hidden, the row of the fold it is in."""
    return max(0, bisect_right(seen, line) - 1)


def around(line: int, outline: Outline) -> Iterable[int]:
    """Give the lines that what a line is in begins in, the nearest first."""
    while (line := outline.parents[line]) != _ROOT:
        yield line


def inside(outline: Outline) -> Iterable[int]:
    """Give the lines in which something begins that is directly in the outermost."""
    at, end = 1, outline.ends[0]
    while at < end:
        if outline.ends[at] > at:
            yield at
        at = outline.ends[at] + 1


def path_of(line: int, lines: Sequence[str], outline: Outline) -> str:
    """Say where the value of a line stands, as jq writes it: `.items[3].id`; `.` is the whole."""
    line = _beginning(line, lines, outline)
    parts: list[str] = []
    for inner, outer in zip([line, *around(line, outline)], around(line, outline), strict=False):
        if lines[outer].endswith("["):
            parts.append(f"[{_position(inner, outer, outline)}]")
        else:
            parts.append(_step(lines[inner]))
    return "".join(reversed(parts)) or "."


def value_of(line: int, lines: Sequence[str], outline: Outline) -> str:
    """Give the value that begins in a line, or ends there, every lexeme as it is stored, from the margin on."""
    line = _beginning(line, lines, outline)
    margin = len(lines[line]) - len(lines[line].lstrip(" "))
    found = _KEY.match(lines[line])
    first = lines[line][found.end() if found is not None else margin :]
    rest = (
        one[margin:] if one[:margin].isspace() or not margin else one
        for one in lines[line + 1 : outline.ends[line] + 1]
    )
    return "\n".join([first, *rest]).rstrip(",")


def folded_line(line: int, lines: Sequence[str], outline: Outline) -> str:
    """Write a folded line: its bracket, how much is in it, and how it ends."""
    end = outline.ends[line]
    return f"{lines[line]} … {end - line - 1:,} lines … {lines[end].lstrip(' ')}"


def _beginning(line: int, lines: Sequence[str], outline: Outline) -> int:
    """Give the line where the value begins that a line ends; any other line is its own."""
    if not lines[line].lstrip(" ").startswith(_CLOSED):
        return line
    start = line - 1
    while start > 0 and outline.ends[start] != line:
        start -= 1
    return max(0, start)


def _position(line: int, outer: int, outline: Outline) -> int:
    at, number = outer + 1, 0
    while at < line:
        at = outline.ends[at] + 1
        number += 1
    return number


def _step(line: str) -> str:
    found = _KEY.match(line)
    if found is None:
        return ""
    try:
        key = json.loads(found[1])
    except ValueError:
        key = ""
    return f".{key}" if _NAME.fullmatch(key) else f".[{found[1]}]"
