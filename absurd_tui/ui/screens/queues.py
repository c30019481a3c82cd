"""How each queue is stored and kept up, and all that is known of the one under the cursor."""

from dataclasses import dataclass

from textual.app import ComposeResult

from absurd_tui.observe.looking import Looked
from absurd_tui.observe.storage import StorageReading
from absurd_tui.observe.storage_words import words
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain
from absurd_tui.ui.commands import Scope, bindings
from absurd_tui.ui.looks import Looks
from absurd_tui.ui.screens.reading import Face, ReadingScreen
from absurd_tui.ui.sending import ask_about_queue
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.storage_columns import STORAGE_SHEET, StorageBlock, StoredQueue


@dataclass(frozen=True, slots=True)
class StorageAsked:
    """How are the queues stored?"""

    async def ask(self, source: Looks) -> Looked[StorageReading]:
        """Ask it."""
        return await source.storage()


class QueuesScreen(ReadingScreen[StorageReading]):
    """One line a queue; below, the one under the cursor in full."""

    BINDINGS = [*bindings(Scope.QUEUES, Scope.EVERYWHERE)]
    scope = Scope.QUEUES
    every = 30.0

    def __init__(self, watch: Watch, queue: str | None) -> None:
        super().__init__(watch, queue)
        self._chosen: tuple[str] | None = (queue,) if queue is not None else None
        self._is_chosen_met = queue is None

    @property
    def question(self) -> StorageAsked:
        """Ask for all queues."""
        return StorageAsked()

    def is_refused(self, found: StorageReading) -> bool:
        """What of a queue cannot be read is told beside what can: its size and policy need no right."""
        return False

    def body(self) -> ComposeResult:
        """Put the table over the one queue."""
        yield RecordTable(STORAGE_SHEET, id="stored", classes="reading-table")
        yield StorageBlock()

    def show(self, found: StorageReading | None, sight: Sight | None, face: Face) -> None:
        """Show the queues, and one in full."""
        snapshot = self._watch.snapshot
        rows = [
            StoredQueue(queue, snapshot.queue(queue.name) if snapshot is not None else None)
            for queue in (found.queues if found is not None and sight is not None else ())
        ]
        count = plain("…" if found is None else str(len(rows)))
        title = Title("1", Plain(""), "", plain("Queues"), count, face.alert, face.alert_role, face.as_of)
        self._table.show(rows, sight, title, notes=face.notes, is_stale=face.is_old)
        if rows and not self._is_chosen_met:
            self._is_chosen_met = True
            self._table.point_at(self._chosen)
        row = next((row for row in rows if row.storage.key == self._chosen), None)
        block = self.query_one(StorageBlock)
        if row is None or found is None or sight is None:
            block.show(Plain(""), (), is_stale=face.is_old)
        else:
            told = words(row.storage, row.reading, found.cron, sight.clock)
            block.show(plain(row.storage.name), told, is_stale=face.is_old)

    def about(self, found: StorageReading, clock: Clock) -> tuple[Plain, Plain]:
        """Say what of the queue under the cursor is not as it should be."""
        queue = next((queue for queue in found.queues if queue.key == self._chosen), None)
        if queue is None:
            gone = self._table.cursor_is_gone
            return plain("This queue is no longer there.") if gone else Plain(""), Plain("")
        snapshot = self._watch.snapshot
        reading = snapshot.queue(queue.name) if snapshot is not None else None
        told_of = words(queue, reading, found.cron, clock)
        wrong = [one for role in ("alarm", "warning") for one in told_of if one.role == role]
        told = [plain(f"{one.label}: ") + one.told for one in wrong[:2]]
        first, second = (*told, Plain(""), Plain(""))[:2]
        return first or plain("Nothing about its storage asks for attention."), second

    @property
    def _table(self) -> RecordTable[StoredQueue]:
        return self.query_one("#stored", RecordTable)

    # what the user does

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Show another queue."""
        row = self._table.cursor_record
        if row is not None and self._is_chosen_met:
            self._chosen = row.storage.key
        self.repaint()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Go to all that is known of it."""
        self.set_focus(self.query_one(StorageBlock))

    def action_open(self) -> None:
        """Read on in what is known of the queue under the cursor."""
        self._table.action_choose()

    def action_table(self, name: str) -> None:
        """Go to the queues, or to what is known of one."""
        self.set_focus(self.query_one(f"#{name}"))

    def action_manage(self, command: str) -> None:
        """Ask about the queue under the cursor as a whole, or say why not."""
        queue = self._chosen[0] if self._chosen is not None else None
        otherwise = "No queue is under the cursor; up and down choose one."
        if refused := ask_about_queue(self, self._watch, command, queue, otherwise):
            self.say(refused)

    def action_back(self) -> None:
        """Go back from one queue to all, from there to where this was opened."""
        if self.query_one(StorageBlock).has_focus:
            self.set_focus(self._table)
            if self._chosen is not None:
                self._table.point_at(self._chosen)
        else:
            super().action_back()
