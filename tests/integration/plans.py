"""How the server runs what a reading asks: a connection with a reading's settings, and the nodes of a plan."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from absurd_tui.database.session import READING_SETTINGS


@asynccontextmanager
async def as_a_reading(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect with the settings of a reading."""
    connection = await asyncpg.connect(dsn)
    try:
        for name, value in READING_SETTINGS.items():
            await connection.execute(f"set {name} = '{value}'")
        yield connection
    finally:
        await connection.close()


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a node of a plan and all below it."""
    yield node
    for below in node.get("Plans", []):
        yield from nodes(below)
