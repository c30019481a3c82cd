"""Retry a failed task: in place, or as a new task; in place only where the next claim would not destroy it."""

from collections.abc import Sequence

from textual.binding import Binding

from absurd_tui import units
from absurd_tui.observe.records import TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.operations.preflight import whole_seconds, would_be_lost
from absurd_tui.operations.requests import RetryTask
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import RETRY
from absurd_tui.ui.cells import cut_middle, cut_words, width
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.informed import InformedDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Fixed, Paragraph, Piece, reserved
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank

_MOST_EXTRA = 100
_STEPS_NAMED = 3
_LIMITED_ROWS = 5
"""What in place is, while it may come to be lost."""
_INDENT = 5
_ROOM = INNER_WIDTH - _INDENT


class RetryDialog(InformedDialog[RetryTask]):
    """Offers the two ways, and blocks the one that would lose the task, also when that comes to be so meanwhile."""

    BINDINGS = [
        Binding("enter", "confirm", show=False),
        Binding("up,down,k,j", "turn", show=False),
        Binding("plus,right", "more(1)", show=False),
        Binding("minus,left", "more(-1)", show=False),
    ]
    COMMAND = RETRY
    TITLE_TEXT = "Retry task"
    KEEP = "leave it failed"

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock, read_at: float) -> None:
        super().__init__(watch, row, seen, read_at)
        self._extra = 1
        self._as_new = self._is_lost_in_place

    @property
    def _is_lost_in_place(self) -> bool:
        return would_be_lost(self.row.first_started_at, self.row.max_duration, self.clock.now)

    def text(self) -> Sequence[Piece]:
        """Describe both ways."""
        return [*self._in_place(), BLANK, *self._anew()]

    def _in_place(self) -> list[Piece]:
        lost = self._is_lost_in_place
        attempt = self.row.attempt + 1
        last = max(self.row.max_attempts or 0, self.row.attempt) + self._extra
        about = plain(f"same task, attempt {attempt} of {last}")
        head = _way("In place", about, is_chosen=not self._as_new, is_blocked=lost)
        if lost:
            first = self.row.first_started_at or self.clock.now
            why = say(
                "Would be lost: max_duration is {limit} and the task first started {ago} ago. The next claim"
                " cancels it before a worker runs it, and a cancelled task cannot be retried.",
                limit=units.duration(self._limit or 0),
                ago=self.clock.ago(first),
            )
            said: list[Piece] = [head, _indented(why, "warning")]
            if not self._as_new:
                said.append(_line(plain("In place it is too late; ↓ chooses a new task.")))
            return reserved(said, _LIMITED_ROWS, INNER_WIDTH)
        extra = plain(f"+ and - change the extra attempts: {self._extra}.")
        return [head, *(_line(said) for said in (*self._kept(), *self._time_left(), extra))]

    @property
    def _limit(self) -> int | None:
        return whole_seconds(self.row.max_duration)

    @property
    def _steps(self) -> list[str] | None:
        """The names of the checkpoints that a worker would be given, oldest first; None where they were not read."""
        if self.page is None:
            return None
        return [step.checkpoint_name for step in self.page.checkpoints if step.status == "committed"]

    def _kept(self) -> tuple[Plain, Plain]:
        steps = self._steps
        after = plain("What comes after them runs again.")
        if steps is None:
            return say("Keeps the checkpoints that it has; {why}.", why=self.trouble or plain("reading which")), after
        if not steps:
            return plain("No checkpoint was saved, so there is none to keep."), plain("Everything runs again.")
        is_cut = self.page is not None and self.page.has_more_checkpoints
        count = plain(f"{'more than ' if is_cut else ''}{units.plural(len(steps), 'checkpoint')}")
        return say("Keeps {count} ({names}).", count=count, names=_names(steps, _ROOM - len(count.text) - 10)), after

    def _time_left(self) -> list[Plain]:
        """Say until when a worker may have it: a retry in place does not begin its max_duration anew."""
        if self._limit is None or self.row.first_started_at is None:
            return []
        left = units.time_left(self.row.first_started_at + self._limit - self.clock.now)
        return [plain(f"In {left} max_duration is over: the next claim cancels it.")]

    def _anew(self) -> list[Piece]:
        said = (
            "Starts from nothing: no checkpoint is kept, every step runs again. Same params, headers, retry strategy"
            " and cancellation; no idempotency key. A header names the old task, which stays failed."
        )
        head = _way("As a new task", Plain(""), is_chosen=self._as_new, is_blocked=False)
        again = plain("Each retry as new makes another task.")
        last = self.watched.retried_as_new.get(self.row.key)
        if last is not None:
            again += say(" The last one was {ago} ago.", ago=self.clock.ago(last))
        is_warning = self._as_new or last is not None
        return [head, _indented(plain(said)), _indented(again, "warning" if is_warning else "")]

    def act(self) -> Choice:
        """Retry, one way or the other."""
        if self._as_new:
            return Choice("enter", plain("retry as a new task"), self.is_awake)
        return Choice("enter", plain("retry in place"), self.is_awake and not self._is_lost_in_place)

    def request(self) -> RetryTask:
        """Ask for the retry."""
        return RetryTask(self.target, as_new=self._as_new, extra_attempts=self._extra)

    def action_turn(self) -> None:
        """Choose the other way, unless it would lose the task."""
        self._as_new = not self._as_new or self._is_lost_in_place
        self.repaint()

    def action_more(self, by: int) -> None:
        """Allow more or fewer extra attempts."""
        self._extra = max(1, min(_MOST_EXTRA, self._extra + int(by)))
        self.repaint()


def _way(name: str, about: Plain, *, is_chosen: bool, is_blocked: bool) -> Fixed:
    role = "struck" if is_blocked else "strong" if is_chosen else ""
    mark: Span = (plain("(•)" if is_chosen else "( )"), "strong" if is_chosen else "muted")
    return Fixed((mark, (blank(1), ""), (plain(name), role), (blank(2), ""), (about, "muted")))


def _line(text: Plain) -> Fixed:
    return Fixed(((blank(_INDENT), ""), (cut_words(text, _ROOM), "")))


def _names(steps: Sequence[str], room: int) -> Plain:
    """Name the last few steps, as many as have room in a number of cells: the retry goes on after them."""
    for count in range(min(_STEPS_NAMED, len(steps)), 0, -1):
        lead = "…, " if len(steps) > count else ""
        named = plain(lead + ", ".join(steps[-count:]))
        if width(named) <= room:
            return named
    return plain(lead) + cut_middle(plain(steps[-1]), room - len(lead))


def _indented(text: Plain, role: str = "") -> Paragraph:
    mark = plain("   !") if role else plain("    ")
    return Paragraph(text, role, mark, "caution")
