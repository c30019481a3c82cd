"""What every dialog about a task has: a frozen target, keys that are dead at first, and a watch on the target."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from absurd_tui.observe.records import ReadAt, Snapshot, State, TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import Request, Target
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import why_not
from absurd_tui.ui.content import Span, content
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Choices, DialogText, Piece, reserved, target_lines, warning
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

INNER_WIDTH = 66
_FRAME_ROWS = 10
"""Border, padding, target, field and choices of a dialog."""
_ALERT_ROWS = 2
"""Rows over the choices that are kept for an alert, so that nothing moves when there is one."""
_NEVER_DEAD = frozenset({"keep"})

Asked = TypeVar("Asked", bound=Request)


class TaskDialog(DormantDialog[Asked | None], Generic[Asked]):
    """A question about one task as it stood on the screen when the key was pressed.

    `seen` tells times as of the reading that the row is from, and `read_at` is when that was by the client's
    monotonic clock: a minute ago at times, and longer where the row has left its panel. Subclasses say what the act
    is, what it means, and make the request. The act is struck through while it cannot be done, and when the task has
    changed since it was looked at. What it is judged by is the newest reading, also while the screen below is held.
    """

    BINDINGS = [Binding("escape", "keep", show=False)]
    COMMAND = ""
    TITLE_TEXT = ""
    KEEP = ""
    CONFIRM = "enter"
    IS_FINAL = False

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock, read_at: float) -> None:
        super().__init__()
        self.watched = watch
        self.row = row
        self.seen = seen
        self.read_at = read_at

    def compose(self) -> ComposeResult:
        """Put the frame together, with the fields of the dialog in it."""
        yield Roles()
        with Vertical(id="dialog", classes="final" if self.IS_FINAL else "") as box:
            box.border_title = content(plain(self.TITLE_TEXT), "bold $text-strong")
            yield DialogText(id="dialog-target")
            yield DialogText(id="dialog-text")
            yield from self.fields()
            yield DialogText(id="dialog-notes")
            yield DialogText(id="dialog-alert")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it, and follow the task."""
        self._show_target()
        self.repaint()
        self.set_interval(1.0, self.repaint)

    # what a dialog says

    def fields(self) -> Iterator[Widget]:
        """Give the widgets between the text and the notes."""
        yield from ()

    def text(self) -> Sequence[Piece]:
        """Say what the act means, in as many rows whatever becomes of the task: nobody presses what just moved."""
        raise NotImplementedError

    def notes(self) -> Sequence[Piece]:
        """Say what stands below the fields, in as many rows as at first."""
        return ()

    def act(self) -> Choice:
        """Name the act; struck through while it cannot be done."""
        raise NotImplementedError

    def request(self) -> Asked:
        """Make the request that is confirmed."""
        raise NotImplementedError

    @property
    def besides(self) -> Sequence[Request]:
        """Give what is asked for together with the request, one by one after it."""
        return ()

    def badges(self) -> Sequence[Span]:
        """Say what marks the database out."""
        return ((plain(" PRODUCTION "), "block-production"),) if self.watched.is_production else ()

    # how it lives

    @property
    def target(self) -> Target:
        """The task as it stood on the screen when the key was pressed, or as it was looked at again."""
        row = self.row
        lease = row.claim_expires_at if row.state is State.RUNNING else None
        return Target(row.queue, row.task_id, row.run_id, row.task_name, row.state, row.attempt, lease, self.seen.now)

    @property
    def clock(self) -> Clock:
        """The database's clock now."""
        return self.watched.newest_clock(time.monotonic()) or self.seen

    def wake(self) -> None:
        """The keys count from now on."""
        self.repaint()

    @property
    def is_whole(self) -> bool:
        """Whether all of the dialog is there: it is neither being put together nor taken down."""
        return bool(self.query(Choices))

    def repaint(self) -> None:
        """Show what is true now."""
        if not self.is_whole:
            return
        changed, act = self.changed(), self.act()
        alert: list[Piece] = []
        if changed:
            alert = [warning(changed)]
            act = Choice("enter", plain("look again"))
        elif hindrance := self.hindrance():
            alert = [warning(hindrance)]
            act = replace(act, is_enabled=False)
        self._show([BLANK, *self.text()], self.notes())
        self.query_one("#dialog-alert", DialogText).show(reserved(alert, _ALERT_ROWS, INNER_WIDTH, at_end=True))
        self.query_one(Choices).show(Choice("esc", plain(self.KEEP)), act)

    def _show(self, text: Sequence[Piece], notes: Sequence[Piece]) -> None:
        """Show the text; on a terminal that is too low for all of it, without its blank lines."""
        rows = _FRAME_ROWS + _ALERT_ROWS + sum(len(piece.lines(INNER_WIDTH)) for piece in (*text, *notes))
        is_tight = rows > self.app.size.height
        self.query_one("#dialog").set_class(is_tight, "-tight")
        for name, pieces in (("#dialog-text", text), ("#dialog-notes", notes)):
            shown = [piece for piece in pieces if piece is not BLANK] if is_tight else pieces
            self.query_one(name, DialogText).show(shown)

    def newest(self) -> tuple[TaskRow, ReadAt] | None:
        """Give the task as it was read last, and when; None where no later reading than the one looked at has it."""
        snapshot = self.watched.newest
        found = find(snapshot, self.row) if snapshot is not None else None
        return found if found is not None and found[1].ticks > self.read_at else None

    def changed(self) -> Plain:
        """Say how the task differs from what was looked at, as far as was read; empty if not."""
        found = self.newest()
        if found is None or is_same_run(found[0], self.row):
            return Plain("")
        now = found[0]
        return say("Changed since you looked: {state} now, attempt {number}.", state=now.state, number=now.attempt)

    def hindrance(self) -> Plain:
        """Say why the act cannot be done to the task at all; empty where it can."""
        return why_not(self.COMMAND, self.row, self.watched)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key choose anything while the keys are dead; leaving is always possible."""
        return self.is_awake or action in _NEVER_DEAD

    def action_keep(self) -> None:
        """Leave everything as it is."""
        self._answer(None)

    def action_confirm(self) -> None:
        """Do it, if it can be done; or look again at a task that has changed."""
        if not self.is_awake:  # a field that is confirmed asks no binding
            return
        if self.changed():
            self.look_again()
        elif self.act().is_enabled and not self.hindrance():
            self._answer(self.request())

    def _answer(self, answer: Asked | None) -> None:
        """Close with this answer; what arrives afterwards would close the screen below."""
        if self.is_current:
            self.dismiss(answer)

    def look_again(self) -> None:
        """Make the task as it is now the one that is asked about."""
        found = self.newest()
        if found is not None:
            self.take_over(*found)
            self.sleep()
            self.repaint()

    def take_over(self, row: TaskRow, read: ReadAt) -> None:
        """Ask about the task as this row has it from now on."""
        self.row, self.seen, self.read_at = row, replace(self.seen, now=read.now), read.ticks
        self._show_target()

    def _show_target(self) -> None:
        pieces = target_lines(self.row, self.seen, self.watched.address, self.badges(), INNER_WIDTH)
        self.query_one("#dialog-target", DialogText).show(pieces)


def is_same_run(one: TaskRow, other: TaskRow) -> bool:
    """Whether two readings of a task show the same run in the same state."""
    return (one.state, one.run_id, one.attempt) == (other.state, other.run_id, other.attempt)


def find(snapshot: Snapshot, row: TaskRow) -> tuple[TaskRow, ReadAt] | None:
    """Find a task in a snapshot by its id, wherever it is now, and when it was read."""
    for panel in snapshot.panels:
        for found in panel.rows:
            if found.key == row.key and not found.is_retried:
                return found, snapshot.read_of(panel)
    return None
