"""Laying JSON out in lines without ever reading its values.

Numbers keep every digit and strings every escape, because a lexeme is only
moved, never parsed. Nesting may be as deep as it likes. A text that ends in the
middle, as the beginning of a long document does, is laid out as far as it goes.
"""

import re
from collections.abc import Callable

INDENT = "  "
DEEPEST_INDENT = 20
"""Levels that are indented; deeper ones stand where this one does, so that they stay on the screen."""

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:
        (?P<string>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")
      | (?P<scalar>(?:-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|true|false|null)(?![-+.\w]))
      | (?P<open>[{\[])
      | (?P<close>[}\]])
      | (?P<comma>,)
      | (?P<colon>:)
      | (?P<cut>(?:"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+\\?|[-+.0-9eE]++|[a-z]{1,4})\Z)
      | (?P<wrong>.)
    )""",
    re.VERBOSE | re.DOTALL,
)

# What may come next, and the kinds of token that are right there.
_VALUE = frozenset({"string", "scalar", "open", "cut"})
_FIRST_VALUE = _VALUE | {"close"}
_KEY = frozenset({"string", "cut"})
_FIRST_KEY = _KEY | {"close"}
_COLON = frozenset({"colon"})
_NEXT = frozenset({"comma", "close"})
_END: frozenset[str] = frozenset()


def lay_out(text: str, is_wanted: Callable[[], bool] = lambda: True) -> list[str] | None:
    """Split JSON into lines as `json.dumps(indent=2)` does, every lexeme as it stands in `text`.

    Takes time and memory linear in `text`. None if the text is not JSON, and not the beginning of JSON either; or as
    soon as it is no longer wanted, so that a thread at work on a long one does not hold up the end of the program.
    """
    lines: list[str] = []
    line = ""
    closers: list[str] = []
    expected = _VALUE
    for match in _TOKEN.finditer(text.rstrip(" \t\n\r")):
        kind = match.lastgroup or "wrong"
        lexeme = match[kind]
        if kind not in expected:
            return None
        if kind == "close":
            if lexeme != closers.pop():
                return None
            if expected is _NEXT:
                lines.append(line)
                line = _indent(closers)
            line += lexeme
            expected = _NEXT if closers else _END
            continue
        if expected is _FIRST_VALUE or expected is _FIRST_KEY:
            lines.append(line)
            line = _indent(closers)
        if kind == "comma":
            if not is_wanted():
                return None
            lines.append(line + ",")
            line = _indent(closers)
            expected = _KEY if closers[-1] == "}" else _VALUE
        elif kind == "colon":
            line += ": "
            expected = _VALUE
        elif kind == "open":
            line += lexeme
            closers.append("}" if lexeme == "{" else "]")
            expected = _FIRST_KEY if lexeme == "{" else _FIRST_VALUE
        else:
            line += lexeme
            is_key = expected is _KEY or expected is _FIRST_KEY
            expected = _COLON if is_key else _NEXT if closers else _END
    if line.strip():
        lines.append(line)
    return lines or None


def _indent(closers: list[str]) -> str:
    return INDENT * min(len(closers), DEEPEST_INDENT)
