"""Queues that refused lately: they are left alone for a while, so that one of them does not slow the others."""

import time

from absurd_tui.observe.records import Refusal

REST_SECONDS = 10.0


class Resting:
    """Why each queue that rests refused, until its rest is over."""

    def __init__(self) -> None:
        self._resting: dict[str, tuple[float, Refusal]] = {}

    def rest(self, queue: str, refusal: Refusal) -> None:
        """Leave a queue alone from now on."""
        self._resting[queue] = (time.monotonic() + REST_SECONDS, refusal)

    def refusal(self, queue: str) -> Refusal | None:
        """Give why a queue rests, or None where it may be asked."""
        until, refusal = self._resting.get(queue, (0.0, None))
        if time.monotonic() < until:
            return refusal
        self._resting.pop(queue, None)
        return None
