"""A forwarder from a TCP port to a Unix socket that can be made a black hole, in a process of its own.

Stopped, it swallows: the kernel goes on taking connections and bytes for it, and nobody answers.
Continued, it delivers late what it had swallowed.
"""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class FaultProxy:
    """Forwards 127.0.0.1:`port` to the socket at `path`, inside `with`."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def swallow(self) -> None:
        """Be a black hole from now on."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def heal(self) -> None:
        """Deliver again, first of all what was swallowed."""
        os.kill(self._process.pid, signal.SIGCONT)

    def reset(self) -> None:
        """Cut every connection off, in the middle of whatever is said."""
        os.kill(self._process.pid, signal.SIGUSR1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


async def forward(path: str) -> None:
    """Serve until standard input ends, as it does with whoever started us."""

    served: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(writer)
        try:
            upstream_reader, upstream_writer = await asyncio.open_unix_connection(path)
            await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer), return_exceptions=True)
        except OSError:
            writer.transport.abort()  # the server is away
        finally:
            served.remove(writer)

    def reset() -> None:
        for writer in served:
            # closed without waiting, a socket resets its connection
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, reset)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(1 << 16):
            sink.write(piece)
            await sink.drain()
    finally:
        sink.close()


if __name__ == "__main__":
    asyncio.run(forward(sys.argv[1]))
