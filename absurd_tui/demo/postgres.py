"""One PostgreSQL server of our own, throw-away or with a kept folder.

It listens on a Unix socket in a folder that only this user can enter, and on no
TCP port. Whatever ends this process, a kill included, the server ends too and a
throw-away folder is removed: see `absurd_tui.demo.keeper`, its parent.
"""

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from absurd_tui.demo.binaries import Account, closed_folder, find_binaries, server_account
from absurd_tui.errors import CannotStart

PREFIX = "absurd-tui-"
LOCK = "owner.lock"
START_WITHIN = 90.0
STOP_WITHIN = 20.0
FREED_WITHIN = 3.0
"""Seconds that the last owner's keeper may still need to stop its server."""

LONGEST_SOCKET_FOLDER = 85  # bytes; macOS takes 103 with the socket's own name
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_size": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "dynamic_shared_memory_type": "mmap",
    "synchronous_commit": "off",
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
}
THROW_AWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class LocalPostgres:
    """A running server between `start` and `stop`, or inside `with`.

    `kept` is the folder that keeps its data between runs; without it everything
    lies in a temporary folder. `settings` are added to the server's own.
    """

    def __init__(self, kept: Path | None = None, *, settings: Mapping[str, str] | None = None) -> None:
        self._kept = kept
        throw_away = {} if kept else THROW_AWAY_SETTINGS
        self._settings = {**SETTINGS, **throw_away, **(settings or {})}
        self._folder: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Where the server's data, socket and log are; other files of the same run may be put beside them."""
        if self._folder is None:
            raise RuntimeError("the server has not been started")
        return self._folder

    def dsn(self, database: str = "postgres") -> str:
        """A connection string that asyncpg, psycopg, absurd-sdk and absurdctl all take; it holds no password."""
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self.folder / 'socket'))}"

    def start(self) -> Self:
        """Start the server and wait until it takes connections. Raises CannotStart with the reason in one line."""
        binaries = find_binaries()
        account = server_account()
        folder = self._folder = _kept_folder(self._kept, account) if self._kept else _temporary_folder(account)
        order = {
            "folder": str(folder),
            "binaries": str(binaries),
            "settings": self._settings,
            "account": [account.uid, account.gid] if account else None,
            "copy": account is not None and closed_folder(binaries, account) is not None,
            "throw_away": self._kept is None,
        }
        lock = _take(folder)
        try:
            self._keeper = _start_keeper(json.dumps(order), folder, lock)
            self._wait_until_ready(self._keeper)
        except BaseException:
            self.stop()
            raise
        finally:
            os.close(lock)
        return self

    def stop(self) -> None:
        """End the server; a throw-away folder is gone afterwards. Does nothing when it is not running."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        for pipe in (keeper.stdin, keeper.stdout):
            if pipe is not None:
                pipe.close()
        try:
            keeper.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, keeper: subprocess.Popen[bytes]) -> None:
        assert keeper.stdout is not None
        heard, _, _ = select.select([keeper.stdout], [], [], START_WITHIN)
        line = keeper.stdout.readline().decode(errors="replace").strip() if heard else "failed no answer in time"
        if line != "ready":
            reason = line.removeprefix("failed ") or f"its keeper ended; see {self.folder / 'log'}"
            raise CannotStart(f"the embedded PostgreSQL did not start: {reason}")


def _start_keeper(order: str, folder: Path, lock: int) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    (folder / "log").touch(mode=0o600)
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), order],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=environment | {"LC_ALL": "C", "TZ": "UTC"},
            pass_fds=[lock],
            start_new_session=True,  # a terminal's Ctrl-C or hang-up must not reach it
        )


def _take(folder: Path) -> int:
    """Lock the folder; the keeper inherits the lock, and the kernel drops it however the keeper ends."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + FREED_WITHIN
    while not _locked(lock):
        if time.monotonic() > deadline:
            os.close(lock)
            raise CannotStart(f"{folder} is in use by another demo")
        time.sleep(0.05)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _temporary_folder(account: Account | None) -> Path:
    parent = Path(tempfile.gettempdir())
    # a long path leaves no room for the socket's, and root's TMPDIR may be closed to the server's account
    is_long = len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER - len("/absurd-tui-12345678/socket")
    if is_long or (account and closed_folder(parent, account)):
        parent = Path("/tmp")
    _remove_leftovers(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    if account:
        folder.chmod(0o711)
    return folder


def _remove_leftovers(parent: Path) -> None:
    """Remove our folders with a log that nobody holds the lock of: there the keeper itself was killed.

    Where there is no log yet, another start may be about to take the lock.
    """
    for folder in parent.glob(PREFIX + "*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            with (folder / LOCK).open("r+b") as lock:
                if _locked(lock.fileno()) and (folder / "log").exists():
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # being made, or removed, just now


def _kept_folder(wanted: Path, account: Account | None) -> Path:
    folder = wanted.expanduser().absolute()
    if len(os.fsencode(folder / "socket")) > LONGEST_SOCKET_FOLDER or "," in str(folder):
        raise CannotStart(
            f"{folder} cannot hold the server's socket: its path must have no comma and at most "
            f"{LONGEST_SOCKET_FOLDER - len('/socket')} bytes"
        )
    try:
        is_new = not folder.exists()
        if not is_new and any(folder.iterdir()) and not (folder / LOCK).exists():
            raise CannotStart(f"{folder} is not empty and was not made by the demo: choose a new or empty folder")
        closed = closed_folder(folder.parent if is_new else folder, account) if account else None
        if is_new and not closed:
            folder.mkdir()
            folder.chmod(0o711 if account else 0o700)
    except OSError as error:
        raise CannotStart(f"{folder} cannot be used as the data folder: {error.strerror}") from error
    if account and closed:
        raise CannotStart(
            f"{folder} cannot be used: PostgreSQL does not run as root, and the account it runs as, {account.name}, "
            f"cannot enter {closed}; choose a folder such as /var/lib/absurd-tui"
        )
    return folder
