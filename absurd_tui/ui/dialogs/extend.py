"""Extend a claim: what the lease is, what it becomes, and a tick where that is earlier."""

from collections.abc import Iterator, Sequence
from math import ceil

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.observe.records import TaskRow
from absurd_tui.observe.why import Clock
from absurd_tui.operations.preflight import LONGEST_SECONDS
from absurd_tui.operations.requests import ExtendClaim
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Fixed, Piece, point, warning
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank, fit

PRESETS = ((30, "30s"), (60, "1m"), (300, "5m"), (900, "15m"), (3_600, "1h"))
_BAR = 20


class Seconds(Input):
    """A field of digits, which leaves every other key to the dialog."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Textual gives a field every printable key before any binding, also one with priority."""
        return character is not None and character.isdecimal()


class ExtendDialog(TaskDialog[ExtendClaim]):
    """Sets the lease, or adds to what is left of it."""

    BINDINGS = [
        Binding("enter", "confirm", show=False),
        Binding("right", "preset(1)", show=False, priority=True),
        Binding("left", "preset(-1)", show=False, priority=True),
        Binding("plus", "on_top", show=False, priority=True),
        Binding("s", "shorten", show=False, priority=True),
    ]
    TITLE_TEXT = "Extend claim"
    KEEP = "leave the lease"

    def __init__(self, watch: Watch, row: TaskRow, seen: Clock) -> None:
        super().__init__(watch, row, seen)
        self._on_top = False
        self._may_shorten = False

    def fields(self) -> Iterator[Widget]:
        """The seconds, as typed or from a preset."""
        yield Seconds("300", id="dialog-seconds", restrict=r"[0-9]*", max_length=6, compact=True, disabled=True)

    def wake(self) -> None:
        """Let the seconds be typed from now on."""
        field = self.query_one(Input)
        field.disabled = False
        field.focus()
        super().wake()

    @property
    def _seconds(self) -> int | None:
        typed = self.query_one(Input).value
        return int(typed) if typed.isdecimal() and 0 < int(typed) <= LONGEST_SECONDS else None

    @property
    def _left(self) -> float:
        return (self.row.claim_expires_at or 0.0) - self.clock.now

    @property
    def _becomes(self) -> float | None:
        """Seconds from now at which the lease would end."""
        seconds = self._seconds
        if seconds is None:
            return None
        return seconds + ceil(max(0.0, self._left)) if self._on_top else float(seconds)

    @property
    def _shortens(self) -> bool:
        becomes = self._becomes
        return becomes is not None and becomes < self._left

    def text(self) -> Sequence[Piece]:
        """Show the lease as it is and as it becomes."""
        ran = self.clock.ago(self.row.started_at if self.row.started_at is not None else self.row.available_at)
        claimed = say("claimed by {worker} for {ran}", worker=self.row.worker or "an unnamed worker", ran=ran)
        becomes = self._becomes
        longest = max(self._left, becomes or 0.0, 1.0)
        return [
            Fixed(((claimed, "muted"), (say(", run …{run}", run=units.short_id(self.row.run_id, 8)), "muted"))),
            BLANK,
            self._lease("now", "", self._left, longest),
            self._lease("becomes", "strong", becomes, longest),
            BLANK,
            Fixed(((plain("lease, in seconds from now"), "muted"), (blank(3), ""), *self._presets())),
        ]

    def _lease(self, label: str, role: str, left: float | None, longest: float) -> Fixed:
        spans: list[Span] = [*fit(((plain(label), role or "muted"),), 9)]
        if left is None:
            return Fixed((*spans, (plain(f"a whole number of seconds from 1 to {LONGEST_SECONDS}"), "failed")))
        ends = plain(self.clock.at(self.clock.now + left))
        told = plain(f"{units.time_left(left)} left" if left > 0 else f"expired {units.time_left(left)}")
        share = max(0.0, min(1.0, left / longest))
        full = round(share * _BAR)
        bar_role = "warning" if share < 0.2 else "running"
        spans += [*fit(((ends, role),), 13), *fit(((told, role or ("alarm" if left <= 0 else "")),), 18, right=True)]
        return Fixed((*spans, (blank(3), ""), (plain("━" * full), bar_role), (plain("─" * (_BAR - full)), "rule")))

    def _presets(self) -> Iterator[Span]:
        seconds = self._seconds
        yield plain("‹"), "muted"
        for preset, label in PRESETS:
            yield blank(1), ""
            yield plain(label), "strong" if preset == seconds else "muted"
        yield plain(" ›"), "muted"

    def notes(self) -> Sequence[Piece]:
        """Say what it does not do; a lease that gets shorter needs a tick."""
        tick = plain("[x] " if self._on_top else "[ ] ")
        said: list[Piece] = [Fixed(((tick, "strong"), (plain("+ "), "strong"), (plain("on top of what is left"), "")))]
        said.append(BLANK)
        if self._shortens:
            by = units.time_left(self._left - (self._becomes or 0.0))
            shortens = f"This shortens the lease by {by}. Absurd sets the lease, it does not add to it."
            tick = plain("  [x] " if self._may_shorten else "  [ ] ")
            ticked = Fixed(((tick, "strong"), (plain("s "), "strong"), (plain("shorten it all the same"), "")))
            return [*said, warning(plain(shortens)), ticked]
        if self._left <= 0:
            revived = "It expired {ago}. Extending revives it, and the worker may be gone."
            said.append(warning(say(revived, ago=units.time_left(self._left))))
        said.append(point(plain("Absurd sets the lease. The worker's next checkpoint or heartbeat sets it back.")))
        said.append(point(self._no_check()))
        return said

    def _no_check(self) -> Plain:
        becomes = self._becomes
        longer = units.duration(becomes) if becomes is not None else "that"
        return plain(f"It does not wake or check the worker: a dead one holds the task {longer} longer.")

    def act(self) -> Choice:
        """Extend to a clock time, or shorten."""
        becomes = self._becomes
        if becomes is None:
            return Choice("enter", plain("extend the lease"), is_enabled=False)
        if self._shortens:
            return Choice("enter", plain("shorten the lease"), self.is_awake and self._may_shorten)
        return Choice("enter", plain(f"extend to {self.clock.at(self.clock.now + becomes)}"), self.is_awake)

    def request(self) -> ExtendClaim:
        """Ask for the lease."""
        return ExtendClaim(self.target, self._seconds or 0, on_top=self._on_top, may_shorten=self._may_shorten)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the typed seconds mean; what was ticked was ticked for other seconds."""
        self._may_shorten = False
        self.repaint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Confirm."""
        self.action_confirm()

    def action_preset(self, by: int) -> None:
        """Take the next preset."""
        seconds = self._seconds or 0
        numbers = [preset for preset, _ in PRESETS]
        later = [preset for preset in numbers if preset > seconds] if int(by) > 0 else []
        earlier = [preset for preset in numbers if preset < seconds] if int(by) < 0 else []
        chosen = later[:1] or earlier[-1:]
        if chosen:
            self.query_one(Input).value = str(chosen[0])

    def action_on_top(self) -> None:
        """Add to what is left, or set."""
        self._on_top, self._may_shorten = not self._on_top, False
        self.repaint()

    def action_shorten(self) -> None:
        """Tick that it may get shorter."""
        self._may_shorten = self._shortens and not self._may_shorten
        self.repaint()
