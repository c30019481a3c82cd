"""What every screen shows from: the newest snapshot, the verdict that settled, the connection, and the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from absurd_tui.lifecycle.json_values import encode_json
from absurd_tui.observe.diagnosis import findings
from absurd_tui.observe.records import Link, LinkState, Refusal, Snapshot
from absurd_tui.observe.verdict import Settled
from absurd_tui.observe.why import Clock
from absurd_tui.operations.outcomes import Done, Outcome
from absurd_tui.operations.perform import Pending
from absurd_tui.operations.requests import Request, RetryTask, SpawnTask
from absurd_tui.operations.spawn_history import SpawnHistory
from absurd_tui.text import Plain, plain
from absurd_tui.ui.telling import Telling, told_under_way
from absurd_tui.ui.titling import title_of
from absurd_tui.ui.widgets.head import HeadState
from absurd_tui.ui.widgets.outcomes import Told


@dataclass(frozen=True, slots=True)
class _Reading:
    """A snapshot and the verdict that had settled with it."""

    snapshot: Snapshot
    settled: Settled


def remedies_of(snapshot: Snapshot) -> tuple[Plain, ...]:
    """Give the statements that would allow what a snapshot could not read."""
    unread = [queue.refusal for queue in snapshot.queues if queue.refusal is not None]
    unread += [refusal for panel in snapshot.panels for _, refusal in panel.refused]
    return tuple(dict.fromkeys(plain(refusal.remedy) for refusal in unread if refusal.remedy is not None))


class Watch:
    """The state of watching one database. `ticks` are seconds of the client's monotonic clock."""

    def __init__(self, address: str, *, every: float, ticks: float, offset: tzinfo | None = None) -> None:
        self.address = address
        self.every = every
        self.pause = every
        self.utc = False
        self.is_ascii = False
        self.is_read_only = True
        self.is_production = False
        self.asks_reason = False
        self.is_expert = False
        self.history = SpawnHistory()
        self.telling = Telling()
        self.pending: Callable[[], tuple[Pending, ...]] = tuple
        self.bulk_told: Callable[[float], tuple[Told, ...]] = lambda _: ()
        """What is told of a run over many tasks that nobody looks at."""
        self.stop: Callable[[], bool] = bool
        """Stops what goes on batch by batch; False where nothing does."""
        self.retried_as_new: dict[tuple[str, UUID], float] = {}
        """When a task, by its queue and id, was last retried as a new one from here, by the database's clock."""
        self.unread: tuple[tuple[str, Refusal], ...] = ()
        """What the screen beside the dashboard that is open could not read, by queue."""
        self.trail: tuple[Plain, ...] = ()
        """What leads to the screen that is open, where it does not say so itself."""
        self.below: tuple[Plain, ...] = ()
        """What leads to the screen that it was opened on."""
        self.link = Link(LinkState.CONNECTING, ticks)
        self._offset = offset
        self._newest: _Reading | None = None
        self._held: _Reading | None = None
        self._held_since: float | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot on the screen: the newest, or the one that was held."""
        return self._shown.snapshot if self._shown is not None else None

    @property
    def newest(self) -> Snapshot | None:
        """The newest snapshot, also while the screen is held: what a dialog and a key that writes go by."""
        return self._newest.snapshot if self._newest is not None else None

    @property
    def settled(self) -> Settled:
        """The verdict on the snapshot on the screen."""
        return self._shown.settled if self._shown is not None else Settled()

    @property
    def is_live(self) -> bool:
        """Whether the connection lives."""
        return self.link.state is LinkState.LIVE

    def lists(self, queue: str) -> bool:
        """Whether there is such a queue, as far as is known."""
        return self.newest is None or self.newest.queue(queue) is not None

    @property
    def remedies(self) -> tuple[Plain, ...]:
        """The statements that would allow what was refused: the newest write, then what could not be read."""
        newest, told = self.newest, self.telling.remedy
        found = remedies_of(newest) if newest is not None else ()
        found += tuple(plain(refusal.remedy) for _, refusal in self.unread if refusal.remedy is not None)
        return tuple(dict.fromkeys([told, *found] if told is not None else found))

    def take(self, snapshot: Snapshot, pause: float) -> bool:
        """Take the newest snapshot, and how long it is until the next; say whether the verdict is worse than before."""
        before = self._newest.settled if self._newest is not None else Settled()
        settled = before.after(findings(snapshot), snapshot.now)
        self._newest = _Reading(snapshot, settled)
        self.pause = pause
        return settled.level > before.level

    @property
    def title(self) -> str:
        """Name the terminal's window by the newest verdict and counts."""
        settled = self._newest.settled if self._newest is not None else Settled()
        return title_of(self.newest, settled, is_live=self.is_live)

    def hold(self, ticks: float) -> None:
        """Hold the screen still, or let it go on; before the first snapshot there is nothing to hold."""
        if self._held is not None:
            self._held = self._held_since = None
        elif self._newest is not None:
            self._held, self._held_since = self._newest, ticks

    def clock(self, ticks: float) -> Clock | None:
        """Give the database's clock; it stands still while nothing is read or the screen is held."""
        return self._clock(self.snapshot, ticks, runs=self.is_live and self._held is None)

    def newest_clock(self, ticks: float) -> Clock | None:
        """Give the database's clock by the newest snapshot: it runs also while the screen is held."""
        return self._clock(self.newest, ticks, runs=self.is_live)

    def _clock(self, read: Snapshot | None, ticks: float, *, runs: bool) -> Clock | None:
        if read is None:
            return None
        now = read.now + (max(0.0, ticks - read.taken) if runs else 0.0)
        return Clock(now, self.utc, self._offset)

    def last_claim(self, queue: str) -> float | None:
        """Give when a claim was last seen in a queue, by the snapshot on the screen."""
        reading = self.snapshot.queue(queue) if self.snapshot is not None else None
        return reading.counts.last_claim if reading is not None and reading.counts is not None else None

    def head(self, ticks: float) -> HeadState:
        """Give what the header and the verdict are made from."""
        return HeadState(
            address=self.address,
            link=self.link,
            clock=self.clock(ticks),
            ticks=ticks,
            snapshot=self.snapshot,
            settled=self.settled,
            every=self.every,
            pause=self.pause,
            frozen_since=self._held_since,
            is_production=self.is_production,
            is_read_only=self.is_read_only,
            trail=self.trail,
        )

    def note(self, request: Request, outcome: Outcome, now: float) -> None:
        """Keep what later dialogs want to know of a write that was done: what was retried as new, what was spawned."""
        if not isinstance(outcome, Done):
            return
        if isinstance(request, RetryTask) and request.as_new:
            at = outcome.after.read_at if outcome.after is not None else now
            self.retried_as_new[request.target.queue, request.target.task_id] = at
        elif isinstance(request, SpawnTask):
            self.history.remember(request.task_name, encode_json(request.params, "params"), now)
            if self.history.trouble is not None:
                trouble = plain(self.history.trouble)
                self.telling.tell(Told("!", plain("Not in the spawn history"), trouble, time.monotonic()))

    @property
    def _shown(self) -> _Reading | None:
        return self._held if self._held is not None else self._newest

    def told(self, ticks: float) -> tuple[Told, ...]:
        """Give what is told at the moment, newest last, writes under way after that; also while the screen is held."""
        clock = self.newest_clock(ticks) or Clock(0.0, self.utc, self._offset)
        told = self.telling.told(ticks, clock, is_live=self.is_live)
        return told + told_under_way(self.pending(), ticks) + self.bulk_told(ticks)
