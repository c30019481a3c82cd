"""Who runs a query when several want one connection: the newest, and never by cancelling what runs.

A cancelled statement would send a cancel request over a new socket. So a request
waits for the running one to end; a newer one replaces the one that waits; and what
nobody waits for any more runs to its end, its result dropped.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class SupersededError(Exception):
    """A newer request took the place of this one before it began."""


class Slot:
    """Room for one running request and one that waits."""

    def __init__(self) -> None:
        self._running: asyncio.Future[Any] | None = None
        self._newest = 0

    async def run(self, request: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a request as soon as the running one has ended. Raises SupersededError when a newer one came meanwhile.

        Cancelling the caller does not cancel the request.
        """
        self._newest += 1
        mine = self._newest
        while self._running is not None and not self._running.done():
            await asyncio.wait({self._running})
            if mine != self._newest:
                raise SupersededError
        running = asyncio.ensure_future(request())
        running.add_done_callback(_retrieve)
        self._running = running
        return await asyncio.shield(running)


def _retrieve(ended: "asyncio.Future[Any]") -> None:
    """Take the exception of a request whose caller is gone, so that asyncio does not report it."""
    if not ended.cancelled():
        ended.exception()
