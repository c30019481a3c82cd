"""The right side of the spawn form: when the attempts would start, and what is sent."""

from absurd_tui import units
from absurd_tui.lifecycle.options import SpawnOptions
from absurd_tui.observe.why import Clock
from absurd_tui.operations.literals import text_literal
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.spawn_draft import sent_options
from absurd_tui.ui.dialogs.spawn_schedule import Attempt, Ending, Schedule, schedule
from absurd_tui.ui.dialogs.text import BLANK, GROUND, Fixed, Paragraph, Piece
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit

_SHOWN = 6
_MOST_SENT = 2_000
_BAR = 8


class SpawnSide(Lines):
    """Shows what the form amounts to, as far as its fields can be read."""

    def __init__(self) -> None:
        super().__init__(id="spawn-side")
        self._told: tuple[str, str, SpawnOptions, int, Clock] | None = None

    def show(self, queue: str, task_name: str, options: SpawnOptions, count: int, clock: Clock) -> None:
        """Show these options, for a task that would start now."""
        self._told = (queue, task_name, options, count, clock)
        self.repaint()

    def lines(self, width: int, height: int) -> list[Line]:
        """Make as many lines as there is room for; what is cut is counted."""
        if self._told is None:
            return []
        queue, task_name, options, count, clock = self._told
        pieces = [*_attempts(options, clock), BLANK, *_sent(queue, task_name, options, count)]
        lines = [line for piece in pieces for line in piece.lines(width)]
        if len(lines) > height:
            cut = plain(f"… {units.plural(len(lines) - height + 1, 'more line')}")
            lines = [*lines[: height - 1], Line(((cut, "muted"),), GROUND)]
        return lines + [Line((), GROUND)] * (height - len(lines))


def _attempts(options: SpawnOptions, clock: Clock) -> list[Piece]:
    laid_out = schedule(options, _SHOWN)
    longest = max((attempt.waits for attempt in laid_out.attempts), default=0.0)
    head = ((plain("attempt"), "muted"), *fit(((plain("waits"), "muted"),), 8, right=True), (blank(3), ""))
    rows: list[Piece] = [Fixed(_row(attempt, longest, clock)) for attempt in laid_out.attempts]
    if laid_out.count is None or laid_out.count > len(laid_out.attempts):
        rows.append(Fixed(fit(((plain("…"), "muted"),), 7, right=True)))
    title = Fixed(((plain("If every attempt fails"), "strong"),))
    return [title, Fixed((*head, (plain("starts at"), "muted"))), *rows, Paragraph(_ending(laid_out, options), "muted")]


def _row(attempt: Attempt, longest: float, clock: Clock) -> tuple[Span, ...]:
    waits = units.UNKNOWN if attempt.number == 1 else units.duration(attempt.waits) if attempt.waits else "at once"
    cells = max(1, round(attempt.waits / longest * _BAR)) if attempt.waits else 0
    return (
        *fit(((plain(str(attempt.number)), ""),), 7, right=True),
        *fit(((plain(waits), ""),), 8, right=True),
        (blank(3), ""),
        *fit(((plain(clock.at(clock.now + attempt.starts)), ""),), 14),
        (plain("━" * cells), "sleeping"),
    )


def _ending(laid_out: Schedule, options: SpawnOptions) -> Plain:
    match laid_out.ending:
        case Ending.NONE:
            return plain("And so on without a limit, until one completes.")
        case Ending.UNKNOWN:
            return plain(f"Then, after {laid_out.count:,} attempts, it ends as failed.")
        case Ending.FAILED if laid_out.count == 1:
            return plain("Then it ends as failed: there is no second attempt.")
        case Ending.FAILED if not laid_out.ends:
            return plain("Then it ends as failed: no attempt waits for more than a worker.")
        case Ending.FAILED:
            return plain(
                f"Then it ends as failed, {units.duration(laid_out.ends)} after the first start, plus the time the"
                " attempts run."
            )
        case Ending.CANCELLED if not laid_out.attempts:
            return plain("No attempt starts: the next claim in the queue cancels it.")
        case Ending.CANCELLED:
            limit = options.cancellation.max_duration if options.cancellation is not None else None
            return plain(f"Then it is cancelled: attempt {laid_out.count or 0:,} is the last within {limit or 0:,} s.")


def _sent(queue: str, task_name: str, options: SpawnOptions, count: int) -> list[Piece]:
    call = say(
        "absurd.spawn_task({queue}, {name}, $params, $options)",
        queue=text_literal(queue),
        name=text_literal(task_name),
    )
    pieces: list[Piece] = [Fixed(((plain("What is sent"), "strong"),)), Paragraph(call, "muted"), BLANK]
    if count > 1:
        times = (
            f"{count:,} times, in one transaction: all of them or none. Each key ends in its number, :1 to :{count}."
        )
        pieces += [Paragraph(plain(times), "muted"), BLANK]
    sent = sent_options(options)
    more = "…" if len(sent) > _MOST_SENT else ""
    return [*pieces, Paragraph(plain(sent[1:_MOST_SENT] + more), "muted", plain("{"), "muted")]
