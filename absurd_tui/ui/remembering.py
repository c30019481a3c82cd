"""The part of the app that begins with the queue and the theme of the last run, and keeps those of this one."""

import os
import time

from textual.app import App

from absurd_tui.kept import CannotKeep, Kept
from absurd_tui.observe.records import Snapshot, View
from absurd_tui.settings import Settings
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.outcomes import Told


class Remembers(App[int]):
    """What of the app remembers; what the command line says is for one run, and wins."""

    _kept: Kept
    _settings: Settings
    _watch: Watch
    _view: View
    _first_queue: str | None = None
    _first_theme = ""
    _is_queue_recalled = False
    _cannot_keep = ""

    def _recall(self) -> None:
        """Begin with what was kept, as far as the command line says nothing else."""
        self._first_queue = self._settings.queue
        try:
            theme = None if self._settings.theme or "NO_COLOR" in os.environ else self._kept.theme()
            if self._first_queue is None:
                self._first_queue = self._kept.queue(self._watch.address)
                self._is_queue_recalled = self._first_queue is not None
        except CannotKeep as error:
            self._cannot_keep = str(error)
            self._tell_kept(plain(self._cannot_keep.replace(f"{self._kept.folder}/", "")))
            theme = None
        self._view = View(self._first_queue)
        if theme in self.available_themes:
            self.theme = theme
        elif theme is not None:
            self._tell_kept(say("There is no theme {theme} any more.", theme=theme))
        self._first_theme = self.theme

    def _check_recalled(self, snapshot: Snapshot) -> None:
        """Show all queues where the one that was kept is no more."""
        if not self._is_queue_recalled:
            return
        self._is_queue_recalled = False
        queue, dashboard = self._first_queue, self.screen_stack[0]
        if queue is not None and snapshot.queue(queue) is None and isinstance(dashboard, Dashboard):
            self._first_queue = None
            self._tell_kept(say("There is no queue {queue} any more; these are all.", queue=queue))
            if dashboard.queue == queue:
                dashboard.choose(None)

    def _remember(self) -> Plain:
        """Keep what was chosen in this run, and say why that cannot be kept, where it was not said before."""
        try:
            if self.is_web:
                return Plain("")
            if self.theme != self._first_theme:
                self._kept.remember_theme(self.theme)
            if self._view.queue != self._first_queue:
                self._kept.remember_queue(self._watch.address, self._view.queue)
        except CannotKeep as error:
            return plain(str(error)) if str(error) != self._cannot_keep else Plain("")
        return Plain("")

    def _tell_kept(self, said: Plain) -> None:
        self._watch.telling.tell(Told("!", plain("Not as last time"), said, time.monotonic()))
