"""What a filter consists of: frozen terms, and how they are written. Pure; every text in them is raw."""

from dataclasses import dataclass
from enum import StrEnum

from absurd_tui.observe.records import State


class Field(StrEnum):
    """What a term is about, as it is typed."""

    STATE = "state"
    QUEUE = "queue"
    NAME = "name"
    WORKER = "worker"
    ATTEMPT = "attempt"
    AGE = "age"
    ERROR = "error"
    ID = "id"
    KEY = "key"
    PARAMS = "params"
    HEADER = "header"
    RESULT = "result"
    TEXT = ""
    """Free text, which is typed without a field."""


NAMING = frozenset({Field.ID, Field.KEY})
"""The fields whose values are those of single tasks, which an index finds at once."""

DOCUMENTS = frozenset({Field.PARAMS, Field.HEADER, Field.RESULT})
"""The fields that a path leads into."""


class Op(StrEnum):
    """How the values of a term are compared."""

    IS = ":"
    HAS = "~"
    OVER = ">"
    UNDER = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


COMPARED = frozenset({Op.OVER, Op.UNDER, Op.AT_LEAST, Op.AT_MOST})


def escaped(text: str) -> str:
    """Write a text as a pattern of LIKE that means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True, slots=True)
class Value:
    """One value: the literal parts between its wildcards; without a wildcard it is one part."""

    parts: tuple[str, ...]

    @property
    def is_pattern(self) -> bool:
        """Whether there is a wildcard in it."""
        return len(self.parts) > 1

    @property
    def text(self) -> str:
        """The value without wildcards."""
        return self.parts[0]

    @property
    def like(self) -> str:
        """The value as a pattern of LIKE, in which nothing but its wildcards is one."""
        return "%".join(map(escaped, self.parts))

    def matches(self, text: str) -> bool:
        """Whether a text is what this value says."""
        first, *rest = self.parts
        if not rest:
            return text == first
        if not text.startswith(first):
            return False
        at = len(first)
        for part in rest[:-1]:
            found = text.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(text) - len(rest[-1]) >= at and text.endswith(rest[-1])


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is so of a task, or not so where it is negated; any one of its values will do."""

    field: Field
    op: Op
    values: tuple[Value, ...]
    path: tuple[str, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms all of which are so."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def of(self, field: Field) -> tuple[Term, ...]:
        """Give the terms about a field."""
        return tuple(term for term in self.terms if term.field is field)

    @property
    def states(self) -> frozenset[State] | None:
        """The states that are possible; None where nothing is said of them."""
        if not self.of(Field.STATE):
            return None
        states = frozenset(State)
        for term in self.of(Field.STATE):
            named = {State(value.text) for value in term.values}
            states = states - named if term.is_negated else states & named
        return states

    def admits(self, queue: str) -> bool:
        """Whether a queue of this name is looked into."""
        return all(_admits(term, queue) for term in self.of(Field.QUEUE))


def _admits(term: Term, queue: str) -> bool:
    has = term.op is Op.HAS
    is_so = any(value.text.lower() in queue.lower() if has else value.matches(queue) for value in term.values)
    return is_so is not term.is_negated


def written(filter: Filter) -> str:
    """Write a filter so that reading it gives the same again."""
    return " ".join(_term(term) for term in filter.terms)


def _term(term: Term) -> str:
    sign = "-" if term.is_negated else ""
    if term.field is Field.TEXT:
        return sign + ",".join(value_written(value) for value in term.values)
    path = "".join(f".{_segment(segment)}" for segment in term.path)
    return f"{sign}{term.field}{path}{term.op}" + ",".join(value_written(value) for value in term.values)


_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/@#+&?;$%")
"""Characters that mean themselves anywhere but at the beginning of a word."""


def _is_bare(text: str) -> bool:
    return bool(text) and set(text) <= _BARE and text[0] not in "-" and not text.startswith("!")


def _segment(segment: str) -> str:
    return segment if _is_bare(segment) and "." not in segment else _quoted(segment)


def value_written(value: Value) -> str:
    """Write one value so that it is read the same."""
    if not value.is_pattern:
        return value.text if _is_bare(value.text) else _quoted(value.text)
    return "*".join("".join(char if char in _BARE and char != "-" else f"\\{char}" for char in p) for p in value.parts)


def _quoted(text: str) -> str:
    marked = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{marked}"'
