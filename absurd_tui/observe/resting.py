"""Queues that refused lately: they are left alone for a while, so that one of them does not slow the others.

One that the server worked on until its time was up costs as much each time that it is
asked: it rests twice as long each time, until what it costs is its share of a backend.
"""

import time
from dataclasses import dataclass, replace

from absurd_tui.observe.records import Refusal

REST_SECONDS = 10.0
LONGEST = 100.0
"""Seconds: fifty times the two that a statement may take."""


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    refusal: Refusal

    def was_slow(self, now: float) -> bool:
        """Whether a queue that is slow again has been so all the time, as far as is known."""
        return self.refusal.is_slow and now - self.until < self.refusal.every


class Resting:
    """Why each queue that rests refused, until its rest is over."""

    def __init__(self) -> None:
        self._resting: dict[str, _Rest] = {}

    def rest(self, queue: str, refusal: Refusal) -> Refusal:
        """Leave a queue alone from now on; gives why, and for how long."""
        now, before = time.monotonic(), self._resting.get(queue)
        seconds = REST_SECONDS
        if refusal.is_slow and before is not None and before.was_slow(now):
            seconds = min(2 * before.refusal.every, LONGEST)
        told = replace(refusal, every=seconds)
        self._resting[queue] = _Rest(now + seconds, told)
        return told

    @property
    def slow(self) -> frozenset[str]:
        """The queues that are asked alone: whoever is asked with them would have to be asked again."""
        now = time.monotonic()
        return frozenset(queue for queue, rest in self._resting.items() if rest.was_slow(now))

    def refusal(self, queue: str) -> Refusal | None:
        """Give why a queue rests, or None where it may be asked."""
        rest = self._resting.get(queue)
        return rest.refusal if rest is not None and time.monotonic() < rest.until else None
