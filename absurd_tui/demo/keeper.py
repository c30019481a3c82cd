"""The process that starts a PostgreSQL server, outlives its owner and leaves nothing behind.

Run as a script by `absurd_tui.demo.postgres`, with one JSON argument (`Order`)
and a pipe as standard input that only the owner holds open. When the pipe ends,
by a clean stop or by any death of the owner, the server is stopped and a
throw-away folder removed. Prints one line: `ready`, or `failed` and the reason.
Standard library only, and nothing of this package: it runs isolated.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypedDict

READY_WITHIN = 60.0
STOP_WITHIN = 10.0
PR_SET_PDEATHSIG = 1


class Order(TypedDict):
    """What the owner wants: `account` is the uid and gid to run as, `copy` whether it needs a copy of the programs."""

    folder: str
    binaries: str
    settings: dict[str, str]
    account: list[int] | None
    copy: bool
    throw_away: bool


class StartError(Exception):
    """The server did not come up; the text is one line."""


class Keeper:
    """One server in `order`'s folder: `data/`, `socket/`, `log` and perhaps `pg/`, a copy of the programs."""

    def __init__(self, order: Order) -> None:
        self.folder = Path(order["folder"])
        self.binaries = Path(order["binaries"])
        self.settings = order["settings"]
        self.account = order["account"]
        self.copy = order["copy"]
        self.throw_away = order["throw_away"]
        self.child: subprocess.Popen[bytes] | None = None  # initdb, then the server
        self.on_child_start = end_with_parent()

    def start(self) -> None:
        """Make the data folder when there is none, and return once the server takes connections."""
        if self.copy:
            self.binaries = self.copy_binaries()
        data = self.folder / "data"
        self.own(self.folder / "socket")
        if not (data / "PG_VERSION").exists():
            self.own(data)
            made = self.run(
                "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
            )
            if made.wait() != 0:
                raise StartError("initdb failed: " + self.last_words())
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        server = self.run("postgres", "-D", data, "-k", self.folder / "socket", *options)
        deadline = time.monotonic() + READY_WITHIN
        while not is_ready(data / "postmaster.pid", server.pid):
            if server.poll() is not None:
                raise StartError("postgres ended: " + self.last_words())
            if time.monotonic() > deadline:
                raise StartError(f"postgres was not ready within {READY_WITHIN:.0f} s: " + self.last_words())
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server, and remove the folder when it is to be thrown away."""
        if self.child is not None and self.child.poll() is None:
            # kept data gets a checkpoint (fast shutdown), the rest need not even that (immediate)
            self.child.send_signal(signal.SIGQUIT if self.throw_away else signal.SIGINT)
            try:
                self.child.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        if self.throw_away:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        """Start one of PostgreSQL's programs as our child, its output in the log."""
        log = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        try:
            self.child = child = subprocess.Popen(
                [self.binaries / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                preexec_fn=self.on_child_start,  # noqa: PLW1509 - this process has one thread
                user=self.account[0] if self.account else None,
                group=self.account[1] if self.account else None,
                extra_groups=[] if self.account else None,
            )
        except OSError as error:
            raise StartError(f"{program} cannot be run: {error.strerror}") from error
        finally:
            os.close(log)
        return child

    def own(self, folder: Path) -> None:
        """Make `folder` private to the account the server runs as."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            os.chown(folder, *self.account, follow_symlinks=False)

    def copy_binaries(self) -> Path:
        """Copy the installation into the folder, its shared libraries in the same place relative to it."""
        prefix = self.binaries.parent
        copied = self.folder / "pg" / prefix.parent.name / prefix.name
        libraries = prefix.parent.with_name(prefix.parent.name + ".libs")
        if not copied.exists():
            shutil.copytree(prefix, copied, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "pgxs"))
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / "pg" / libraries.name, symlinks=True)
        for place, _, files in os.walk(self.folder / "pg"):
            for path in (Path(place), *(Path(place, file) for file in files)):
                if self.account:
                    os.chown(path, *self.account, follow_symlinks=False)
        return copied / "bin"

    def last_words(self) -> str:
        """The end of the log as one line."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return " ".join(" ".join(lines[-3:]).split())[-500:]


def is_ready(pid_file: Path, pid: int) -> bool:
    """Does the server `pid` say so itself? Line 1 of its file is its pid, line 8 its state."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def end_with_parent() -> Callable[[], None] | None:
    """What a child calls to be ended by the kernel with us, should we be killed; None where there is no such thing."""
    if sys.platform != "linux":
        return None
    # loaded before the fork: once the child has changed its uid, an interpreter in a private folder cannot be read
    import ctypes

    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None
    return lambda: prctl(PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)


def end(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Turn a signal into an orderly end."""
    raise SystemExit(1)


def answer(line: str) -> None:
    """Tell the owner."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(order: Order) -> None:
    """Start, say so, wait for the owner's end of the pipe to close, clean up."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    keeper = Keeper(order)
    try:
        with contextlib.suppress(BrokenPipeError):
            try:
                keeper.start()
            except (StartError, OSError) as error:
                answer(f"failed {error}")
            else:
                answer("ready")
                sys.stdin.buffer.read()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        keeper.stop()


if __name__ == "__main__":
    received: Any = json.loads(sys.argv[1])
    main(received)
