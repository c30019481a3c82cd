"""Extend a claim: what the lease is and becomes, a tick where that is earlier, and when the worker was heard of."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf

from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.observe.records import State
from absurd_tui.operations.preflight import LONGEST_SECONDS, resulting_seconds
from absurd_tui.operations.requests import ExtendClaim
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import EXTEND
from absurd_tui.ui.cells import cut_middle
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.digits import Digits
from absurd_tui.ui.dialogs.frame import INNER_WIDTH, is_same_run
from absurd_tui.ui.dialogs.informed import InformedDialog
from absurd_tui.ui.dialogs.text import BLANK, Choice, Fixed, Piece, point, reserved, warning
from absurd_tui.ui.dialogs.worker_sign import worker_sign
from absurd_tui.ui.widgets.lines import blank, fit

PRESETS = ((30, "30s"), (60, "1m"), (300, "5m"), (900, "15m"), (3_600, "1h"))
_BAR = 20
_WORKER_CELLS = 28
_ABOUT_ROWS = 2
_SETS = point(plain("Absurd sets the lease. The worker's next checkpoint or heartbeat sets it back."))


class ExtendDialog(InformedDialog[ExtendClaim]):
    """Sets the lease, or adds to what is left of it. It follows the lease: the worker sets it while one is looking."""

    BINDINGS = [
        Binding("enter", "confirm", show=False),
        Binding("right", "preset(1)", show=False, priority=True),
        Binding("left", "preset(-1)", show=False, priority=True),
        Binding("plus", "on_top", show=False, priority=True),
        Binding("s", "shorten", show=False, priority=True),
    ]
    COMMAND = EXTEND
    TITLE_TEXT = "Extend claim"
    KEEP = "leave the lease"
    _on_top = False
    _may_shorten = False

    def fields(self) -> Iterator[Widget]:
        """The seconds, as typed or from a preset."""
        yield Digits("300", id="dialog-seconds", restrict=r"[0-9]*", max_length=6, compact=True, disabled=True)

    def wake(self) -> None:
        """Let the seconds be typed from now on."""
        field = self.query_one(Input)
        field.disabled = False
        field.focus()
        super().wake()

    def repaint(self) -> None:
        """Show the lease as it was read last."""
        if self.is_whole:
            self._follow()
        super().repaint()

    def _follow(self) -> None:
        """Take over a lease that moved: what was ticked was ticked for another, and it may have been a checkpoint."""
        found = self.newest()
        if found is None or not is_same_run(found[0], self.row):
            return
        row, read = found
        has_moved = row.claim_expires_at != self.row.claim_expires_at
        if row.lease_set_at is None and not has_moved:
            row = replace(row, lease_set_at=self.row.lease_set_at)  # a page does not know it
        self.take_over(row, read)
        if has_moved:
            self._may_shorten = False
            self.ask_page()

    @property
    def _seconds(self) -> int | None:
        typed = self.query_one(Input).value
        return int(typed) if typed.isdecimal() and 0 < int(typed) <= LONGEST_SECONDS else None

    @property
    def _left(self) -> float:
        ends = self.row.claim_expires_at
        return -inf if ends is None else ends - self.clock.now

    @property
    def _becomes(self) -> float | None:
        """Seconds from now at which the lease would end."""
        seconds = self._seconds
        return None if seconds is None else resulting_seconds(self._left, 0.0, seconds, on_top=self._on_top)

    @property
    def _shortens(self) -> bool:
        becomes = self._becomes
        return becomes is not None and becomes < self._left

    @property
    def _is_over(self) -> bool:
        """Whether the claim that was looked at is no more, as far as was read, so that there is no lease to show."""
        return bool(self.changed()) or self.is_gone or self.row.state is not State.RUNNING

    def text(self) -> Sequence[Piece]:
        """Show the lease as it is and as it becomes, or that there is none any more."""
        ran = self.clock.ago(self.row.started_at if self.row.started_at is not None else self.row.available_at)
        worker = cut_middle(plain(self.row.worker or "an unnamed worker"), _WORKER_CELLS)
        run = units.short_id(self.row.run_id, 8)
        if self._is_over:
            return [
                Fixed(((say("was claimed by {worker}, run …{run}", worker=worker, run=run), "muted"),)),
                Fixed(((plain("this claim is over, and its lease with it"), "muted"),)),
                BLANK,
                Fixed((*fit(((plain("now"), "muted"),), 9), (plain("no lease"), ""))),
                Fixed((*fit(((plain("becomes"), "strong"),), 9), (plain("–"), "strong"))),
                BLANK,
                self._seconds_line(),
            ]
        becomes = self._becomes
        longest = max(self._left, becomes or 0.0, 1.0)
        return [
            Fixed(((say("claimed by {worker} for {ran}, run …{run}", worker=worker, ran=ran, run=run), "muted"),)),
            Fixed(((worker_sign(self.row, self.page, self.trouble, self.clock, INNER_WIDTH), "muted"),)),
            BLANK,
            self._lease("now", "", self._left, longest),
            self._lease("becomes", "strong", becomes, longest),
            BLANK,
            self._seconds_line(),
        ]

    def _seconds_line(self) -> Fixed:
        return Fixed(((plain("lease, in seconds from now"), "muted"), (blank(3), ""), *self._presets()))

    def _lease(self, label: str, role: str, left: float | None, longest: float) -> Fixed:
        spans: list[Span] = [*fit(((plain(label), role or "muted"),), 9)]
        if left is None:
            return Fixed((*spans, (plain(f"a whole number of seconds from 1 to {LONGEST_SECONDS}"), "failed")))
        ends = plain(self.clock.at(self.clock.now + left))
        share = 1.0 if left == longest else max(0.0, left / longest)
        full = round(share * _BAR)
        bar_role = "warning" if share < 0.2 else "running"
        told = (_told(left), role or ("alarm" if left <= 0 else ""))
        spans += [*fit(((ends, role),), 13), *fit((told,), 18, right=True)]
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
        about: list[Piece]
        if self._is_over:
            about = []
        elif self._shortens:
            tick = plain("  [x] " if self._may_shorten else "  [ ] ")
            ticked = Fixed(((tick, "strong"), (plain("s "), "strong"), (plain("shorten it all the same"), "")))
            about = [warning(self._lost()), ticked]
        elif self._is_too_long:
            about = [warning(self._why_too_long())]
        elif self._left <= 0:
            revived = "It expired {ago}. Extending revives it, and the worker may be gone."
            about = [warning(say(revived, ago=_ago(self._left)))]
        else:
            about = [point(self._no_check())]
        return [*said, *reserved(about, _ABOUT_ROWS, INNER_WIDTH), _SETS]

    @property
    def _is_too_long(self) -> bool:
        becomes = self._becomes
        return becomes is not None and becomes > LONGEST_SECONDS

    def _why_too_long(self) -> Plain:
        if self._left == inf:
            return plain("The lease has no end: nothing can be put on top of it.")
        return plain(f"A lease is made to last {LONGEST_SECONDS // 3600} hours at most.")

    def _lost(self) -> Plain:
        if self._left == inf:
            return plain("The lease has no end, and this gives it one.")
        by = units.time_left(self._left - (self._becomes or 0.0))
        return plain(f"This shortens the lease by {by}: it is set, not added to.")

    def _no_check(self) -> Plain:
        seconds = self._seconds
        holds = "all the while"
        if seconds is not None:
            holds = f"{units.time_left(seconds)} longer" if self._on_top else f"for {units.time_left(seconds)}"
        return plain(f"It does not wake or check the worker: a dead one holds the task {holds}.")

    def act(self) -> Choice:
        """Extend to a clock time, or shorten."""
        becomes = self._becomes
        if becomes is None or self._is_too_long or self._is_over:
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


def _told(left: float) -> Plain:
    if left == inf:
        return plain("no end")
    return plain(f"{units.time_left(left)} left" if left > 0 else f"expired {_ago(left)}")


def _ago(left: float) -> str:
    return "long ago" if left == -inf else f"{units.age(-left)} ago"
