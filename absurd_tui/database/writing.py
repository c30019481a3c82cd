"""The connection that writes: statements known before the transaction, every round trip bounded, no cancel request.

A statement that is not prepared when its transaction begins can leave the server
waiting for the rest of a message, where no idle time-out ends the transaction. So
`fetch` inside a transaction takes prepared statements only. Behind a pooler the same
holds, in another way: see `absurd_tui.database.pooled`.

Whoever stops waiting ends the connection: a cancel request would travel on a new
socket, may arrive after the answer, and can end a pooler.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.capabilities import Functions, read_functions
from absurd_tui.database.faults import shows_a_pooler
from absurd_tui.database.pooled import PooledTransactions
from absurd_tui.database.session import CONNECT_SECONDS, application_name
from absurd_tui.dialing import dial

CLIENT_SECONDS = 10.0
LOCK_SECONDS = 3
IDLE_SECONDS = 4
"""How long the server keeps a transaction open for a client that has gone."""

LIMITS = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": "8s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "search_path": "pg_catalog",
}
WRITING_SETTINGS = LIMITS | {
    "jit": "off",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
# set again in each transaction: between two of them a session may have been given other values
_BEGIN = "begin isolation level read committed; " + "; ".join(
    f"set local {name} = '{value}'" for name, value in LIMITS.items()
)
_PLACE = """
select current_user::text as role, pg_is_in_recovery() as is_standby,
       nullif(current_setting('absurd.fake_now', true), '') as fake_now"""
_PID = "select pg_backend_pid() as pid"
_CLUSTER = """
select s.system_identifier, c.timeline_id from pg_control_system() s, pg_control_checkpoint() c"""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection has ended up.

    `cluster` is the system identifier and the timeline, which together say whether a transaction id means the same
    here as elsewhere; None where the server does not tell. `fake_now` is Absurd's fake clock, where one is set.
    `functions` are Absurd's stored functions there.
    """

    role: str
    is_standby: bool
    fake_now: str | None
    cluster: tuple[int, int] | None
    functions: Functions


class WriteSession:
    """One connection for one writer at a time; it connects when told to. Errors are asyncpg's, and TimeoutError.

    A statement may take 8 s inside a transaction, or as many as are given for long maintenance.
    """

    def __init__(self, spec: ConnSpec, *, statement_seconds: int | None = None) -> None:
        self._spec = spec
        self._statement_seconds = statement_seconds
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record]] = {}
        self._in_transaction = False
        self._pooled: PooledTransactions | None = None
        self._is_known_as_pooled = False
        self._next: tuple[str, ...] = ()
        self._pid: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has not been seen to end."""
        return not self.is_closed()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun on this connection and has not ended."""
        return self._in_transaction

    @property
    def pid(self) -> int | None:
        """The server's process behind the connection; behind a pooler None, but in a transaction."""
        return self._pid

    def is_closed(self) -> bool:
        """The opposite of `is_open`, as asyncpg's connections have it, so that `Lifecycle` works over this one."""
        return self._connection is None or self._connection.is_closed()

    async def open(self) -> Place:
        """Connect anew, dropping what was there, and say where."""
        self.terminate()
        line = await dial(
            self._spec,
            is_pooled=self._is_known_as_pooled,
            server_settings={"application_name": application_name(), **WRITING_SETTINGS},
            timeout=CONNECT_SECONDS,
        )
        self._connection = line.connection
        self._pooled = PooledTransactions(line.connection, self._begin) if line.is_pooled else None
        self._pid = None if line.is_pooled else line.connection.get_server_pid()
        row = (await self.fetch(_PLACE))[0]
        functions = await read_functions(self.fetch)
        return Place(row["role"], row["is_standby"], row["fake_now"], await self._cluster(), functions)

    async def prepare(self, *statements: str) -> None:
        """Have the server prepare statements, each once; behind a pooler, for the transaction that begins next."""
        if self._pooled is not None:
            self._next = (*statements, _PID)
            await self._answered(self._pooled.learn(*self._next))
            return
        for statement in statements:
            if statement not in self._prepared:
                self._prepared[statement] = await self._answered(self._opened.prepare(statement))

    def forget_prepared(self) -> None:
        """Prepare every statement anew: a table has changed under the old ones."""
        self._prepared.clear()
        if self._pooled is not None:
            self._pooled.unlearn()

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Run a statement and give its rows; inside a transaction it must have been prepared before."""
        if self._pooled is not None:
            return await self._fetch_pooled(self._pooled, statement, *arguments)
        if statement not in self._prepared:
            if self._in_transaction:
                raise RuntimeError("a statement was not prepared before its transaction")
            await self.prepare(statement)
        rows: list[asyncpg.Record] = await self._answered(
            self._prepared[statement].fetch(*arguments), extra_seconds=self._statement_seconds or 0
        )
        return rows

    async def begin(self) -> None:
        """Begin a transaction with the limits of a write."""
        self._in_transaction = True
        if self._pooled is None:
            await self._answered(self._opened.execute(self._begin))
            return
        await self._answered(self._pooled.begin(*self._next))
        self._pid = (await self.fetch(_PID))[0]["pid"]

    async def commit(self) -> bool:
        """Commit; False where the server rolled back instead, because the transaction had failed before."""
        pooled = self._pooled
        ended = await self._answered(pooled.commit() if pooled is not None else self._opened.execute("commit"))
        self._in_transaction = False
        return ended == "COMMIT"

    async def rollback(self) -> None:
        """Undo the transaction; where that cannot be said any more, end the connection, which undoes it too."""
        try:
            pooled = self._pooled
            await self._answered(pooled.rollback() if pooled is not None else self._opened.execute("rollback"))
            self._in_transaction = False
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            self.terminate()

    def terminate(self) -> None:
        """Drop the connection at once, without a word to the server."""
        connection, self._connection = self._connection, None
        self._pooled = self._pid = None
        self._prepared.clear()
        self._in_transaction = False
        if connection is not None:
            connection.terminate()

    def unbroken(self, calls: Coroutine[Any, Any, _T]) -> "asyncio.Task[_T]":
        """Begin a task of this session's calls: whoever stops waiting for it ends the connection.

        A call elsewhere gets such a task to itself, which takes the client longer.
        """
        return _Unbroken(self, calls)

    @property
    def _begin(self) -> str:
        if self._statement_seconds is None:
            return _BEGIN
        return f"{_BEGIN}; set local statement_timeout = '{self._statement_seconds}s'"

    @property
    def _opened(self) -> "asyncpg.Connection[asyncpg.Record]":
        if self._connection is None:
            raise asyncpg.InterfaceError("connection is closed")
        return self._connection

    async def _fetch_pooled(
        self, pooled: PooledTransactions, statement: str, *arguments: Any
    ) -> Sequence[asyncpg.Record]:
        if not self._in_transaction:
            return await self._answered(pooled.fetch(statement, *arguments))
        if statement not in self._next:
            raise RuntimeError("a statement was not prepared before its transaction")
        return await self._answered(pooled.run(statement, *arguments), extra_seconds=self._statement_seconds or 0)

    async def _cluster(self) -> tuple[int, int] | None:
        try:
            row = (await self.fetch(_CLUSTER))[0]
        except asyncpg.PostgresError:
            return None  # a hosted server may keep this to itself
        return row["system_identifier"], row["timeline_id"]

    async def _answered(self, call: Coroutine[Any, Any, _T], *, extra_seconds: int = 0) -> _T:
        loop, current = asyncio.get_running_loop(), asyncio.current_task()
        is_unbroken = isinstance(current, _Unbroken) and current.session is self
        given_up = loop.call_later(CLIENT_SECONDS + extra_seconds, self.terminate)
        try:
            return await (call if is_unbroken else self.unbroken(call))
        except Exception as error:
            if given_up.when() <= loop.time():
                self.terminate()
                raise TimeoutError from error
            if shows_a_pooler(error):
                self._is_known_as_pooled = True
                self.terminate()
            raise
        finally:
            given_up.cancel()


class _Unbroken(asyncio.Task[_T]):
    """A task that ends a session's connection before it is cancelled: the driver then has no command to cancel."""

    def __init__(self, session: WriteSession, call: Coroutine[Any, Any, _T]) -> None:
        super().__init__(call)
        self.session = session

    def cancel(self, msg: Any | None = None) -> bool:
        self.session.terminate()
        return super().cancel(msg)
