"""How a connection is made: with TLS or without as the string says, one login attempt for one password, past a pooler.

A pooler such as PgBouncer stands for several of the server's processes, and each
transaction may go to another of them. It refuses settings at the start, or takes them
without a word, and a statement prepared in one transaction is not there in the next.
"""

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Any

import asyncpg

from absurd_tui.conninfo import ConnSpec

ASYNCPG_SECONDS = 60.0
"""How long asyncpg tries to connect by itself."""

UNANSWERED_MILLISECONDS = 10_000
"""After so long without a sign of what was sent, the system ends a connection."""

_KEPT_BY_POOLERS = "application_name"
_READ_ONLY = "default_transaction_read_only"
_ASK_WHETHER_IT_WRITES = ("read-write", "read-only")
_NEEDS_NO_SERVER_MEMORY = {"statement_cache_size": 0}


@dataclass(frozen=True, slots=True)
class Line:
    """A connection, and whether a pooler stands between: then nothing may be left in the session."""

    connection: "asyncpg.Connection[asyncpg.Record]"
    is_pooled: bool


async def dial(
    spec: ConnSpec, *, server_settings: dict[str, str] | None = None, is_pooled: bool = False, **arguments: Any
) -> Line:
    """Connect as a spec says; `server_settings` and `arguments` are asyncpg's, and what the spec says counts more.

    Behind a pooler, found out or known as `is_pooled`, of the settings only the program's name is in force, and
    asyncpg keeps no statement prepared. Raises what asyncpg raises.
    """
    settings = server_settings or {}
    if not is_pooled:
        first, afterwards = _in_their_order(settings, spec)
        within = arguments.get("timeout", ASYNCPG_SECONDS)
        try:
            connection = await _on_its_transport(spec, first, arguments)
        except asyncpg.ProtocolViolationError as error:
            if "unsupported startup parameter" not in str(error):
                raise
        else:
            if not await _is_pooled(connection, within):
                for setting in afterwards:
                    await _answered(connection, f"set {setting} = {afterwards[setting]}", within)
                return Line(connection, is_pooled=False)
            connection.terminate()
    name = {key: value for key, value in settings.items() if key == _KEPT_BY_POOLERS}
    return Line(await _on_its_transport(spec, name, arguments | _NEEDS_NO_SERVER_MEMORY), is_pooled=True)


def _in_their_order(settings: dict[str, str], spec: ConnSpec) -> tuple[dict[str, str], dict[str, str]]:
    """The settings to begin with, and those for afterwards.

    Whether a server takes writes is judged by the session that it gives: one that we ask to be read only tells nothing.
    """
    late = {_READ_ONLY} & settings.keys() if spec.target_session_attrs in _ASK_WHETHER_IT_WRITES else set()
    return (
        {name: value for name, value in settings.items() if name not in late},
        {name: settings[name] for name in late},
    )


async def _on_its_transport(
    spec: ConnSpec, settings: dict[str, str], arguments: dict[str, Any]
) -> "asyncpg.Connection[asyncpg.Record]":
    """Connect with TLS or without.

    sslmode `prefer` and `allow` mean a second try over the other transport, only after the
    first was refused for its transport: asyncpg by itself would send a wrong password twice.
    """
    attempts = spec.attempts()
    try:
        for attempt in attempts[:-1]:
            try:
                return await _connect(attempt, settings, arguments)
            except Exception as error:
                if not _asks_for_the_other_transport(error):
                    raise
        return await _connect(attempts[-1], settings, arguments)
    except asyncpg.InvalidPasswordError as error:
        if spec.password is not None:
            raise
        raise asyncpg.InvalidPasswordError(
            f'the server asks for a password for user "{spec.user}", and none was given: put it into ~/.pgpass '
            "(mode 600), a service file or PGPASSWORD"
        ) from error


async def _connect(
    attempt: dict[str, Any], settings: dict[str, str], arguments: dict[str, Any]
) -> "asyncpg.Connection[asyncpg.Record]":
    settings = {**settings, **(attempt.pop("server_settings", None) or {})}
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
        **{**arguments, **attempt}, server_settings=settings
    )
    _notice_a_dead_peer(connection)
    return connection


async def _is_pooled(connection: "asyncpg.Connection[asyncpg.Record]", within: float) -> bool:
    """Whether another process answers than the one that was named at the beginning; nothing is prepared for it."""
    named = connection.get_server_pid()
    return await _answered(connection, f"select where pg_catalog.pg_backend_pid() = {named}", within) == "SELECT 0"


async def _answered(connection: "asyncpg.Connection[asyncpg.Record]", statement: str, within: float) -> str:
    """What the server says of a statement that is done; a connection that does not do it in time is no more."""
    asking = asyncio.ensure_future(connection.execute(statement))
    try:
        answered, _ = await asyncio.wait({asking}, timeout=within)
        if not answered:
            raise TimeoutError
        return asking.result()
    except BaseException:
        # without a cancel request, which a connection that is waited for no longer would send
        connection.terminate()
        asking.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        raise


def _notice_a_dead_peer(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Have the system end the connection where nobody answers, also while nothing is asked; as far as it can."""
    transport = getattr(connection, "_transport", None)
    held = transport.get_extra_info("socket") if transport is not None else None
    if held is None or held.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError, AttributeError):
        held.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MILLISECONDS)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5)
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)


def _asks_for_the_other_transport(error: Exception) -> bool:
    refused_tls = isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error)
    return refused_tls or getattr(error, "sqlstate", None) == "28000"
