"""Drop a queue: what is in it and would be lost, and its name typed, wherever it is."""

from collections.abc import Iterator, Sequence

from textual.widget import Widget
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.observe.records import Count, Counts, State
from absurd_tui.operations.queue_requests import DropQueue
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import DROP_QUEUE
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.queue_frame import INNER_WIDTH, QueueDialog, typed_name
from absurd_tui.ui.dialogs.text import Choice, Fixed, Paragraph, Piece, point, reserved
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import fit

_CELL = 22
_ABOUT_ROWS = 6
_MOST_TYPED = 240


class DropQueueDialog(QueueDialog[DropQueue]):
    """Names what is lost; only the exact name confirms."""

    COMMAND = DROP_QUEUE
    TITLE_TEXT = "Drop queue"
    KEEP = "keep the queue"
    IS_FINAL = True

    def fields(self) -> Iterator[Widget]:
        """The name is typed, in production and elsewhere."""
        yield Input(id="dialog-queue", max_length=_MOST_TYPED, compact=True, disabled=True)

    @property
    def _counts(self) -> Counts | None:
        newest = self.watched.newest
        reading = newest.queue(self.queue) if newest is not None else None
        return reading.counts if reading is not None else None

    def text(self) -> Sequence[Piece]:
        """Say what is lost."""
        lost = "The queue ends with everything in it. There is no way back."
        asked = Paragraph(say("Type {name}, the queue's name, to drop it:", name=typed_name(self.queue)))
        about = [point(said) for said in self._consequences()]
        return [Paragraph(plain(lost), "strong"), *self._held(), *reserved(about, _ABOUT_ROWS, INNER_WIDTH), asked]

    def _held(self) -> list[Piece]:
        """Count the tasks by their states, as they are on the screen, in two rows."""
        counts = self._counts
        cells: list[Span] = []
        for state in State:
            told = _number(counts.of(state)) if counts is not None else units.UNKNOWN
            glyph: Span = (plain(f"{STATE_GLYPHS[state]} "), state.value)
            cells += fit((glyph, (plain(f"{told} "), "strong"), (plain(state.value), "muted")), _CELL)
        half = len(cells) // 2
        return [Fixed(tuple(cells[:half])), Fixed(tuple(cells[half:]))]

    def _consequences(self) -> Iterator[Plain]:
        facts, counts = self.facts, self._counts
        if facts is None:
            yield self.trouble or plain("Reading how large it is.")
        else:
            size = units.size(facts.bytes) if facts.bytes is not None else units.UNKNOWN
            told = "{size} on disk; about {c} checkpoints, {e} events and {w} waits go with them."
            about = (units.count(number) for number in (facts.checkpoints, facts.events, facts.waits))
            yield say(told, size=size, **dict(zip("cew", about, strict=True)))
        if counts is not None and counts.running.value:
            yield say("{n} at work now: their workers fail at their next call.", n=_tasks(counts.running))
        if counts is None:
            yield plain("What is in it could not be read: nobody knows what is lost.")
        yield plain("Workers that poll it get an error until it is made again.")

    def notes(self) -> Sequence[Piece]:
        """Say how what was typed differs from the name, where that is not to be seen."""
        typed, name = self.query_one(Input).value, typed_name(self.queue)
        said = Plain("")
        if typed != name and typed.strip() == name.strip():
            said = plain("Blanks at its begin or end count.")
        elif typed != name and typed.lower() == name.lower():
            said = plain("Upper and lower case count.")
        return reserved([Paragraph(said, "warning")] if said else [], 1, INNER_WIDTH)

    def act(self) -> Choice:
        """Drop it, once its name stands there and it is known which queue of that name it is."""
        is_named = self.query_one(Input).value == typed_name(self.queue)
        return Choice("enter", plain("drop the queue"), self.is_awake and is_named and self.facts is not None)

    def request(self) -> DropQueue:
        """Ask for the drop of this queue, made when it was."""
        assert self.facts is not None
        counts = self._counts
        held = ", ".join(f"{_number(counts.of(state))} {state}" for state in State) if counts is not None else ""
        return DropQueue(self.queue, self.facts.created_at, held)


def _number(count: Count) -> str:
    return units.count(count.value, capped=count.is_capped, estimated=count.is_estimate)


def _tasks(count: Count) -> str:
    return f"{_number(count)} {'task is' if count.value == 1 and not count.is_capped else 'tasks are'}"
