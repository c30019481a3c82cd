"""Have old, empty partitions of a queue detached and dropped by pg_cron: which, and that this is for good."""

from collections.abc import Iterator, Sequence

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.operations.detach import NOT_PARTITIONED
from absurd_tui.operations.pg_cron import NO_LOCK_LIMIT, NOT_THERE
from absurd_tui.operations.queue_requests import DetachPartitions
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import DETACH
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog, typed_name
from absurd_tui.ui.dialogs.text import Choice, Paragraph, Piece, point, reserved, warning

_ROWS = 9
_NAMED = 4
_NAME_CELLS = 40
_MOST_TYPED = 240


class DetachDialog(QueueDialog[DetachPartitions]):
    """Names the partitions; in production the queue's name is typed."""

    BINDINGS = [Binding("y", "say_yes", show=False)]
    COMMAND = DETACH
    TITLE_TEXT = "Detach partitions"
    KEEP = "keep them"
    IS_FINAL = True

    def fields(self) -> Iterator[Widget]:
        """In production the name is typed."""
        if self.watched.is_production:
            yield Input(id="dialog-queue", max_length=_MOST_TYPED, compact=True, disabled=True)

    def text(self) -> Sequence[Piece]:
        """Say which, and how it goes on."""
        head = Paragraph(plain("Old partitions without a row are detached, and dropped for good."), "strong")
        pieces: list[Piece] = [head, *reserved([*map(point, self._points()), *self._warnings()], _ROWS, INNER_WIDTH)]
        if self.watched.is_production:
            name = cut_middle(plain(typed_name(self.queue)), _NAME_CELLS)
            pieces.append(Paragraph(say("Type {name}, the queue's name, to detach them:", name=name)))
        return pieces

    def _points(self) -> Iterator[Plain]:
        facts = self.facts
        if facts is None:
            yield plain("Reading which are old and empty.")
            return
        if facts.detachable is None:
            yield plain("Which are empty cannot be read by this role.")
        elif not facts.detachable:
            mode, age = facts.value("detach_mode"), facts.value("detach_min_age")
            yield say(
                "None is. The policy: detach_mode {mode}, detach_min_age {age}.",
                mode=mode or units.UNKNOWN,
                age=age or units.UNKNOWN,
            )
        else:
            number = units.plural(len(facts.detachable), "table")
            named = ", ".join(facts.detachable[:_NAMED])
            more = ", …" if len(facts.detachable) > _NAMED else ""
            yield say("{number}: {named}{more}", number=number, named=named, more=more)
            yield plain(
                "Absurd makes two jobs for the oldest of each kind, which pg_cron runs every minute until done."
            )
            yield plain("The next ones are made when these are through.")

    def _warnings(self) -> Iterator[Piece]:
        if self.facts is not None and self.facts.detachable:
            yield warning(plain(NO_LOCK_LIMIT))

    def hindrance(self) -> Plain:
        """Only a queue that is partitioned has any, and only pg_cron detaches them."""
        if (hindrance := super().hindrance()) or self.facts is None:
            return hindrance
        if not self.facts.is_partitioned:
            return plain(NOT_PARTITIONED.format(queue=self.queue))
        if not self.facts.cron.is_there:
            return cut_words(plain(NOT_THERE.reason), 2 * INNER_WIDTH - 10)
        return Plain("")

    def act(self) -> Choice:
        """Detach those that were named."""
        label = plain("detach and drop them")
        may = self.is_awake and self.facts is not None and bool(self.facts.detachable)
        if not self.watched.is_production:
            return Choice("y", label, may)
        return Choice("enter", label, may and self.query_one(Input).value == typed_name(self.queue))

    def action_say_yes(self) -> None:
        """Confirm where nothing is typed."""
        if not self.watched.is_production:
            self.action_confirm()

    def request(self) -> DetachPartitions:
        """Ask for it."""
        assert self.facts is not None
        return DetachPartitions(self.queue, self.facts.created_at, self.facts.detachable or ())
