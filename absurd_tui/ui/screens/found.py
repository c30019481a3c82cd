"""Tasks that were found, one of which may be opened."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import Screen

from absurd_tui.observe.found import Found
from absurd_tui.text import Plain, plain
from absurd_tui.ui.commands import Scope, bindings, in_footer
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.foot import KeyBar, KeyHint
from absurd_tui.ui.widgets.found_table import SHEET
from absurd_tui.ui.widgets.head import Header
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.told import ToldLines
from absurd_tui.ui.widgets.too_small import TooSmall


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
        ticks = time.monotonic()
        clock = self._watch.clock(ticks)
        self.query_one(Header).show(self._watch.head(ticks))
        self.query_one(ToldLines).show(((self._wanted, "strong"), (self._told, "")))
        title = Title("", Plain(""), "", plain("Found"), plain(str(len(self._tasks))))
        table: RecordTable[Found] = self.query_one(RecordTable)
        sight = Sight(clock, is_ascii=self._watch.is_ascii) if clock is not None else None
        table.show(self._tasks, sight, title, notes=(plain("Nothing was found."),))
        hints = in_footer(Scope.FOUND, Scope.EVERYWHERE)
        self.query_one(KeyBar).show([KeyHint(c.key, c.label, c.action, stays=c.stays) for c in hints])

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
