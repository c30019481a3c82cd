"""A task's page as one of several: it knows the task's parents and children, and goes to their pages and back."""

from absurd_tui.observe.family import Relative
from absurd_tui.observe.task_records import TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain
from absurd_tui.ui.kin import Kin
from absurd_tui.ui.looks import LookWanted
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.family_table import family_notes, family_title, number_of
from absurd_tui.ui.widgets.record_table import RecordTable

_MOST_ROWS = 3


class RelatingScreen(ActingScreen):
    """A page of a task; its table of relatives has the id `family`."""

    def __init__(self, watch: Watch, opened: TaskOpened) -> None:
        super().__init__(watch)
        self.queue = opened.queue
        self.task_id = opened.task_id
        self.key = (opened.queue, opened.task_id)
        self.trail = opened.trail
        self._kin = Kin(opened.queue, opened.task_id, self.trail[-1][1] if self.trail else None, self.lay_out)

    def lay_out(self) -> None:
        """Share the room out among what is known now, and show it."""
        raise NotImplementedError

    def look_for_family(self, page: TaskPage | None, ticks: float) -> None:
        """Look for parents and children where it is time, as long as the page is on top."""
        if page is not None and self._watch.is_live and self.app.screen is self and self._kin.begins(page, ticks):
            self.post_message(LookWanted(self._kin))

    @property
    def family_height(self) -> int:
        """How many lines the table takes beside other blocks, with the blank one above."""
        found = self._kin.family.relatives if self._kin.family is not None else ()
        return 2 + min(_MOST_ROWS, len(found) or _MOST_ROWS)

    @property
    def has_family(self) -> bool:
        """Whether anybody was found."""
        return self._kin.family is not None and bool(self._kin.family.relatives)

    @property
    def family_number(self) -> str:
        """How many were found."""
        return number_of(self._kin.family)

    @property
    def _family_table(self) -> RecordTable[Relative]:
        return self.query_one("#family", RecordTable)

    def show_family(self, clock: Clock | None, as_of: Plain, *, is_old: bool, has_title: bool) -> None:
        """Show who was found."""
        family = self._kin.family
        self._family_table.show(
            family.relatives if family is not None else (),
            Sight(clock) if clock is not None and family is not None else None,
            family_title(family, as_of) if has_title else None,
            notes=family_notes(family, self._kin.refusal),
            is_stale=is_old,
        )
        self._family_table.mark_known()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Go to the page of a relative: where that is the one that led here, back to it."""
        one = event.record
        if not isinstance(one, Relative):
            return
        there, here = (one.task.queue, one.task.task_id), (self.queue, self.task_id)
        if self.trail[-1:] == (there,):
            self.action_back()
        else:
            self.post_message(TaskOpened(*there, trail=(*self.trail, here)))

    def action_back(self) -> None:
        """Go back to where the task was opened: the page of a relative, or what is below."""
        if self.trail:
            self.post_message(TaskOpened(*self.trail[-1], trail=self.trail[:-1]))
        else:
            self.dismiss()
