"""The keys in the footer of a screen, made from the table of commands."""

from collections.abc import Callable, Mapping
from typing import Any

from textual.screen import Screen

from absurd_tui.ui.availability import ACTIVITY
from absurd_tui.ui.commands import COMMANDS, Command, Scope, in_footer
from absurd_tui.ui.widgets.foot import KeyHint

_SCREENS = ("queues", "workers", "events", ACTIVITY)
SCREENS = tuple(sorted((each for each in COMMANDS if each.id in _SCREENS), key=lambda each: _SCREENS.index(each.id)))
"""The screens beside the dashboard, whose footer hints at them."""

_SCREENS_AT = 8
"""Where they stand there: behind the keys that act."""


def key_hints(
    screen: Screen[Any],
    *scopes: Scope,
    applies: Callable[[Command], bool] = lambda _: True,
    labels: Mapping[str, str] | None = None,
) -> list[KeyHint]:
    """Give the keys of a screen's scopes and those that count everywhere, the less needed only where there is room.

    One that does not apply keeps its place, struck through. `labels` are those that differ, by the command's id.
    """
    narrow, named = screen.has_class("-narrow"), dict(labels or {})
    shown = [command for command in in_footer(*scopes, Scope.EVERYWHERE) if not (narrow and command.wide_only)]
    if Scope.DASHBOARD in scopes:
        at = next(place for place, command in enumerate(shown) if (command.footer or 0) >= _SCREENS_AT)
        shown[at:at] = SCREENS
        named = _names_of_screens(screen) | named
    return [
        KeyHint(command.key, named.get(command.id, command.label), command.action, applies(command), command.stays)
        for command in shown
    ]


def _names_of_screens(screen: Screen[Any]) -> dict[str, str]:
    """Name each screen where there is room for that; else all of them together, behind the last key."""
    if screen.has_class("-wide"):
        return {}
    between = "" if screen.has_class("-narrow") else " "
    *others, last = SCREENS
    return {last.id: "screens"} | dict.fromkeys((command.id for command in others), between)
