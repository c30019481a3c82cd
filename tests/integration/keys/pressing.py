"""The dashboard in a terminal, the way to a task, and the dialogs about it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from integration.keys.side import OTHER_QUEUE, QUEUE
from terminal import Terminal, terminal

PANELS = {
    "pending": ("1", "◌"),
    "running": ("2", "»"),
    "sleeping": ("3", "z"),
    "failed": ("4", "✗"),
    "completed": ("5", "✓"),
    "cancelled": ("6", "⊖"),
}
"""The key that goes to a panel, and the glyph of its state."""

TITLES = {"c": "Cancel task", "e": "Extend claim", "r": "Retry task"}
ACTS = {"c": "y cancel the task", "e": "enter extend to", "r": "enter retry in place"}

# the fields of the empty form in their order, as far as tests fill it in: what stands there, and the key that erases it
_FIELDS = {
    "queue": (OTHER_QUEUE, "ctrl+u"),
    "task name": ("", ""),
    "params": ("{}", "ctrl+k"),
    "headers": ("", ""),
    "max attempts": ("5", "ctrl+u"),
}

# a task under the cursor is named with its whole id in the line that says why
_IN_QUESTION = re.compile(rf"^ (\S) {QUEUE} › .* ([0-9a-f]{{8}}-[0-9a-f-]{{27}})", re.MULTILINE)


@contextmanager
def dashboard(dsn: str, state: Path, *options: str) -> Iterator[Terminal]:
    """The dashboard; its audit file is below `state`."""
    arguments = ("--dsn", dsn, "--every", "0.5", "--utc", *options)
    with terminal(*arguments, environ={"XDG_STATE_HOME": str(state)}, has_colours=True) as shown:
        shown.until_shown("live", "1 ◌ Pending")
        yield shown


def in_question(shown: Terminal) -> tuple[str, str]:
    """The task under the cursor: the glyph of its state, and its id; nothing where there is none."""
    found = _IN_QUESTION.search(shown.text)
    return (found[1], found[2]) if found else ("", "")


def go_to(shown: Terminal, state: str, name: str, task_id: UUID) -> None:
    """Put the cursor on a task in its panel."""
    key, glyph = PANELS[state]
    shown.until_shown(name)
    shown.press(key)
    shown.until(lambda: in_question(shown)[0] == glyph)
    while (at := in_question(shown)) != (glyph, str(task_id)):
        shown.press("down")
        shown.until(lambda at=at: in_question(shown) not in (("", ""), at))  # type: ignore[misc]
    shown.until_shown(f"{QUEUE} › {name}")


def ask(shown: Terminal, key: str, state: str, name: str, task_id: UUID) -> None:
    """Go to a task and ask about it; afterwards the dialog names it and its keys count."""
    go_to(shown, state, name, task_id)
    shown.press(key)
    shown.until_shown(TITLES[key], f"{QUEUE} › {name}", str(task_id))
    shown.until_offered(ACTS[key])


def dialog_text(shown: Terminal) -> str:
    """What the dialog says, as one line of words."""
    inside = [line.split("│")[1] for line in shown.lines if line.count("│") == 2]
    return " ".join(" ".join(inside).split())


def fill_in(shown: Terminal, fields: Mapping[str, str]) -> None:
    """Fill in the empty spawn form; a field that is left out keeps what stands in it.

    After each key that moves or erases its effect is waited for: Textual looks such a key up only after it has taken
    the characters that followed it.
    """
    until_at(shown, "task name")  # where it begins, once it takes keys
    shown.press("shift+tab")
    for field, (stands, erases) in _FIELDS.items():
        until_at(shown, f" {stands}" if field == "params" else field)
        if field in fields:
            if stands:
                shown.press(erases)
                shown.until(lambda stands=stands: stands not in shown.line_at_cursor)  # type: ignore[misc]
            shown.press(fields[field])
            until_at(shown, fields[field])
            if field == "task name":  # a note that goes moves what is below
                shown.until(lambda: "A task needs a name." not in shown.text)
        if field != "max attempts":
            shown.press("tab")


def until_at(shown: Terminal, text: str) -> None:
    """Read until a text stands in the line where one types."""
    shown.until(lambda: text in shown.line_at_cursor)


def until_below(shown: Terminal, text: str) -> None:
    """Read until one types in the line below a text."""
    shown.until(lambda: text in shown.lines[shown.cursor[1] - 1])


def audited(state: Path) -> list[dict[str, Any]]:
    """The lines of the audit file."""
    file = state / "absurd-tui" / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
