"""The keys in the footer of a screen, made from the table of commands."""

from collections.abc import Callable, Mapping
from typing import Any

from textual.screen import Screen

from absurd_tui.ui.commands import Command, Scope, in_footer
from absurd_tui.ui.widgets.foot import KeyHint


def key_hints(
    screen: Screen[Any],
    *scopes: Scope,
    applies: Callable[[Command], bool] = lambda _: True,
    labels: Mapping[str, str] | None = None,
) -> list[KeyHint]:
    """Give the keys of a screen's scopes and those that count everywhere, the less needed only where there is room.

    One that does not apply keeps its place, struck through. `labels` are those that differ, by the command's id.
    """
    narrow, named = screen.has_class("-narrow"), labels or {}
    return [
        KeyHint(command.key, named.get(command.id, command.label), command.action, applies(command), command.stays)
        for command in in_footer(*scopes, Scope.EVERYWHERE)
        if not (narrow and command.wide_only)
    ]
