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
from absurd_tui.ui.dialogs.gone_through import GoesThrough
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog, typed_name
from absurd_tui.ui.dialogs.text import Choice, Fixed, Paragraph, Piece, point, reserved, warning

_ROWS = 10
_NAMED = 4
_NAME_CELLS = 40
_MOST_TYPED = 240


class DetachDialog(QueueDialog[DetachPartitions], GoesThrough):
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
        pieces: list[Piece] = [head, *reserved(list(self._listed()), _ROWS, INNER_WIDTH)]
        if self.watched.is_production:
            name = cut_middle(plain(typed_name(self.queue)), _NAME_CELLS)
            pieces.append(Paragraph(say("Type {name}, the queue's name, to detach them:", name=name)))
        return pieces

    def _listed(self) -> Iterator[Piece]:
        tables = self._tables
        if not tables:
            yield point(self._why_none())
            return
        number = units.plural(len(tables), "table")
        yield point(plain(f"{self.place} tables; ↑ ↓ go through all of them:" if self.is_longer else f"{number}:"))
        for table in tables[self.in_view]:
            yield Fixed(((plain("  "), ""), (cut_middle(plain(table), INNER_WIDTH - 2), "")))
        for told in (
            "Absurd makes two jobs for the oldest of each kind, which pg_cron runs every minute until done.",
            "The next ones are made when these are through.",
        ):
            yield point(plain(told))
        yield warning(plain(NO_LOCK_LIMIT))

    def _why_none(self) -> Plain:
        facts = self.facts
        if facts is None:
            return plain("Reading which are old and empty.")
        if facts.detachable is None:
            return plain("Which are empty cannot be read by this role.")
        mode, age = facts.value("detach_mode"), facts.value("detach_min_age")
        return say(
            "None is. The policy: detach_mode {mode}, detach_min_age {age}.",
            mode=mode or units.UNKNOWN,
            age=age or units.UNKNOWN,
        )

    @property
    def _tables(self) -> tuple[str, ...]:
        return (self.facts.detachable or ()) if self.facts is not None else ()

    @property
    def length(self) -> int:
        """How many tables are named."""
        return len(self._tables)

    @property
    def most_in_view(self) -> int:
        """How many are named at a time."""
        return _NAMED

    def facts_arrived(self) -> None:
        """Begin with the first of them."""
        self.to_first()

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
        may = self.is_awake and bool(self._tables)
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
        return DetachPartitions(self.queue, self.facts.created_at, self._tables)
