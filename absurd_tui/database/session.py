"""One plain connection for reading: its timeouts, one statement at a time, and never a cancel request.

The server times out before the client does. A statement that outlives even the
client's limit costs the connection, not a cancel request on a new socket, which
can end a pooler (pgbouncer issue 801). Behind a pooler each statement is a transaction
of its own, which bears the limits that a session has elsewhere.
"""

import asyncio
import getpass
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from absurd_tui import __version__
from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.faults import is_out_of_step, shows_a_pooler
from absurd_tui.database.pooled import PooledTransactions
from absurd_tui.dialing import dial

CONNECT_SECONDS = 5.0
CLIENT_SECONDS = 3.0
READING_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "2000",
    "lock_timeout": "200",
    "idle_in_transaction_session_timeout": "4000",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "search_path": "pg_catalog",
}
PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}
"""Else PostgreSQL plans a statement that has arguments anew for each of its first five runs."""
_READ_ONLY = "default_transaction_read_only"
STATEMENTS_KEPT = 64
"""How many statements a connection keeps prepared: what a poll of some hundred queues asks again and again.

One about many queues takes the server some ten megabytes.
"""
_STATEMENT_BYTES = 1024 * 1024


class Session:
    """A connection that only reads. It connects when told to, and runs one statement at a time.

    `plans_once` is for who runs the same statements again and again: each has one plan, whatever its arguments.
    """

    def __init__(self, spec: ConnSpec, *, plans_once: bool = False) -> None:
        self.spec = spec
        self._plans_once = plans_once
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._pooled: PooledTransactions | None = None
        self._is_known_as_pooled = False

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that has not been seen to end."""
        return self._connection is not None and not self._connection.is_closed()

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler stands between."""
        return self._pooled is not None

    async def open(self) -> None:
        """Connect anew, dropping what was there. Raises what asyncpg raises; `faults.classify` reads it."""
        self.terminate()
        line = await dial(
            self.spec,
            is_pooled=self._is_known_as_pooled,
            server_settings={"application_name": application_name(), **self._settings},
            timeout=CONNECT_SECONDS,
            statement_cache_size=STATEMENTS_KEPT,
            max_cacheable_statement_size=_STATEMENT_BYTES,
            max_cached_statement_lifetime=0,
        )
        self._connection = line.connection
        self._pooled = PooledTransactions(line.connection, _opening(self._settings)) if line.is_pooled else None

    async def fetch(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Run one statement and give its rows; TimeoutError after three seconds, which ends the connection."""
        async with self._lock:
            if self._connection is None:
                raise asyncpg.InterfaceError("connection is closed")
            running = asyncio.ensure_future((self._pooled or self._connection).fetch(statement, *arguments))
            running.add_done_callback(_retrieve)
            done, _ = await asyncio.wait({running}, timeout=CLIENT_SECONDS)
            if not done:
                self.terminate()
                raise TimeoutError
            if (error := running.exception()) is not None and (shows_a_pooler(error) or is_out_of_step(error)):
                self._is_known_as_pooled |= shows_a_pooler(error)
                self.terminate()
            return running.result()

    def terminate(self) -> None:
        """Drop the connection at once, without a word to the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = self._pooled = None

    @property
    def _settings(self) -> Mapping[str, str]:
        return {**READING_SETTINGS, **(PLANNED_ONCE if self._plans_once else {})}


def _opening(settings: Mapping[str, str]) -> str:
    limits = (f"set local {name} = '{value}'" for name, value in settings.items() if name != _READ_ONLY)
    return "; ".join(["begin read only", *limits])


def application_name() -> str:
    """Name this program and who runs it where, in the ASCII and the 63 bytes that PostgreSQL keeps."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    name = f"absurd-tui/{__version__} {user}@{socket.gethostname()}"
    return name.encode("ascii", "replace").decode()[:63]


def _retrieve(finished: "asyncio.Future[Any]") -> None:
    """Take the exception of a statement nobody waits for any more, so that asyncio does not report it."""
    if not finished.cancelled():
        finished.exception()
