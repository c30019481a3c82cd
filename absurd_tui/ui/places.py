"""The part of the app that goes somewhere: to a screen, to a task's page, and back."""

import time

from textual.screen import ModalScreen

from absurd_tui.observe.failure_walk import walk_through
from absurd_tui.observe.finding import Finding
from absurd_tui.text import plain
from absurd_tui.ui.availability import ACTIVITY, why_not
from absurd_tui.ui.explaining import explained
from absurd_tui.ui.messages import FailuresOpened, FailuresWanted, TaskOpened
from absurd_tui.ui.palette import scopes_of
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.activity import ActivityScreen
from absurd_tui.ui.screens.costs import Costs
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.help import Help
from absurd_tui.ui.screens.rates import RatesScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.seeking import SeekingApp
from absurd_tui.ui.sides import Performs
from absurd_tui.ui.weighing import weigh
from absurd_tui.ui.widgets.queue_strip import QueueStrip


class PlacesApp(SeekingApp):
    """What of the app goes to its screens; `_performer` is None where nothing is written."""

    _performer: Performs | None

    def action_activity(self) -> None:
        """Show what was written from here, or say why nothing is."""
        screen = self.screen
        if self._performer is not None and not isinstance(screen, ActivityScreen):
            self.push_screen(ActivityScreen(self._watch, self._performer.audit))
        elif isinstance(screen, ActingScreen | ReadingScreen):
            screen.say(why_not(ACTIVITY, None, self._watch))

    def on_failures_opened(self, message: FailuresOpened) -> None:
        """Show failures in groups."""
        if isinstance(self.screen, Dashboard) and (newest := self._watch.newest) is not None:
            walk = walk_through(self._source, newest, message.queue)
            self.push_screen(FailuresScreen(self._watch, message.queue, walk))

    def on_failures_wanted(self, message: FailuresWanted) -> None:
        """Read failures as long as they are looked at."""
        self._begin(message.walk.run(message.looker))

    def action_findings(self) -> None:
        """List all that is wrong."""
        if isinstance(self.screen, Dashboard):
            self.push_screen(FindingsScreen(self._watch), self.screen.go_to)

    def action_rates(self) -> None:
        """Show the rates of the chosen queue."""
        self.push_screen(RatesScreen(self._watch))

    def action_costs(self) -> None:
        """Show what the readings cost; the pages are counted once, now."""
        if not isinstance(self.screen, Costs):
            costs = Costs(self._watch)
            self.push_screen(costs)
            self._begin(weigh(self._source, costs))

    def on_task_opened(self, message: TaskOpened) -> None:
        """Show a task's page."""
        screen = self.screen
        page = TaskScreen(self._watch, message)
        if not isinstance(screen, TaskScreen | ModalScreen):
            self.push_screen(page)
        elif isinstance(screen, TaskScreen) and (screen.key != (message.queue, message.task_id) or message.run_id):
            self.switch_screen(page)

    def action_open_told_task(self) -> None:
        """Open the page of the task that the newest outcome is about, or say why there is none."""
        about, screen = self._watch.telling.subject, self.screen
        if not isinstance(screen, ActingScreen):
            return
        if about is None:
            screen.say(plain("told task: no outcome was about a task yet."))
        elif isinstance(screen, TaskScreen) and screen.key == about:
            screen.say(plain("told task: this is its page."))
        else:
            self.post_message(TaskOpened(*about))

    def action_help(self) -> None:
        """Explain what is shown, what is under the cursor first; then what refusals need, and the keys here."""
        told = explained(self._watch.head(time.monotonic()), self._finding_in_question())
        self.push_screen(Help(scopes_of(self.screen), told, self._watch.remedies, self._watch.unread))

    def _finding_in_question(self) -> Finding | None:
        """Give the finding under the cursor: itself in their list, or the worst of the queue in the strip."""
        if isinstance(self.screen, FindingsScreen):
            return self.screen.finding_in_question
        row = self.focused.cursor_record if isinstance(self.focused, QueueStrip) else None
        shown = self._watch.settled.shown
        return next((finding for finding in shown if row is not None and finding.queue == row.name), None)
