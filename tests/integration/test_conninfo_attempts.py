"""`ConnSpec.attempts` against a server that has no TLS and refuses every password: one login attempt, not two."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest

from absurd_tui.conninfo import resolve

SSL_REQUEST = 80877103
ASK_FOR_PASSWORD = b"R" + struct.pack("!ii", 8, 3)


def refusal(sqlstate: bytes) -> bytes:
    body = b"SFATAL\0VFATAL\0C" + sqlstate + b"\0Mrefused\0\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


@dataclass(slots=True)
class Doorman:
    """A server of a few lines, which writes down what is asked of it."""

    port: int = 0
    has_entry: bool = True
    asked: list[str] = field(default_factory=list)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        if code == SSL_REQUEST:
            self.asked.append("tls")
            writer.write(b"N")
        else:
            await reader.readexactly(length - 8)
            await self.refuse(reader, writer)
        writer.close()

    async def refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.has_entry:
            self.asked.append("login without entry")
            writer.write(refusal(b"28000"))
            return
        writer.write(ASK_FOR_PASSWORD)
        _, length = struct.unpack("!ci", await reader.readexactly(5))
        self.asked.append((await reader.readexactly(length - 4)).rstrip(b"\0").decode())
        writer.write(refusal(b"28P01"))


@pytest.fixture
async def doorman() -> AsyncIterator[Doorman]:
    doorman = Doorman()
    server = await asyncio.start_server(doorman.meet, "127.0.0.1", 0)
    doorman.port = server.sockets[0].getsockname()[1]
    async with server:
        yield doorman


def dsn(doorman: Doorman, mode: str) -> str:
    return f"host=127.0.0.1 port={doorman.port} user=u dbname=d password=wrong sslmode={mode}"


@pytest.mark.fault(13)
async def test_prefer_asks_for_tls_and_then_logs_in_once(doorman: Doorman) -> None:
    encrypted, plain = resolve(dsn(doorman, "prefer"), environ={}).attempts()
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await asyncpg.connect(**encrypted)
    assert doorman.asked == ["tls"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**plain)
    assert doorman.asked == ["tls", "wrong"]


async def test_require_never_goes_on_without_tls(doorman: Doorman) -> None:
    (only,) = resolve(dsn(doorman, "require"), environ={}).attempts()
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await asyncpg.connect(**only)
    assert doorman.asked == ["tls"]


async def test_allow_asks_for_tls_where_there_is_no_entry_without_it(doorman: Doorman) -> None:
    doorman.has_entry = False
    plain, encrypted = resolve(dsn(doorman, "allow"), environ={}).attempts()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError) as refused:
        await asyncpg.connect(**plain)
    assert refused.value.sqlstate == "28000"
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await asyncpg.connect(**encrypted)
    assert doorman.asked == ["login without entry", "tls"]
