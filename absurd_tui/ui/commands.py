"""Everything an operator can do, in one table: keys, footer and help are made from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from textual.binding import Binding


class Scope(Enum):
    """Where a command applies."""

    EVERYWHERE = auto()
    DASHBOARD = auto()
    TASK = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """One thing an operator can do.

    `keys` are Textual's names of its keys; `shown` is how the first is written, where
    that differs. `action` is what the screen of its scope runs. `footer` orders it in
    the footer, None keeps it out, `wide_only` keeps it out of a narrow one.
    """

    id: str
    keys: str
    label: str
    help: str
    scope: Scope
    action: str
    shown: str = ""
    footer: int | None = None
    wide_only: bool = False

    @property
    def key(self) -> str:
        """The key as it is written on the screen."""
        return self.shown or self.keys.split(",")[0]


def _here(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.DASHBOARD, action, **rest)


def _task(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.TASK, action, **rest)


def _everywhere(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.EVERYWHERE, action, **rest)


COMMANDS = (
    _here("task.open", "enter", "open", "open the task under the cursor", "open", footer=1),
    _here("queue.next", "right,l", "queue", "choose the next queue", "queue(1)", shown="← →", footer=2),
    _here("queue.previous", "left,h", "queue", "choose the previous queue", "queue(-1)", shown="←"),
    _here("panel.zoom", "z", "zoom", "show one panel alone, or all again", "zoom", footer=3, wide_only=True),
    _here("screen.freeze", "f", "freeze", "hold the screen still; reading goes on", "freeze", footer=4),
    _here("failed.retried", "a", "attempts", "list in Failed also attempts that were retried", "retried"),
    _here("read.slower", "plus", "longer interval", "read less often", "interval(1)", shown="+"),
    _here("read.faster", "minus", "shorter interval", "read more often", "interval(-1)", shown="-"),
    _task("task.back", "escape", "back", "back to the dashboard", "back", shown="esc", footer=1),
    _task("task.earlier", "left,h", "attempt", "the attempt before", "attempt(-1)", shown="←"),
    _task("task.later", "right,l", "attempt", "the next attempt", "attempt(1)", shown="← →", footer=2),
    _task("task.document", "t", "next document", "turn to the next document", "document", footer=3),
    _task("task.whole", "o", "load whole", "fetch a document that was too large at first", "whole", footer=4),
    _everywhere("read.now", "R,f5", "read now", "read now, or connect now", "app.read_now", footer=6, wide_only=True),
    _everywhere("clock.utc", "u", "UTC", "switch between UTC and the local zone", "app.utc", footer=7),
    _everywhere("help", "question_mark", "help", "all keys", "app.help", shown="?", footer=8),
    _everywhere("quit", "q,ctrl+q", "quit", "leave", "app.quit", footer=9),
)
PANEL_KEYS = "123456"


def bindings(*scopes: Scope) -> list[Binding]:
    """Make the bindings of some scopes."""
    return [
        Binding(command.keys, command.action, command.label, id=command.id, show=False)
        for command in COMMANDS
        if command.scope in scopes
    ]


def in_footer(*scopes: Scope) -> Iterable[Command]:
    """Give the commands of some scopes that stand in the footer, in its order."""
    listed = [command for command in COMMANDS if command.scope in scopes and command.footer is not None]
    return sorted(listed, key=lambda command: command.footer or 0)
