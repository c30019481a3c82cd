"""The blocks of a task's page that are lines: the timeline, the facts, the failure, and the bar over its JSON."""

from collections.abc import Sequence
from uuid import UUID

from textual import events
from textual.binding import Binding
from textual.message import Message

from absurd_tui import units
from absurd_tui.observe.family import Family
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_records import WHOLE_CHARACTERS, Attempt, Document, TaskPage
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.block import Block, heading
from absurd_tui.ui.widgets.failure_lines import failure_lines
from absurd_tui.ui.widgets.family_table import relations
from absurd_tui.ui.widgets.lanes import Lane, lanes
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, spread
from absurd_tui.ui.widgets.task_facts import Fact, fact_lines
from absurd_tui.ui.widgets.timeline import MIDDLE, Gap, chart_at, range_text, shown_rows, timeline_lines

_FEW = 8
_TOOK_AT = 17


class TaskBlock(Block):
    """A block about a task, with one of its attempts chosen."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.page: TaskPage | None = None
        self.chosen: Attempt | None = None
        self.clock: Clock | None = None

    def show(self, page: TaskPage | None, chosen: Attempt | None, clock: Clock | None, *, is_stale: bool) -> None:
        """Show this page."""
        self.page, self.chosen, self.clock, self.is_stale = page, chosen, clock, is_stale
        self.repaint()


class TimelineBlock(TaskBlock):
    """The attempts over time; up and down choose one."""

    BINDINGS = [
        Binding("down,j", "choose(1)", show=False),
        Binding("up,k", "choose(-1)", show=False),
    ]

    class Picked(Message):
        """An attempt was chosen, by `by` places from the one that was, or by its run."""

        def __init__(self, by: int = 0, run_id: UUID | None = None) -> None:
            super().__init__()
            self.by = by
            self.run_id = run_id

    @property
    def wanted_height(self) -> int:
        """How many lines there are to show: the title if it has one, the axis, the attempts, the legend."""
        return self.shows_title + 2 + max(1, len(self.rows))

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Give the name, the columns' labels and the time that is shown."""
        left: list[Span] = [*heading("1", "Timeline")]
        if self.page is None or self.clock is None:
            return left, ()
        if width >= MIDDLE:
            labels = fit(((plain("took  worker"), "muted"),), chart_at(width) - _TOOK_AT)
            left = [*fit(left, _TOOK_AT - 1), *labels]
        return [*left, (range_text(self.page, self.clock), "muted")], ()

    @property
    def rows(self) -> Sequence[Lane | Gap]:
        """The rows under the axis."""
        if self.page is None or self.clock is None:
            return ()
        return shown_rows(lanes(self.page, self.clock.now), self.chosen.run_id if self.chosen else None)

    def body(self, width: int) -> Sequence[Line]:
        """Make the axis, the attempts and the legend."""
        if self.page is None or self.clock is None:
            return []
        return timeline_lines(self.page, self.clock, width, self.chosen.run_id if self.chosen else None)

    def action_choose(self, by: int) -> None:
        """Choose the attempt before or after."""
        self.post_message(self.Picked(by=int(by)))

    def on_click(self, event: events.Click) -> None:
        """Choose the attempt that was clicked."""
        rows, at = self.rows, event.y - self.shows_title - 1
        row = rows[at] if 0 <= at < len(rows) else None
        if isinstance(row, Lane):
            self.post_message(self.Picked(run_id=row.attempt.run_id))


class FactsBlock(TaskBlock):
    """What is so of the task and of the chosen attempt."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._relations: Sequence[Fact] = ()

    def relate(self, family: Family | None, refusal: Refusal | None) -> None:
        """Tell of the task's parents and children as they were found, or why they were not."""
        self._relations = relations(family, refusal)

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Give the name."""
        return heading("2", "Facts"), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make the facts."""
        if self.page is None or self.clock is None:
            return []
        return fact_lines(self.page, self.chosen, self.clock, width, self._relations)


class FailureBlock(TaskBlock):
    """Why the chosen attempt failed."""

    BINDINGS = [Binding("enter", "fold", show=False)]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.number = "4"
        self._reason: Document | None = None
        self._is_unfolded = False
        self._made: tuple[Document, int, bool, list[Line]] | None = None

    def explain(self, reason: Document | None) -> None:
        """Show this reason of the chosen attempt."""
        if reason != self._reason:
            self._reason = reason
            self.to_top()
            self.repaint()

    def title(self, width: int) -> tuple[Sequence[Span], Sequence[Span]]:
        """Give the attempt and its times; the others at the right."""
        run, clock = self.chosen, self.clock
        if run is None or clock is None or self.page is None:
            return heading(self.number, "Failure"), ()
        if self.number:
            when = f", {clock.at(run.ended_at)}" if run.ended_at is not None else ""
            left = (*heading(self.number, "Failure"), (plain(f"attempt {run.attempt}{when}"), "muted"))
            return left, _choice(self.page, run)
        state: Span = (plain(f"{STATE_GLYPHS[run.state]} {run.state.value}"), run.state.value)
        return (
            (plain(f"Attempt {run.attempt}"), "strong"),
            (blank(2), ""),
            state,
            (blank(2), ""),
            (_when(run, clock), ""),
        ), ()

    def body(self, width: int) -> Sequence[Line]:
        """Make the lines of the reason, or say that there is none."""
        if self.chosen is None:
            return []
        if self._reason is None:
            return [Line(((blank(1), ""), (_no_failure(self.chosen), "muted")))]
        key = (self._reason, width, self._is_unfolded)
        if self._made is None or self._made[:3] != key:
            self._made = (*key, failure_lines(self._reason, width, unfolded=self._is_unfolded))
        return self._made[3]

    def action_fold(self) -> None:
        """Unfold the frames of libraries, or fold them again."""
        self._is_unfolded = not self._is_unfolded
        self.repaint()


def _choice(page: TaskPage, run: Attempt) -> tuple[Span, ...]:
    if len(page.runs) < 2:
        return ()
    if len(page.runs) > _FEW:
        return ((plain(f"‹ {run.attempt} of {page.runs[-1].attempt} ›"), "muted"),)
    spans: list[Span] = [(plain("‹ "), "muted")]
    for one in page.runs:
        spans.append((plain(f"{one.attempt} "), "strong" if one.run_id == run.run_id else "muted"))
    return (*spans, (plain("›"), "muted"))


def _when(run: Attempt, clock: Clock) -> Plain:
    on = say(", on {worker}", worker=run.worker) if run.worker else Plain("")
    if run.started_at is None:
        return plain("not started yet")
    if run.ended_at is None:
        return say("since {at}", at=clock.at(run.started_at)) + on
    took = units.duration(run.ended_at - run.started_at)
    return say("{start} to {end}, {took}", start=clock.at(run.started_at), end=clock.at(run.ended_at), took=took) + on


def _no_failure(run: Attempt) -> Plain:
    if run.state is State.FAILED:
        return plain("No reason was stored.")
    if run.state is State.COMPLETED:
        return plain("Completed; 5 and t show its result.")
    if run.state is State.CANCELLED:
        return plain("Cancelled; it did not fail.")
    return plain("It has not failed.")


class DocumentBar(Lines):
    """The title bar over a JSON document: the documents there are, and the size of the one that is shown."""

    def __init__(self) -> None:
        super().__init__(id="document-bar")
        self.number = "5"
        self._names: tuple[Plain, ...] = ()
        self._shown = 0
        self._size_words = Plain("")
        self._is_focused = False

    def show(self, names: Sequence[Plain], shown: int, size: Plain, *, is_focused: bool) -> None:
        """Show these names, of which one is the document's."""
        self._names, self._shown, self._size_words, self._is_focused = tuple(names), shown, size, is_focused
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line."""
        spans: list[Span] = [(blank(1), "")]
        spans += [(plain(self.number), "muted"), (blank(1), "")] if self.number else []
        for number, name in enumerate(self._names):
            spans += [(name, "strong" if number == self._shown else "muted"), (blank(2), "")]
        bar = spread(spans, ((self._size_words, "muted"), (blank(1), "")), width)
        return [Line(bar, "bar-focus" if self._is_focused else "bar")]


def size_of(document: Document | None) -> Plain:
    """Say how large a document is: the bytes of its text, or what is stored where only a part of it is here."""
    if document is None:
        return plain("none")
    if document.is_whole and document.text is not None:
        return plain(units.size(len(document.text.encode("utf-8", "replace"))))
    return say("{size} stored", size=units.size(document.size))


def note_of(document: Document | None, *, is_loading: bool) -> Plain | None:
    """Say what is missing of a document, or None where all of it is here."""
    if document is None or document.is_whole:
        return None
    if is_loading:
        return plain("Loading.")
    if document.text is None:
        return say("{size} stored. o loads it. O opens it in a pager.", size=units.size(document.size))
    shown = units.size(len(document.text))
    more = "" if len(document.text) >= WHOLE_CHARACTERS else "o loads up to 8 MB, "
    return say("Only the first {shown} of it. {more}O opens all of it in a pager.", shown=shown, more=more)
