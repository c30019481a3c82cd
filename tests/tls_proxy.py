"""A proxy that speaks TLS before a server that does not, with a certificate made for the test."""

import asyncio
import shutil
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fault_proxy import pump

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl on this machine, which makes the certificate")

_SSL_REQUEST = 80877103


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signs itself, and its key."""

    path: Path
    key: Path


def certificate(folder: Path, name: str) -> Certificate:
    """Make a certificate for a host."""
    assert OPENSSL is not None
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-out", str(made.path), "-keyout", str(made.key)]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([OPENSSL, *asked, *files, *subject], check=True, capture_output=True)
    return made


class TlsProxy:
    """Forwards 127.0.0.1:`port` to the socket at `path`. `spoken` counts TLS sessions, `plain` logins without TLS."""

    def __init__(self, path: Path, shown: Certificate) -> None:
        self._path = path
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(shown.path, shown.key)
        self.port = 0
        self.asked = self.spoken = self.plain = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _, code = struct.unpack("!ii", await reader.readexactly(8))
            if code != _SSL_REQUEST:
                self.plain += 1
                return
            self.asked += 1
            writer.write(b"S")
            await writer.start_tls(self._context)
            self.spoken += 1
            upstream_reader, upstream_writer = await asyncio.open_unix_connection(str(self._path))
            await asyncio.gather(pump(reader, upstream_writer), pump(upstream_reader, writer), return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client does not like what it was shown
        finally:
            writer.transport.abort()


@asynccontextmanager
async def tls_proxy(path: Path, shown: Certificate) -> AsyncIterator[TlsProxy]:
    """A proxy to the server at a socket, with a certificate."""
    proxy = TlsProxy(path, shown)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await server.wait_closed()
