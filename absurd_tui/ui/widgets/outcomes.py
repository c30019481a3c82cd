"""What came of the last writes, and how far the tasks are that were spawned: at the bottom right, newest last."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.following import Follow
from absurd_tui.observe.progress import progress
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.content import Span
from absurd_tui.ui.glyphs import STATE_GLYPHS
from absurd_tui.ui.widgets.lines import Line, Lines, blank, fit

SHOWN = 4
STAYS = 6.0
OLD_AFTER = 5.0
"""Seconds after which a reading of followed tasks is told with its time."""
_MIDDLE = 116
_BELOW = 3
_ROLES = {"=": "muted", "…": "muted", "?": "warning", "!": "warning"} | {
    sign: state.value for state, sign in STATE_GLYPHS.items()
}
_PASSING = frozenset("✓=…")


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome as it is told: its sign, a headline and a detail; `at` is the client's monotonic clock.

    `remedy` is the statement that would allow what was refused, shown by the help; `subject` is the queue and id of
    the task it is about, `is_to_be_opened` says that nobody has seen that task before.
    """

    sign: str
    headline: Plain
    detail: Plain
    at: float
    remedy: Plain | None = None
    subject: tuple[str, UUID] | None = None
    is_to_be_opened: bool = False

    def is_over(self, ticks: float) -> bool:
        """Whether it has been told long enough; bad news stays until it is dismissed."""
        return self.sign in _PASSING and ticks - self.at > STAYS


def told_of(follow: Follow, clock: Clock, at: float, ticks: float, *, is_live: bool) -> Told:
    """Tell how far followed tasks are, which were last read at `at`, by the client's monotonic clock."""
    far = progress(follow, clock, is_live=is_live, is_old=ticks - at > OLD_AFTER)
    sign = STATE_GLYPHS[far.state] if far.state is not None else "!"
    return Told(sign, far.headline, far.detail, at, subject=(follow.queue, follow.subject))


class Outcomes(Lines):
    """The outcomes, two rows each, the newest last; hidden while there are none."""

    def __init__(self) -> None:
        super().__init__(id="outcomes")
        self._told: tuple[Told, ...] = ()
        self._opened: tuple[str, UUID] | None = None

    def show(self, told: Sequence[Told], here: tuple[str, UUID] | None = None) -> None:
        """Show these; `here` is the task that one is at."""
        self._told = tuple(told)
        newest = next((each.subject for each in reversed(told) if each.subject is not None), None)
        self._opened = newest if newest != here else None
        self.display = bool(told)
        if told:
            self._settle()
        self.repaint()

    def _settle(self) -> None:
        """Stand at the bottom right, over the keys and the why line, as wide as half a wide screen."""
        screen = self.screen.size
        width = screen.width if screen.width < _MIDDLE else screen.width // 2
        height = len(self.lines(width, 0))
        self.styles.width, self.styles.height = width, height
        self.styles.offset = (screen.width - width, screen.height - height - _BELOW)

    def lines(self, width: int, height: int) -> list[Line]:
        """Make two rows for each of the last, and one that counts the others."""
        hidden = len(self._told) - SHOWN
        made = [line for told in self._told[-SHOWN:] for line in self._rows(told, width)]
        if hidden > 0:
            made.append(Line(fit(((blank(3), ""), (plain(f"+{hidden} more"), "muted")), width), "dialog"))
        return made

    def _rows(self, told: Told, width: int) -> list[Line]:
        role, room = _ROLES[told.sign], width - 5
        sign: tuple[Span, ...] = ((plain("▌"), role), (plain(told.sign), role), (blank(1), ""))
        below: tuple[Span, ...] = ((plain("▌"), role), (blank(2), ""))
        return [
            Line((*sign, *fit(((cut_words(told.headline, room), "bold"),), width - 3)), "dialog"),
            Line((*below, *fit(((cut_words(self._detail(told), room), ""),), width - 3)), "dialog"),
        ]

    def _detail(self, told: Told) -> Plain:
        """Name the key that opens a new task, where it opens this one and one is not there already."""
        is_opened = told.is_to_be_opened and told.subject is not None and told.subject == self._opened
        return told.detail + plain(" T opens it.") if is_opened else told.detail
