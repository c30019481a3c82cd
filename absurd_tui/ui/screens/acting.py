"""What the screens that act on a task share: the keys that ask, and what becomes of the answer."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from absurd_tui.observe.records import ReadAt, TaskRow
from absurd_tui.observe.task_queries import MOST_NAME
from absurd_tui.operations.requests import EmitEvent, Request
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui import markdown
from absurd_tui.ui.availability import CANCEL, CANCEL_TREE, COPY, EMIT, EXTEND, FAIL_RUN, RETRY, why_not
from absurd_tui.ui.commands import Command, Scope
from absurd_tui.ui.dialogs.cancel import CancelDialog
from absurd_tui.ui.dialogs.cancel_tree import CancelTreeDialog
from absurd_tui.ui.dialogs.emit import EmitDialog
from absurd_tui.ui.dialogs.extend import ExtendDialog
from absurd_tui.ui.dialogs.fail_run import FailDialog
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.dialogs.retry import RetryDialog
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.messages import SeedWanted
from absurd_tui.ui.sending import ask_about_queue, send
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.foot import KeyHint

_DIALOGS: dict[str, type[TaskDialog[Any]]] = {
    CANCEL: CancelDialog,
    CANCEL_TREE: CancelTreeDialog,
    FAIL_RUN: FailDialog,
    EXTEND: ExtendDialog,
    RETRY: RetryDialog,
}


class ActingScreen(Screen[None]):
    """A screen whose keys ask before they act on the task in question."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch
        self._hushing: Timer | None = None

    def row_in_question(self) -> TaskRow | None:
        """Give the task that a key would act on, as it is on the screen now."""
        raise NotImplementedError

    def read(self) -> ReadAt | None:
        """Give when the task in question was read as it is on the screen, None where none is."""
        raise NotImplementedError

    def say(self, said: Plain) -> None:
        """Say something for a few seconds where the why line is."""
        raise NotImplementedError

    def hush_after(self, seconds: float, hush: Callable[[], None]) -> None:
        """Take back what was said after some seconds, unless something else was said meanwhile."""
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(seconds, hush)

    def why_not(self, command: str) -> Plain:
        """Say why a command does not apply now; empty where it does."""
        return why_not(command, self.row_in_question(), self._watch)

    def applies(self, command: Command) -> bool:
        """Say whether a command of the footer can do something now."""
        return not self.why_not(command.id)

    def key_hints(self, scope: Scope) -> list[KeyHint]:
        """Give the keys of this screen; one that does not apply keeps its place, struck through."""
        return key_hints(self, scope, Scope.ACTING, applies=self.applies)

    def queue_in_question(self) -> str | None:
        """Give the queue that is chosen, None for all."""
        row = self.row_in_question()
        return row.queue if row is not None else None

    def as_markdown(self) -> str | None:
        """Write the task in question as Markdown; None where there is none."""
        row, read = self.row_in_question(), self.read()
        return markdown.row(row, read.now, self._watch.address) if row is not None and read is not None else None

    def action_copy_id(self) -> None:
        """Copy the whole id of the task in question."""
        row = self.row_in_question()
        self._copy(str(row.task_id) if row is not None else None, "the id")

    def action_copy_markdown(self) -> None:
        """Copy the task in question, or its page, as Markdown."""
        self._copy(self.as_markdown(), "it as Markdown, without params and result")

    def _copy(self, text: str | None, what: str) -> None:
        if text is None:
            self.say(plain("copy: no row is under the cursor; 1 to 6 go to a panel."))
            return
        self.app.copy_to_clipboard(text)
        self.say(say("Copied {what}.", what=what))

    def action_spawn(self, command: str) -> None:
        """Open the spawn form, or say why not."""
        refused = self.why_not(command)
        if refused:
            self.say(refused)
        else:
            self.post_message(SeedWanted(self, self.row_in_question(), self.queue_in_question(), command == COPY))

    def action_emit(self) -> None:
        """Open the form for an event, or say why not."""
        refused, clock = self.why_not(EMIT), self._watch.newest_clock(time.monotonic())
        row, queue = self.row_in_question(), self.queue_in_question()
        if refused or clock is None or queue is None:
            self.say(refused or plain("Nothing has been read yet."))
            return

        def answered(request: EmitEvent | None) -> None:
            if request is not None:
                self.send(request)

        waiting = row if row is not None and row.queue == queue and row.wake_event is not None else None
        name = waiting.wake_event or "" if waiting is not None else ""
        cut_of = waiting.run_id if waiting is not None and len(name) >= MOST_NAME else None
        self.app.push_screen(EmitDialog(self._watch, queue, name, clock, cut_of), answered)

    def action_ask(self, command: str) -> None:
        """Freeze the task in question and ask about it, or say why not."""
        row, read, clock = self.row_in_question(), self.read(), self._watch.clock(time.monotonic())
        refused = self.why_not(command)
        if refused or row is None or read is None or clock is None:
            self.say(refused or plain("Nothing has been read yet."))
            return
        dialog = _DIALOGS[command](self._watch, row, replace(clock, now=read.now), read.ticks)

        def answered(request: Request | None) -> None:
            if request is not None:
                self.send(request, *dialog.besides)

        self.app.push_screen(dialog, answered)

    def action_manage(self, command: str) -> None:
        """Ask about the queue in question as a whole, or say why not."""
        otherwise = "Choose a queue first: ← and → go through them."
        if refused := ask_about_queue(self, self._watch, command, self.queue_in_question(), otherwise):
            self.say(refused)

    def send(self, *requests: Request) -> None:
        """Have requests performed that were confirmed, one by one; first ask for the reason, where that is wanted."""
        send(self, self._watch, *requests)
