"""Make the partitions of a queue ahead: which are missing, what happens without them, and how long workers may wait."""

from collections.abc import Iterator, Sequence

from textual.binding import Binding

from absurd_tui import units
from absurd_tui.operations.make_partitions import NOT_PARTITIONED
from absurd_tui.operations.queue_requests import MakePartitions
from absurd_tui.operations.table_locks import HELD_MILLISECONDS, LOCK_MILLISECONDS, TRIES
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import MAKE_PARTITIONS
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog
from absurd_tui.ui.dialogs.text import Choice, Paragraph, Piece, point, reserved

_ROWS = 8


class MakePartitionsDialog(QueueDialog[MakePartitions]):
    """Asks for nothing where nothing is missing."""

    BINDINGS = [Binding("enter", "confirm", show=False)]
    COMMAND = MAKE_PARTITIONS
    TITLE_TEXT = "Make partitions"
    KEEP = "make none"
    FIELD_ROWS = 0

    def text(self) -> Sequence[Piece]:
        """Say what is missing, and what making it means."""
        head = Paragraph(plain("Makes the weekly tables that the policy asks for, and drops none."), "strong")
        return [head, *reserved([point(said) for said in self._points()], _ROWS, INNER_WIDTH)]

    def _points(self) -> Iterator[Plain]:
        facts = self.facts
        if facts is None:
            yield plain("Reading which are missing.")
            return
        weeks = facts.weeks
        if weeks is None:
            return
        back, ahead = facts.value("partition_lookback"), facts.value("partition_lookahead")
        yield say("The policy: {back} back, {ahead} ahead.", back=back or units.UNKNOWN, ahead=ahead or units.UNKNOWN)
        until = self.clock.at(weeks.until) if weeks.until is not None else units.UNKNOWN
        if not weeks.missing:
            yield say("All {n} are there, until {until}: there is nothing to make.", n=str(weeks.wanted), until=until)
            return
        missing = f"{weeks.missing} of {weeks.wanted} are missing"
        yield say("{missing}; then they reach until {until}.", missing=missing, until=until)
        if facts.value("default_partition") == "enabled":
            yield plain(
                "Without one, its rows go to the default partition. Once they are there, PostgreSQL refuses to make it."
            )
        else:
            yield plain("Without one, a spawn in its week fails.")
        held = f"The tables are locked meanwhile, for {HELD_MILLISECONDS // 1000} s at most"
        tries = f"{held}; for that it waits {LOCK_MILLISECONDS} ms at most, {TRIES} times."
        yield plain(tries)

    def hindrance(self) -> Plain:
        """Only a queue that is partitioned has any."""
        hindrance = super().hindrance()
        if not hindrance and self.facts is not None and not self.facts.is_partitioned:
            return plain(NOT_PARTITIONED.format(queue=self.queue))
        return hindrance

    def act(self) -> Choice:
        """Make what is missing."""
        missing = self.facts.weeks.missing if self.facts is not None and self.facts.weeks is not None else 0
        label = f"make {units.plural(missing, 'partition')}" if missing else "make partitions"
        return Choice("enter", plain(label), self.is_awake and bool(missing))

    def request(self) -> MakePartitions:
        """Ask for them."""
        assert self.facts is not None
        assert self.facts.weeks is not None
        return MakePartitions(self.queue, self.facts.created_at, self.facts.weeks.missing)
