"""Which of the three forms a connection string has: URI, keyword string or database name."""

import re
from typing import NamedTuple

from absurd_tui.conninfo.files import BLANK
from absurd_tui.conninfo.keywords import parse_keywords
from absurd_tui.conninfo.uri import parse_uri
from absurd_tui.errors import InvalidConnection

EXAMPLE = "for example postgresql://user@host:5432/database"
_SCHEME = re.compile(r"([a-z][a-z0-9.-]*)(\+[a-z0-9_.-]+)?://", re.ASCII | re.IGNORECASE)
_CONNECTION = re.compile(r"://|pass(?:word|wd)?\s*=", re.IGNORECASE)
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


class Statement(NamedTuple):
    """The parameters that a connection string states, in order; `is_name` where it is only a database name."""

    pairs: list[tuple[str, str]]
    origin: str
    notes: tuple[str, ...]
    is_name: bool = False


def read_statement(text: str, origin: str) -> Statement:
    """Read a connection string; `origin` says in errors and notes where it came from.

    Quotes and blanks around it are left out with a note, as is the driver in postgresql+driver://.
    """
    check_text(text, origin)
    notes = []
    bare = text.strip(BLANK)
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        text = bare[1:-1]
        bare = text.strip(BLANK)
        notes.append(f"{origin}: the quotes around it were left out")
    elif bare != text:
        notes.append(f"{origin}: the blanks around it were left out")
    if not bare:
        raise InvalidConnection(f"{origin}: it is empty; give a connection string, {EXAMPLE}")
    scheme = _SCHEME.match(bare)
    if scheme:
        if scheme[1].lower() not in ("postgres", "postgresql"):
            raise InvalidConnection(f"{origin}: a connection URI starts with postgresql://, {EXAMPLE}")
        if scheme[2]:
            notes.append(f"{origin}: the driver in the scheme was left out, only postgresql:// counts")
        return Statement(parse_uri(bare[scheme.end() :], origin), origin, tuple(notes))
    if "=" in bare:
        return Statement(parse_keywords(text, origin), origin, tuple(notes))
    if re.search("[/:@]", bare):
        raise InvalidConnection(
            f"{origin}: this is no database name; put postgresql:// in front of a URI, {EXAMPLE}, "
            "or write dbname='…' for a database of that name"
        )
    return Statement([("dbname", bare)], origin, tuple(notes), is_name=True)


def check_text(text: str, origin: str) -> None:
    """Refuse what cannot be sent to a server: NUL, and bytes that are not UTF-8 (Python makes surrogates of them)."""
    if _UNUSABLE.search(text):
        raise InvalidConnection(f"{origin}: it holds a NUL character or bytes that are not UTF-8")


def looks_like_connection_string(text: str) -> bool:
    """Say whether a text that should be a database name seems to be a whole connection string, password and all."""
    return _CONNECTION.search(text) is not None
