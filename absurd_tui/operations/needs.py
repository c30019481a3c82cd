"""What each operation needs of the schema and of the role, and what to say where it is not there."""

from collections.abc import Sequence
from dataclasses import dataclass

from absurd_tui.database.capabilities import Capabilities, Function, Functions
from absurd_tui.observe.identifiers import identifier, table_to_read
from absurd_tui.operations.outcomes import Refused

Rights = tuple[tuple[str, tuple[str, ...]], ...]
"""Which rights an operation needs on which of a queue's tables: letters as in `absurd_tui.observe.queries.table`."""

_NOT_IN_EVERY_QUEUE = "i"

NO_TEXT = Refused("The name of this queue is no UTF-8 text, so that it cannot be asked for.")


@dataclass(frozen=True, slots=True)
class Needs:
    """The stored function that an operation calls, since which release it is so, and the rights that it takes.

    `rights` are those on the tables of a queue, `on_queues` those on the list of queues. `creates` says that it makes
    tables, `owns` that it takes their owner.
    """

    function: Function
    since: str
    rights: Rights = ()
    on_queues: tuple[str, ...] = ()
    creates: bool = False
    owns: bool = False


def unknown_function(functions: Functions, needs: Needs) -> Refused | None:
    """Refuse to call a function that the schema lacks, or has with other arguments than are known here."""
    wanted = needs.function
    if wanted in functions:
        return None
    others = [found for found in functions if found.name == wanted.name]
    if others:
        return Refused(f"This Absurd schema has {others[0]}; this program knows only {wanted}.")
    return Refused(f"This Absurd schema has no {wanted.name} (it came with {needs.since}).")


def no_execute(role: str, functions: Functions, needs: Needs) -> Refused | None:
    """Refuse to call a function that is there and that the role may not execute, and say what would allow it."""
    if functions[needs.function]:
        return None
    call = f"absurd.{needs.function}"
    return Refused(f"Role {role} may not EXECUTE {call}.", f"GRANT EXECUTE ON FUNCTION {call} TO {identifier(role)};")


def lacking(capabilities: Capabilities, needs: Needs, queue: str) -> Refused | None:
    """Say what an operation lacks in a queue, with the statements that would allow it; None where nothing is known."""
    role, functions = capabilities.role, capabilities.functions
    if functions is not None and (refused := unknown_function(functions, needs) or no_execute(role, functions, needs)):
        return refused
    access = capabilities.queues.get(queue)
    if access is None:
        return None
    if not access.is_text:
        return NO_TEXT
    missing = []
    for letter, privileges in needs.rights:
        found = access.tables.get(letter)
        if found is None and letter not in _NOT_IN_EVERY_QUEUE:
            return Refused(f"The table absurd.{letter}_{queue} is missing.")
        if found is not None:
            missing += [(letter, privilege) for privilege in privileges if privilege not in found.privileges]
    return no_right(missing, queue, role) if missing else None


def no_right(missing: Sequence[tuple[str, str]], queue: str, role: str) -> Refused:
    """Say which right on one of a queue's tables is missing first, and what grants them all."""
    letter, privilege = missing[0]
    return Refused(
        f"Role {role} has no {privilege} on absurd.{letter}_{queue}.", " ".join(_grants(missing, queue, role))
    )


def _grants(missing: Sequence[tuple[str, str]], queue: str, role: str) -> list[str]:
    tables: dict[str, list[str]] = {}
    for letter, privilege in missing:
        tables.setdefault(letter, []).append(privilege)
    by_privileges: dict[str, list[str]] = {}
    for letter, privileges in tables.items():
        by_privileges.setdefault(", ".join(privileges), []).append(table_to_read(letter, queue))
    return [f"GRANT {privileges} ON {', '.join(on)} TO {identifier(role)};" for privileges, on in by_privileges.items()]
