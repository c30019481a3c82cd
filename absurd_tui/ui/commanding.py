"""The part of the app that runs what was typed in the command bar."""

import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

from textual.screen import Screen

from absurd_tui.kept import CannotKeep, Kept
from absurd_tui.observe.search.completion import Known, known_from
from absurd_tui.observe.search.language import Wrong, parse
from absurd_tui.observe.search.terms import Filter, written
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.availability import why_not
from absurd_tui.ui.command_line import ALL, Place, Typed
from absurd_tui.ui.commands import Argument
from absurd_tui.ui.dialogs.command import CommandBar
from absurd_tui.ui.messages import IntervalChanged, SeedWanted
from absurd_tui.ui.palette import scopes_of
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.found import SearchScreen
from absurd_tui.ui.seeking import SeekingApp


class CommandingApp(SeekingApp):
    """What of the app runs commands by their words."""

    _kept: Kept

    def action_command(self, begun: str = "") -> None:
        """Ask for a command, and run it on the screen that it was asked on."""
        screen = self.screen
        bar = CommandBar(self._place(screen), partial(self._tried, screen), begun)
        self.push_screen(bar, partial(self._run, screen))

    def _place(self, screen: Screen[object]) -> Place:
        newest = self._watch.newest
        known = known_from(newest) if newest is not None else Known()
        themes = tuple(sorted(self.available_themes))
        place = Place(scopes_of(screen), known, themes, self._watch.newest_clock(time.monotonic()))
        try:
            return replace(place, saved=tuple(sorted(self._kept.filters())))
        except CannotKeep as error:
            return replace(place, trouble=plain(str(error)))

    def _tried(self, screen: Screen[object], typed: Typed) -> Plain:
        """Do what may fail while the bar can still say so; say why a command does not apply, or has failed."""
        try:
            if typed.command.id == "filter.save":
                return self._save(screen, typed.argument)
            if typed.command.id == "filter.forget":
                self._kept.forget(typed.argument)
                return Plain("")
            if typed.command.id == "filter.run" and isinstance(
                wrong := parse(self._kept.filters()[typed.argument]), Wrong
            ):
                return say("filter: {name} cannot be read: ", name=typed.argument) + wrong.why
        except CannotKeep as error:
            return plain(str(error))
        row = screen.row_in_question() if isinstance(screen, ActingScreen) else None
        return why_not(typed.command.id, row, self._watch)

    def _save(self, screen: Screen[object], name: str) -> Plain:
        if not isinstance(screen, SearchScreen):
            return plain("save: no search is on this screen; / begins one.")
        self._kept.save(name, written(screen.filter))
        screen.say(say("Saved as {name}: :filter {name} finds it again.", name=name))
        return Plain("")

    async def _run(self, screen: Screen[object], typed: Typed | None) -> None:
        if typed is None:
            return
        if not typed.argument:
            await screen.run_action(typed.command.action)
            return
        match typed.command.argument:
            case Argument.QUEUE:
                self._choose_queue(None if typed.argument == ALL else typed.argument)
            case Argument.THEME:
                self.theme = typed.argument
            case Argument.ID:
                self.look_for_id(typed.argument)
            case Argument.SAVED if typed.command.id == "filter.run":
                with suppress(CannotKeep, KeyError):  # somebody else may have changed the file since
                    self._find(self._kept.filters()[typed.argument])
            case Argument.FILTER:
                self._find(typed.argument)
            case Argument.SECONDS:
                self.post_message(IntervalChanged(float(typed.argument)))
            case Argument.TIME if isinstance(screen, Dashboard):
                screen.go_to_time(typed.argument)
            case Argument.TASK_NAME if isinstance(screen, ActingScreen):
                queue = screen.queue_in_question()
                screen.post_message(SeedWanted(screen, None, queue, is_copy=False, task_name=typed.argument))

    def _find(self, typed: str) -> None:
        found = parse(typed)
        if isinstance(found, Filter):
            self.search(found)

    def _choose_queue(self, queue: str | None) -> None:
        """Go back to the dashboard, and show one queue, or all."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Dashboard):
            self.screen.choose(queue)
