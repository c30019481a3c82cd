"""What is known of a screen as a spot that somebody was at, and what it is called on the way there."""

from typing import Any

from textual.screen import Screen

from absurd_tui.observe.search.terms import written
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.cells import cut_words
from absurd_tui.ui.history import Spot
from absurd_tui.ui.screens.activity import ActivityScreen
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.found import FoundScreen, SearchScreen
from absurd_tui.ui.screens.payload import PayloadScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.screens.waiters import WaitersScreen
from absurd_tui.ui.widgets.panel_faces import NAMES

DASHBOARD, TASK, SEARCH, FOUND = "dashboard", "task", "search", "found"
FAILURES, FINDINGS, ACTIVITY = "failures", "findings", "activity"
WAITERS, PAYLOAD, READING = "waiters", "payload", "reading"
_CRUMB = 24


def spot_of(screen: Screen[Any]) -> Spot | None:
    """Say which spot a screen is; None for one that is nowhere, as a dialog is."""
    match screen:
        case Dashboard():
            return Spot(DASHBOARD)
        case TaskScreen():
            return Spot(TASK, (screen.queue, screen.task_id), (screen.trail,))
        case SearchScreen():
            return Spot(SEARCH, (screen.filter,))
        case FoundScreen():
            return Spot(FOUND, screen.given)
        case FailuresScreen():
            return Spot(FAILURES, (screen.queue,))
        case FindingsScreen():
            return Spot(FINDINGS)
        case ActivityScreen():
            return Spot(ACTIVITY)
        case WaitersScreen() | PayloadScreen():
            kind = WAITERS if isinstance(screen, WaitersScreen) else PAYLOAD
            return Spot(kind, (screen.question.queue, screen.question.name))
        case ReadingScreen():
            return Spot(READING, (type(screen),), (screen.queue,))
    return None


def crumbs_of(screen: Screen[Any]) -> tuple[Plain, ...]:
    """Name a screen in the words that lead to it."""
    match screen:
        case Dashboard():
            panel = screen.panel_in_question()
            queue = plain(screen.queue) if screen.queue is not None else plain("all")
            return (_cut(queue), plain(NAMES[panel.state])) if panel is not None else (_cut(queue),)
        case TaskScreen():
            row = screen.row_in_question()
            return (_cut(plain(screen.queue)), _cut(plain(row.task_name)) if row is not None else plain("a task"))
        case SearchScreen():
            return (_cut(say("/ {filter}", filter=written(screen.filter))),)
        case WaitersScreen() | PayloadScreen():
            return (_cut(plain(screen.question.name)),)
        case FoundScreen():
            return (plain("Found"),)
    return (plain(type(screen).__name__.removesuffix("Screen")),)


def _cut(crumb: Plain) -> Plain:
    return cut_words(crumb, _CRUMB)
