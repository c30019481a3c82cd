"""The parents and children of a task as a table, and in a few words."""

from collections import Counter

from absurd_tui import units
from absurd_tui.observe.children import RefusedQueues
from absurd_tui.observe.family import Family, Relative
from absurd_tui.observe.records import Refusal, State
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_middle
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.columns import Column, text
from absurd_tui.ui.widgets.record_table import Sheet, Title

_MIDDLE = 70
_QUEUE_CELLS = 24
NO_PARENT = "Absurd keeps no parent; this task names none."
_NONE_FOUND = "none found: Absurd keeps none"


def _columns(width: int, _: bool) -> tuple[Column[Relative], ...]:
    columns: tuple[Column[Relative], ...] = (
        Column("", 6, lambda one, _: text("parent" if one.is_parent else "child", "muted")),
        Column("", 11, lambda one, _: _state(one.task.state)),
        Column("", 0, lambda one, _: ((_named(one), ""),), cuts_middle=True),
        Column("…id", 8, lambda one, _: text(units.short_id(one.task.task_id, 8), "muted")),
    )
    if width < _MIDDLE:
        return columns
    return (*columns, Column("named in", 22, lambda one, _: text(one.step, "muted"), cuts_middle=True))


def _named(one: Relative) -> Plain:
    return say("{queue} › {name}", queue=one.task.queue, name=one.task.task_name)


def _state(state: State) -> tuple[Span, ...]:
    return ((plain(f"{STATE_GLYPHS[state]} {state.value}"), state.value),)


SHEET: Sheet[Relative] = Sheet(lambda one: (one.task.queue, one.task.task_id), _columns)


def family_title(family: Family | None, as_of: Plain) -> Title:
    """Make the title bar of the table."""
    return Title("6", Plain(""), "", plain("Family"), plain(number_of(family)), as_of=as_of)


def number_of(family: Family | None) -> str:
    """Count who was found."""
    return "" if family is None else units.count(len(family.relatives), capped=family.is_cut)


def family_notes(family: Family | None, refusal: Refusal | None) -> tuple[Plain, ...]:
    """Say what stands in place of rows where there are none."""
    if family is None:
        return (say("Not read: {why}.", why=refusal.reason.rstrip(".")),) if refusal is not None else ()
    notes = [plain("No checkpoint of it names a younger task."), plain(NO_PARENT)]
    if family.refused:
        notes.append(say("Not looked into: {queues}.", queues=unread(family.refused)))
    return tuple(notes)


def unread(refused: RefusedQueues) -> Plain:
    """Name the first of the queues that were not looked into, with the reason, and count the others."""
    (name, why), *others = refused
    more = f"; {len(others)} more" if others else ""
    return cut_middle(plain(name), _QUEUE_CELLS) + say(", {why}{more}", why=why.reason, more=more)


def parent_words(family: Family | None, refusal: Refusal | None) -> tuple[Span, ...]:
    """Name the parent of a task, or say that it is not known."""
    if family is None:
        return _not_read(refusal)
    if not family.parents:
        return text(_NONE_FOUND, "muted")
    first, more = family.parents[0].task, len(family.parents) - 1
    named = _named(family.parents[0]) + plain(f" …{units.short_id(first.task_id, 8)}")
    return (named, ""), (plain(f" and {more} more" if more else ""), "muted")


def children_words(family: Family | None, refusal: Refusal | None) -> tuple[Span, ...]:
    """Count the children of a task by their states."""
    if family is None:
        return _not_read(refusal)
    if not family.children:
        return ((plain("none named" if family.refused else "none named in its checkpoints"), "muted"),)
    states = Counter(one.task.state for one in family.children)
    told = ", ".join(f"{number} {state}" for state, number in states.most_common())
    more = " or more" if family.is_cut else ""
    return ((plain(f"{len(family.children)}{more} likely: {told}"), ""),)


def relations(family: Family | None, refusal: Refusal | None) -> list[tuple[str, tuple[Span, ...]]]:
    """Tell of a task's parents and children as they were found, and which queues were not looked into."""
    told = [("parent", parent_words(family, refusal)), ("children", children_words(family, refusal))]
    if family is not None and family.refused:
        (name, why), *_ = family.refused
        reason = say("{why} ({name})", why=why.reason, name=name)
        told.append((f"{units.plural(len(family.refused), 'queue')} unread", ((reason, "warning"),)))
    return told


def _not_read(refusal: Refusal | None) -> tuple[Span, ...]:
    if refusal is None:
        return text(units.UNKNOWN, "muted")
    return ((say("not read: {why}", why=refusal.reason), "warning"),)
