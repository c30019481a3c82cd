"""The why line, the tabs of a narrow screen, and the keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from absurd_tui.observe.records import State, TaskRow
from absurd_tui.observe.why import Clock, why
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_middle, cut_words, wrap
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit, quiet, width_of
from absurd_tui.units import short_id

_MIDDLE = 116
_KEY_CELLS = 60
_APART = 2
"""Cells between two keys of the footer."""


class WhyLine(Lines):
    """About the row under the cursor: which task it is and why it is where it is; a third line where there is room."""

    def __init__(self) -> None:
        super().__init__(id="why")
        self._row: TaskRow | None = None
        self._clock: Clock | None = None
        self._note = Plain("")
        self._is_gone = False
        self._last_claim: float | None = None

    def show(
        self, row: TaskRow | None, clock: Clock | None, last_claim: float | None = None, *, is_gone: bool = False
    ) -> None:
        """Tell about this row of a queue whose last claim was seen then; `is_gone` says that it has left its panel."""
        self._row, self._clock, self._last_claim, self._is_gone = row, clock, last_claim, is_gone
        self.repaint()

    def note(self, said: Plain) -> None:
        """Say something in place of the sentences, such as why a key does nothing; empty text ends it."""
        self._note = said
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the two lines."""
        if self._note:
            first, *rest = wrap(self._note, width - 2, keeps_words=True)
            then = cut_words(Plain("".join(piece.text for piece in rest)), width - 2)
            said = [fit(((blank(1), ""), (piece, "strong")), width) for piece in (first, then)]
            return [Line(spans, "surface") for spans in said]
        if self._row is None or self._clock is None:
            return [Line((), "surface"), Line((), "surface")]
        if self._is_gone:
            first, second = (
                plain("It is no longer among the rows of this panel. Move the cursor to let it go."),
                Plain(""),
            )
        else:
            first, second = why(self._row, self._clock, self._last_claim)
        if width < _MIDDLE:
            return self._narrow(self._row, width, first, second)
        lines = self._wide(self._row, width, first, second)
        return [*lines, self._more(self._row, self._clock, width)] if height > len(lines) else lines

    def _wide(self, row: TaskRow, width: int, first: Plain, second: Plain) -> list[Line]:
        full = str(row.task_id)
        head: tuple[Span, ...] = (
            (blank(1), ""),
            (plain(STATE_GLYPHS[row.state]), row.state.value),
            (blank(1), ""),
            (plain(row.queue) + plain(" › "), "bold"),
            (cut_words(plain(row.task_name), max(10, width - 60)), "bold"),
            (blank(2), ""),
            (plain(full[:-8]), "muted"),
            (plain(full[-8:]), "bold"),
        )
        sentence = cut_words(first + blank(1) + second, width - 4)
        return [
            Line(fit(head, width), "surface"),
            Line(fit(((blank(3), ""), (sentence, "")), width), "surface"),
        ]

    def _more(self, row: TaskRow, clock: Clock, width: int) -> Line:
        spans: list[Span] = [(blank(3), ""), (plain(f"spawned {clock.at(row.enqueued_at)}"), "muted")]
        if row.idempotency_key is not None:
            spans += [(blank(3), ""), (plain("key ") + cut_middle(plain(row.idempotency_key), _KEY_CELLS), "muted")]
        if row.worker is not None:
            spans += [(blank(3), ""), (plain("worker ") + plain(row.worker), "muted")]
        if row.preview is not None:
            named = "result " if row.state is State.COMPLETED else "params "
            spans += [(blank(3), ""), (plain(named) + plain(row.preview), "muted")]
        return Line(fit(spans, width - 1), "surface")

    def _narrow(self, row: TaskRow, width: int, first: Plain, second: Plain) -> list[Line]:
        head: tuple[Span, ...] = (
            (blank(1), ""),
            (plain(STATE_GLYPHS[row.state]), row.state.value),
            (blank(1), ""),
            (plain(short_id(row.task_id, 8)), "bold"),
            (blank(2), ""),
        )
        room = width - width_of(head) - 1
        return [
            Line(fit((*head, (cut_words(first, room), "")), width), "surface"),
            Line(fit(((blank(width_of(head)), ""), (cut_words(second, room), "")), width), "surface"),
        ]


@dataclass(frozen=True, slots=True)
class Tab:
    """One panel in the tabs of a narrow screen."""

    state: State
    number: str
    name: Plain
    count: Plain


class Tabs(Lines):
    """The panels side by side as tabs; only the open one has its name."""

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, state: State) -> None:
            super().__init__()
            self.state = state

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._tabs: tuple[Tab, ...] = ()
        self._open: State | None = None
        self._is_stale = False
        self._edges: list[tuple[int, State]] = []

    def show(self, tabs: Sequence[Tab], open_tab: State, *, is_stale: bool) -> None:
        """Show these tabs."""
        self._tabs, self._open, self._is_stale = tuple(tabs), open_tab, is_stale
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line; the open tab stands on the ground of the focus."""
        spans: list[Span] = []
        self._edges = []
        for tab in self._tabs:
            is_open = tab.state is self._open
            glyph: Span = (plain(STATE_GLYPHS[tab.state]), tab.state.value)
            name: tuple[Span, ...] = ((blank(1), ""), (tab.name, "strong")) if is_open else ()
            count: Span = (tab.count, "strong" if is_open else "")
            piece = [(blank(1), ""), (plain(tab.number), "muted"), (blank(1), ""), glyph, *name, (blank(1), ""), count]
            spans += [(text, "open") for text, _ in (*piece, (blank(1), ""))] if is_open else piece
            spans.append((blank(1), ""))
            self._edges.append((width_of(spans), tab.state))
        return [Line(fit(quiet(spans) if self._is_stale else spans, width), "bar")]

    def on_click(self, event: events.Click) -> None:
        """Open the tab that was clicked."""
        for edge, state in self._edges:
            if event.x < edge:
                self.post_message(self.Picked(state))
                return


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A key of the footer: what to press, what it does, and the action a click runs; disabled ones stay, struck.

    One that `stays` has its room before the others. One whose label is blank shares that of the next.
    """

    key: str
    label: str
    action: str
    is_enabled: bool = True
    stays: bool = False


class KeyBar(Lines):
    """The keys that matter here, in places that never change."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hints: tuple[KeyHint, ...] = ()
        self._edges: list[tuple[int, str]] = []

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show these keys."""
        self._hints = tuple(hints)
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make the one line; the last keys are dropped when there is no room, but for those that stay."""
        room = width + _APART - sum(width_of(_hint(hint)) for hint in self._hints if hint.stays)
        spans: list[Span] = [(blank(1), "")]
        self._edges = []
        is_full = False
        for place, hint in enumerate(self._hints):
            piece = _hint(hint)
            room += width_of(piece) if hint.stays else 0
            is_full = is_full or width_of(spans) + _cells_with_next(self._hints[place:]) > room
            if is_full and not hint.stays:
                continue
            spans += piece
            self._edges.append((width_of(spans), hint.action))
        return [Line(fit(spans[:-1], width), "bar")]

    async def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        for edge, action in self._edges:
            if event.x < edge:
                await self.run_action(action)
                return


def _cells_with_next(hints: Sequence[KeyHint]) -> int:
    """Count the cells of the first of some keys, with those that it shares a label with."""
    last = next((place for place, hint in enumerate(hints) if hint.label.strip()), len(hints) - 1)
    return sum(width_of(_hint(hint)) for hint in hints[: last + 1])


def _hint(hint: KeyHint) -> list[Span]:
    if not hint.label.strip():
        return [(plain(hint.key), "strong" if hint.is_enabled else "struck"), (plain(hint.label), "")]
    if not hint.is_enabled:
        return [(plain(f"{hint.key} {hint.label}"), "struck"), (blank(_APART), "")]
    return [(plain(hint.key), "strong"), (blank(1), ""), (plain(hint.label), "muted"), (blank(_APART), "")]
