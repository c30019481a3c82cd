"""A screen whose rows can be marked: one, a range, what is in view, all in a state; and the keys that act on marks."""

import time
from dataclasses import replace

from absurd_tui import units
from absurd_tui.observe.matching import MOST, Matching
from absurd_tui.observe.records import Refusal, State
from absurd_tui.operations.batch import LIVE
from absurd_tui.operations.bulk import BulkPlan
from absurd_tui.operations.requests import Act
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.asking_many import ask_about_many
from absurd_tui.ui.availability import CANCEL, RETRY, why_not_many
from absurd_tui.ui.commands import Scope
from absurd_tui.ui.marks import Marks
from absurd_tui.ui.messages import BulkConfirmed, MatchingWanted
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.foot import KeyHint
from absurd_tui.ui.widgets.panel import Panel
from absurd_tui.ui.widgets.panel_faces import NAMES, count_text

_ACTS = {CANCEL: Act.CANCEL, RETRY: Act.RETRY}
_FITTING = {CANCEL: (LIVE, "live"), RETRY: ((State.FAILED,), "failed")}
_NO_ROW = plain("mark: no row is under the cursor; 1 to 6 go to a panel.")


class MarkingScreen(ActingScreen):
    """Marks are keys of tasks, so that they stay while rows come and go; they are all in one panel."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch)
        self.marks = Marks()

    def panel_in_question(self) -> Panel | None:
        """Give the panel that has the cursor."""
        raise NotImplementedError

    @property
    def counts_marks(self) -> bool:
        """Whether a key that writes is about the marks: they are in the panel that has the cursor."""
        panel = self.panel_in_question()
        return bool(self.marks) and panel is not None and panel.state is self.marks.state

    # marking

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark back."""
        panel, row, read = self.panel_in_question(), self.row_in_question(), self.read()
        if panel is None or row is None or read is None:
            self.say(_NO_ROW)
        elif row.is_retried:
            self.say(plain("mark: this attempt was tried again; its task is in another panel."))
        else:
            others = self._elsewhere(panel)
            self.marks.turn(panel.state, row, read.now)
            self._tell_marks(more=others)

    def action_mark_range(self) -> None:
        """Mark all rows from the one marked last to the one under the cursor."""
        panel, row, read = self.panel_in_question(), self.row_in_question(), self.read()
        if panel is None or row is None or read is None:
            self.say(_NO_ROW)
            return
        rows = panel.between(self.marks.last, row) if panel.state is self.marks.state else None
        if rows is None:
            self.say(plain("mark a range: space marks where it begins; that row is not in this panel."))
        else:
            self.marks.add(panel.state, rows, read.now)
            self._tell_marks()

    def action_mark_all(self) -> None:
        """Mark what is in view; where that is marked already, all in the panel's state."""
        panel, read, snapshot = self.panel_in_question(), self.read(), self._watch.snapshot
        if panel is None or read is None or snapshot is None:
            self.say(_NO_ROW)
            return
        rows = [row for row in panel.in_view if not row.is_retried]
        if not rows or not all(self.marks.has(panel.state, row) for row in rows):
            others = self._elsewhere(panel)
            self.marks.add(panel.state, rows, read.now)
            self._tell_marks(more=f"{others}; * again marks all")
            return
        readable = [queue.name for queue in snapshot.queues if queue.counts is not None]
        chosen = snapshot.view.queue
        self.say(plain("Listing all of them."))
        self.post_message(MatchingWanted(self, panel.state, readable if chosen is None else [chosen]))

    def take_matching(self, wanted: MatchingWanted, matching: Matching) -> None:
        """Mark all that was listed, unless its user has gone elsewhere meanwhile."""
        panel, snapshot = self.panel_in_question(), self._watch.newest
        if panel is None or panel.state is not wanted.state or snapshot is None:
            return
        number, known = len(wanted.queues), len(snapshot.queues)
        where = "all queues" if number == known else f"{number} of {known} queues"
        where = wanted.queues[0] if number == 1 else where
        queue = wanted.queues[0] if len(wanted.queues) == 1 else None
        origin = f"all {wanted.state} tasks of {where}"
        if matching.has_more:
            origin = (
                f"the first {MOST:,} of {count_text(wanted.state, snapshot, queue)} {wanted.state} tasks of {where}"
            )
        self.marks.take(wanted.state, matching, origin)
        self._tell_marks(more=f": {origin}")

    def take_matching_refusal(self, refusal: Refusal) -> None:
        """Say why they could not be listed."""
        self.say(say("mark all: {why}", why=refusal.reason))

    def unmark(self, why: str = "") -> bool:
        """Take all marks back, and say so; False where there was none."""
        cleared = self.marks.clear()
        if cleared:
            self.say(say("{marks} taken back{why}.", marks=units.plural(cleared, "mark"), why=why))
            self.repaint()
        return bool(cleared)

    def repaint(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def _elsewhere(self, panel: Panel) -> str:
        """Say that marks of another panel are taken back by marking in this one."""
        state = self.marks.state
        if not self.marks or state is None or state is panel.state:
            return ""
        return f"; {'that' if len(self.marks) == 1 else 'those'} in {NAMES[state]} taken back"

    def _tell_marks(self, more: str = "") -> None:
        marks = units.plural(len(self.marks), "task")
        state = f" in {NAMES[self.marks.state]}" if self.marks.state is not None else ""
        self.say(
            say(
                "{tasks} marked{state}{more}. c and r are about them; esc takes it back.",
                tasks=marks,
                state=state,
                more=more,
            )
        )
        self.repaint()

    # acting on marks

    def why_not(self, command: str) -> Plain:
        """Say why a command does not apply now; what is about marks asks nothing of the row under the cursor."""
        if command in _ACTS and self.counts_marks:
            reason = why_not_many(command, self.marks.queues, self._watch)
            fitting, called = _FITTING[command]
            if not reason and self.marks.states.isdisjoint(fitting):
                return plain(f"{_ACTS[command]}: none of the marked tasks is {called}.")
            return reason
        return super().why_not(command)

    def key_hints(self, scope: Scope) -> list[KeyHint]:
        """Give the keys of this screen, those that are about marks with their number."""
        hints = super().key_hints(scope)
        if not self.counts_marks:
            return hints
        number = units.count(len(self.marks))
        about = {f"ask('{command}')" for command in _ACTS}
        return [replace(hint, label=f"{hint.label} {number}") if hint.action in about else hint for hint in hints]

    def _begin_bulk(self, plan: BulkPlan) -> None:
        self.post_message(BulkConfirmed(plan, begun=self._forget_marks))

    def _forget_marks(self) -> None:
        self.marks.clear()
        self.repaint()

    def action_ask(self, command: str) -> None:
        """Ask about the marks, where there are some; else about the row under the cursor."""
        if command not in _ACTS or not self.counts_marks:
            super().action_ask(command)
            return
        refused, clock = self.why_not(command), self._watch.newest_clock(time.monotonic())
        if refused or clock is None:
            self.say(refused)
            return
        act, marks = _ACTS[command], self.marks
        ask_about_many(self, self._watch, act, marks.targets, marks.origin, clock, self._begin_bulk)
