"""Failures in groups of the same error, over the last hour, day or week, and the attempts of one of them."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Key, Resize
from textual.screen import Screen
from textual.timer import Timer

from absurd_tui import units
from absurd_tui.observe.failure_groups import FailedRun, FailedTask, Fingerprint, Group, Window
from absurd_tui.observe.failure_walk import FailureWalk
from absurd_tui.observe.matching import MOST as MOST_MARKED
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import BulkPlan
from absurd_tui.operations.requests import Act
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.asking_many import ask_about_many
from absurd_tui.ui.availability import RETRY, why_not_many
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.content import Span
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.messages import BulkConfirmed, FailuresWanted, TaskOpened
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.block import Block
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.failure_tables import (
    RUN_SHEET,
    WINDOW_NAMES,
    error_of,
    explained,
    group_sheet,
    how_far,
    origin_of,
    reaches,
    target_of,
)
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

RETRY_GROUP = "failures.retry"
NOTE_SECONDS = 4.0


class FailuresScreen(Screen[None]):
    """The groups, read as long as they are looked at; `enter` opens one, and in it a task's page."""

    BINDINGS = [*bindings(Scope.FAILURES, Scope.EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch, queue: str | None, walk: FailureWalk) -> None:
        super().__init__()
        self._watch = watch
        self._of = queue
        self._walk = walk
        self._window = Window.DAY
        self._opened: Fingerprint | None = None
        self._has_moved = False
        self._was_over = False
        self._said = Plain("")
        self._hushing: Timer | None = None

    @property
    def queue(self) -> str | None:
        """The queue whose failures these are, None for all."""
        return self._of

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield FailuresHead(id="failures-head")
        yield RecordTable(group_sheet(self._walk), id="failure-groups")
        yield RecordTable(RUN_SHEET, id="failure-runs")
        yield GroupBlock(id="failure-group")
        yield KeyBar()
        yield TooSmall()

    def on_mount(self) -> None:
        """Ask for what is shown."""
        self._focus_table()
        self.post_message(FailuresWanted(self, self._walk))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    @property
    def is_open(self) -> bool:
        """Whether it is still there."""
        return self.is_running

    @property
    def is_looking(self) -> bool:
        """Whether nothing covers it, and there is a connection."""
        return self.app.screen_stack[-1:] == [self] and self._watch.is_live

    def repaint(self) -> None:
        """Show what was read until now."""
        if not self.query(KeyBar):
            return  # the screen is being taken down
        ticks = time.monotonic()
        self.query_one(Header).show(self._watch.head(ticks))
        clock = self._watch.newest_clock(ticks)
        if clock is None:
            return
        groups = self._walk.groups(clock.now, self._window)
        self.query_one(FailuresHead).show(self._of, self._window, how_far(self._walk, clock), self._said)
        self._show_groups(groups, clock)
        self._show_runs(clock)
        self._show_chosen()

    def _show_groups(self, groups: Sequence[Group], clock: Clock) -> None:
        title = Title("", Plain(""), "", plain("Failure groups"), plain(f"{len(groups):,}"))
        note = say("No attempt failed in the last {window}, as far as was looked.", window=WINDOW_NAMES[self._window])
        table = self.query_one("#failure-groups", RecordTable)
        table.show(groups, Sight(clock), title, notes=(note,), is_stale=not self._watch.is_live)
        if groups and not self._has_moved:
            table.point_at(groups[0].fingerprint)
        if not self._was_over:
            table.mark_met()  # what the walk comes upon is not new
        self._was_over = self._walk.is_over

    def _show_runs(self, clock: Clock) -> None:
        group = self._opened_group(clock)
        if group is None:
            return
        runs, number = group.runs, group.count(Window.WEEK)
        told = f"{len(runs):,}" if len(runs) >= number else f"newest {len(runs):,} of {number:,}"
        name = cut_words(error_of(group.fingerprint), max(10, self.size.width // 3))
        title = Title("", Plain(""), "", name, plain(told))
        table = self.query_one("#failure-runs", RecordTable)
        table.show(runs, Sight(clock), title, is_stale=not self._watch.is_live)

    def _opened_group(self, clock: Clock) -> Group | None:
        groups = self._walk.groups(clock.now, Window.WEEK) if self._opened is not None else ()
        return next((group for group in groups if group.fingerprint == self._opened), None)

    def _show_chosen(self) -> None:
        """Tell the group that is opened or under the cursor in full, in as many rows as it needs up to a third."""
        clock = self._watch.newest_clock(time.monotonic())
        if clock is None:
            return
        block, group = self.query_one(GroupBlock), self._group_in_question(clock)
        block.show(group, clock)
        block.styles.height = min(1 + len(block.body(self.size.width)), self.size.height // 3)
        failed = self._failed_for_good(group, clock)
        self.query_one(KeyBar).show(
            key_hints(
                self,
                Scope.FAILURES,
                applies=lambda command: command.id != RETRY_GROUP or not self._why_not_retry(failed),
                labels={RETRY_GROUP: f"retry {units.count(len(failed))}" if failed else "retry"},
            )
        )

    def _group_in_question(self, clock: Clock) -> Group | None:
        cursor: Group | None = self.query_one("#failure-groups", RecordTable).cursor_record
        return self._opened_group(clock) or cursor

    def _failed_for_good(self, group: Group | None, clock: Clock) -> tuple[FailedTask, ...]:
        return self._walk.failed_for_good(group.fingerprint, clock.now, self._window) if group is not None else ()

    def _why_not_retry(self, failed: Sequence[FailedTask]) -> Plain:
        """Say why they cannot be retried; empty where they can."""
        if not failed:
            return say(
                "retry: no task failed for good with it in the last {window}, as far as was looked.",
                window=WINDOW_NAMES[self._window],
            )
        return why_not_many(RETRY, {task.queue for task in failed}, self._watch)

    def _focus_table(self) -> None:
        self.set_focus(self.query_one("#failure-runs" if self._opened else "#failure-groups", RecordTable))

    # what the user does

    def on_key(self, event: Key) -> None:
        """Leave the cursor where it is put; until then it stays on the first group."""
        self._has_moved = True

    def on_resize(self, event: Resize) -> None:
        """Lay it out anew."""
        self.call_after_refresh(self.repaint)

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Tell the group under the cursor."""
        self._show_chosen()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Open a group, or the page of a task."""
        if isinstance(event.record, FailedRun):
            self.post_message(TaskOpened(event.record.queue, event.record.task_id))
        elif isinstance(event.record, Group):
            self._open(event.record.fingerprint)

    def action_open(self) -> None:
        """Open what is under the cursor."""
        if isinstance(self.focused, RecordTable):
            self.focused.action_choose()

    def action_retry(self) -> None:
        """Freeze the tasks that failed for good with the group's error in the window, and ask about them."""
        clock = self._watch.newest_clock(time.monotonic())
        group = self._group_in_question(clock) if clock is not None else None
        if clock is None or group is None:
            self.say(plain("retry: no group is under the cursor."))
            return
        failed = self._failed_for_good(group, clock)
        if refused := self._why_not_retry(failed):
            self.say(refused)
            return
        targets = tuple(target_of(task, clock.now) for task in failed[:MOST_MARKED])
        is_known = reaches(self._walk, self._window, clock.now)
        origin = origin_of(group, self._window, len(targets), len(failed), is_known=is_known)
        ask_about_many(self, self._watch, Act.RETRY, targets, origin, clock, self._begin_bulk)

    def _begin_bulk(self, plan: BulkPlan) -> None:
        self.post_message(BulkConfirmed(plan, begun=self.repaint))

    def say(self, said: Plain) -> None:
        """Say something for a few seconds."""
        self._said = said
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(NOTE_SECONDS, lambda: self.say(Plain(""))) if said else None
        self.repaint()

    def action_back(self) -> None:
        """Close the group, or leave."""
        if self._opened is not None:
            self._open(None)
        else:
            self.dismiss()

    def action_window(self, by: int) -> None:
        """Count further back, or less far."""
        windows = list(Window)
        self._window = windows[max(0, min(len(windows) - 1, windows.index(self._window) + int(by)))]
        self.repaint()

    def _open(self, group: Fingerprint | None) -> None:
        """Show the attempts of a group, or go back to where it stands among the others."""
        before, self._opened = self._opened, group
        self.set_class(group is not None, "-opened")
        self.repaint()
        self.query_one("#failure-runs", RecordTable).mark_met()

        def shown() -> None:
            self._focus_table()
            if before is not None:
                self.query_one("#failure-groups", RecordTable).point_at(before)

        self.call_after_refresh(shown)


class FailuresHead(Lines):
    """Which failures these are, over which window, and how far back was looked."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._queue: str | None = None
        self._window = Window.DAY
        self._how_far = self._said = Plain("")

    def show(self, queue: str | None, window: Window, how_far: Plain, said: Plain) -> None:
        """Show these; what was said just now stands in place of how far was looked."""
        self._queue, self._window, self._how_far, self._said = queue, window, how_far, said
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the two lines."""
        of = say("in {queue}", queue=self._queue) if self._queue is not None else plain("in all queues")
        spans: list[Span] = [(plain(" The last"), "muted"), (blank(1), "")]
        for window, name in WINDOW_NAMES.items():
            is_chosen = window is self._window
            spans += [(plain(f" {name} "), "reversed" if is_chosen else "muted")]
        spans += [(blank(2), ""), (plain("Failed attempts ") + of + plain(", the same error once."), "")]
        last: Span = (self._said, "strong") if self._said else (self._how_far, "muted")
        return [
            Line(fit(spans, width)),
            Line(fit(((blank(1), ""), (cut_words(last[0], width - 2), last[1])), width)),
        ]


class GroupBlock(Block, can_focus=False):
    """One group in full."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._group: Group | None = None
        self._clock: Clock | None = None

    def show(self, group: Group | None, clock: Clock | None) -> None:
        """Tell this group."""
        self._group, self._clock = group, clock
        self.display = group is not None
        self.repaint()

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Name what is below."""
        return ((plain("The newest of the group"), "strong"),), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make all lines."""
        if self._group is None or self._clock is None:
            return []
        pieces = explained(self._group, self._clock)
        lines = (line for piece in pieces for line in piece.lines(width - 2))
        return [Line(((blank(1), ""), *line.spans)) for line in lines]
