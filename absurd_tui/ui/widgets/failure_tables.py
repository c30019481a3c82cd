"""Failed attempts in groups: the tables of the groups and of one group's attempts, and how far back was looked."""

from math import inf

from absurd_tui import units
from absurd_tui.observe.failure_groups import FailedRun, FailedTask, Fingerprint, Group, Window
from absurd_tui.observe.failure_walk import MOST, FailureWalk
from absurd_tui.observe.reasons import headline
from absurd_tui.observe.records import State
from absurd_tui.observe.rows import failure
from absurd_tui.observe.why import Clock
from absurd_tui.operations.requests import Target
from absurd_tui.text import Plain, plain, say
from absurd_tui.ui.content import Span
from absurd_tui.ui.dialogs.text import Paragraph, Piece
from absurd_tui.ui.widgets.columns import Column, Sight, text
from absurd_tui.ui.widgets.record_table import Sheet

_MIDDLE, _WIDE = 90, 150
WINDOW_NAMES = {Window.HOUR: "hour", Window.DAY: "day", Window.WEEK: "week"}


def error_of(common: Fingerprint) -> Plain:
    """Name what the errors of a group have in common."""
    told = headline(failure(common.name or None, common.message or None))
    return plain(told) if told else plain("no name and no message")


def group_sheet(walk: FailureWalk) -> Sheet[Group]:
    """Make the table of groups; counts of windows that the walk has not gone through yet are told as "at least"."""

    def count(window: Window) -> Column[Group]:
        def draw(group: Group, sight: Sight) -> tuple[Span, ...]:
            number = group.count(window)
            told = units.count(number, capped=not reaches(walk, window, sight.clock.now))
            return text(told, "" if number else "disabled")

        return Column(WINDOW_NAMES[window], 7, draw, right=True)

    def columns(width: int, _: bool) -> tuple[Column[Group], ...]:
        error: Column[Group] = Column("", 0, lambda group, _: ((error_of(group.fingerprint), ""),))
        counts = tuple(count(window) for window in Window)
        last: Column[Group] = Column("last", 7, lambda group, sight: text(sight.clock.ago(group.last)), right=True)
        if width < _MIDDLE:
            return (error, *counts, last)
        task: Column[Group] = Column("task", 22, lambda group, _: ((_names(group), "muted"),))
        frame: Column[Group] = Column("in", 30, lambda group, _: text(group.fingerprint.frame, "muted"))
        first: Column[Group] = Column(
            "first", 7, lambda group, sight: text(sight.clock.ago(group.first), "muted"), right=True
        )
        return (error, *((frame,) if width >= _WIDE else ()), task, *counts, first, last)

    return Sheet(key=lambda group: group.fingerprint, columns=columns)


def _names(group: Group) -> Plain:
    more = f" +{group.name_count - 1}" if group.name_count > 1 else ""
    return plain(group.names[0][0]) + plain(more)


def _run_columns(width: int, _: bool) -> tuple[Column[FailedRun], ...]:
    task: Column[FailedRun] = Column("", 18 if width < _MIDDLE else 24, lambda run, _: text(run.task_name))
    queue: Column[FailedRun] = Column("queue", 12 if width < _MIDDLE else 15, lambda run, _: text(run.queue, "muted"))
    id: Column[FailedRun] = Column("…id", 8, lambda run, _: text(units.short_id(run.task_id, 8), "muted"))
    attempt: Column[FailedRun] = Column(
        "att.", 5, lambda run, _: text(units.attempt(run.attempt, run.max_attempts), "muted"), right=True
    )
    became: Column[FailedRun] = Column(
        "", 9, lambda run, _: text("for good", "failed") if run.is_final else text("went on", "muted")
    )
    said: Column[FailedRun] = Column("failure", 0, lambda run, _: text(headline(failure(run.name, run.message))))
    ago: Column[FailedRun] = Column("ago", 7, lambda run, sight: text(sight.clock.ago(run.at), "muted"), right=True)
    return (task, queue, id, attempt, became, said, ago) if width >= _MIDDLE else (task, queue, id, said, ago)


RUN_SHEET: Sheet[FailedRun] = Sheet(key=lambda run: run.run_id, columns=_run_columns)


def reaches(walk: FailureWalk, window: Window, now: float) -> bool:
    """Whether the walk has gone through a window, by claim time."""
    return walk.back_to <= now - window


def how_far(walk: FailureWalk, clock: Clock) -> Plain:
    """Say what was looked at, and how far back."""
    if walk.trouble:
        return say("Not read: {why} Trying again.", why=walk.trouble.rstrip(".") + ".")
    looked, back_to = units.plural(walk.looked_at, "failed attempt"), walk.back_to
    if walk.is_capped:
        told = "Looked at the newest {looked}, back to those claimed at {at}; what is older is not counted."
        return say(told, looked=f"{MOST:,} failed attempts" if walk.looked_at > MOST else looked, at=clock.at(back_to))
    unread = "".join(f" Not read: {why.rstrip('.')}." for why in walk.refused)
    if walk.is_over:
        return say("Looked at all {looked} that were claimed in the last 7 days.{un}", looked=looked, un=unread)
    if back_to == inf:
        return say("Reading the newest failed attempts.{un}", un=unread)
    return say(
        "Looked at {looked}, back to those claimed at {at}; going on.{un}",
        looked=looked,
        at=clock.at(back_to),
        un=unread,
    )


def origin_of(group: Group, window: Window, marked: int, failed: int, *, is_known: bool) -> str:
    """Say how a list was made of a group: how many of the tasks that failed for good, of how many attempts; raw."""
    attempts = units.count(group.count(window), capped=not is_known)
    of = f"{failed:,}" if marked == failed else f"the newest {marked:,} of {failed:,}"
    error = error_of(group.fingerprint).text
    return f"{of} failed for good of {attempts} attempts in the last {WINDOW_NAMES[window]}: {error}"


def target_of(task: FailedTask, seen_at: float) -> Target:
    """Give a task that failed for good as one that is asked about: so it stands while that attempt is its last."""
    return Target(task.queue, task.task_id, task.run_id, task.task_name, State.FAILED, task.attempt, None, seen_at)


def explained(group: Group, clock: Clock) -> list[Piece]:
    """Tell one group in full."""
    newest = group.runs[0]
    where = say("Raised in {frame}. ", frame=group.fingerprint.frame) if group.fingerprint.frame else Plain("")
    seen = say(
        "First {first} ago, last {last} ago; {finals} failed for good with it.",
        first=clock.ago(group.first),
        last=clock.ago(group.last),
        finals=units.plural(group.finals, "task"),
    )
    names = ", ".join(f"{name} {number:,}" for name, number in group.names)
    more = f" and {units.plural(group.name_count - len(group.names), 'other name')}"
    others = more if group.name_count > len(group.names) else ""
    of = say("Tasks: {names}{others}. Queues: {queues}.", names=names, others=others, queues=", ".join(group.queues))
    return [
        Paragraph(plain(headline(failure(newest.name, newest.message)) or "no name and no message"), "strong"),
        Paragraph(where + seen, keeps_words=True),
        Paragraph(of, "muted", keeps_words=True),
    ]
