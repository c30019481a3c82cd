"""Asks about many tasks: the dialog, then the reason where one is wanted, then what is to be done with the answer."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual.screen import Screen

from absurd_tui import units
from absurd_tui.observe.why import Clock
from absurd_tui.operations.bulk import BulkPlan
from absurd_tui.operations.requests import Act, Target
from absurd_tui.text import say
from absurd_tui.ui.dialogs.bulk import BulkDialog
from absurd_tui.ui.sending import with_reason
from absurd_tui.ui.watch import Watch


def ask_about_many(
    screen: Screen[Any],
    watch: Watch,
    act: Act,
    targets: Sequence[Target],
    origin: str,
    clock: Clock,
    confirmed: Callable[[BulkPlan], None],
) -> None:
    """Ask whether to do this to a frozen list; `origin` says in words how it was made."""

    def answered(plan: BulkPlan | None) -> None:
        if plan is not None:
            about = say("{act} {n}", act=plan.act, n=units.plural(len(plan.targets), "task"))
            with_reason(screen, watch, about, lambda reason: confirmed(replace(plan, reason=reason)))

    screen.app.push_screen(BulkDialog(watch, act, targets, origin, clock), answered)
