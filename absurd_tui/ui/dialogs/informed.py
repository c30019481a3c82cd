"""A dialog that needs more than the row of a panel: it reads the task's page."""

from typing import Generic, TypeVar
from uuid import UUID

from absurd_tui.observe.records import Refusal, TaskRow
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.task_rows import row_of
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import Request
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.messages import PageWanted
from absurd_tui.ui.watch import Watch

Asked = TypeVar("Asked", bound=Request)


class InformedDialog(TaskDialog[Asked], Generic[Asked]):
    """Asks for the page when it opens and after a new look. Its text keeps room for the answer, so that nothing jumps.

    `page` is None until it was read, and `trouble` says why it was not.
    """

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock, read_at: float) -> None:
        super().__init__(watch, row, seen, read_at)
        self.page: TaskPage | None = None
        self.trouble = Plain("")

    def on_mount(self) -> None:
        """Ask for the page."""
        self.ask_page()

    def ask_page(self) -> None:
        """Ask for the page, for the first time or again."""
        self.post_message(PageWanted(self))

    @property
    def queue(self) -> str:
        """The queue of the task."""
        return self.row.queue

    @property
    def task_id(self) -> UUID:
        """The task's id."""
        return self.row.task_id

    def take_page(self, page: TaskPage | None) -> None:
        """Take the page, or that the task is no more; a page without its checkpoints is none for a dialog."""
        refusal = page.checkpoints_refusal if page is not None else None
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

    def newest(self) -> TaskRow | None:
        """Give the task as it was read last: with its page, or with a later snapshot."""
        found, page, snapshot = super().newest(), self.page, self.watched.newest
        if page is None or page.taken <= self.read_at:
            return found
        is_later = snapshot is not None and snapshot.rows_at > page.taken
        return found if found is not None and is_later else row_of(page)

    def look_again(self) -> None:
        """Look again also at the page."""
        super().look_again()
        self.ask_page()

    def _take(self, page: TaskPage | None, trouble: Plain) -> None:
        self.page, self.trouble = page, trouble
        if self.is_current:  # not when it was answered meanwhile
            self.repaint()
