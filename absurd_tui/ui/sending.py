"""Has what was confirmed on a screen performed; first it asks for the reason, where one is wanted."""

import time
from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from absurd_tui.operations.queue_requests import QueueRequest
from absurd_tui.operations.requests import EmitEvent, Request
from absurd_tui.operations.sentences import operation, target
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import EMIT, why_not_many, why_not_whole
from absurd_tui.ui.dialogs.emit import EmitDialog
from absurd_tui.ui.dialogs.queues import queue_dialog
from absurd_tui.ui.dialogs.reason import ReasonDialog
from absurd_tui.ui.messages import RequestMade
from absurd_tui.ui.watch import Watch


def send(screen: Screen[Any], watch: Watch, *requests: Request) -> None:
    """Have requests performed one by one."""
    others = f" and {len(requests) - 1} more" if len(requests) > 1 else ""
    what, about = operation(requests[0]), target(requests[0])

    def post(reason: str) -> None:
        for request in requests:
            screen.post_message(RequestMade(request, reason))

    with_reason(screen, watch, say("{what} · {about}{others}", what=what, about=about, others=others), post)


def with_reason(screen: Screen[Any], watch: Watch, about: Plain, act: Callable[[str], None]) -> None:
    """Act for the reason that is given, where one is wanted; where it is not given, not at all."""

    def answered(reason: str | None) -> None:
        if reason is not None:
            act(reason)

    if watch.asks_reason:
        screen.app.push_screen(ReasonDialog(about), answered)
    else:
        act("")


def why_not_emit(watch: Watch, queue: str | None) -> Plain:
    """Say why no event can be emitted in a queue; empty where one can."""
    if queue is None:
        return plain("emit: an event is one of a queue; ← and → choose one.")
    if not watch.lists(queue):
        return say("emit: queue {queue} no longer exists.", queue=queue)
    return why_not_many(EMIT, (queue,), watch)


def ask_to_emit(screen: Screen[Any], watch: Watch, queue: str | None, event_name: str) -> Plain:
    """Open the form for an event of a queue, or say why not."""
    refused, clock = why_not_emit(watch, queue), watch.newest_clock(time.monotonic())
    if refused or queue is None or clock is None:
        return refused or plain("Nothing has been read yet.")

    def answered(request: EmitEvent | None) -> None:
        if request is not None:
            send(screen, watch, request)

    screen.app.push_screen(EmitDialog(watch, queue, event_name, clock), answered)
    return Plain("")


def ask_about_queue(screen: Screen[Any], watch: Watch, command: str, queue: str | None, otherwise: str) -> Plain:
    """Open the dialog of a command about a queue as a whole, or say why not; `otherwise` where none is in question."""
    refused, clock = why_not_whole(command, queue, watch), watch.newest_clock(time.monotonic())
    if refused or clock is None:
        return refused or plain("Nothing has been read yet.")
    dialog = queue_dialog(command, watch, queue, clock)
    if dialog is None:
        return plain(otherwise)

    def answered(request: QueueRequest | None) -> None:
        if request is not None:
            send(screen, watch, request)

    screen.app.push_screen(dialog, answered)
    return Plain("")
