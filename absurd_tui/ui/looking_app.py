"""The part of the app that goes to the screens beside the dashboard, and reads for them."""

from typing import Any

from textual.screen import ModalScreen

from absurd_tui.database.faults import sentence, sqlstate
from absurd_tui.observe.branches import refusal
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.slot import SupersededError
from absurd_tui.ui.looks import EventOpened, LookWanted, TakesLook
from absurd_tui.ui.places import PlacesApp
from absurd_tui.ui.screens.events import EventsScreen
from absurd_tui.ui.screens.payload import PayloadScreen
from absurd_tui.ui.screens.queues import QueuesScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.waiters import WaitersScreen
from absurd_tui.ui.screens.workers import WorkersScreen

SCREENS: dict[str, type[ReadingScreen[Any]]] = {
    "workers": WorkersScreen,
    "events": EventsScreen,
    "queues": QueuesScreen,
}
_NO_RIGHT = "42501"


class LookingApp(PlacesApp):
    """An app whose screens ask questions of its source while they are open."""

    def on_look_wanted(self, message: LookWanted) -> None:
        """Ask what a screen wants to know."""
        self._begin(self._look(message.asker))

    async def _look(self, asker: TakesLook) -> None:
        question = asker.question
        try:
            asker.take_look(question, await question.ask(self._source))
        except SupersededError:
            asker.let_go()
        except Exception as error:
            asker.take_refusal(question, self._why_not(error))

    def _why_not(self, error: Exception) -> Refusal:
        """Say why a look came to nothing; which table it was about is only in the server's words."""
        return Refusal(sentence(error)) if sqlstate(error) == _NO_RIGHT else refusal(error, "", "")

    def action_go(self, name: str) -> None:
        """Go to one of the screens beside the dashboard: back to it where it is open below, else to a new one."""
        kind = SCREENS[name]
        if isinstance(self.screen, ModalScreen) or type(self.screen) is kind:
            return
        if any(type(screen) is kind for screen in self.screen_stack):
            while type(self.screen) is not kind:
                self.pop_screen()
        else:
            snapshot = self._watch.newest
            self.push_screen(kind(self._watch, snapshot.view.queue if snapshot is not None else None))

    def on_event_opened(self, message: EventOpened) -> None:
        """Show who waits for an event, or what it carries."""
        if isinstance(self.screen, EventsScreen):
            kind = PayloadScreen if message.is_emitted else WaitersScreen
            self.push_screen(kind(self._watch, message.queue, message.name))

    def look_now(self) -> None:
        """Let the screen that is open read now."""
        if isinstance(self.screen, ReadingScreen):
            self.screen.ask_now()

    def action_dashboard(self) -> None:
        """Go back to the dashboard."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
