"""The dashboard: the verdict, the queues, six panels of tasks, and why the one under the cursor is where it is."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.events import Key, Resize

from absurd_tui.observe.finding import FAILURES, HELP, Finding
from absurd_tui.observe.places import epoch
from absurd_tui.observe.records import ReadAt, State, TaskRow, View
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.browsing import MOST_HEAD_ROWS, head_rows
from absurd_tui.ui.commands import PANEL_KEYS, Scope, bindings
from absurd_tui.ui.dialogs.go_to import GoToDialog
from absurd_tui.ui.instants import instant
from absurd_tui.ui.messages import FailuresOpened, IntervalChanged, TaskOpened, ViewChanged
from absurd_tui.ui.screens.marking import MarkingScreen
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.columns import Sight
from absurd_tui.ui.widgets.foot import KeyBar, Tab, Tabs, WhyLine
from absurd_tui.ui.widgets.head import Header, Verdict
from absurd_tui.ui.widgets.outcomes import Outcomes
from absurd_tui.ui.widgets.panel import ORDERED_BY, PAST, Panel
from absurd_tui.ui.widgets.panel_faces import NAMES, count_text, notes, reading_of, title
from absurd_tui.ui.widgets.queue_strip import SHEET as QUEUE_SHEET
from absurd_tui.ui.widgets.queue_strip import QueueRow, QueueStrip, queue_rows
from absurd_tui.ui.widgets.rates_line import RatesLine
from absurd_tui.ui.widgets.record_table import RecordTable, Title
from absurd_tui.ui.widgets.roles import Roles
from absurd_tui.ui.widgets.too_small import TooSmall

INTERVALS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
NOTE_SECONDS = 4.0
READING_AFTER = 2.0
QUEUES_SHOWN = 7
_PAIRS = ((State.PENDING, State.RUNNING), (State.SLEEPING, State.FAILED), (State.COMPLETED, State.CANCELLED))


class Dashboard(MarkingScreen):
    """The main screen. Wide enough it shows all six panels, else one of them under tabs."""

    BINDINGS = [
        *bindings(Scope.DASHBOARD, Scope.ACTING, Scope.EVERYWHERE),
        *(Binding(key, f"panel({number})", show=False) for number, key in enumerate(PANEL_KEYS)),
        Binding("0", "queues", show=False),
        Binding("escape", "let_go", show=False),
    ]
    AUTO_FOCUS = ""  # where esc let the cursor go, another screen gives none to the queues
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-grid"), (182, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]

    def __init__(self, watch: Watch, *, queue: str | None = None) -> None:
        super().__init__(watch)
        self.queue = queue
        self._open = State.RUNNING
        self._is_zoomed = False
        self._with_retried = False
        self._began = time.monotonic()
        self._asked: View | None = None

    def compose(self) -> ComposeResult:
        """Put the surfaces together."""
        yield Roles()
        yield Header()
        yield Verdict()
        yield QueueStrip(QUEUE_SHEET, id="queues")
        yield RatesLine()
        yield Tabs()
        with Container(id="panels"):
            for pair in _PAIRS:
                with Horizontal(classes="pair"):
                    for state in pair:
                        yield Panel(state)
        yield WhyLine()
        yield KeyBar()
        yield Outcomes()
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin with the claimed tasks, and let the times run."""
        self._show_layout()
        for panel in self.query(f"#panel-{self._open}"):  # none where the program is left before its first frame
            panel.focus()
        for panel in self._panels():
            panel.is_marked = partial(self.marks.has, panel.state)
        self.set_interval(1.0, self.repaint)

    # what is shown

    def repaint(self) -> None:
        """Show what the watch knows now."""
        if not self.query(KeyBar):
            return  # the screen is being taken down
        ticks = time.monotonic()
        snapshot, clock = self._watch.snapshot, self._watch.clock(ticks)
        is_stale = not self._watch.is_live
        head = self._watch.head(ticks)
        self.query_one(Header).show(head)
        self.query_one(Verdict).show(head)
        if snapshot is None or clock is None:
            self._show_before_first(ticks)
            return
        as_of = say("as of {at}", at=clock.at(snapshot.now)) if is_stale else Plain("")
        sight = Sight(clock, shows_queue=self.queue is None, is_ascii=self._watch.is_ascii)
        rows = queue_rows(snapshot, self._watch.settled, self.queue)
        strip = Title("0", Plain(""), "", plain("Queues"), Plain(""), as_of=Plain(""))
        queues = self.query_one(QueueStrip)
        queues.show(rows, sight, strip, is_stale=is_stale)
        queues.reveal((self.queue,))
        queues.set_class(len(rows) > QUEUES_SHOWN, "-many")
        rates = snapshot.rates if snapshot.rates is not None and snapshot.rates.queue == self.queue else None
        self.query_one(RatesLine).show(rates, is_stale=is_stale)
        for panel in self._panels():
            reading = reading_of(panel.state, snapshot, self.queue)
            if reading is not None:
                self.marks.follow(panel.state, reading.rows, snapshot.read_of(reading).now)
            panel.marked = len(self.marks) if panel.state is self.marks.state else 0
            panel.take(
                reading,
                snapshot.read_of(reading) if reading is not None else snapshot.rows_read,
                sight,
                title(panel.state, snapshot, self.queue, as_of) if self._shows_titles else None,
                notes=notes(panel.state, snapshot, self.queue),
                is_stale=is_stale,
            )
        self._show_tabs(is_stale=is_stale)
        self._show_why()
        self._show_keys()

    def _show_before_first(self, ticks: float) -> None:
        waited = ticks - self._began > READING_AFTER
        note = say("Reading {address}.", address=self._watch.address) if waited else Plain("")
        for panel in self._panels():
            panel.show((), None, title(panel.state, None, None, Plain("")), notes=(note,) if note else ())
        self._show_keys()

    def _show_tabs(self, *, is_stale: bool) -> None:
        snapshot = self._watch.snapshot
        if snapshot is None:
            return
        tabs = [
            Tab(state, PANEL_KEYS[number], plain(NAMES[state]), plain(count_text(state, snapshot, self.queue)))
            for number, state in enumerate(State)
        ]
        if self._panel(self._open).wanted is not None:
            at = list(State).index(self._open)
            tabs[at] = replace(tabs[at], count=self._panel(self._open).count_told(tabs[at].count))
        self.query_one(Tabs).show(tabs, self._open, is_stale=is_stale)

    def _show_why(self) -> None:
        is_gone = isinstance(self.focused, Panel) and self.focused.cursor_is_gone
        row, clock = self.row_in_question(), self._watch.clock(time.monotonic())
        last_claim = self._watch.last_claim(row.queue) if row is not None else None
        self.query_one(WhyLine).show(row, clock, last_claim, is_gone=is_gone)

    def panel_in_question(self) -> Panel | None:
        """Give the panel that has the cursor."""
        return self.focused if isinstance(self.focused, Panel) else None

    def row_in_question(self) -> TaskRow | None:
        """Give the task under the cursor."""
        return self.focused.cursor_record if isinstance(self.focused, Panel) else None

    def read(self) -> ReadAt | None:
        """It is of what its panel shows, and where it has left that, of the last reading that had it."""
        return self.focused.cursor_read if isinstance(self.focused, Panel) else None

    def queue_in_question(self) -> str | None:
        """Give the queue under the cursor of the strip, where that has the focus; else the chosen one."""
        if isinstance(self.focused, QueueStrip) and self.focused.cursor_record is not None:
            return self.focused.cursor_record.name
        return self.queue or super().queue_in_question()

    def _show_keys(self) -> None:
        self.query_one(Outcomes).show(self._watch.told(time.monotonic()))
        self.query_one(KeyBar).show(self.key_hints(Scope.DASHBOARD))

    # layout

    @property
    def _shows_one(self) -> bool:
        return self._is_zoomed or self.has_class("-narrow") or self.has_class("-low")

    @property
    def _shows_titles(self) -> bool:
        return not (self.has_class("-narrow") or self.has_class("-low"))

    def on_resize(self, event: Resize) -> None:
        """Show one panel or all, as fits."""
        self.call_after_refresh(self._show_layout)

    def _show_layout(self) -> None:
        one = self._shows_one
        self.set_class(one, "-one")
        for panel in self._panels():
            panel.set_class(panel.state is self._open, "-open")
            panel.can_focus = not one or panel.state is self._open
        for pair in self.query(".pair"):
            pair.set_class(any(child.has_class("-open") for child in pair.children), "-open")
        self._ask()
        self.repaint()

    def _ask(self) -> None:
        shown = (self._open,) if self._shows_one else tuple(State)
        away = next((panel.wanted for panel in self._panels() if panel.wanted is not None), None)
        rows = head_rows(self.size.height, is_alone=self._shows_one) if away is None else MOST_HEAD_ROWS
        view = View(self.queue, shown, rows, self._with_retried, away)
        if view != self._asked:
            self._asked = view
            self.post_message(ViewChanged(view))

    def _panels(self) -> Iterator[Panel]:
        return iter(self.query(Panel))

    def _panel(self, state: State) -> Panel:
        return self.query_one(f"#panel-{state}", Panel)

    # what the user does

    def on_key(self, event: Key) -> None:
        """Take what is on the screen as seen: only what comes later is marked as new."""
        self.query_one(WhyLine).note(Plain(""))
        for panel in self._panels():
            panel.mark_known()
            panel.stay()

    def on_panel_turned(self, event: Panel.Turned) -> None:
        """Read where a panel wants to be read."""
        self._ask()

    def on_descendant_focus(self) -> None:
        """The panel with the focus is the open one."""
        if isinstance(self.focused, Panel) and self.focused.state is not self._open:
            self._open = self.focused.state
            self._show_layout()
        self._show_why()

    def on_record_table_moved(self, event: RecordTable.Moved) -> None:
        """Tell about the row under the cursor, and which keys apply to it."""
        self._show_tabs(is_stale=not self._watch.is_live)
        self._show_why()
        self._show_keys()

    def on_record_table_chosen(self, event: RecordTable.Chosen) -> None:
        """Open a task, or choose a queue."""
        if isinstance(event.record, TaskRow):
            self.post_message(TaskOpened(event.record.queue, event.record.task_id, event.record, self.read()))
        elif isinstance(event.record, QueueRow):
            self.choose(event.record.name)

    def on_tabs_picked(self, event: Tabs.Picked) -> None:
        """Open the panel whose tab was clicked."""
        self.action_panel(list(State).index(event.state))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if isinstance(self.focused, RecordTable):
            self.focused.action_choose()
        else:
            self.say(plain("open: no row is under the cursor; 1 to 6 go to a panel."))

    def action_panel(self, number: int) -> None:
        """Go to a panel by its number."""
        self._open = list(State)[number]
        self._show_layout()
        panel = self._panel(self._open)
        self.set_focus(panel)
        panel.take_cursor()

    def action_go_to(self) -> None:
        """Ask for a time, and go to the first row of the panel from then on."""
        panel, clock = self.focused, self._watch.clock(time.monotonic())
        if not isinstance(panel, Panel) or clock is None:
            self.say(plain("go to a time: no panel has the cursor; 1 to 6 go to one."))
            return

        def answered(at: int | None) -> None:
            if at is not None:
                panel.go_to(at)

        name, by = plain(NAMES[panel.state]), plain(ORDERED_BY[panel.state])
        self.app.push_screen(GoToDialog(name, by, clock, is_past=panel.state in PAST), answered)

    def go_to_time(self, typed: str) -> None:
        """Go to the first row of the panel from a typed time on, or say why not."""
        panel, clock = self.focused, self._watch.clock(time.monotonic())
        if not isinstance(panel, Panel) or clock is None:
            self.action_go_to()
            return
        at = instant(typed, clock, is_past=panel.state in PAST)
        if isinstance(at, int):
            panel.go_to(at)
        else:
            self.say(at)

    def on_panel_landed(self, event: Panel.Landed) -> None:
        """Say by which time the panel went where it was sent."""
        clock, state = self._watch.clock(time.monotonic()), event.panel.state
        if clock is not None:
            told = (
                "{panel} by {by}: {at}." if event.is_there else "{panel} by {by}: nothing from {at} on; its last row."
            )
            self.say(say(told, panel=NAMES[state], by=ORDERED_BY[state], at=clock.at(epoch(event.at))))

    def action_queues(self) -> None:
        """Go to the queues."""
        self.set_focus(self.query_one(QueueStrip))

    def action_let_go(self) -> None:
        """Take the marks back; without any let the cursor go: every panel follows its newest rows."""
        if self.unmark():
            return
        self.set_focus(None)
        self._show_why()

    def action_queue(self, by: int) -> None:
        """Choose the queue before or after, in the order of the strip."""
        snapshot = self._watch.snapshot
        if snapshot is None:
            return
        names = [row.name for row in queue_rows(snapshot, self._watch.settled, self.queue)]
        at = names.index(self.queue) if self.queue in names else 0
        self.choose(names[(at + int(by)) % len(names)])

    def choose(self, queue: str | None) -> None:
        """Show one queue, or all."""
        if queue != self.queue:
            self.unmark(", because they were of what was shown before")
        self.queue = queue
        for panel in self._panels():
            panel.choose(queue)
        self._ask()
        self.repaint()

    def action_failures(self) -> None:
        """Show the failures of the chosen queue, or of all, in groups."""
        self.post_message(FailuresOpened(self.queue))

    async def action_worst(self) -> None:
        """Go to where the worst finding can be looked at."""
        shown = self._watch.settled.shown
        if shown:
            await self.go_to(shown[0])
        else:
            self.say(plain("go to the worst: nothing is found to be wrong."))

    async def go_to(self, finding: Finding | None) -> None:
        """Go to where a finding can be looked at."""
        if finding is None:
            return
        goal = finding.goal
        if goal == HELP:
            await self.run_action("app.help")
        elif goal == FAILURES:
            self.post_message(FailuresOpened(finding.queue))
        elif goal.task_id is not None:
            self.post_message(TaskOpened(finding.queue, goal.task_id))
        else:
            self.choose(finding.queue)
            self.action_panel(list(State).index(goal.state or State.PENDING))

    def action_zoom(self) -> None:
        """Show the open panel alone, or all again."""
        self._is_zoomed = not self._is_zoomed
        self._show_layout()

    def action_retried(self) -> None:
        """List in Failed also the attempts that were retried, or only failed tasks again."""
        self._with_retried = not self._with_retried
        self._ask()
        told = "every failed attempt" if self._with_retried else "failed tasks only"
        self.say(say("Failed lists {told}.", told=told))

    def action_freeze(self) -> None:
        """Hold the screen still, or let it go on."""
        self._watch.hold(time.monotonic())
        self.repaint()

    def action_interval(self, by: int) -> None:
        """Read more or less often."""
        nearest = min(range(len(INTERVALS)), key=lambda at: abs(INTERVALS[at] - self._watch.every))
        every = INTERVALS[max(0, min(len(INTERVALS) - 1, nearest + int(by)))]
        self.post_message(IntervalChanged(every))
        self.say(say("Reading every {seconds} s.", seconds=f"{every:g}"))

    def say(self, said: Plain) -> None:
        """Say something in the why line for a few seconds."""
        line = self.query_one(WhyLine)
        line.note(said)
        self.hush_after(NOTE_SECONDS, lambda: line.note(Plain("")))
