"""The part of the app that looks for tasks."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from textual.app import App
from textual.events import Paste
from textual.screen import ModalScreen

from absurd_tui.database.faults import sentence
from absurd_tui.observe.found import IdsFound, seen
from absurd_tui.observe.ids import ids_in
from absurd_tui.observe.search.completion import Known, known_from
from absurd_tui.observe.search.terms import Filter, written
from absurd_tui.observe.slot import SupersededError
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.dialogs.filter import FilterDialog
from absurd_tui.ui.dialogs.find_id import FindIdDialog, one_line
from absurd_tui.ui.dialogs.find_text import FindTextDialog
from absurd_tui.ui.messages import IdsWanted, TaskOpened
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.found import FoundScreen, SearchScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.sides import Source
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.json_view import JsonView

_ASKED_AGAIN_AFTER = 0.02


class SeekingApp(App[int]):
    """What of the app finds tasks; `_begin` runs work in the background."""

    _source: Source
    _watch: Watch

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        raise NotImplementedError

    def action_find_id(self) -> None:
        """Ask for an id to go to."""
        self.look_for_id("")

    def on_paste(self, event: Paste) -> None:
        """Go to the id that was pasted where nothing else takes it; a paste without one does nothing."""
        pasted = one_line(event.text)
        if not isinstance(self.screen, ModalScreen) and not isinstance(ids_in(pasted), Plain):
            self.look_for_id(pasted)

    def look_for_id(self, pasted: str) -> None:
        """Go to the id in a text, or ask for one."""
        snapshot = self._watch.snapshot
        rows = [row for panel in snapshot.panels for row in panel.rows] if snapshot is not None else []
        tasks = {row.key: seen(row) for row in rows}
        self.push_screen(FindIdDialog(tuple(tasks.values()), pasted), self._go_to)

    def _go_to(self, found: IdsFound | None) -> None:
        if found is None:
            return
        if len(found.tasks) == 1:
            (task,) = found.tasks
            self.post_message(TaskOpened(task.queue, task.task_id, run_id=task.run_id))
            return
        more = " at least; there are more" if found.is_cut else ""
        told = say("{number} tasks{more}.", number=len(found.tasks), more=more)
        self.push_screen(FoundScreen(self._watch, plain("Tasks with these ids"), told, found.tasks))

    def on_json_view_said(self, message: JsonView.Said) -> None:
        """Say what was done with a document."""
        if isinstance(self.screen, ActingScreen | ReadingScreen):
            self.screen.say(message.said)

    def on_json_view_text_wanted(self, message: JsonView.TextWanted) -> None:
        """Ask for a text to look for in a document."""

        def answered(wanted: str | None) -> None:
            if wanted is not None:
                message.view.find(wanted)

        self.push_screen(FindTextDialog(), answered)

    def action_find(self) -> None:
        """Ask for a filter, and search; on the screen of a search, for another one in its place."""
        screen, snapshot = self.screen, self._watch.newest
        typed = written(screen.filter) if isinstance(screen, SearchScreen) else ""
        self.push_screen(FilterDialog(known_from(snapshot) if snapshot is not None else Known(), typed), self.search)

    def search(self, filter: Filter | None) -> None:
        """Show the tasks that a filter is true of, as they are found."""
        found = self.searching(filter) if filter is not None else None
        if found is None:
            return
        if isinstance(self.screen, SearchScreen):
            self.switch_screen(found)
        else:
            self.push_screen(found)

    def searching(self, filter: Filter) -> SearchScreen | None:
        """Begin a search, and give the screen that it is seen on; None before anything was read."""
        clock = self._watch.newest_clock(time.monotonic())
        if clock is None:
            return None
        found = SearchScreen(self._watch, filter)
        self._begin(self._walk(found, clock.now))
        return found

    async def _walk(self, screen: SearchScreen, now: float) -> None:
        """Search for as long as that is wanted; a screen over the results does not end it."""
        async for progress in self._source.search(screen.filter, now):
            if not screen.wants_more:
                return
            screen.take(progress)

    def on_ids_wanted(self, message: IdsWanted) -> None:
        """Look for ids."""
        self._begin(self._look_for(message))

    async def _look_for(self, wanted: IdsWanted) -> None:
        while wanted.asker.awaits_ids(wanted.ranges):
            try:
                found = await self._source.find_ids(wanted.ranges)
            except SupersededError:
                await asyncio.sleep(_ASKED_AGAIN_AFTER)
                continue
            except Exception as error:
                if wanted.asker.awaits_ids(wanted.ranges):
                    wanted.asker.take_trouble(say("It could not be looked for: {why}", why=sentence(error)))
                return
            if wanted.asker.awaits_ids(wanted.ranges):
                wanted.asker.take_ids(found)
            return
