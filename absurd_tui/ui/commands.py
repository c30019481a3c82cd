"""Everything an operator can do, in one table: keys, footer and help are made from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from textual.binding import Binding

from absurd_tui.ui.availability import (
    ACTIVITY,
    CANCEL,
    CANCEL_TREE,
    CLEAN_UP,
    COPY,
    CREATE_QUEUE,
    CRON_OFF,
    CRON_ON,
    DETACH,
    DROP_QUEUE,
    EMIT,
    EXTEND,
    FAIL_RUN,
    MAKE_PARTITIONS,
    QUEUE_POLICY,
    RETRY,
    SPAWN,
)


class Scope(Enum):
    """Where a command applies."""

    EVERYWHERE = auto()
    DASHBOARD = auto()
    TASK = auto()
    ACTING = auto()
    """Where a task is in question: the dashboard and a task's page."""

    MANAGING = auto()
    """Where a queue as a whole is in question: where a task is, and on the screen of the queues."""

    ACTIVITY = auto()
    FOUND = auto()
    FINDINGS = auto()
    FAILURES = auto()
    WORKERS = auto()
    EVENTS = auto()
    EVENT = auto()
    PAYLOAD = auto()
    QUEUES = auto()


class Argument(Enum):
    """What is typed after the word of a command in the command bar."""

    QUEUE = "QUEUE"
    ID = "ID"
    FILTER = "FILTER"
    THEME = "THEME"
    TASK_NAME = "TASK"
    TIME = "TIME"
    SECONDS = "SECONDS"
    SAVED = "NAME"
    NEW_NAME = "A-NAME"

    @property
    def is_optional(self) -> bool:
        """Whether the command can do without: its key asks for the same, or begins with nothing."""
        return self in (Argument.ID, Argument.FILTER, Argument.TIME, Argument.TASK_NAME)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing an operator can do.

    `keys` are Textual's names of its keys, none where it is typed only; `shown` is how the first is written, where
    that differs. `action` is what the screen of its scope runs. `footer` orders it in
    the footer, None keeps it out, `wide_only` keeps it out of a narrow one, `stays` keeps it in however narrow it is.
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
    stays: bool = False
    named: str = ""
    argument: Argument | None = None

    @property
    def word(self) -> str:
        """What is typed in the command bar: its label, unless it is named otherwise."""
        return self.named or self.label.lower().replace(" ", "-")

    @property
    def typed(self) -> str:
        """How it is typed in the command bar."""
        return f":{self.word}{f' {self.argument.value}' if self.argument is not None else ''}"

    @property
    def key(self) -> str:
        """The key as it is written on the screen."""
        return self.shown or self.keys.split(",")[0] or self.typed


def _here(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.DASHBOARD, action, **rest)


def _task(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.TASK, action, **rest)


def _activity(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.ACTIVITY, action, **rest)


def _failures(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.FAILURES, action, **rest)


def _everywhere(id: str, keys: str, label: str, help: str, action: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.EVERYWHERE, action, **rest)


def _typed(id: str, word: str, help: str, argument: Argument) -> Command:
    return Command(id, "", word, help, Scope.EVERYWHERE, f"app.command('{word} ')", argument=argument)


def _acting(id: str, keys: str, label: str, help: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.ACTING, f"ask('{id}')", **rest)


def _spawning(id: str, keys: str, label: str, help: str, **rest: Any) -> Command:
    return Command(id, keys, label, help, Scope.ACTING, f"spawn('{id}')", **rest)


def _managing(id: str, label: str, help: str) -> Command:
    return Command(id, "", label, help, Scope.MANAGING, f"manage('{id}')")


def _back(
    id: str, scope: Scope, help: str = "back", *, keys: str = "escape", action: str = "back", footer: int = 1
) -> Command:
    """Make the key that closes a screen; the word `back` is that of the way back over all screens."""
    return Command(f"{id}.back", keys, "back", help, scope, action, shown="esc", footer=footer, named="close")


def _queues_of(screen: str, scope: Scope) -> tuple[Command, ...]:
    """Make the keys that choose a queue on a screen beside the dashboard."""
    return (
        Command(
            f"{screen}.next",
            "right,l",
            "queue",
            "the next queue",
            scope,
            "queue(1)",
            shown="← →",
            footer=9,
            named="next-queue",
        ),
        Command(
            f"{screen}.previous",
            "left,h",
            "queue",
            "the queue before",
            scope,
            "queue(-1)",
            shown="←",
            named="previous-queue",
        ),
    )


COMMANDS = (
    _everywhere("place.back", "left_square_bracket,alt+left", "back", "where one was before", "app.go_back", shown="["),
    _everywhere(
        "place.forward",
        "right_square_bracket,alt+right",
        "forward",
        "where one came back from",
        "app.go_forward",
        shown="]",
    ),
    _here("task.open", "enter", "open", "open the task under the cursor", "open", footer=1),
    _here("mark.row", "space", "mark", "mark the task, or take its mark back", "mark", footer=2, wide_only=True),
    _here("mark.range", "b", "mark range", "mark all from the row marked last to this one", "mark_range"),
    _here("mark.all", "asterisk", "mark all", "mark what is in view; again, all in this state", "mark_all", shown="*"),
    _here(
        "queue.next", "right,l", "queue", "choose the next queue", "queue(1)", shown="← →", footer=9, named="next-queue"
    ),
    _here(
        "queue.previous", "left,h", "queue", "choose the previous queue", "queue(-1)", shown="←", named="previous-queue"
    ),
    _acting(CANCEL, "c", "cancel", "cancel the task; it cannot be undone", footer=3),
    _acting(CANCEL_TREE, "", "cancel with children", "cancel the task with all its children; it cannot be undone"),
    _acting(FAIL_RUN, "", "fail", "fail the run by hand; nothing fences its worker"),
    _acting(EXTEND, "e", "extend", "set the lease of the claim, or add to it", footer=4),
    _acting(RETRY, "r", "retry", "try a failed task again, in place or as a new task", footer=5),
    _spawning(SPAWN, "s", "spawn", "spawn a task", footer=6, argument=Argument.TASK_NAME),
    _spawning(COPY, "n", "copy", "spawn a copy of the task, with edited params"),
    Command(EMIT, "w", "emit", "emit an event: the one that the task waits for, or another", Scope.ACTING, "emit"),
    _managing(CREATE_QUEUE, "create queue", "create a queue"),
    _managing(DROP_QUEUE, "drop queue", "drop the chosen queue with everything in it; it cannot be undone"),
    _managing(CLEAN_UP, "clean up", "clean up the chosen queue: delete tasks and events that ended long ago"),
    _managing(MAKE_PARTITIONS, "make partitions", "make the partitions that the policy of the chosen queue asks for"),
    _managing(DETACH, "detach partitions", "have old and empty partitions of the chosen queue detached and dropped"),
    _managing(CRON_ON, "enable cron", "have pg_cron keep the chosen queue up: partitions, clean-up, detaching"),
    _managing(CRON_OFF, "disable cron", "take back pg_cron's jobs of the chosen queue"),
    _managing(QUEUE_POLICY, "policy", "change the policy of the chosen queue"),
    _everywhere(ACTIVITY, "A", "activity", "what was written from here, with the exact SQL", "app.activity"),
    Command(
        "outcome.task", "T", "told task", "go to the task of the newest outcome", Scope.ACTING, "app.open_told_task"
    ),
    _everywhere("dashboard", "D", "dashboard", "the dashboard", "app.dashboard"),
    _everywhere("workers", "W", "workers", "who was seen holding runs, or ending some", "app.go('workers')"),
    _everywhere("bulk", "B", "bulk", "the run over many tasks: how far it is, stop it, its list", "app.bulk"),
    _everywhere("queues", "Q", "queues", "how queues are stored and kept up", "app.go('queues')"),
    _everywhere("events", "E", "events", "awaited events, and emitted ones", "app.go('events')"),
    Command("task.copy_id", "y", "copy id", "copy the whole id of the task", Scope.ACTING, "copy_id"),
    Command("task.markdown", "d", "markdown", "copy task, page or list as Markdown", Scope.ACTING, "copy_markdown"),
    _everywhere("costs", "C", "costs", "what reading costs the database, by part", "app.costs"),
    _everywhere("outcome.dismiss", "x", "dismiss", "take back the newest outcome", "app.dismiss_outcome"),
    _here("findings", "v", "findings", "all that is wrong, each explained; enter goes there", "app.findings"),
    _here("findings.worst", "V", "go to the worst", "go to where the worst finding can be looked at", "worst"),
    _here("failures", "g", "groups", "failed attempts in groups of the same error", "failures", footer=8),
    _here("panel.zoom", "z", "zoom", "show one panel alone, or all again", "zoom", footer=10, wide_only=True),
    _here(
        "screen.freeze", "f", "freeze", "hold the screen still; reading goes on", "freeze", footer=11, wide_only=True
    ),
    _here(
        "panel.go_to", "t", "go to time", "go to a time in this panel", "go_to", named="time", argument=Argument.TIME
    ),
    _here("queue.rates", "m", "rates", "how fast the chosen queue is worked off, minute by minute", "app.rates"),
    _here("failed.retried", "a", "attempts", "list in Failed also attempts that were retried", "retried"),
    _here("read.slower", "plus", "longer interval", "read less often", "interval(1)", shown="+"),
    _here("read.faster", "minus", "shorter interval", "read more often", "interval(-1)", shown="-"),
    _back("task", Scope.TASK, "back to where it was opened"),
    _task(
        "task.earlier", "left,h", "attempt", "the attempt before", "attempt(-1)", shown="←", named="previous-attempt"
    ),
    _task(
        "task.later",
        "right,l",
        "attempt",
        "the next attempt",
        "attempt(1)",
        shown="← →",
        footer=7,
        named="next-attempt",
    ),
    _task("task.document", "t", "next document", "turn to the next document", "document", footer=8),
    _task("task.pager", "O", "pager", "the whole document in $PAGER, however large", "app.take_out('pager')"),
    _task("task.file", "", "to file", "the whole document into a file, as it is stored", "app.take_out('to file')"),
    _task("task.whole", "o", "load whole", "fetch a document that was too large at first", "whole", footer=9),
    _back("activity", Scope.ACTIVITY, "back to where it was opened"),
    _activity(
        "activity.find", "f", "filter", "list only writes that hold some words", "find", footer=3, named="find-writes"
    ),
    _activity(
        "activity.copy",
        "y",
        "copy",
        "copy what is listed as Markdown",
        "copy_listed",
        footer=4,
        named="copy-writes",
    ),
    _activity(
        "activity.write",
        "w",
        "file",
        "write what is listed as Markdown into a file",
        "write_listed",
        footer=5,
        named="write-file",
    ),
    _activity(
        "activity.on",
        "right,l",
        "text",
        "read on in the write below",
        "turn(1)",
        shown="← →",
        footer=2,
        named="read-on",
    ),
    _activity("activity.before", "left,h", "text", "read what was before", "turn(-1)", shown="←", named="read-back"),
    Command("found.open", "enter", "open", "open the task under the cursor", Scope.FOUND, "open", footer=1),
    _back("found", Scope.FOUND, "stop looking; then back to where it was looked for", footer=2),
    _everywhere(
        "task.find",
        "slash",
        "find",
        "find tasks by what is so of them, in every queue",
        "app.find",
        shown="/",
        footer=8,
        argument=Argument.FILTER,
    ),
    Command("findings.go", "enter", "go there", "go to where it can be looked at", Scope.FINDINGS, "go", footer=1),
    _back("findings", Scope.FINDINGS, keys="escape,v", action="dismiss", footer=2),
    _back("workers", Scope.WORKERS),
    Command("workers.open", "enter", "open", "the worker's runs; a run's task", Scope.WORKERS, "open", footer=2),
    *_queues_of("workers", Scope.WORKERS),
    _everywhere(
        "task.find_id",
        "i",
        "go to id",
        "go to a task or a run by its id, in every queue",
        "app.find_id",
        named="task",
        argument=Argument.ID,
    ),
    _everywhere(
        "command", "colon", "command", "do anything by its word", "app.command", shown=":", footer=14, wide_only=True
    ),
    _typed("queue.choose", "queue", "show one queue, or all", Argument.QUEUE),
    _typed("filter.run", "filter", "find tasks by a filter that was saved", Argument.SAVED),
    _typed("filter.save", "save", "save the filter of this search under a name", Argument.NEW_NAME),
    _typed("filter.forget", "forget", "keep a saved filter no longer", Argument.SAVED),
    _typed("theme", "theme", "change the colours", Argument.THEME),
    _typed("read.interval", "interval", "read every so many seconds", Argument.SECONDS),
    _failures("failures.open", "enter", "open", "the attempts of a group; the page of a task", "open", footer=1),
    _back("failures", Scope.FAILURES, keys="escape,g", footer=2),
    _failures(
        "failures.retry",
        "r",
        "retry",
        "retry the tasks that failed for good with the group's error in the window",
        "retry",
        footer=3,
        named="retry-group",
    ),
    _failures(
        "failures.wider", "right,l", "window", "count further back", "window(1)", shown="← →", footer=4, named="wider"
    ),
    _failures(
        "failures.narrower", "left,h", "window", "count less far back", "window(-1)", shown="←", named="narrower"
    ),
    _back("events", Scope.EVENTS),
    Command("events.open", "enter", "open", "who waits for an event; what it carries", Scope.EVENTS, "open", footer=2),
    Command("events.emit", "w", "emit", "emit the event, or another one", Scope.EVENTS, "emit", footer=3),
    Command("events.prefix", "p", "prefix", "events whose names begin so", Scope.EVENTS, "prefix", footer=4),
    Command("events.further", "o", "further", "look further back", Scope.EVENTS, "further", footer=5),
    Command("events.awaited", "1", "awaited", "events nobody has emitted", Scope.EVENTS, "table('awaited')"),
    Command("events.emitted", "2", "emitted", "emitted events", Scope.EVENTS, "table('emitted')"),
    *_queues_of("events", Scope.EVENTS),
    _back("queues", Scope.QUEUES),
    Command("queues.open", "enter", "read on", "read all that is known of a queue", Scope.QUEUES, "open", footer=2),
    Command("queues.all", "1", "list", "all queues", Scope.QUEUES, "table('stored')"),
    Command("queues.one", "2", "facts", "one queue in full", Scope.QUEUES, "table('storage')"),
    _back("event", Scope.EVENT, "back to the events"),
    Command("event.open", "enter", "open", "open the task", Scope.EVENT, "open", footer=2),
    Command("event.emit_it", "w", "emit", "emit the event that they wait for", Scope.EVENT, "emit", footer=3),
    Command("payload.pager", "O", "pager", "all of it in $PAGER", Scope.PAYLOAD, "app.take_out('pager')", footer=2),
    Command("payload.file", "", "to file", "all of it into a file", Scope.PAYLOAD, "app.take_out('to file')"),
    _back("payload", Scope.PAYLOAD, "back to the events"),
    _everywhere("read.now", "R,f5", "read now", "read now, or connect now", "app.read_now", footer=12, wide_only=True),
    _everywhere("clock.utc", "u", "UTC", "switch between UTC and the local zone", "app.utc", footer=13, wide_only=True),
    _everywhere(
        "help",
        "question_mark",
        "help",
        "what is shown explained, and the keys of this screen",
        "app.help",
        shown="?",
        footer=20,
        stays=True,
    ),
    _everywhere("quit", "q,ctrl+q", "quit", "leave", "app.quit", footer=21, stays=True),
)
PANEL_KEYS = "123456"


def bindings(*scopes: Scope) -> list[Binding]:
    """Make the bindings of some scopes."""
    return [
        Binding(command.keys, command.action, command.label, id=command.id, show=False)
        for command in COMMANDS
        if command.scope in scopes and command.keys
    ]


def in_footer(*scopes: Scope) -> Iterable[Command]:
    """Give the commands of some scopes that stand in the footer, in its order."""
    listed = [command for command in COMMANDS if command.scope in scopes and command.footer is not None]
    return sorted(listed, key=lambda command: command.footer or 0)
