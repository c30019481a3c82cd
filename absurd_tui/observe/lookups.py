"""The connection for what somebody looks up: a task's page, an id, a search. It is opened on first use."""

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from absurd_tui.database.faults import Fault, classify, lacks_room
from absurd_tui.database.session import Session
from absurd_tui.observe.branches import Row
from absurd_tui.observe.slot import Slot

TRIES_AGAIN_AFTER = 60.0
"""Seconds until a connection of its own is asked for again, where the server had no room for one."""

Result = TypeVar("Result")


class Lookups:
    """Runs requests one after the other. Where the server has no room, over the connection that is there, `shared`.

    One request runs at a time and one waits: a newer one takes the place of the one that
    waits, which then raises `SupersededError`. One that meets a connection that has just ended, as an idle one may,
    runs again over a new one. Every other error is the database's, as it is.
    """

    def __init__(self, session: Session, *, shared: Session | None = None) -> None:
        self._own = self._session = session
        self._shared = shared
        self._own_from = 0.0
        self._slot = Slot()
        self.connected = 0
        """How often a connection was asked for: what was learned of the database holds as long as it stays the same."""

    async def run(self, request: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Run a request as soon as the running one has ended; its statements go through `fetch`."""

        async def connected() -> Result:
            was_open = self._session.is_open
            await self._connect()
            try:
                return await request()
            except Exception as error:
                if not was_open or not _has_ended(error):
                    raise
            await self._connect()
            return await request()

        return await self._slot.run(connected)

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        """Run one statement of a request."""
        return await self._session.fetch(statement, *arguments)

    async def _connect(self) -> None:
        if self._own.is_open or time.monotonic() < self._own_from:
            return
        self.connected += 1
        try:
            await self._own.open()
            self._session = self._own
        except Exception as error:
            if self._shared is None or not lacks_room(error):
                raise
            self._session = self._shared
            self._own_from = time.monotonic() + TRIES_AGAIN_AFTER


def _has_ended(error: Exception) -> bool:
    return classify(error) is Fault.RECONNECT and not isinstance(error, TimeoutError)
