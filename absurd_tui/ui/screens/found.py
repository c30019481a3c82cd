"""Tasks that were found, one of which may be opened."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen
from textual.timer import Timer

from absurd_tui import units
from absurd_tui.observe.found import Found
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter, written
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui import markdown
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.content import Span
from absurd_tui.ui.hints import key_hints
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.searching import reservations, told
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.foot import KeyBar
from absurd_tui.ui.widgets.found_table import SHEET
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.told import ToldLines
from absurd_tui.ui.widgets.too_small import TooSmall

NOTE_SECONDS = 4.0


class FoundScreen(Screen[None]):
    """What was looked for, how far that went, and the tasks that were found, newest first."""

    BINDINGS = [*bindings(Scope.FOUND, Scope.EVERYWHERE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]

    def __init__(self, watch: Watch, wanted: Plain, told: Plain, tasks: Sequence[Found] = ()) -> None:
        super().__init__()
        self._watch = watch
        self._wanted = wanted
        self._told = told
        self._tasks = tuple(tasks)
        self._said = Plain("")
        self._hushing: Timer | None = None

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
        self.query_one(KeyBar).show(key_hints(self, Scope.FOUND, labels={"found.back": self.back_label}))

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

    def action_copy_id(self) -> None:
        """Copy the whole id of the task under the cursor."""
        task = self.query_one(RecordTable).cursor_record
        if isinstance(task, Found):
            self.app.copy_to_clipboard(str(task.task_id))
            self.say(plain("Copied the id."))

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
