"""Reads what was typed in the command bar: a word of the table of commands, and what it takes. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from absurd_tui.kept import NAME
from absurd_tui.observe.ids import ids_in
from absurd_tui.observe.search.completion import Known, completions
from absurd_tui.observe.search.language import Wrong, parse
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.commands import COMMANDS, Argument, Command, Scope
from absurd_tui.ui.instants import instant

ALL = "all"
LEAST_SECONDS, MOST_SECONDS = 0.2, 3600.0
MOST_OFFERED = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is typed: the scopes of the screen, and what its argument may be."""

    scopes: frozenset[Scope]
    known: Known
    themes: tuple[str, ...]
    clock: Clock | None = None
    saved: tuple[str, ...] = ()
    """The names of the filters that were saved."""
    trouble: Plain = Plain("")
    """Why these are not known."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command that can be run, with what was typed after its word."""

    command: Command
    argument: str = ""


def read(typed: str, place: Place) -> Typed | Plain:
    """Read a command for a place, or say in one line what is wrong."""
    word, _, rest = typed.strip().lstrip(":").strip().partition(" ")
    argument = rest.strip()
    if not word:
        return plain("A command is missing; tab shows what there is.")
    named = [command for command in COMMANDS if command.word == word.lower()]
    here = next((command for command in named if command.scope in place.scopes), None)
    if here is None:
        return say("{word}: not on this screen.", word=word) if named else _unknown(word, place)
    if argument and here.argument is None:
        return say("{word} takes nothing after it.", word=word)
    if not argument and here.argument is not None and not here.argument.is_optional:
        return say("{word}: {name} is missing.", word=word, name=here.argument.name)
    if argument and here.argument is not None and (wrong := _CHECKS[here.argument](argument, place)):
        return say("{word}: ", word=word) + wrong
    return Typed(here, argument)


def offered(typed: str, place: Place) -> tuple[str, ...]:
    """Give what may be typed in place of `typed`: whole texts."""
    begun = typed.lstrip().lstrip(":").lstrip()
    word, blank, rest = begun.partition(" ")
    if not blank:
        words = sorted({command.word for command in COMMANDS if command.scope in place.scopes})
        return tuple(found for found in words if found.startswith(word.lower()) and found != word)[:MOST_OFFERED]
    command = next((c for c in COMMANDS if c.word == word.lower() and c.scope in place.scopes), None)
    if command is None or command.argument is None:
        return ()
    if command.argument is Argument.FILTER:
        return tuple(f"{word} {option}" for option in completions(rest, place.known))
    options = _options(command.argument, place)
    fitting = [option for option in options if option.lower().startswith(rest.lower()) and option != rest]
    return tuple(f"{word} {option}" for option in fitting[:MOST_OFFERED])


def _unknown(word: str, place: Place) -> Plain:
    words = [command.word for command in COMMANDS if command.scope in place.scopes]
    near = get_close_matches(word.lower(), words, n=1)
    hint = say(" Did you mean {near}?", near=near[0]) if near else plain(" tab shows what there is.")
    return say("There is no command {word}.", word=word) + hint


def _options(argument: Argument, place: Place) -> Iterable[str]:
    return {
        Argument.QUEUE: (ALL, *place.known.queues),
        Argument.THEME: place.themes,
        Argument.TASK_NAME: place.known.names,
        Argument.SAVED: place.saved,
    }.get(argument, ())


def _no_queue(argument: str, place: Place) -> Plain | None:
    return _one_of(argument, (ALL, *place.known.queues), "queue")


def _no_theme(argument: str, place: Place) -> Plain | None:
    return _one_of(argument, place.themes, "theme")


def _not_saved(argument: str, place: Place) -> Plain | None:
    return place.trouble or _one_of(argument, place.saved, "saved filter")


def _no_name(argument: str, _: Place) -> Plain | None:
    if NAME.fullmatch(argument):
        return None
    return plain("a name has up to 40 letters, digits, - and _.")


def _one_of(argument: str, names: Sequence[str], what: str) -> Plain | None:
    if argument in names:
        return None
    near = get_close_matches(argument, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return say("there is no {what} {name}.{hint}", what=what, name=argument, hint=hint)


def _no_id(argument: str, _: Place) -> Plain | None:
    found = ids_in(argument)
    return found if isinstance(found, Plain) else None


def _no_filter(argument: str, _: Place) -> Plain | None:
    found = parse(argument)
    if not isinstance(found, Wrong):
        return None
    return say("at {place}: ", place=argument[found.start : found.end] or "the end") + found.why


def _no_time(argument: str, place: Place) -> Plain | None:
    found = instant(argument, place.clock, is_past=True) if place.clock is not None else plain("nothing was read yet.")
    return found if isinstance(found, Plain) else None


def _no_seconds(argument: str, _: Place) -> Plain | None:
    try:
        is_fitting = LEAST_SECONDS <= float(argument) <= MOST_SECONDS
    except ValueError:
        is_fitting = False
    return None if is_fitting else say("{seconds} is no number of seconds from 0.2 to 3600.", seconds=argument)


def _anything(_argument: str, _place: Place) -> Plain | None:
    return None


_CHECKS: Mapping[Argument, Callable[[str, Place], Plain | None]] = {
    Argument.QUEUE: _no_queue,
    Argument.THEME: _no_theme,
    Argument.ID: _no_id,
    Argument.FILTER: _no_filter,
    Argument.TIME: _no_time,
    Argument.SECONDS: _no_seconds,
    Argument.TASK_NAME: _anything,
    Argument.SAVED: _not_saved,
    Argument.NEW_NAME: _no_name,
}
