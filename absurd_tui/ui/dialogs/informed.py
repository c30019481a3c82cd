"""A dialog that needs more than the row of a panel: it reads the task's page."""

import time
from typing import Generic, TypeVar
from uuid import UUID

from absurd_tui.observe.records import ReadAt, Refusal, TaskRow
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import Request
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.frame import TaskDialog, find
from absurd_tui.ui.messages import PageWanted
from absurd_tui.ui.watch import Watch

Asked = TypeVar("Asked", bound=Request)


class InformedDialog(TaskDialog[Asked], Generic[Asked]):
    """Asks for the page when it opens, after a new look, and once the panels have the task no more.

    Its text keeps room for the answer, so that nothing jumps. `page` is None until it was read, and `trouble` says why
    it was not; a page without its checkpoints is none where the text is about those. `is_gone` says that the task was
    found to be no more.
    """

    NEEDS_CHECKPOINTS = True

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock, read_at: float) -> None:
        super().__init__(watch, row, seen, read_at)
        self.page: TaskPage | None = None
        self.trouble = Plain("")
        self.is_gone = False
        self._asked_at = read_at

    def on_mount(self) -> None:
        """Ask for the page."""
        self.ask_page()

    def ask_page(self) -> None:
        """Ask for the page, for the first time or again."""
        self._asked_at = time.monotonic()
        self.post_message(PageWanted(self))

    def repaint(self) -> None:
        """Show what is true now, and ask for the page where the newest reading has left the task out."""
        snapshot = self.watched.newest
        is_newer = snapshot is not None and snapshot.rows_read.ticks > self._asked_at
        if snapshot is not None and is_newer and find(snapshot, self.row) is None:
            self.ask_page()
        super().repaint()

    @property
    def queue(self) -> str:
        """The queue of the task."""
        return self.row.queue

    @property
    def task_id(self) -> UUID:
        """The task's id."""
        return self.row.task_id

    def take_page(self, page: TaskPage | None) -> None:
        """Take the page, or that the task is no more."""
        refusal = page.checkpoints_refusal if page is not None and self.NEEDS_CHECKPOINTS else None
        self.is_gone = page is None
        if page is None:
            self._take(None, plain("the task is no longer in the database"))
        elif refusal is not None:
            self.take_refusal(refusal)
        else:
            self._take(page, Plain(""))

    def take_refusal(self, refusal: Refusal) -> None:
        """Take why it could not be read."""
        self._take(None, say("not read: {reason}", reason=refusal.reason.rstrip(".")))

    def let_go(self) -> None:
        """Ask again: what took its place, such as the page below, asks only once a second."""
        self.ask_page()

    def newest(self) -> tuple[TaskRow, ReadAt] | None:
        """Give the task as it was read last: with its page, or with a later snapshot."""
        found, page = super().newest(), self.page
        row = row_of(page) if page is not None and page.taken > self.read_at else None
        if page is None or row is None or (found is not None and found[1].ticks > page.taken):
            return found
        return row, page.read

    def hindrance(self) -> Plain:
        """A task that is no more is no target of anything."""
        hindrance = super().hindrance()
        return plain("The task is no longer in the database.") if self.is_gone and not hindrance else hindrance

    def look_again(self) -> None:
        """Look again also at the page."""
        super().look_again()
        self.ask_page()

    def _take(self, page: TaskPage | None, trouble: Plain) -> None:
        self.page, self.trouble = page, trouble
        if self.is_current:  # not when it was answered meanwhile
            self.repaint()
