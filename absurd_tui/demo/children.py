"""Processes of ours that end with us, whatever ends us.

Each has a pipe as standard input whose other end only its owner holds: when the
owner is gone the pipe ends, on every system and after any kind of death.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

STOP_WITHIN = 5.0


class Child:
    """A running `python -m module arguments…`; what it prints goes to `log`, or where our own output goes."""

    def __init__(self, module: str, *arguments: str, log: IO[bytes] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",  # -m looks there first: the user's folder may hold a random.py
            env={**os.environ, "PYTHONPATH": os.pathsep.join(str(Path(place).absolute()) for place in sys.path)},
            start_new_session=True,  # the terminal's Ctrl-C belongs to the dashboard
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def wait(self) -> int:
        """Wait for it to end by itself; its exit code, negative for a signal."""
        try:
            return self._process.wait()
        finally:
            self._close()

    def stop(self) -> None:
        """End it and wait until it is gone."""
        self._close()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()


def end_with_owner() -> None:
    """In a child: leave at once when the owner is gone, in whatever state our threads are."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
