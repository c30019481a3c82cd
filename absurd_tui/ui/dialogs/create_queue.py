"""Create a queue: a name, and how it is stored."""

from collections.abc import Iterator, Sequence

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui.observe.why import Clock
from absurd_tui.operations.create_queue import MOST_NAME_BYTES, PARTITIONED, UNPARTITIONED, refusal
from absurd_tui.operations.queue_requests import CreateQueue
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CREATE_QUEUE
from absurd_tui.ui.dialogs.hidden_characters import hidden
from absurd_tui.ui.dialogs.one_of import OneOf
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Paragraph, Piece, point, reserved
from absurd_tui.ui.watch import Watch

_ABOUT_ROWS = 4
_STORED = {
    UNPARTITIONED: ("One table of each kind. Clean-up deletes old tasks row by row.",),
    PARTITIONED: (
        "Tables by week; old ones can be taken off whole.",
        "Somebody must make the weeks to come: absurd.ensure_partitions, or pg_cron by absurd.enable_cron.",
    ),
}


class CreateQueueDialog(QueueDialog[CreateQueue]):
    """Asks for a name; one that is there already is told before anything is sent."""

    BINDINGS = [Binding("enter", "confirm", show=False)]
    COMMAND = CREATE_QUEUE
    TITLE_TEXT = "Create queue"
    KEEP = "create nothing"
    NEEDS_FACTS = False
    FIELD_ROWS = 3

    def __init__(self, watch: Watch, seen: Clock) -> None:
        super().__init__(watch, "", seen)

    def fields(self) -> Iterator[Widget]:
        """The name, and below it how the queue is stored."""
        yield Input(id="dialog-queue", max_length=MOST_NAME_BYTES + 1, compact=True, disabled=True)
        yield OneOf(tuple(_STORED), id="dialog-mode")

    @property
    def _typed(self) -> str:
        return self.query_one(Input).value

    def text(self) -> Sequence[Piece]:
        """Say what is asked for."""
        return [Paragraph(plain("A queue's name, then how it is stored (tab, ← →):"), "strong")]

    def notes(self) -> Sequence[Piece]:
        """Say what is wrong with the name, or what the chosen way to store it means."""
        wrong = self._wrong() if self._typed else Plain("")
        about: list[Piece] = [Paragraph(wrong, "failed", plain("✗"), "alarm")] if wrong else []
        about += [point(plain(said)) for said in _STORED[self.query_one(OneOf).chosen]]
        return [BLANK, *reserved(about, _ABOUT_ROWS, INNER_WIDTH)]

    def _wrong(self) -> Plain:
        name = self._typed
        if reason := refusal(name):
            return plain(reason)
        if hidden(name):
            return plain("The name holds a character that cannot be seen.")
        newest = self.watched.newest
        if newest is not None and newest.queue(name) is not None:
            return say("There is a queue {name} already.", name=name)
        return Plain("")

    def _target(self) -> list[Piece]:
        return super()._target()[2:]

    def act(self) -> Choice:
        """Create it."""
        return Choice("enter", plain("create the queue"), self.is_awake and not self._wrong())

    def request(self) -> CreateQueue:
        """Ask for the queue."""
        return CreateQueue(self._typed, self.query_one(OneOf).chosen)

    def on_one_of_chosen(self, event: OneOf.Chosen) -> None:
        """Say what it means."""
        self.repaint()
