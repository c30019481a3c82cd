"""Events of queues: those that were emitted, and those that tasks wait for although nobody has emitted them. Records.

Every string that came from the database is raw here; every time is the database's, in seconds since 1970.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from absurd_tui.observe.reasons import event_awaited_by
from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.why import Clock
from absurd_tui.text import Plain, plain, say


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event stands among those that were emitted: by its time in microseconds since 2000, queue, and name."""

    at: int
    queue: str
    name: str

    @property
    def order(self) -> tuple[int, str]:
        """Sort the newest first; events of one queue and one instant are in the order in which it gives them."""
        return -self.at, self.queue


@dataclass(frozen=True, slots=True)
class EventsWanted:
    """Which events: of one queue or all (None), whose names begin so, the emitted ones from a place on."""

    queue: str | None
    prefix: str = ""
    start: EventPlace | None = None


@dataclass(frozen=True, slots=True)
class EmittedEvent:
    """An event with its payload: the stored size in bytes, and its beginning where that is small."""

    queue: str
    name: str
    at: float
    size: int
    preview: str | None
    place: EventPlace

    @property
    def key(self) -> tuple[str, str]:
        """What names it."""
        return (self.queue, self.name)


@dataclass(frozen=True, slots=True)
class AwaitedEvent:
    """An event that nobody has emitted and some tasks wait for; `endless` of them without a limit.

    `first_timeout` is when the next limit ends. There are as many waiters at least where `is_capped`.
    """

    queue: str
    name: str
    waiters: int
    endless: int
    since: float
    first_timeout: float | None
    is_capped: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What names it."""
        return (self.queue, self.name)


@dataclass(frozen=True, slots=True)
class EventsReading:
    """Some emitted events, the newest first, and those that are awaited in vain, the longest first.

    `after` is the place from which on there may be more; None where there is none. With a name to look for it is how
    far was looked.
    """

    now: float
    wanted: EventsWanted
    emitted: tuple[EmittedEvent, ...]
    after: EventPlace | None
    awaited: tuple[AwaitedEvent, ...]
    asked: int
    refused: tuple[tuple[str, Refusal], ...] = ()
    veiled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiter:
    """A task that waits for an event, in which step, since when and at most until when (None: no limit)."""

    queue: str
    task_id: UUID
    run_id: UUID
    task_name: str
    state: State | None
    attempt: int | None
    max_attempts: int | None
    step_name: str
    since: float
    timeout_at: float | None

    @property
    def step(self) -> str:
        """The step without the word that an SDK puts before the event's name, in either spelling."""
        event = event_awaited_by(self.step_name)
        return self.step_name if event is None else event


@dataclass(frozen=True, slots=True)
class WaitersReading:
    """Who waits for an event, the longest first; `emitted_at` is None while nobody has emitted it."""

    now: float
    waiters: tuple[Waiter, ...]
    emitted_at: float | None
    is_capped: bool
    asked: int = 1
    refused: tuple[tuple[str, Refusal], ...] = ()
    veiled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayloadReading:
    """An event's payload as text, or as much of it as is fetched; no text where the event is not there."""

    now: float
    text: str | None
    size: int
    is_whole: bool
    emitted_at: float | None
    asked: int = 1
    refused: tuple[tuple[str, Refusal], ...] = ()
    veiled: tuple[str, ...] = ()


def in_order(
    batches: Iterable[tuple[Sequence[EmittedEvent], EventPlace | None]],
) -> tuple[tuple[EmittedEvent, ...], EventPlace | None]:
    """Put together what each queue gave, and how far it was looked at (None: to its end), as far as it is whole."""
    events: list[EmittedEvent] = []
    edges: list[EventPlace] = []
    for some, edge in batches:
        events += some
        edges += [edge] if edge is not None else []
    nearest = min(edges, key=lambda place: place.order, default=None)
    kept = [event for event in events if nearest is None or event.place.order <= nearest.order]
    return tuple(sorted(kept, key=lambda event: event.place.order)), nearest


def about_awaited(event: AwaitedEvent, clock: Clock) -> tuple[Plain, Plain]:
    """Say who waits for an event, and what would end that."""
    waiters = f"{event.waiters:,}{'+' if event.is_capped else ''}"
    wait = "1 task waits" if waiters == "1" else f"{waiters} tasks wait"
    first = say(
        "{wait} for it in {queue}, the first for {age}.", wait=wait, queue=event.queue, age=clock.since(event.since)
    )
    if event.first_timeout is None:
        return first, plain("None has a limit: only the event, or cancel, ends the wait.")
    at = clock.at(event.first_timeout)
    if event.endless:
        told = "The next limit ends at {at}; {n} wait without a limit, and only the event or cancel ends that."
        return first, say(told, at=at, n=f"{event.endless:,}")
    return first, say("Emitting it wakes them; the next limit ends at {at}.", at=at)


def about_emitted(event: EmittedEvent, clock: Clock) -> tuple[Plain, Plain]:
    """Say when an event was emitted, and what that means."""
    first = say(
        "Emitted in {queue} at {at}, {age} ago.", queue=event.queue, at=clock.at(event.at), age=clock.since(event.at)
    )
    return first, plain("The first payload stays: emitting it again changes nothing and wakes nobody.")
