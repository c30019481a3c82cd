"""PgBouncer in transaction mode before a server, where this machine has it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from absurd_tui.demo.binaries import server_account

BINARY = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))
needs_pgbouncer = pytest.mark.skipif(
    BINARY is None, reason="no pgbouncer on this machine (Debian: apt install pgbouncer)"
)
READY_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Pooler:
    """A pooler that runs; `log` is all it has said."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    def dsn(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def pgbouncer(socket_folder: Path | str, *, port: int = 5432, **settings: str) -> Iterator[Pooler]:
    """Run PgBouncer before the server at a Unix socket; everybody may come in, and is `postgres` there."""
    assert BINARY is not None
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="pooler-", dir="/tmp"))
    listening = free_port()
    (folder / "log").touch()
    (folder / "ini").write_text(ini(f"host={socket_folder} port={port} user=postgres", listening, folder, settings))
    if account is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [BINARY, folder / "ini"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    try:
        until_listening(process, listening)
        yield Pooler(listening, folder, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder)


def ini(server: str, port: int, folder: Path, settings: Mapping[str, str]) -> str:
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": "3",
        "max_client_conn": "20",
        "query_wait_timeout": "3",
        "pidfile": str(folder / "pid"),
        **settings,
    }
    return "\n".join(
        ["[databases]", f"* = {server}", "[pgbouncer]", *(f"{key} = {value}" for key, value in lines.items())]
    )


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + READY_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            assert process.poll() is None, "pgbouncer ended"
            assert time.monotonic() < end, "pgbouncer does not listen"
            time.sleep(0.02)
        else:
            return
