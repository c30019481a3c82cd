"""Looks of the screens beside the dashboard: each reads for itself, while it is open, over the second connection."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from absurd_tui.database.faults import sqlstate
from absurd_tui.observe.branches import Fetch, Row
from absurd_tui.observe.elapsed import Elapsed
from absurd_tui.observe.lock_holders import LOCKED
from absurd_tui.observe.lookups import Lookups

Found = TypeVar("Found")
Ran = Sequence[tuple[str, Sequence[Any]]]

SHARE = 200
"""A look is taken again no sooner than after so many times what it cost: half a per cent of a backend."""


@dataclass(frozen=True, slots=True)
class Looked(Generic[Found]):
    """What a look found, and how many seconds of a backend it cost."""

    found: Found
    cost: float


class Looking:
    """Takes one look at a time. `charge` takes into account what was run and how long that took, and gives its cost."""

    def __init__(self, lookups: Lookups, charge: Callable[[Ran, float], float]) -> None:
        self._lookups = lookups
        self._charge = charge

    async def take(self, look: Callable[[Fetch], Awaitable[Found]]) -> Looked[Found]:
        """Take a look. Raises SupersededError where something newer is read instead; else what asyncpg raises."""
        return await self._lookups.run(lambda: self._take(look))

    async def _take(self, look: Callable[[Fetch], Awaitable[Found]]) -> Looked[Found]:
        ran: list[tuple[str, Sequence[Any]]] = []
        seconds = cost = 0.0

        async def fetch(statement: str, *arguments: Any) -> Sequence[Row]:
            nonlocal seconds
            ran.append((statement, arguments))
            elapsed = Elapsed()
            try:
                with elapsed:
                    return await self._lookups.fetch(statement, *arguments)
            except Exception as error:
                if sqlstate(error) == LOCKED:
                    elapsed.seconds = 0.0  # it waited, and kept no backend busy
                raise
            finally:
                seconds += elapsed.seconds

        try:
            found = await look(fetch)
        finally:
            cost = self._charge(ran, seconds)
        return Looked(found, cost)
