"""The command palette: what the keys of a screen do, found by words."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from absurd_tui.ui.availability import why_not
from absurd_tui.ui.commands import COMMANDS, Command, Scope
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.activity import ActivityScreen
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.found import FoundScreen
from absurd_tui.ui.screens.queues import QueuesScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.watch import Watch


def offered(screen: Screen[Any], watch: Watch) -> Iterable[SystemCommand]:
    """Offer the commands of a screen with their keys; one that does not apply now says why."""
    scopes = scopes_of(screen)
    for command in COMMANDS:
        if command.scope in scopes:
            title = command.help[:1].upper() + command.help[1:]
            yield SystemCommand(title, _told(screen, command, watch), partial(screen.run_action, command.action))


def scopes_of(screen: Screen[Any]) -> frozenset[Scope]:
    """Give the scopes whose commands apply on a screen."""
    kinds: dict[Scope, type[Screen[Any]] | tuple[type[Screen[Any]], ...]] = {
        Scope.ACTING: ActingScreen,
        Scope.MANAGING: (ActingScreen, QueuesScreen),
        Scope.DASHBOARD: Dashboard,
        Scope.TASK: TaskScreen,
        Scope.ACTIVITY: ActivityScreen,
        Scope.FOUND: FoundScreen,
        Scope.FAILURES: FailuresScreen,
        Scope.FINDINGS: FindingsScreen,
    }
    own = {screen.scope} if isinstance(screen, ReadingScreen) else set()
    return frozenset({Scope.EVERYWHERE, *own, *(scope for scope, kind in kinds.items() if isinstance(screen, kind))})


def _told(screen: Screen[Any], command: Command, watch: Watch) -> str:
    row = screen.row_in_question() if isinstance(screen, ActingScreen) else None
    refused = why_not(command.id, row, watch).text
    if refused:
        return f"not now: {refused}"
    return f"key {command.key}" if command.keys else command.typed
