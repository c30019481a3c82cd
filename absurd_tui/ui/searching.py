"""Says how far a search has come."""

from math import inf

from absurd_tui import units
from absurd_tui.observe.search.search import MOST_FOUND, Progress
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say

_NAMED = 3


def told(progress: Progress | None, number: int, clock: Clock, *, is_stopped: bool) -> Plain:
    """Say what a search that found so many tasks has done, and whether it goes on."""
    if progress is None:
        return plain("Stopped before anything was looked at." if is_stopped else "Looking.")
    looked_at = units.plural(progress.looked_at, "run" if progress.is_by_claim else "task")
    found = units.plural(number, "task")
    if progress.trouble:
        return say("{found} until it stopped: {why}", found=found, why=progress.trouble)
    if progress.is_over and number < MOST_FOUND:
        queues = units.plural(progress.queues, "queue")
        return say(
            "{found}: all there are; {looked_at} looked at in {queues}.",
            found=found,
            looked_at=looked_at,
            queues=queues,
        )
    how = ", stopped" if is_stopped else ", and there may be more" if progress.is_over else " so far"
    told = "{found}{how}. Looked back to {back} at {looked_at}."
    return say(told, found=found, how=how, back=_back(progress, clock), looked_at=looked_at)


def reservations(progress: Progress | None) -> Plain:
    """Say what could not be looked into."""
    if progress is None:
        return Plain("")
    said = Plain("")
    if progress.refused:
        names = ", ".join(name for name, _ in progress.refused[:_NAMED])
        more = f" and {len(progress.refused) - _NAMED} more" if len(progress.refused) > _NAMED else ""
        said += say("Not read: {names}{more} ({why}). ", names=names, more=more, why=progress.refused[0][1].reason)
    if progress.unsure:
        have = "1 task has a document" if progress.unsure == 1 else f"{progress.unsure:,} tasks have documents"
        said += plain(f"{have} too large to look into.")
    return said


def _back(progress: Progress, clock: Clock) -> Plain:
    if progress.back_to == -inf:
        return plain("the beginning")
    at = min(progress.back_to, clock.now)
    what = "claims of " if progress.is_by_claim else ""
    return say("{what}{at} ({ago} ago)", what=what, at=clock.at(at), ago=clock.ago(at))
