"""The tests' PostgreSQL server, as `conftest.py` hands it out. (Import from here: there are several conftests.)"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import absurdctl
import asyncpg
import pytest

numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A server with a template database that holds Absurd's schema; `strategy` is how it copies that one best."""

    admin_dsn: str
    template: str
    strategy: str

    def dsn(self, database: str) -> str:
        return urlunsplit(urlsplit(self.admin_dsn)._replace(path=f"/{database}"))

    def execute(self, script: str) -> None:
        """Run statements as the role that may create databases."""
        asyncio.run(_execute(self.admin_dsn, script))

    def make_template(self) -> None:
        self.execute(f"CREATE DATABASE {self.template}")
        asyncio.run(_execute(self.dsn(self.template), absurdctl.BUNDLED_SCHEMA_SQL))

    @asynccontextmanager
    async def fresh_database(self) -> AsyncIterator["Database"]:
        """A copy of the template under a name of its own, dropped afterwards."""
        name = f"test_{os.getpid()}_{next(numbers)}"
        admin = await asyncpg.connect(self.admin_dsn)
        try:
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {self.template} {self.strategy}")
            try:
                yield Database(name, self.dsn(name))
            finally:
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await admin.close()

    def drop_template(self) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {self.template} WITH (FORCE)")


@dataclass(frozen=True, slots=True)
class Database:
    """A database of one test's own."""

    name: str
    dsn: str


SERVER = pytest.StashKey[Server]()
"""Where a pytest config keeps the server."""


async def _execute(dsn: str, script: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(script)
    finally:
        await connection.close()
