"""Asks the database for the dashboard's readings, and keeps account of what that costs and of who refused."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from absurd_tui.database.session import Session
from absurd_tui.observe.branches import Gathered, ListedQueue, Row, gather
from absurd_tui.observe.resting import Resting


class Asking:
    """What the parts of a reading share: one session, one account."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.resting = Resting()
        self.role = ""
        self.spent = 0.0
        """Seconds that the reading under way has kept a backend, as this side sees it."""

    async def open(self) -> None:
        """Connect."""
        await self._session.open()

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        """Run one statement."""
        begun = time.monotonic()
        try:
            return await self._session.fetch(statement, *arguments)
        finally:
            self.spent += time.monotonic() - begun

    async def gather(
        self, asked: Sequence[ListedQueue], branch: Callable[[int, ListedQueue], str], *arguments: object
    ) -> Gathered:
        """Ask queues by a branch each; one that refuses rests."""
        found = await gather(self.fetch, asked, branch, *arguments, role=self.role)
        for name, refusal in found.refused:
            self.resting.rest(name, refusal)
        return found
