"""Asks the database for the dashboard's readings, and keeps account of what that costs and of who refused."""

import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from absurd_tui.database.session import Session
from absurd_tui.observe import queries
from absurd_tui.observe.account import Account
from absurd_tui.observe.beats import Moment
from absurd_tui.observe.branches import Gathered, ListedQueue, Row, gather
from absurd_tui.observe.elapsed import Elapsed
from absurd_tui.observe.resting import Resting

_ROUND_TRIPS = 3


class Asking:
    """What the parts of a reading share: one session, one account."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.resting = Resting()
        self.role = ""
        self.account = Account()
        self.round_trip = inf
        """Seconds that the fastest answer to a question without work has taken over this connection."""

    async def open(self) -> None:
        """Connect, and measure how far away the server is."""
        await self._session.open()
        self.account.connected()
        self.round_trip = inf
        for _ in range(_ROUND_TRIPS):
            await self._timed(queries.NOW)

    async def moment(self) -> Moment:
        """Ask what the time is, and whether anything has changed."""
        (row,) = await self._timed(queries.MOMENT)
        return Moment(row["transactions"], row["queues"], row["now"], time.monotonic())

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[Row]:
        """Run one statement. What it cost is how long the answer took, less the way there and back."""
        elapsed = Elapsed()
        try:
            with elapsed:
                return await self._session.fetch(statement, *arguments)
        finally:
            self.account.charge(max(0.0, elapsed.seconds - self.round_trip))

    async def _timed(self, statement: str) -> Sequence[Row]:
        with Elapsed() as elapsed:
            rows = await self._session.fetch(statement)
        self.round_trip = min(self.round_trip, elapsed.seconds)
        self.account.charge(elapsed.seconds - self.round_trip)
        return rows

    async def gather(
        self, asked: Sequence[ListedQueue], branch: Callable[[int, ListedQueue], str], *arguments: object
    ) -> Gathered:
        """Ask queues by a branch each; one that refuses rests."""
        found = await gather(self.fetch, asked, branch, *arguments, role=self.role)
        for name, refusal in found.refused:
            self.resting.rest(name, refusal)
        return found
