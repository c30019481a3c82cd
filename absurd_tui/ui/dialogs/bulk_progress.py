"""How far a run over many tasks is: the canary, the rest, what came of them, and the keys that stop it or go on."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from absurd_tui import units
from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import BulkRun, Stage
from absurd_tui.operations.outcomes import (
    AlreadySo,
    Changed,
    Done,
    Gone,
    Locked,
    NotApplied,
    Outcome,
    QueueGone,
    Refused,
    Unknown,
    WouldBeLost,
)
from absurd_tui.operations.requests import Act
from absurd_tui.operations.sentences import in_short
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.content import Span, content
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.text import BLANK, Choice, DialogText, Fixed, Paragraph, Piece, reserved, warning
from absurd_tui.ui.widgets.lines import blank, fit, spread
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

NEWEST = 4
_BAR = 24
_LOOKS_EVERY = 0.25
_DONE = {
    Act.CANCEL: "cancelled, read back as such",
    Act.RETRY: "retried, read back as pending",
    Act.RETRY_AS_NEW: "retried as new, the copy read back",
}
_FIRST = "already so: somebody was first"
_ALREADY = {
    Act.CANCEL: _FIRST,
    Act.RETRY: _FIRST,
    Act.RETRY_AS_NEW: "copied before for the same failure, here or elsewhere",
}
_VERBS = {Act.CANCEL: "Cancel", Act.RETRY: "Retry in place", Act.RETRY_AS_NEW: "Retry as new"}


class BulkProgress(DormantDialog[None]):
    """Shows a run; it goes on when this is hidden. `go_on` and `write` are asked for by keys."""

    BINDINGS = [
        Binding("escape", "hide", show=False),
        Binding("x", "stop", show=False),
        Binding("y", "go_on", show=False),
        Binding("l", "write", show=False),
    ]

    def __init__(
        self, run: BulkRun, clock: Callable[[], Clock], go_on: Callable[[], None], write: Callable[[], Path | Plain]
    ) -> None:
        super().__init__()
        self._run = run
        self._clock = clock
        self._go_on = go_on
        self._write = write
        self._written: Path | Plain | None = None
        self._stage = run.stage

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog", classes="final" if self._run.plan.act is Act.CANCEL else "") as box:
            title = f"{self._run.plan.act.verb.capitalize()} {units.plural(len(self._run.plan.targets), 'task')}"
            box.border_title = content(plain(title), "bold $text-strong")
            yield DialogText(id="dialog-text")
            yield DialogText(id="dialog-keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it, and how it goes on."""
        self.repaint()
        self.set_interval(_LOOKS_EVERY, self.repaint)

    def wake(self) -> None:
        """The keys count from now on."""
        self.repaint()

    def repaint(self) -> None:
        """Show how far it is; what was typed while it went on says nothing of what it asks now."""
        if not self.query(DialogText):
            return
        if self._stage is not self._run.stage:
            self._stage = self._run.stage
            self.sleep()
        pieces = [
            *self._head(),
            *self._tally(),
            Fixed(((plain("─" * INNER_WIDTH), "rule"),)),
            *self._newest(),
            *self._says(),
        ]
        is_tight = self.app.size.height < len(pieces) + 6
        self.query_one("#dialog").set_class(is_tight, "-tight")
        self.query_one("#dialog-text", DialogText).show(
            [piece for piece in pieces if piece is not BLANK] if is_tight else pieces
        )
        self.query_one("#dialog-keys", DialogText).show([self._keys()])

    # what it says

    def _head(self) -> list[Piece]:
        run = self._run
        queues = sorted({target.queue for target in run.plan.targets})
        where = plain(queues[0]) if len(queues) == 1 else plain(f"{len(queues)} queues")
        tasks = units.plural(len(run.plan.targets), "task")
        return [
            Fixed(
                ((plain(_VERBS[run.plan.act]), "strong"), (say(" {tasks} in {where}", tasks=tasks, where=where), ""))
            ),
            BLANK,
            *([self._canary()] if run.plan.canary else []),
            self._rest(),
            BLANK,
        ]

    def _canary(self) -> Fixed:
        run = self._run
        number = len(run.canary_places)
        is_over = run.stage not in (Stage.CANARY, Stage.WATCHING)
        sign: Span = (plain("✓" if is_over else "»"), "completed" if is_over else "running")
        done = sum(isinstance(run.outcomes[place], Done) for place in run.canary_places)
        told = f"{done} of {number} done"
        stands = Counter("gone" if task is None else task.state.value for task in run.canary.values())
        if stands:
            told += ": " + ", ".join(f"{count} {state}" for state, count in stands.most_common())
        elif run.stage is Stage.WATCHING:
            told += "; watching them"
        return Fixed((sign, (blank(1), ""), *fit(((plain("Canary"), "strong"),), 9), (plain(told), "")))

    def _rest(self) -> Fixed:
        run = self._run
        whole = len(run.outcomes)
        share = run.reached / whole if whole else 1.0
        full = round(share * _BAR)
        sign: Span = (plain("✓"), "completed") if run.stage is Stage.OVER else (plain("»"), "running")
        left = run.seconds_left
        spans = (
            sign,
            (blank(1), ""),
            *fit(((plain("All"), "strong"),), 9),
            *fit(((plain(f"{units.count(run.reached)} of {units.count(whole)}"), ""),), 18),
            (plain("━" * full), "running"),
            (plain("─" * (_BAR - full)), "rule"),
        )
        told = say("{left} left", left=units.time_left(left)) if left is not None else Plain("")
        return Fixed(spread(spans, ((told, "muted"),), INNER_WIDTH))

    def _tally(self) -> list[Piece]:
        run = self._run
        return [
            _counted("✓", run.count(Done), _DONE[run.plan.act], "completed"),
            _counted("=", run.count(AlreadySo), _ALREADY[run.plan.act], "muted"),
            _counted("!", run.count(Changed, Gone), "changed or gone: left alone", "caution"),
            _counted("✗", run.count(Refused, WouldBeLost, QueueGone), "refused", "failed"),
            _counted("…", run.count(Locked, NotApplied), "locked, or undone by the server", "muted"),
            _counted("?", run.count(Unknown), "unknown: lost at COMMIT, and the server could not say", "warning"),
            _counted("·", len(run.plan.left_out), "left out before it began", "muted"),
        ]

    def _newest(self) -> list[Piece]:
        run, clock = self._run, self._clock()
        shown: list[Piece] = []
        for place in run.newest[: -NEWEST - 1 : -1]:
            outcome = run.outcomes[place]
            if outcome is not None:
                shown.append(_told(outcome, units.short_id(run.plan.targets[place].task_id, 8), clock))
        hidden = len(run.newest) - len(shown)
        more = [Fixed(((plain(f"… {units.count(hidden)} more, the newest first"), "muted"),))] if hidden else []
        return reserved([*shown, *more], NEWEST + 1, INNER_WIDTH)

    def _says(self) -> list[Piece]:
        run, clock = self._run, self._clock()
        said: list[Piece] = []
        left = units.count(len(run.left))
        match run.stage:
            case Stage.ASKING:
                said = [warning(plain(f"{self._of_canary()} {left} are left, and wait for a word."))]
            case Stage.STOPPED:
                said = [warning(plain(f"Stopped. {left} are left, and nothing was done to them."))]
            case Stage.HALTED:
                why = in_short(run.failure, clock)[1] if run.failure is not None else Plain("")
                said = [warning(cut_words(say("{why} {left} are left.", why=why, left=left), 2 * (INNER_WIDTH - 4)))]
            case _ if run.is_stopping:
                said = [warning(plain("Stopping after the call in flight."))]
        if isinstance(self._written, Path):
            said.append(Paragraph(say("Written: {path}", path=str(self._written)), keeps_words=False))
        elif self._written is not None:
            said.append(warning(self._written))
        return reserved(said, 2, INNER_WIDTH)

    def _of_canary(self) -> str:
        """Say what speaks against going on: that some failed again, were not read, or have not ended in time."""
        run = self._run
        stands = [task for task in run.canary.values() if task is not None]
        failed = sum(task.state in (State.FAILED, State.CANCELLED) for task in stands)
        under_way = sum(not task.is_over for task in stands)
        if failed:
            return f"Of the canary {failed} failed again."
        if run.unread:
            return f"Of the canary {run.unread} could not be read."
        if under_way:
            return f"Of the canary {under_way} did not end in 2m."
        return "The canary was watched." if run.canary else "The canary went first."

    def _keys(self) -> Fixed:
        run = self._run
        leaves = Choice("esc", plain("close" if run.is_at_rest else "hide, goes on"))
        lists = Choice("l", plain("list as file"), self.is_awake)
        if not run.is_at_rest:
            return _choices(Choice("x", plain("stop after this call"), not run.is_stopping), leaves, lists)
        if not run.left:
            return _choices(leaves, lists)
        goes_on = Choice("y", plain(f"{run.plan.act.verb} the other {units.count(len(run.left))}"), self.is_awake)
        stops = [Choice("x", plain("stop here"))] if run.stage is Stage.ASKING else []
        return _choices(*stops, leaves, lists, goes_on)

    # what its user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key choose anything while the keys are dead; hiding and stopping are always possible."""
        return self.is_awake or action in ("hide", "stop")

    def action_hide(self) -> None:
        """Leave it to itself."""
        if self.is_current:
            self.dismiss()

    def action_stop(self) -> None:
        """Stop after the call in flight."""
        self._run.stop()
        self.repaint()

    def action_go_on(self) -> None:
        """Do what is left."""
        if self._run.is_at_rest and self._run.left:
            self._written = None
            self._go_on()
            self.repaint()

    def action_write(self) -> None:
        """Write all of it down."""
        self._written = self._write()
        self.repaint()


def _counted(sign: str, number: int, about: str, role: str) -> Fixed:
    count: Span = (plain(units.count(number)), "strong" if number else "muted")
    text_role = "" if number else "muted"
    return Fixed(
        (
            (plain(sign), role if number else "muted"),
            *fit((count,), 8, right=True),
            (blank(2), ""),
            (plain(about), text_role),
        )
    )


def _told(outcome: Outcome, short: str, clock: Clock) -> Fixed:
    sign, told = in_short(outcome, clock)
    roles = {"✓": "completed", "✗": "failed", "!": "caution", "?": "warning"}
    room = INNER_WIDTH - len(short) - 4
    return Fixed(
        (
            (plain(sign), roles.get(sign, "muted")),
            (blank(1), ""),
            (plain(short), "muted"),
            (blank(2), ""),
            (cut_words(told, room), ""),
        )
    )


def _choices(*choices: Choice) -> Fixed:
    *left, right = choices
    spans = [span for choice in left for span in (*choice.spans(""), (blank(3), ""))]
    return Fixed(spread(spans, right.spans("bold"), INNER_WIDTH))
