"""Ids of tasks and runs in whatever text they were pasted: whole, or their first ten hex digits or more. Pure.

Ids are UUIDs of version 7, which begin with the time: those of one minute share their first seven or eight digits.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote
from uuid import UUID

from absurd_tui.text import Plain, plain, say

DIGITS = 32
LEAST_DIGITS = 10
MOST_IDS = 20
_SHOWN = 40

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe63\uff0d]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_HEX = "[0-9a-f]"
_WHOLE = re.compile(
    f"(?<!{_HEX})(?:{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}|{_HEX}{{32}})(?!{_HEX})"
)
_BEGINNING = re.compile(
    f"(?<!{_HEX})(?<!{_HEX}{{4}}-)(?:{_HEX}{{8}}-{_HEX}{{2,3}}|{_HEX}{{8}}(?:-{_HEX}{{4}}){{1,2}}-{_HEX}{{1,3}}"
    f"|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{1,11}}|{_HEX}{{8}}(?:-{_HEX}{{4}}){{1,3}}|{_HEX}{{10,31}})(?!-?{_HEX})"
)
_DIGITS = re.compile(f"{_HEX}(?:[0-9a-f-]*{_HEX})?")


@dataclass(frozen=True, slots=True)
class IdRange:
    """All ids that begin with the same digits, from the first to the last; one id where all digits are known."""

    low: UUID
    high: UUID

    @property
    def is_whole(self) -> bool:
        """Whether it is one id."""
        return self.low == self.high

    @property
    def text(self) -> str:
        """How it begins, as an id is written."""
        if self.is_whole:
            return str(self.low)
        written = zip(str(self.low), str(self.high), strict=True)
        same = "".join(low if low == high else " " for low, high in written).partition(" ")[0]
        return f"{same.rstrip('-')}…"


def id_range(digits: str) -> IdRange:
    """Make the range of ids that begin with some hex digits, at most 32."""
    return IdRange(UUID(digits.ljust(DIGITS, "0")), UUID(digits.ljust(DIGITS, "f")))


def ids_in(pasted: str) -> tuple[IdRange, ...] | Plain:
    """Find the ids in a text: whole ones, or else what ids begin with; where there is none, say what is wrong.

    Around an id anything may stand: braces, quotes, a URL, the rest of a log line. Where a terminal has broken it in
    two, it is put together.
    """
    text = _DASHES.sub("-", _UNSEEN.sub("", unquote(pasted))).lower()
    for written in (text, re.sub(r"\s+", "", text)):
        found = _WHOLE.findall(written)
        if found:
            return _ranges(found)
    return _ranges(begun) if (begun := _BEGINNING.findall(text)) else _wrong(text)


def tail_of(typed: str) -> str | None:
    """Give the digits that may be the end of an id, as lists on the screen show it: four to nine; else None."""
    found = re.fullmatch(r"\s*(?:…|\.\.\.)?([0-9a-f]{4,9})\s*", typed.lower())
    return found[1] if found else None


def _ranges(found: "list[str]") -> tuple[IdRange, ...]:
    return tuple(dict.fromkeys(id_range(digits.replace("-", "")) for digits in found))[:MOST_IDS]


def _wrong(text: str) -> Plain:
    pieces = [piece for piece in _DIGITS.findall(text) if any(char.isdigit() for char in piece)]
    longest = max((piece.replace("-", "") for piece in pieces), key=len, default="")
    if not longest:
        return plain("There is no id in this. An id has 32 hex digits; its first ten will do.")
    if len(longest) > DIGITS:
        shown = longest[:_SHOWN] + ("…" if len(longest) > _SHOWN else "")
        return say("{digits} has {number} digits; an id has 32.", digits=shown, number=len(longest))
    if len(longest) < LEAST_DIGITS:
        told = "{digits} has {number}; it takes the first ten digits of an id, or more."
        return say(told, digits=longest, number="1 digit" if len(longest) == 1 else f"{len(longest)} digits")
    return say("{digits} is not grouped as an id is.", digits=longest)
