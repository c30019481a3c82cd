"""libpq's keyword/value strings: `host=db user='night watch' password=it\\'s`."""

import re

from absurd_tui.conninfo.files import BLANK
from absurd_tui.conninfo.parameters import check_keyword, modern
from absurd_tui.errors import InvalidConnection

_NAME = re.compile(rf"[{BLANK}]*([^={BLANK}]*)[{BLANK}]*(=?)[{BLANK}]*")
_BARE = re.compile(rf"((?:\\.|[^\\{BLANK}])*)\\?", re.DOTALL)
_QUOTED = re.compile(r"'((?:\\.|[^\\'])*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse_keywords(text: str, origin: str) -> list[tuple[str, str]]:
    """Split a keyword/value string into pairs, in order; `origin` says in an error where the string came from.

    A value with blanks stands in single quotes, and a backslash takes the next character as it is. As in libpq a
    blank may stand on either side of `=`, so `host= dbname=x` gives host the value `dbname=x`.
    """
    pairs: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip(BLANK):
        name = _NAME.match(text, at)
        if name is None or not name[2]:
            raise InvalidConnection(
                f"{origin}: word {len(pairs) + 1} has no '='; write keyword=value, and put a value with blanks "
                "in single quotes"
            )
        at = name.end()
        value = _QUOTED.match(text, at) if text.startswith("'", at) else _BARE.match(text, at)
        if value is None:
            raise InvalidConnection(f"{origin}: a single quote is not closed; write \\' for a quote inside a value")
        keyword, plain = modern(name[1], _ESCAPE.sub(r"\1", value[1]))
        check_keyword(keyword, f"{origin}: word {len(pairs) + 1}")
        pairs.append((keyword, plain))
        at = value.end()
    return pairs
