"""Have pg_cron keep a queue up, or no longer: which jobs it has, and which come or go."""

from collections.abc import Iterator, Sequence

from textual.binding import Binding

from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.storage import suffix
from absurd_tui.operations.pg_cron import NO_LOCK_LIMIT, NOT_THERE, job, own_jobs
from absurd_tui.operations.queue_requests import SwitchCron
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CRON_OFF, CRON_ON
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog
from absurd_tui.ui.dialogs.text import Choice, Paragraph, Piece, point, reserved, warning

_ROWS = 8


class CronDialog(QueueDialog[SwitchCron]):
    """Shows the queue's own jobs; those of all queues are no matter of this one."""

    BINDINGS = [Binding("enter", "confirm", show=False)]
    FIELD_ROWS = 0
    IS_ON = True
    HEAD = ""

    def text(self) -> Sequence[Piece]:
        """Say what comes or goes."""
        pieces = list(self._pieces(self.facts)) if self.facts is not None else [point(plain("Reading its jobs."))]
        return [Paragraph(plain(self.HEAD), "strong"), *reserved(pieces, _ROWS, INNER_WIDTH)]

    def _pieces(self, facts: QueueFacts) -> Iterator[Piece]:
        """Say it of what was read."""
        raise NotImplementedError

    @property
    def own(self) -> tuple[str, ...]:
        """The queue's own jobs as they were read, in the order of their names."""
        jobs = self.facts.cron.jobs if self.facts is not None else None
        return tuple(sorted(job(each.name, each.schedule) for each in jobs or () if suffix(self.queue) in each.name))

    @property
    def general(self) -> int:
        """How many jobs there are that go through all queues."""
        jobs = self.facts.cron.jobs if self.facts is not None else None
        return sum("all" in each.name.split("_") for each in jobs or ())

    def hindrance(self) -> Plain:
        """Without pg_cron nothing runs jobs."""
        if (hindrance := super().hindrance()) or self.facts is None:
            return hindrance
        cron = self.facts.cron
        if not cron.is_there:
            return cut_words(plain(NOT_THERE.reason), 2 * INNER_WIDTH - 10)
        if cron.jobs is None:
            return plain("The jobs of pg_cron may not be read by this role.")
        return Plain("")

    def act(self) -> Choice:
        """Do it, where there is something to do."""
        return Choice("enter", plain(self._label), self.is_awake and self._has_effect)

    @property
    def _label(self) -> str:
        return "enable cron" if self.IS_ON else "disable cron"

    @property
    def _has_effect(self) -> bool:
        if self.facts is None:
            return False
        return not set(own_jobs(self.queue)) <= set(self.own) if self.IS_ON else bool(self.own)

    def request(self) -> SwitchCron:
        """Ask for it."""
        assert self.facts is not None
        return SwitchCron(self.queue, self.facts.created_at, self.IS_ON, self.own)


class EnableCronDialog(CronDialog):
    """The three jobs that Absurd makes for one queue."""

    COMMAND = CRON_ON
    TITLE_TEXT = "Enable cron"
    KEEP = "leave it to others"
    HEAD = "pg_cron makes partitions, cleans up and detaches in this queue."

    def _pieces(self, facts: QueueFacts) -> Iterator[Piece]:
        if not self._has_effect:
            yield point(plain("Its three jobs are there; nothing would change."))
        else:
            yield point(plain("Every hour: partitions at 5 past, clean-up at 17 past, detach plans at 29 past."))
            yield point(plain("Clean-up deletes what its policy no longer keeps, for good."))
            if facts.is_partitioned:
                yield warning(plain(NO_LOCK_LIMIT))
        if self.own and self._has_effect:
            yield warning(say("Replaced, with their schedules: {jobs}", jobs=", ".join(self.own)))
        if self.general:
            yield point(plain("Jobs for all queues are there too, and do the same here."))


class DisableCronDialog(CronDialog):
    """The queue's own jobs go, those of all queues stay."""

    COMMAND = CRON_OFF
    TITLE_TEXT = "Disable cron"
    KEEP = "keep the jobs"
    IS_ON = False
    HEAD = "pg_cron no longer keeps this queue up, as far as its own jobs go."

    def _pieces(self, facts: QueueFacts) -> Iterator[Piece]:
        if not self.own:
            yield point(plain("pg_cron has no job of its own for this queue that this role may see."))
        else:
            yield point(say("These go: {jobs}", jobs=", ".join(self.own)))
            if facts.is_partitioned and not self.general:
                yield warning(plain("Nobody makes partitions ahead then; once they end, rows go to the default one."))
        if self.general:
            yield point(plain("Jobs for all queues stay, and go on in this one."))
