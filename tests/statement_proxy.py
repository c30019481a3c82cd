"""A proxy that reads PostgreSQL's protocol and does harm at one chosen statement: cuts, swallows, delivers late."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

COMMIT = "commit\0"
"""The whole statement: `read committed` holds its first part."""

_SAID = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
GOODBYE = b"E" + struct.pack("!i", len(_SAID) + 4) + _SAID

PATIENCE = 60.0
"""Seconds until a test gives up."""


class Harm(Enum):
    """What happens at the statement."""

    CUT_BEFORE = auto()
    """The connection is reset, and the statement never reaches the server."""
    CUT_AFTER = auto()
    """The server has done it; instead of its answer comes a reset."""
    SWALLOW_REQUEST = auto()
    """A black hole from the statement on; `heal` delivers what it swallowed to the server."""
    GOODBYE = auto()
    """The server answers, and says behind its answer that it ends the connection; the end itself does not come."""
    SWALLOW_ANSWER = auto()
    """The server has done it; neither its answer nor anything after arrives."""


class StatementProxy:
    """Forwards 127.0.0.1:`port` to a server; `arm` names the statement, by a part of its text, that goes wrong."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._armed: tuple[bytes, Harm] | None = None
        self._skip = 0
        self._healed = asyncio.Event()
        self._strikes = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()
        self.is_refusing = False
        self.port = 0
        self.struck = 0
        self.accepted = 0

    def arm(self, statement: str, harm: Harm, *, skip: int = 0) -> None:
        """Do harm once, at the next statement that holds this text after letting `skip` of them pass."""
        self._armed = (statement.encode(), harm)
        self._skip = skip

    def heal(self) -> None:
        """Deliver to the server what was swallowed on its way there."""
        self._healed.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.accepted += 1
        try:
            if not self.is_refusing:
                await _Link(self, writer, *await self._connected()).run(reader)
        except asyncio.CancelledError:
            pass  # asyncio's streams ask a finished server task for its error, which a cancelled one does not have
        finally:
            reset(writer)
            self._serving.discard(task)

    async def stop(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._upstream
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    def harm_at(self, statement: bytes) -> Harm | None:
        if self._armed is None or self._armed[0] not in statement:
            return None
        if self._skip:
            self._skip -= 1
            return None
        harm, self._armed = self._armed[1], None
        self.struck += 1
        self._strikes.set()
        return harm

    async def striking(self) -> None:
        """Wait until the harm that it was armed with is done."""
        async with asyncio.timeout(PATIENCE):
            await self._strikes.wait()

    async def healed(self) -> None:
        await self._healed.wait()


@asynccontextmanager
async def statement_proxy(host: str, port: int) -> AsyncIterator[StatementProxy]:
    """A proxy to a server, by its socket's folder or its address."""
    proxy = StatementProxy(host, port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        await proxy.stop()
        server.close()
        await server.wait_closed()


class _Link:
    """One connection through the proxy."""

    def __init__(
        self,
        proxy: StatementProxy,
        client: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
    ) -> None:
        self._proxy = proxy
        self._client = client
        self._server_reader = server_reader
        self._server = server
        self._prepared: dict[bytes, bytes] = {}
        self._harm: Harm | None = None

    async def run(self, reader: asyncio.StreamReader) -> None:
        answers = asyncio.create_task(self._answers())
        try:
            await self._requests(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if self._harm is Harm.CUT_AFTER:
                await asyncio.wait({answers})
            answers.cancel()
            self._server.close()
            await asyncio.gather(answers, return_exceptions=True)

    async def _requests(self, reader: asyncio.StreamReader) -> None:
        length = await reader.readexactly(4)
        self._server.write(length + await reader.readexactly(struct.unpack("!i", length)[0] - 4))
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            harm = self._proxy.harm_at(self._executed(head[:1], body))
            if harm is not None:
                self._harm = harm
            if harm is Harm.CUT_BEFORE:
                return
            if harm is Harm.SWALLOW_REQUEST:
                await self._swallow(head + body, reader)
                return
            self._server.write(head + body)

    async def _swallow(self, first: bytes, reader: asyncio.StreamReader) -> None:
        """Take all that comes, also the end of the connection, and deliver it late."""
        try:
            taken = first + await reader.read()
        except ConnectionError:
            taken = first
        await self._proxy.healed()
        self._server.write(taken)
        await self._server.drain()

    async def _answers(self) -> None:
        while piece := await self._server_reader.read(1 << 16):
            if self._harm is Harm.CUT_AFTER:
                reset(self._client)
                return
            if self._harm in (None, Harm.GOODBYE):
                self._client.write(piece + (GOODBYE if self._harm is Harm.GOODBYE else b""))
                self._harm = None

    def _executed(self, kind: bytes, body: bytes) -> bytes:
        """The text of the statement that a message executes; empty for every other message."""
        if kind == b"P":
            name, text = body.split(b"\0")[:2]
            self._prepared[name] = text
        if kind == b"B":
            return self._prepared.get(body.split(b"\0")[1], b"")
        return body if kind == b"Q" else b""


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
