"""Do one thing to many tasks: the frozen list, what a dry run found of it, and how it would go; then the word."""

from collections import Counter
from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from absurd_tui import units
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import CANARY, GENTLE, BulkPlan
from absurd_tui.operations.bulk_check import Fate, Split
from absurd_tui.operations.outcomes import Outcome
from absurd_tui.operations.requests import Act, Target
from absurd_tui.operations.sentences import in_short
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import CANCEL, RETRY, why_not_many
from absurd_tui.ui.cells import cut_middle, cut_words
from absurd_tui.ui.content import Span, content
from absurd_tui.ui.dialogs.digits import Digits
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.dialogs.frame import INNER_WIDTH
from absurd_tui.ui.dialogs.text import (
    BLANK,
    Choice,
    Choices,
    DialogText,
    Fixed,
    Paragraph,
    Piece,
    point,
    reserved,
    warning,
)
from absurd_tui.ui.messages import SplitWanted
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.lines import blank, fit
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

TYPED_ABOVE = 20
"""Tasks above which their number is typed, as it always is in production."""

PACES: tuple[int | None, ...] = (GENTLE, 100, None)
_SAMPLE = 3
_NAME_CELLS = 24
_ROWS_OF_ALL = 23
"""Rows that the dialog takes with its blank lines, without the frame."""

_COMMANDS = {Act.CANCEL: CANCEL, Act.RETRY: RETRY, Act.RETRY_AS_NEW: RETRY}
_DONE = {
    Act.CANCEL: "cancelled",
    Act.RETRY: "retried in place; checkpoints are kept",
    Act.RETRY_AS_NEW: "copied; every step runs again, these stay failed",
}
_LOCKED = (Fate.LOCKED, "…", "held by somebody now; tried when their turn comes")
_LOST = (Fate.LOST, "!", "would be lost (max_duration has passed): left out")
_COPIED = (Fate.COPIED, "=", "copied before, for the same failure: left out")
_MOVED_ON = (Fate.MOVED_ON, "·", "no longer as they were seen: left out")
_REFUSED = (Fate.REFUSED, "✗", "cannot be {act}: left out")
_FATES = {
    Act.CANCEL: (_LOCKED, _MOVED_ON, _REFUSED),
    Act.RETRY: (_LOCKED, _LOST, _MOVED_ON, _REFUSED),
    Act.RETRY_AS_NEW: (_LOCKED, _COPIED, _MOVED_ON, _REFUSED),
}
_PAST = {Act.CANCEL: "cancelled", Act.RETRY: "retried", Act.RETRY_AS_NEW: "copied"}


class BulkDialog(DormantDialog[BulkPlan | None]):
    """A question about a frozen list. What is struck through cannot be done yet, or not at all."""

    BINDINGS = [
        Binding("escape", "keep", show=False),
        Binding("y", "say_yes", show=False),
        Binding("k", "turn_canary", show=False, priority=True),
        Binding("p", "turn_pace", show=False, priority=True),
        Binding("n", "turn_way", show=False, priority=True),
    ]

    def __init__(self, watch: Watch, act: Act, targets: Sequence[Target], origin: str, clock: Clock) -> None:
        super().__init__()
        self.act = act
        self.targets = tuple(targets)
        self._watched = watch
        self._origin = origin
        self._clock = clock
        self._checked = 0
        self._queues = sorted({target.queue for target in self.targets})
        self._states = Counter(target.state for target in self.targets)
        self._split: Split | None = None
        self._ready: tuple[Target, ...] = ()
        self._fates: Mapping[Fate, int] = {}
        self._look: _Look | None = None
        self._has_canary = act is not Act.CANCEL
        self._pace = 0
        self._is_typed = watch.is_production or len(self.targets) > TYPED_ABOVE

    def compose(self) -> ComposeResult:
        """Put the frame together."""
        yield Roles()
        with Vertical(id="dialog", classes="final" if self.act is Act.CANCEL else "") as box:
            title = f"{self.act.verb.capitalize()} {units.plural(len(self.targets), 'task')}"
            box.border_title = content(plain(title), "bold $text-strong")
            yield DialogText(id="dialog-text")
            if self._is_typed:
                yield Digits(id="dialog-typed", max_length=6, restrict="[0-9]*", compact=True, disabled=True)
            yield DialogText(id="dialog-alert")
            yield Choices()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it, and ask what could be done."""
        self._look_through()
        self.set_interval(1.0, self.repaint)

    def wake(self) -> None:
        """Let the number be typed from now on."""
        for field in self.query(Input):
            field.disabled = False
            field.focus()
        self.repaint()

    # what was found

    def _look_through(self) -> None:
        """Find out what could be done; what a look in another way finds is not wanted any more."""
        self._checked, self._split, self._ready, self._fates = 0, None, (), {}
        self._look = _Look(self, self.act)
        self.repaint()
        self.post_message(SplitWanted(self._look))

    def take_checked(self, look: "_Look", number: int) -> bool:
        """Tell how many are looked through; once this is closed nobody wants to know the rest."""
        if look is not self._look:
            return False
        self._checked = number
        self.repaint()
        return self.is_attached

    def take_split(self, look: "_Look", split: Split) -> None:
        """Tell what could be done."""
        if look is not self._look:
            return
        self._split, self._ready = split, split.ready
        self._fates = {fate: split.count(fate) for fate in Fate} if split.failure is None else {}
        self.repaint()

    @property
    def _canary(self) -> int:
        """How many are done first: none where they would be all."""
        return CANARY if self._has_canary and len(self._ready) > CANARY else 0

    # what it says

    def repaint(self) -> None:
        """Show what is known now."""
        if not self.query(Choices):
            return
        pieces = [*self._head(), *self._found(), BLANK, *self._sample(), BLANK, *self._way()]
        is_tight = self.app.size.height < _ROWS_OF_ALL + 6
        self.query_one("#dialog").set_class(is_tight, "-tight")
        shown = [piece for piece in pieces if piece is not BLANK] if is_tight else pieces
        self.query_one("#dialog-text", DialogText).show(shown)
        hindrance = self._hindrance()
        alert = [warning(hindrance)] if hindrance else []
        self.query_one("#dialog-alert", DialogText).show(reserved(alert, 1, INNER_WIDTH, at_end=True))
        self.query_one(Choices).show(Choice("esc", plain(f"{self.act.verb} none")), self._choice())

    def _head(self) -> list[Piece]:
        queues = self._queues
        where = plain(queues[0]) if len(queues) == 1 else plain(f"{len(queues)} queues")
        states = ", ".join(f"{units.count(number)} {state}" for state, number in self._states.most_common())
        tasks = say("{states} {tasks}", states=states, tasks="task" if len(self.targets) == 1 else "tasks")
        frozen = say(" in {where}, frozen at {at}", where=where, at=self._clock.at(self.targets[0].seen_at))
        place: list[Span] = [(plain(self._watched.address), "muted")]
        if self._watched.is_production:
            place += [(blank(2), ""), (plain(" PRODUCTION "), "block-production")]
        return [
            Fixed(((tasks, "strong"), (frozen, ""))),
            Fixed(((say("{origin}", origin=self._origin), "muted"),)),
            Fixed(tuple(place)),
            Fixed(((plain("─" * INNER_WIDTH), "rule"),)),
        ]

    def _found(self) -> list[Piece]:
        """Give the split, in as many rows whatever is found."""
        fates = self._fates
        made: list[Piece] = [_counted(fates, Fate.DONE, "✓", f"can be {_DONE[self.act]}", "completed")]
        for fate, sign, about in _FATES[self.act]:
            told = about.format(act=_PAST[self.act])
            made.append(_counted(fates, fate, sign, told, "caution" if fate is Fate.LOST else "muted"))
        return made

    def _sample(self) -> list[Piece]:
        split = self._split
        if split is None:
            of = f"{units.count(self._checked)} of {units.count(len(self.targets))}"
            return [Fixed(((plain(f"Looking through them without a call: {of}."), "strong"),)), *_empty(_SAMPLE)]
        ready = self._ready[:_SAMPLE]
        head = plain(f"First {len(ready)} of {units.count(len(self._ready))}")
        shown: list[Piece] = [Fixed((*_task(target), (_seen(target), "muted"))) for target in ready]
        if not ready:
            head = plain("Nothing can be done to any of them.")
            out = split.left_out[:_SAMPLE]
            shown = [Fixed((*_task(target), (_why(outcome, self._clock), "muted"))) for target, outcome in out]
        return [Fixed(((head, "strong"),)), *shown, *_empty(_SAMPLE - len(shown))]

    def _way(self) -> list[Piece]:
        said: list[Piece] = []
        if self.act is Act.CANCEL:
            lost = "There is no way back: a cancelled task cannot be retried."
            said.append(Paragraph(plain(lost), "strong"))
        else:
            anew = "as new tasks: no checkpoints kept, each names its original"
            said.append(_ticked("n", anew, is_on=self.act is Act.RETRY_AS_NEW))
        said += [
            self._canary_line(),
            Fixed(((plain("    p "), "strong"), *self._paces())),
            point(plain("x stops after the call in flight; each task is read back.")),
        ]
        if self._is_typed:
            number = len(self._ready) or "the number"
            what = "the canary" if self._canary else "it"
            said += [BLANK, Paragraph(say("Type {number} to start {what}:", number=str(number), what=what))]
        return said

    def _canary_line(self) -> Fixed:
        """Say whether a few go first; of a few there is no canary, whatever is ticked."""
        if self._split is not None and len(self._ready) <= CANARY:
            return _ticked("k", f"canary: none, {CANARY} or fewer go at once", is_on=False)
        watched = " first" if self.act is Act.CANCEL else ", watch them end or 2m pass"
        return _ticked("k", f"canary: {self.act.verb} {CANARY}{watched}, then ask", is_on=self._has_canary)

    def _paces(self) -> list[Span]:
        spans: list[Span] = [(plain("‹"), "muted")]
        for place, pace in enumerate(PACES):
            told = f"{pace} a second" if pace is not None else "full speed"
            spans += [(blank(1), ""), (plain(told), "strong" if place == self._pace else "muted")]
        return [*spans, (plain(" ›"), "muted")]

    def _choice(self) -> Choice:
        if self.act is Act.RETRY_AS_NEW:
            first = f"{self._canary} as new (canary)" if self._canary else f"{self._tasks} as new"
        else:
            first = f"{self._canary} as canary" if self._canary else self._tasks
        label = plain(f"{self.act.verb} {first}")
        return Choice("enter" if self._is_typed else "y", label, self._may_begin and not self._hindrance())

    @property
    def _tasks(self) -> str:
        return units.plural(len(self._ready), "task")

    @property
    def _may_begin(self) -> bool:
        if not self.is_awake or not self._ready:
            return False
        return not self._is_typed or self.query_one("#dialog-typed", Input).value == str(len(self._ready))

    def _hindrance(self) -> Plain:
        """Say why it cannot be done at all; empty where it can."""
        failure = self._split.failure if self._split is not None else None
        if failure is not None:
            return cut_words(in_short(failure, self._clock)[1], INNER_WIDTH - 2)
        return cut_words(why_not_many(_COMMANDS[self.act], self._queues, self._watched), INNER_WIDTH - 2)

    # what its user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key choose anything while the keys are dead; leaving is always possible."""
        return self.is_awake or action == "keep"

    def action_keep(self) -> None:
        """Do nothing."""
        if self.is_current:
            self.dismiss(None)

    def action_turn_canary(self) -> None:
        """Begin with a few, or with all."""
        self._has_canary = not self._has_canary
        self.repaint()

    def action_turn_way(self) -> None:
        """Retry in place, or as new; what is ready, and what was typed, for the one is not for the other."""
        if self.act is not Act.CANCEL:
            self.act = Act.RETRY if self.act is Act.RETRY_AS_NEW else Act.RETRY_AS_NEW
            for field in self.query(Input):
                field.clear()
            self._look_through()

    def action_turn_pace(self) -> None:
        """Go faster, or gently again."""
        self._pace = (self._pace + 1) % len(PACES)
        self.repaint()

    def action_say_yes(self) -> None:
        """Confirm where nothing is typed."""
        if not self._is_typed:
            self._confirm()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Strike the act out, or not."""
        self.repaint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Confirm what was typed."""
        self._confirm()

    def _confirm(self) -> None:
        split = self._split
        if split is not None and self.is_current and self._may_begin and not self._hindrance():
            self.dismiss(BulkPlan(self.act, self._ready, split.left_out, self._canary, PACES[self._pace]))


class _Look:
    """One going through the list, for one act."""

    def __init__(self, dialog: BulkDialog, act: Act) -> None:
        self.act = act
        self.targets = dialog.targets
        self._dialog = dialog

    def take_checked(self, number: int) -> bool:
        return self._dialog.take_checked(self, number)

    def take_split(self, split: Split) -> None:
        self._dialog.take_split(self, split)


def _counted(fates: Mapping[Fate, int], fate: Fate, sign: str, about: str, role: str) -> Fixed:
    number = fates.get(fate)
    told = units.count(number) if number is not None else "…"
    count: Span = (plain(told), "strong" if number else "muted")
    text_role = "" if number else "muted"
    return Fixed(
        (*fit((count,), 7, right=True), (blank(1), ""), (plain(sign), role), (blank(1), ""), (plain(about), text_role))
    )


def _task(target: Target) -> tuple[Span, ...]:
    name: Span = (cut_middle(plain(target.task_name), _NAME_CELLS), "")
    return (*fit((name,), _NAME_CELLS + 2), (plain(units.short_id(target.task_id, 8)), "muted"), (blank(2), ""))


def _seen(target: Target) -> Plain:
    return say("{state}, attempt {n}", state=target.state, n=target.attempt)


def _why(outcome: Outcome, clock: Clock) -> Plain:
    return in_short(outcome, clock)[1]


def _ticked(key: str, about: str, *, is_on: bool) -> Fixed:
    mark: Span = (plain("[x] " if is_on else "[ ] "), "strong")
    return Fixed((mark, (plain(f"{key} "), "strong"), (plain(about), "")))


def _empty(rows: int) -> list[Piece]:
    return [Fixed() for _ in range(rows)]
