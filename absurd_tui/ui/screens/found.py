"""Tasks that were found, one of which may be opened."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.events import Resize

from absurd_tui import units
from absurd_tui.observe.found import Found, as_found, seen
from absurd_tui.observe.records import ReadAt, Refusal, TaskRow
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter, written
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import Request
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui import markdown
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.content import Span
from absurd_tui.ui.fresh import Fresh
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.messages import PageWanted, TaskOpened
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.searching import reservations, told
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.found_table import SHEET
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.outcomes import Outcomes
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.told import ToldLines
from absurd_tui.ui.widgets.too_small import TooSmall

NOTE_SECONDS = 4.0
FOLLOWED_SECONDS, FOLLOWED_EVERY = 10.0, 0.9
"""How long a task that was acted on is read again, and how often."""

_ASKED_AGAIN_AFTER = 0.02


class FoundScreen(ActingScreen):
    """What was looked for, how far that went, and the tasks that were found, newest first, as they were then.

    What a key asks about one of them is asked about the task as it is now: it is read first, by its id.
    """

    BINDINGS = [*bindings(Scope.FOUND, Scope.ACTING, Scope.EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch, wanted: Plain, told: Plain, tasks: Sequence[Found] = ()) -> None:
        super().__init__(watch)
        self._wanted = wanted
        self._told = told
        self._tasks = tuple(tasks)
        self._said = Plain("")
        self._fresh: tuple[TaskRow, ReadAt] | None = None
        self._followed: tuple[Found, float] | None = None
        self._followed_at = float("-inf")

    @property
    def given(self) -> tuple[object, ...]:
        """What it was made of."""
        return self._wanted, self._told, self._tasks

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield ToldLines(id="found-told")
        yield RecordTable(SHEET, id="found")
        yield KeyBar()
        yield Outcomes()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show what there is, and let the times run."""
        self.set_focus(self.query_one(RecordTable))
        self.repaint()
        self.set_interval(1.0, self.repaint)

    def repaint(self) -> None:
        """Show what is known now."""
        if not self.query(KeyBar):
            return  # the screen is being taken down
        ticks = time.monotonic()
        clock = self._watch.clock(ticks)
        self.query_one(Header).show(self._watch.head(ticks))
        last = ((self._said, "strong"),) if self._said else ()
        self.query_one(ToldLines).show(((self._wanted, "strong"), *self.told(clock)[: 2 - len(last)], *last))
        title = Title("", Plain(""), "", plain("Found"), plain(str(len(self._tasks))))
        table = self.query_one(RecordTable)
        sight = Sight(clock, is_ascii=self._watch.is_ascii) if clock is not None else None
        table.show(self._tasks, sight, title, notes=self.notes)
        table.mark_known()
        labels = {"found.back": self.back_label}
        hints = key_hints(self, Scope.FOUND, Scope.ACTING, applies=self.applies, labels=labels)
        self.query_one(KeyBar).show(hints)
        self.query_one(Outcomes).show(self._watch.told(ticks))
        self._follow(ticks)

    @property
    def back_label(self) -> str:
        """What the key does that leads back."""
        return "back"

    @property
    def notes(self) -> Sequence[Plain]:
        """What stands in place of tasks where there are none."""
        return (plain("Nothing was found."),)

    def told(self, clock: Clock | None) -> Sequence[Span]:
        """Say what came of it."""
        return ((self._told, ""),)

    def action_back(self) -> None:
        """Go back to where it was looked for."""
        self.dismiss()

    # what is asked about a task

    def row_in_question(self) -> TaskRow | None:
        """Give the task that was read just now; else the one under the cursor, as it was found."""
        if self._fresh is not None:
            return self._fresh[0]
        task = self._under_cursor
        return as_found(task) if task is not None else None

    def read(self) -> ReadAt | None:
        """Only what was read just now may be asked about."""
        return self._fresh[1] if self._fresh is not None else None

    @property
    def _under_cursor(self) -> Found | None:
        return self.query_one(RecordTable).cursor_record if self.is_mounted else None

    def action_ask(self, command: str) -> None:
        """Read the task under the cursor, and ask about it."""
        self._read_first(lambda: super(FoundScreen, self).action_ask(command))

    def action_spawn(self, command: str) -> None:
        """Open the spawn form."""
        self._read_first(lambda: super(FoundScreen, self).action_spawn(command))

    def action_emit(self) -> None:
        """Open the form for an event."""
        self._read_first(super().action_emit)

    def send(self, *requests: Request) -> None:
        """Have requests performed, and look for a while at what becomes of the task under the cursor."""
        if (task := self._under_cursor) is not None:
            self._followed = task, time.monotonic() + FOLLOWED_SECONDS
        super().send(*requests)

    def _read_first(self, ask: Callable[[], None]) -> None:
        task = self._under_cursor
        if task is None or not self._watch.is_live:
            ask()
            return

        def taken(page: TaskPage | None) -> None:
            row = row_of(page) if page is not None else None
            if self.app.screen is not self:
                return
            if page is None or row is None:
                self.say(plain("This task is no longer in the database."))
                return
            self._replace(task, row)
            self._fresh = row, page.read
            try:
                ask()
            finally:
                self._fresh = None

        self._ask_page(task, taken)

    def _ask_page(self, task: Found, taken: Callable[[TaskPage | None], None]) -> None:
        def refused(refusal: Refusal) -> None:
            self.say(say("Not read: {reason}.", reason=refusal.reason.rstrip(".")))

        def again() -> None:
            self.set_timer(_ASKED_AGAIN_AFTER, lambda: self._ask_page(task, taken))

        self.post_message(PageWanted(Fresh(task.queue, task.task_id, taken, refused, again)))

    def _replace(self, task: Found, row: TaskRow) -> None:
        """Show a task as it is now."""
        now = replace(seen(row), run_id=task.run_id)
        self._tasks = tuple(now if one.key == now.key else one for one in self._tasks)

    def _follow(self, ticks: float) -> None:
        """Read a task that was acted on again for a while, so that the list tells what became of it."""
        if self._followed is None or self.app.screen is not self or ticks - self._followed_at < FOLLOWED_EVERY:
            return
        task, until = self._followed
        self._followed_at = ticks
        if ticks > until:
            self._followed = None
            return

        def taken(page: TaskPage | None) -> None:
            row = row_of(page) if page is not None else None
            if row is not None:
                self._replace(task, row)

        self._ask_page(task, taken)

    # copies

    def action_copy_markdown(self) -> None:
        """Copy the list as Markdown."""
        clock = self._watch.clock(time.monotonic())
        told = self.told(clock)[0][0] if clock is not None else Plain("")
        self.app.copy_to_clipboard(markdown.listing(self._wanted, told, self._tasks, self._watch.address))
        number = min(len(self._tasks), markdown.MOST_ROWS)
        self.say(plain(f"Copied {units.plural(number, 'task')} as Markdown."))

    def say(self, said: Plain) -> None:
        """Say something for a few seconds."""
        self._said = said
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(NOTE_SECONDS, lambda: self.say(Plain("")))
        self.repaint()

    def on_resize(self, event: Resize) -> None:
        """Lay the rows out anew."""
        self.call_after_refresh(self.repaint)

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Open a task, at the run that was looked for."""
        if isinstance(event.record, Found):
            self.post_message(TaskOpened(event.record.queue, event.record.task_id, run_id=event.record.run_id))

    def action_open(self) -> None:
        """Open the task under the cursor."""
        self.query_one(RecordTable).action_choose()


class SearchScreen(FoundScreen):
    """A search while it goes on, and what it has found; esc stops it, and leaves once it is over."""

    def __init__(self, watch: Watch, filter: Filter) -> None:
        what = say("/ {filter}", filter=written(filter)) if filter else plain("/ every task")
        super().__init__(watch, what, Plain(""))
        self.filter = filter
        self._progress: Progress | None = None
        self._is_stopped = False

    @property
    def wants_more(self) -> bool:
        """Whether the search goes on."""
        return not self._is_stopped

    @property
    def _is_over(self) -> bool:
        return self._is_stopped or (self._progress is not None and self._progress.is_over)

    @property
    def back_label(self) -> str:
        """The key stops what goes on, and leads back once it is over."""
        return "back" if self._is_over else "stop"

    @property
    def notes(self) -> Sequence[Plain]:
        """What stands in place of tasks while there are none."""
        return super().notes if self._is_over else (plain("Nothing was found yet."),)

    def take(self, progress: Progress) -> None:
        """Take what a step has found; newest first, as far as it is of one order."""
        self._progress = progress
        tasks = {task.key: task for task in (*self._tasks, *progress.found)}
        self._tasks = tuple(sorted(tasks.values(), key=lambda task: (-task.task_id.int, task.queue)))
        self.repaint()

    def told(self, clock: Clock | None) -> Sequence[Span]:
        """Say how far it has come, and what could not be looked into."""
        if clock is None:
            return ()
        said = told(self._progress, len(self._tasks), clock, is_stopped=self._is_stopped)
        return ((said, ""), (reservations(self._progress), "warning"))

    def action_back(self) -> None:
        """Stop the search; where it is over, go back."""
        if self._is_over:
            self.dismiss()
        else:
            self._is_stopped = True
            self.repaint()

    def on_unmount(self) -> None:
        """Nobody sees it any more."""
        self._is_stopped = True
