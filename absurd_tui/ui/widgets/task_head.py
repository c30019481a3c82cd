"""The head of a task's page: its state and why, and the bar that names it."""

from uuid import UUID

from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.why import Clock, why
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, spread, trail_of, width_of

_MIDDLE = 116
_TEXT_AT = 13


class TaskWhy(Lines):
    """Two lines in the verdict's place: the task's state and why it is so, or that it cannot be read."""

    def __init__(self) -> None:
        super().__init__(id="task-why")
        self._row: TaskRow | None = None
        self._clock: Clock | None = None
        self._trouble: tuple[Plain, Plain] | None = None
        self._note = Plain("")
        self._last_claim: float | None = None

    def show(
        self,
        row: TaskRow | None,
        clock: Clock | None,
        trouble: tuple[Plain, Plain] | None,
        last_claim: float | None = None,
    ) -> None:
        """Tell about this task, where it was read; `trouble` says in two sentences why it cannot be read.

        `last_claim` is when a claim was last seen in its queue, where that is known.
        """
        self._row, self._clock, self._trouble, self._last_claim = row, clock, trouble, last_claim
        self.repaint()

    def note(self, said: Plain) -> None:
        """Say something in place of the second sentence, such as why a key does nothing; empty text ends it."""
        self._note = said
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the two lines."""
        if self._trouble is not None:
            label, role = plain("? UNKNOWN"), "caution"
            first, second = self._trouble
        elif self._row is not None and self._clock is not None:
            state = self._row.state
            label, role = plain(f"{STATE_GLYPHS[state]} {state.value.upper()}"), _label_role(state)
            first, second = why(self._row, self._clock, self._last_claim)
        else:
            return []
        room = width - _TEXT_AT - 1
        head = fit(((blank(1), ""), (label, role)), _TEXT_AT)
        then: Span = (cut_words(self._note, room), "strong") if self._note else (cut_words(second, room), "")
        return [
            Line(fit((*head, (cut_words(first, room), "strong")), width)),
            Line(fit(((blank(_TEXT_AT), ""), then), width)),
        ]


def _label_role(state: State) -> str:
    return {State.FAILED: "alarm", State.COMPLETED: "well"}.get(state, state.value)


class TaskBar(Lines):
    """One line: where we are, the task's name and its full id."""

    def __init__(self) -> None:
        super().__init__(id="task-bar")
        self._place: tuple[str, UUID] | None = None
        self._row: TaskRow | None = None
        self._clock: Clock | None = None
        self._as_of = Plain("")
        self._below: tuple[Plain, ...] = ()

    def show(
        self,
        queue: str,
        task_id: UUID,
        row: TaskRow | None,
        clock: Clock | None,
        as_of: Plain,
        below: tuple[Plain, ...] = (),
    ) -> None:
        """Show this task, and its row where it was read; `as_of` is not empty when it is not being read any more.

        `below` leads to the screen that it was opened on.
        """
        self._place, self._row, self._clock, self._as_of, self._below = (queue, task_id), row, clock, as_of, below
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line; the name gives way to the id."""
        if self._place is None or self._clock is None:
            return [Line((), "bar")]
        is_wide = width >= _MIDDLE
        row, queue, full = self._row, self._place[0], str(self._place[1])
        right = self._right(row, self._clock) if row is not None and (is_wide or self._as_of) else []
        left: list[Span] = [(blank(1), "")]
        own = cut_words(plain(queue), 24)
        crumbs = self._below if is_wide else ()
        crumbs = crumbs if own in crumbs else (*crumbs, own)
        left += [(trail_of(crumbs), "muted"), (plain(" › "), "muted")]
        tail: list[Span] = [(blank(2), ""), (plain(full[:-8]), "muted"), (plain(full[-8:]), "bold")]
        room = width - width_of(left) - width_of(tail) - width_of(right) - 1
        if room < 12:
            tail = [(blank(2), ""), (plain(full[-8:]), "bold")]
            room = width - width_of(left) - width_of(tail) - width_of(right) - 1
        name = plain(row.task_name) if row is not None else plain("a task")
        left += [(cut_words(name, max(8, room)), "strong"), *tail]
        return [Line(spread(left, right, width), "bar")]

    def _right(self, row: TaskRow, clock: Clock) -> list[Span]:
        if self._as_of:
            return [(self._as_of, "warning"), (blank(1), "")]
        attempt = f"attempt {row.attempt}" + (f" of {row.max_attempts}" if row.max_attempts is not None else "")
        said = f"spawned {clock.ago(row.enqueued_at)} ago"
        return [(plain(said), ""), (blank(3), ""), (plain(attempt), ""), (blank(1), "")]
