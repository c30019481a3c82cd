"""The part of the app that answers what screens ask about many tasks."""

from collections.abc import Coroutine
from typing import Any

from textual.app import App

from absurd_tui.text import Plain
from absurd_tui.ui.bulks import NONE, UNDER_WAY, Bulks
from absurd_tui.ui.dialogs.bulk_progress import BulkProgress
from absurd_tui.ui.messages import BulkConfirmed, MatchingWanted, SplitWanted
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.failures import FailuresScreen


class ActsOnMany(App[int]):
    """An app that has runs over many tasks."""

    _bulks: Bulks

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something for as long as the app lives."""
        raise NotImplementedError

    def on_matching_wanted(self, message: MatchingWanted) -> None:
        """List all tasks in a state."""
        self._begin(self._bulks.list_all(message))

    def on_split_wanted(self, message: SplitWanted) -> None:
        """Look through many tasks without doing anything to them."""
        self._begin(self._bulks.look_through(message.asker))

    def on_bulk_confirmed(self, message: BulkConfirmed) -> None:
        """Do what was confirmed to many tasks, one run at a time."""
        shown = self._bulks.start(message.plan)
        if shown is not None:
            message.begun()
        self._show_bulk(shown, UNDER_WAY)

    def action_bulk(self) -> None:
        """Show the run over many tasks."""
        self._show_bulk(self._bulks.show(), NONE)

    def _show_bulk(self, shown: BulkProgress | None, otherwise: Plain) -> None:
        if shown is not None:
            self.push_screen(shown)
        elif isinstance(self.screen, ActingScreen | FailuresScreen):
            self.screen.say(otherwise)
