"""Transactions behind a pooler, which hands each one to another of the server's processes: nothing may be left there.

asyncpg has the server prepare a statement, and only then ends the message; in between
no time-out ends a transaction. So that happens once for each statement, in a
transaction that holds no rows, and asyncpg knows its columns from then on. Later
transactions prepare it by SQL, in the message that begins them, and forget it with the
one that ends them. The limits are set for each transaction: what is set for a session
would meet other clients.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

LEARNED = 100
"""Of how many statements the columns are remembered, which for many queues are long."""

if TYPE_CHECKING:
    _Prepared: TypeAlias = asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]


class PooledTransactions:
    """One transaction after the other over a connection to a pooler, each begun with `opening`."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", opening: str) -> None:
        self._connection = connection
        self._opening = opening
        self._learned: OrderedDict[str, _Prepared] = OrderedDict()
        self._standing: list[str] = []
        self._pooler_prepares = False

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Run one statement in a transaction of its own."""
        await self.begin(statement)
        try:
            prepared = self._learned.get(statement) or await self._prepared(statement)
            rows: list[asyncpg.Record] = await prepared.fetch(*arguments)
        except (asyncpg.PostgresError, ValueError, OverflowError):
            if not self._connection.is_closed():
                await self.rollback()
            raise
        await self._forget()
        return rows

    async def learn(self, *statements: str) -> None:
        """Get to know the columns of statements, each once."""
        unknown = [statement for statement in statements if statement not in self._learned]
        if not unknown:
            return
        await self.begin()
        try:
            for statement in unknown:
                await self._prepared(statement)
        except asyncpg.PostgresError:
            if not self._connection.is_closed():
                await self.rollback()
            raise
        await self._forget()

    def unlearn(self) -> None:
        """Get to know every statement anew: a table has changed under the old ones."""
        self._learned.clear()

    async def begin(self, *statements: str) -> None:
        """Begin a transaction in which those of the statements that are known can be run."""
        known = [self._learned[statement] for statement in statements if statement in self._learned]
        for prepared in known:
            self._learned.move_to_end(prepared.get_query())
        if self._pooler_prepares:
            known = []
        preparing = (f"prepare {prepared.get_name()} as {prepared.get_query()}" for prepared in known)
        self._standing = []
        try:
            await self._connection.execute("; ".join([self._opening, *preparing]))
        except asyncpg.PostgresError:
            if not self._connection.is_closed():
                await self.rollback()
            raise
        self._standing = [prepared.get_name() for prepared in known]

    async def run(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Run a statement inside the transaction; it must have been named at its beginning."""
        rows: list[asyncpg.Record] = await self._learned[statement].fetch(*arguments)
        return rows

    async def commit(self) -> str:
        """Commit, and say what the server did."""
        return await self._connection.execute("; ".join([*_forgetting(self._standing), "commit"]))

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self._connection.execute("; ".join(["rollback", *_forgetting(self._standing)]))

    async def _prepared(self, statement: str) -> "_Prepared":
        name = f"absurd_tui_{secrets.token_hex(8)}"
        prepared = await self._connection.prepare(statement, name=name)
        if not self._pooler_prepares:
            self._standing.append(name)
        if not statement.startswith("explain"):  # which SQL's own PREPARE does not take
            self._learned[statement] = prepared
            if len(self._learned) > LEARNED:
                self._learned.popitem(last=False)
        return prepared

    async def _forget(self) -> None:
        """End a transaction that has written nothing; undone, it leaves no `jit` set, as asyncpg does in learning."""
        try:
            await self.rollback()
        except asyncpg.InvalidSQLStatementNameError:
            # the pooler itself prepares, under names of its own, wherever the statement is run
            self._pooler_prepares = True


def _forgetting(names: Iterable[str]) -> list[str]:
    return [f"deallocate {name}" for name in names]
