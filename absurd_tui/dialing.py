"""How a connection is made: with TLS or without as the string says, and one login attempt for one password."""

from typing import Any

import asyncpg

from absurd_tui.conninfo import ConnSpec


async def dial(
    spec: ConnSpec, *, server_settings: dict[str, str] | None = None, **arguments: Any
) -> asyncpg.Connection:
    """Connect as a spec says; `server_settings` and `arguments` are asyncpg's, and what the spec says counts more.

    sslmode `prefer` and `allow` mean a second try over the other transport, only after the
    first was refused for its transport: asyncpg by itself would send a wrong password twice.
    Raises what asyncpg raises.
    """
    attempts = spec.attempts()
    for attempt in attempts[:-1]:
        try:
            return await _connect(attempt, server_settings, arguments)
        except Exception as error:
            if not _asks_for_the_other_transport(error):
                raise
    return await _connect(attempts[-1], server_settings, arguments)


async def _connect(
    attempt: dict[str, Any], server_settings: dict[str, str] | None, arguments: dict[str, Any]
) -> asyncpg.Connection:
    settings = {**(server_settings or {}), **(attempt.pop("server_settings", None) or {})}
    return await asyncpg.connect(**{**arguments, **attempt}, server_settings=settings)


def _asks_for_the_other_transport(error: Exception) -> bool:
    refused_tls = isinstance(error, ConnectionError) and "rejected SSL upgrade" in str(error)
    return refused_tls or getattr(error, "sqlstate", None) == "28000"
