"""Retry a failed task: in place, or as a new task; in place only where the next claim would not destroy it."""

from collections.abc import Sequence
from uuid import UUID

from textual.binding import Binding

from absurd_tui import units
from absurd_tui.observe.reasons import whole_seconds
from absurd_tui.observe.records import Refusal, TaskRow
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.operations.preflight import would_be_lost
from absurd_tui.operations.requests import RetryTask
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_middle
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Fixed, Paragraph, Piece, warning
from absurd_tui.ui.messages import PageWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank

_MOST_EXTRA = 100
_STEPS_NAMED = 3
_STEP_CELLS = 24


class RetryDialog(TaskDialog[RetryTask]):
    """Offers the two ways, and blocks the one that would lose the task."""

    BINDINGS = [
        Binding("enter", "confirm", show=False),
        Binding("up,down,k,j", "turn", show=False),
        Binding("plus,right", "more(1)", show=False),
        Binding("minus,left", "more(-1)", show=False),
    ]
    TITLE_TEXT = "Retry task"
    KEEP = "leave it failed"

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock) -> None:
        super().__init__(watch, row, seen)
        self._page: TaskPage | None = None
        self._extra = 1
        self._as_new = would_be_lost(row.first_started_at, row.max_duration, seen.now)

    def on_mount(self) -> None:
        """Ask which steps the task has saved."""
        super().on_mount()
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
        """Take in which steps it has saved."""
        self._page = page
        if self.is_mounted:
            self.repaint()

    def take_refusal(self, refusal: Refusal) -> None:
        """Do without: the dialog says in general what is kept."""

    def let_go(self) -> None:
        """Do without."""

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
            first = self.row.first_started_at or self.seen.now
            limit = whole_seconds(self.row.max_duration) or 0
            return [
                head,
                _indented(
                    say(
                        "Would be lost: max_duration is {limit} and the task first started {ago} ago. The next claim"
                        " cancels it before a worker runs it, and a cancelled task cannot be retried.",
                        limit=units.duration(limit),
                        ago=self.clock.ago(first),
                    ),
                    "warning",
                ),
            ]
        return [head, _indented(self._kept()), _indented(plain(f"+ and - change the extra attempts: {self._extra}."))]

    def _kept(self) -> Plain:
        if self._page is None:
            return plain("Keeps the steps that were saved, and runs again what comes after them.")
        steps = [checkpoint.checkpoint_name for checkpoint in self._page.checkpoints]
        if not steps:
            return plain("No step was saved: it runs again from the start.")
        named = ", ".join(cut_middle(plain(step), _STEP_CELLS).text for step in steps[-_STEPS_NAMED:])
        more = "…, " if len(steps) > _STEPS_NAMED else ""
        return say(
            "Keeps {steps} ({named}), and runs again what comes after.",
            steps=units.plural(len(steps), "step"),
            named=more + named,
        )

    def _anew(self) -> list[Piece]:
        said = (
            "Starts from the first step. Same params, headers, retry strategy and cancellation; no idempotency key,"
            " no link to the old task, which stays failed."
        )
        head = _way("As a new task", Plain(""), is_chosen=self._as_new, is_blocked=False)
        return [head, _indented(plain(said))]

    def notes(self) -> Sequence[Piece]:
        """Warn of what a second press does."""
        return [BLANK, warning(plain("Each retry as new makes another task."))] if self._as_new else []

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


def _indented(text: Plain, role: str = "") -> Paragraph:
    mark = plain("   !") if role else plain("    ")
    return Paragraph(text, role, mark, "caution")
