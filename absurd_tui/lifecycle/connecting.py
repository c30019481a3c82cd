"""A `Lifecycle` on a connection of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from absurd_tui import conninfo
from absurd_tui.dialing import dial
from absurd_tui.errors import CannotConnect
from absurd_tui.lifecycle import failures
from absurd_tui.lifecycle.client import Lifecycle

if TYPE_CHECKING:
    from absurd_tui.conninfo import ConnSpec

_CLOSE_TIMEOUT = 5.0


@asynccontextmanager
async def connect(dsn: str | None = None) -> AsyncIterator[Lifecycle]:
    """A `Lifecycle` on a connection of its own, which is closed at the end.

    `dsn` is anything libpq accepts: a URI, a conninfo string, a database's name; None takes it from the environment.
    Raises `InvalidConnection` when that cannot be used, `CannotConnect` when no connection comes about: within
    `connect_timeout` where the string or the environment sets one, else within 60 seconds. Behind a pooler nothing is
    kept on the server between calls.
    """
    connection = await _opened(conninfo.resolve(dsn))
    try:
        yield Lifecycle(connection)
    finally:
        await _close(connection)


async def _opened(spec: "ConnSpec") -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return (await dial(spec)).connection
    except (*failures.DRIVER_ERRORS, ValueError, OverflowError) as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else failures.text_of(error)
        message = failures.one_line(f"cannot connect to {spec.label}: {reason}")
        raise CannotConnect(message, sqlstate=failures.sqlstate_of(error)) from error


async def _close(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    try:
        await connection.close(timeout=_CLOSE_TIMEOUT)
    except failures.DRIVER_ERRORS:
        connection.terminate()
