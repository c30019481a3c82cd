"""The part of the app that knows where somebody has been, goes back and forward, and tells where they are."""

from typing import Any, cast

from textual.screen import ModalScreen, Screen

from absurd_tui.observe.failure_walk import walk_through
from absurd_tui.observe.search.terms import Filter
from absurd_tui.text import plain
from absurd_tui.ui import spots
from absurd_tui.ui.history import History, Spot
from absurd_tui.ui.looking_app import LookingApp
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.activity import ActivityScreen
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.found import FoundScreen
from absurd_tui.ui.screens.payload import PayloadScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.screens.waiters import WaitersScreen


class ReturningApp(LookingApp):
    """What of the app goes back and forward, as a browser does; what is opened again is read again."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._history = History()
        self._depth = 0

    def _note_spot(self) -> None:
        """Take where somebody is now, and tell how they came there."""
        stack = [screen for screen in self.screen_stack if not isinstance(screen, ModalScreen)]
        if stack and (spot := spots.spot_of(stack[-1])) is not None:
            self._history.came(spot, is_return=len(stack) < self._depth)
        self._depth = len(stack)
        self._watch.below = tuple(crumb for screen in stack[:-1] for crumb in spots.crumbs_of(screen))
        is_named_below = not stack or isinstance(stack[-1], Dashboard | TaskScreen)
        self._watch.trail = () if is_named_below else (*self._watch.below, *spots.crumbs_of(stack[-1]))

    def action_go_back(self) -> None:
        """Go back to where one was before."""
        if (behind := self._history.behind) is None:
            self._say(plain("back: this is where it began."))
        elif not self._close_down_to(behind):
            self._show_again(behind, is_ahead=False)

    def action_go_forward(self) -> None:
        """Go forward again to where one came back from."""
        if (ahead := self._history.ahead) is None:
            self._say(plain("forward: nothing was left by going back."))
        else:
            self._show_again(ahead, is_ahead=True)

    def _say(self, said: Any) -> None:
        if isinstance(self.screen, ActingScreen | ReadingScreen | FoundScreen):
            self.screen.say(said)

    def _close_down_to(self, spot: Spot) -> bool:
        """Close the screens over a spot that is still open; False where it is not."""
        if all(spots.spot_of(screen) != spot for screen in self.screen_stack[:-1]):
            return False
        while spots.spot_of(self.screen) != spot:
            self.pop_screen()
        return True

    def _show_again(self, spot: Spot, *, is_ahead: bool) -> None:
        """Open a spot anew: over this screen on the way forward, in its place on the way back."""
        if spot.kind == spots.DASHBOARD:
            self.action_dashboard()
            return
        screen = self._opened(spot)
        if screen is None:
            return
        is_in_place = not is_ahead or type(screen) is type(self.screen)
        if is_in_place and not isinstance(self.screen, Dashboard):
            self.switch_screen(screen)
        elif isinstance(screen, FindingsScreen) and isinstance(dashboard := self.screen_stack[0], Dashboard):
            self.push_screen(screen, dashboard.go_to)
        else:
            self.push_screen(screen)

    def _opened(self, spot: Spot) -> Screen[Any] | None:
        about = cast(Any, spot.about)
        watch, newest = self._watch, self._watch.newest
        match spot.kind:
            case spots.TASK:
                return TaskScreen(watch, TaskOpened(about[0], about[1], trail=cast(Any, spot.beside[0])))
            case spots.SEARCH:
                return self.searching(cast(Filter, about[0]))
            case spots.FOUND:
                return FoundScreen(watch, *about)
            case spots.FAILURES if newest is not None:
                return FailuresScreen(watch, about[0], walk_through(self._source, newest, about[0]))
            case spots.FINDINGS:
                return FindingsScreen(watch)
            case spots.ACTIVITY if self._performer is not None:
                return ActivityScreen(watch, self._performer.audit)
            case spots.WAITERS:
                return WaitersScreen(watch, *about)
            case spots.PAYLOAD:
                return PayloadScreen(watch, *about)
            case spots.READING:
                return cast(Screen[Any], about[0](watch, *spot.beside))
        return None
