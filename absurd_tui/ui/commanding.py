"""The part of the app that runs what was typed in the command bar."""

import time
from functools import partial

from textual.screen import Screen

from absurd_tui.observe.search.completion import Known, known_from
from absurd_tui.observe.search.language import parse
from absurd_tui.observe.search.terms import Filter
from absurd_tui.text import Plain
from absurd_tui.ui.availability import why_not
from absurd_tui.ui.command_line import ALL, Place, Typed
from absurd_tui.ui.commands import Argument
from absurd_tui.ui.dialogs.command import CommandBar
from absurd_tui.ui.finding import FindingApp
from absurd_tui.ui.messages import IntervalChanged, SeedWanted
from absurd_tui.ui.palette import scopes_of
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.dashboard import Dashboard


class CommandingApp(FindingApp):
    """What of the app runs commands by their words."""

    def action_command(self, begun: str = "") -> None:
        """Ask for a command, and run it on the screen that it was asked on."""
        screen = self.screen
        bar = CommandBar(self._place(screen), partial(self._refused, screen), begun)
        self.push_screen(bar, partial(self._run, screen))

    def _place(self, screen: Screen[object]) -> Place:
        newest = self._watch.newest
        known = known_from(newest) if newest is not None else Known()
        themes = tuple(sorted(self.available_themes))
        return Place(scopes_of(screen), known, themes, self._watch.newest_clock(time.monotonic()))

    def _refused(self, screen: Screen[object], typed: Typed) -> Plain:
        row = screen.row_in_question() if isinstance(screen, ActingScreen) else None
        return why_not(typed.command.id, row, self._watch)

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
            case Argument.FILTER:
                found = parse(typed.argument)
                self.search(found if isinstance(found, Filter) else None)
            case Argument.SECONDS:
                self.post_message(IntervalChanged(float(typed.argument)))
            case Argument.TIME if isinstance(screen, Dashboard):
                screen.go_to_time(typed.argument)
            case Argument.TASK_NAME if isinstance(screen, ActingScreen):
                queue = screen.queue_in_question()
                screen.post_message(SeedWanted(screen, None, queue, is_copy=False, task_name=typed.argument))

    def _choose_queue(self, queue: str | None) -> None:
        """Go back to the dashboard, and show one queue, or all."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Dashboard):
            self.screen.choose(queue)
