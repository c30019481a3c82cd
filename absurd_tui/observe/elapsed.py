"""How long an answer took, less what this program was late in taking it.

While the event loop is busy, or the whole program waits for a processor, an answer lies
there and costs the server nothing. So a clock ticks while a statement is under way: what
a tick comes too late is time in which nobody was there to take the answer.
"""

import asyncio
from types import TracebackType
from typing import Self

_TICK = 0.002


class Elapsed:
    """Measures, inside `with`, the seconds that somebody else took: never more than passed, at times less."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._late = 0.0

    def __enter__(self) -> Self:
        self._begun = self._loop.time()
        self._next_tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tick.cancel()
        now = self._loop.time()
        self._late += max(0.0, now - self._due)
        self.seconds = max(0.0, now - self._begun - self._late)

    def _next_tick(self) -> None:
        self._due = self._loop.time() + _TICK
        self._tick = self._loop.call_at(self._due, self._ticked)

    def _ticked(self) -> None:
        self._late += max(0.0, self._loop.time() - self._due)
        self._next_tick()
