"""How a call is made: one statement on the caller's connection, the driver's errors translated."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from absurd_tui.errors import ConnectionLost
from absurd_tui.lifecycle import failures

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]


class Calls:
    """Calls on Absurd's functions over one asyncpg connection, which stays its owner's.

    A call is one statement: in autocommit it is its own transaction, inside a transaction of the caller it is part of
    it. None is ever opened here, nor a savepoint, and a refusal by the database leaves the caller's transaction failed.
    One call at a time per connection. No time limit but those of the connection and the session.
    """

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    async def _rows(self, statement: str, *arguments: str | float | None) -> Sequence[asyncpg.Record]:
        try:
            if self._connection.is_closed():
                raise ConnectionLost("the connection is closed: nothing was sent")
            sent = [None if argument is None else str(argument) for argument in arguments]
            return await self._connection.fetch(statement, *sent)
        except failures.DRIVER_ERRORS as error:
            raise failures.failure(error) from error

    async def _row(self, statement: str, *arguments: str | float | None) -> asyncpg.Record:
        """The row of a function that always returns exactly one."""
        (row,) = await self._rows(statement, *arguments)
        return row
