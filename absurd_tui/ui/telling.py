"""What is told at the bottom right: outcomes, which pass or stay, and followed tasks, which live until they end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from absurd_tui.observe.following import Follow, Standings
from absurd_tui.observe.records import Refusal
from absurd_tui.observe.why import Clock
from absurd_tui.operations.perform import Pending
from absurd_tui.operations.sentences import looking_up, under_way
from absurd_tui.text import Plain
from absurd_tui.ui.widgets.outcomes import Told, told_of

TOLD_AFTER = 0.5
"""Seconds after which a write that is not over is told: most are over before anybody could read it."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """A follow and when it was last read; `at` is the client's monotonic clock."""

    follow: Follow
    at: float


class Telling:
    """Outcomes and followed tasks, newest last. `ticks` are seconds of the client's monotonic clock."""

    def __init__(self) -> None:
        self._entries: list[Told | _Followed] = []
        self._last_subject: tuple[str, UUID] | None = None

    def tell(self, told: Told) -> None:
        """Tell what came of a write."""
        self._entries.append(told)

    def follow(self, follow: Follow, ticks: float) -> None:
        """Tell from now on how far these tasks are."""
        self._entries.append(_Followed(follow, ticks))

    @property
    def followed(self) -> Mapping[str, tuple[UUID, ...]]:
        """The tasks to read, by their queues: those that are told about and may not have ended."""
        wanted: dict[str, tuple[UUID, ...]] = {}
        for entry in self._entries:
            if isinstance(entry, _Followed) and entry.follow.living:
                queue = entry.follow.queue
                wanted[queue] = wanted.get(queue, ()) + entry.follow.living
        return wanted

    def take(self, queue: str, standings: Standings, ticks: float) -> None:
        """Take how the tasks that were asked for in a queue stand."""
        self._change(queue, ticks, lambda follow: follow.after(standings))

    def take_refusal(self, queue: str, refusal: Refusal, ticks: float) -> None:
        """Take why the tasks of a queue could not be read."""
        self._change(queue, ticks, lambda follow: follow.refused(refusal) if follow.living else follow)

    def _change(self, queue: str, ticks: float, change: Callable[[Follow], Follow]) -> None:
        for place, entry in enumerate(self._entries):
            if isinstance(entry, _Followed) and entry.follow.queue == queue:
                changed = change(entry.follow)
                if changed is not entry.follow:
                    self._entries[place] = _Followed(changed, ticks)

    def told(self, ticks: float, clock: Clock, *, is_live: bool) -> tuple[Told, ...]:
        """Give what is told at the moment; `clock` says how times are told, `is_live` whether the connection lives.

        Tasks that were spawned a moment ago are not told about until they are read, as long as that may still come.
        """
        shown: list[Told] = []
        for entry in tuple(self._entries):
            told = entry if isinstance(entry, Told) else _told(entry, clock, ticks, is_live=is_live)
            is_living = isinstance(entry, _Followed) and bool(entry.follow.living)
            if told.is_over(ticks) and not is_living:
                self._leave(entry)
            elif isinstance(entry, Told) or entry.follow.now is not None or entry.follow.refusal or not is_live:
                shown.append(told)
        return tuple(shown)

    @property
    def remedy(self) -> Plain | None:
        """The statement that would allow what was refused last, while that is told."""
        told = (entry.remedy for entry in reversed(self._entries) if isinstance(entry, Told))
        return next((remedy for remedy in told if remedy is not None), None)

    @property
    def subject(self) -> tuple[str, UUID] | None:
        """Queue and id of the task that the newest outcome is about; while none is told, of the last that was."""
        subjects = (_subject(entry) for entry in reversed(self._entries))
        return next((subject for subject in subjects if subject is not None), self._last_subject)

    def dismiss(self) -> bool:
        """Take back the newest, and follow its tasks no longer; False where there is none."""
        if not self._entries:
            return False
        self._leave(self._entries[-1])
        return True

    def _leave(self, entry: Told | _Followed) -> None:
        self._last_subject = _subject(entry) or self._last_subject
        self._entries.remove(entry)


def told_under_way(pending: Sequence[Pending], ticks: float) -> tuple[Told, ...]:
    """Tell of the writes that are not over after a while. What comes of each is told in its place."""
    return tuple(
        Told(
            *(
                looking_up(write.request)
                if write.is_looked_up
                else under_way(write.request, is_committing=write.is_open_question, progress=write.progress)
            ),
            ticks,
        )
        for write in pending
        if write.seconds >= TOLD_AFTER
    )


def _told(entry: _Followed, clock: Clock, ticks: float, *, is_live: bool) -> Told:
    then = replace(clock, now=entry.follow.now if entry.follow.now is not None else clock.now)
    return told_of(entry.follow, then, entry.at, ticks, is_live=is_live)


def _subject(entry: Told | _Followed) -> tuple[str, UUID] | None:
    return entry.subject if isinstance(entry, Told) else (entry.follow.queue, entry.follow.subject)
