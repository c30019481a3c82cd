"""Reads what was typed as a filter, or says what is wrong and where. Pure; no text makes it fail."""

import re
from dataclasses import dataclass
from typing import NoReturn

from absurd_tui.observe.ids import ids_in
from absurd_tui.observe.records import State
from absurd_tui.observe.search.terms import COMPARED, DOCUMENTS, Field, Filter, Op, Term, Value
from absurd_tui.text import Plain, plain, say

MOST_CHARACTERS = 2_000
MOST_TERMS = 40

_ALIASES = {"task": Field.NAME, "headers": Field.HEADER, "param": Field.PARAMS}
FIELDS = {field.value: field for field in Field if field.value}
_TEXTS = (Op.IS, Op.HAS)
OPS: dict[Field, tuple[Op, ...]] = {
    Field.STATE: (Op.IS,),
    Field.QUEUE: _TEXTS,
    Field.NAME: _TEXTS,
    Field.WORKER: _TEXTS,
    Field.ATTEMPT: (Op.IS, *sorted(COMPARED)),
    Field.AGE: tuple(sorted(COMPARED)),
    Field.ERROR: (Op.HAS, Op.IS),
    Field.ID: (Op.IS,),
    Field.KEY: (Op.IS,),
    **dict.fromkeys(DOCUMENTS, (*_TEXTS, *sorted(COMPARED))),
}
_OPERATOR = re.compile(">=|<=|[:~<>]")
_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_SPAN = re.compile(r"(?:\d{1,9}[smhdw])+", re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Wrong:
    """What cannot be read: the characters from `start` until before `end`, and why."""

    start: int
    end: int
    why: Plain


class _Stop(Exception):
    def __init__(self, wrong: Wrong) -> None:
        self.wrong = wrong


def parse(typed: str) -> Filter | Wrong:
    """Read a filter."""
    try:
        return _Reader(typed).filter()
    except _Stop as stop:
        return stop.wrong


def seconds(span: str) -> int:
    """Turn a span of time such as `1h30m` into seconds."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(span))


class _Reader:
    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._at = 0

    def filter(self) -> Filter:
        if len(self._typed) > MOST_CHARACTERS:
            self._stop(
                MOST_CHARACTERS, len(self._typed), say("A filter has at most {n} characters.", n=MOST_CHARACTERS)
            )
        for at, char in enumerate(self._typed):
            if char == "\0" or "\ud800" <= char <= "\udfff":
                self._stop(at, at + 1, plain("No text in PostgreSQL has this character."))
        terms: list[Term] = []
        while self._skip_blank() < len(self._typed):
            start = self._at
            terms.append(self._term())
            if len(terms) > MOST_TERMS:
                self._stop(start, self._at, say("A filter has at most {n} terms.", n=MOST_TERMS))
        return Filter(tuple(terms))

    # a term

    def _term(self) -> Term:
        start = self._at
        is_negated = self._next() in ("-", "!") and not self._typed[self._at + 1 : self._at + 2].isspace()
        self._at += is_negated
        if self._at == len(self._typed):
            self._stop(start, self._at, plain("What should not be so is missing after the minus."))
        named = re.compile(r"[A-Za-z_]+").match(self._typed, self._at)
        if named is not None:
            end = named.end()
            follows = self._typed[end : end + 1]
            field = FIELDS.get(named[0].lower()) or _ALIASES.get(named[0].lower())
            if field in DOCUMENTS and follows == ".":
                self._at = end
                return self._field_term(field, start, self._path(), is_negated)
            if _OPERATOR.match(self._typed, end):
                if field is None:
                    self._stop(self._at, end, _unknown(named[0]))
                self._at = end
                if field in DOCUMENTS and self._next() != "~":
                    told = "A path is missing: {field}.user.id:42. ~ looks in all of it."
                    self._stop(start, end, say(told, field=field))
                return self._field_term(field, start, (), is_negated)
        return Term(Field.TEXT, Op.HAS, self._values(), is_negated=is_negated)

    def _field_term(self, field: Field, start: int, path: tuple[str, ...], is_negated: bool) -> Term:
        found = _OPERATOR.match(self._typed, self._at)
        if found is None:
            self._stop(start, self._at, say("A value is missing: {field}.user.id:42", field=field))
        op = Op(found[0])
        if op not in OPS[field]:
            known = " ".join(OPS[field])
            self._stop(self._at, found.end(), say("{field} is compared by {known}", field=field, known=known))
        if field is Field.KEY and is_negated:
            self._stop(start, found.end(), plain("A key is looked up by its index; it takes no minus."))
        self._at = found.end()
        if self._at == len(self._typed) or self._typed[self._at].isspace():
            self._stop(
                start, self._at, say("A value is missing after {written}", written=self._typed[start : self._at])
            )
        first = self._at
        values = self._values()
        self._check(field, op, values, first)
        return Term(field, Op.HAS if field is Field.ERROR else op, values, path, is_negated)

    def _path(self) -> tuple[str, ...]:
        segments: list[str] = []
        while self._next() == ".":
            self._at += 1
            start = self._at
            if self._next() == '"':
                segments.append(self._quoted())
                continue
            while self._at < len(self._typed) and not self._ends(self._at, '.,"*:~<>\\'):
                self._at += 1
            if self._at == start:
                self._stop(start - 1, self._at, plain("A name is missing after the dot."))
            segments.append(self._typed[start : self._at])
        return tuple(segments)

    # values

    def _values(self) -> tuple[Value, ...]:
        values = [self._value()]
        while self._next() == ",":
            self._at += 1
            values.append(self._value())
        return tuple(values)

    def _value(self) -> Value:
        if self._next() == '"':
            value = Value((self._quoted(),))
            if self._at < len(self._typed) and not self._ends(self._at, ","):
                self._stop(self._at, self._at + 1, plain("A blank or a comma is missing after the quote."))
            return value
        start = self._at
        parts = [""]
        while self._at < len(self._typed) and not self._ends(self._at, ","):
            char = self._typed[self._at]
            if char == "*":
                if len(parts) == 1 or parts[-1]:
                    parts.append("")
            else:
                parts[-1] += self._escaped() if char == "\\" else char
            self._at += 1
        if self._at == start:
            self._stop(max(0, start - 1), start, plain("A value is missing here."))
        return Value(tuple(parts))

    def _quoted(self) -> str:
        start = self._at
        self._at += 1
        text = ""
        while self._at < len(self._typed):
            char = self._typed[self._at]
            if char == '"':
                self._at += 1
                return text
            text += self._escaped() if char == "\\" else char
            self._at += 1
        raise _Stop(Wrong(start, self._at, plain("This quote is not closed.")))

    def _escaped(self) -> str:
        self._at += 1
        if self._at == len(self._typed):
            self._stop(self._at - 1, self._at, plain("Nothing stands after the backslash."))
        return self._typed[self._at]

    def _check(self, field: Field, op: Op, values: tuple[Value, ...], start: int) -> None:
        for value in values:
            if why := _against(field, op, value):
                self._stop(start, self._at, why)

    # characters

    def _skip_blank(self) -> int:
        found = _BLANK.match(self._typed, self._at)
        self._at = found.end() if found is not None else self._at
        return self._at

    def _next(self) -> str:
        return self._typed[self._at : self._at + 1]

    def _ends(self, at: int, marks: str) -> bool:
        return self._typed[at].isspace() or self._typed[at] in marks

    def _stop(self, start: int, end: int, why: Plain) -> NoReturn:
        raise _Stop(Wrong(start, max(end, start + 1), why))


def _unknown(name: str) -> Plain:
    return say(
        'There is no field {name}. Fields: {fields}. Quotes make it text: "{name}:"', name=name, fields=" ".join(FIELDS)
    )


def _against(field: Field, op: Op, value: Value) -> Plain | None:
    """Say why a value cannot be one of a field's, or None where it can."""
    wildcards = {Field.STATE, Field.ATTEMPT, Field.AGE, Field.ID, Field.KEY}
    if value.is_pattern and (field in wildcards or op in COMPARED):
        return say("{field} takes no *.", field=field)
    if field is Field.STATE and value.text not in list(State):
        return say("There is no state {state}. States: {states}.", state=value.text, states=" ".join(State))
    if field is Field.ATTEMPT and not _WHOLE.fullmatch(value.text):
        return say("{value} is no number of attempts.", value=value.text)
    if field is Field.AGE and not _SPAN.fullmatch(value.text):
        return say("{value} is no span of time: 90s, 30m, 1h, 7d, 2w, 1h30m.", value=value.text)
    if field is Field.ID and isinstance(why := ids_in(value.text), Plain):
        return why
    if field in DOCUMENTS and op in COMPARED and not _NUMBER.fullmatch(value.text):
        return say("{value} is no number.", value=value.text)
    return None
