"""A program in a pseudo terminal, with the time at which each piece of its screen came.

Nothing runs between us and the program: no launcher, no terminal that paints. What is written is
first taken, with its time, and then drawn, so that drawing makes nothing later.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

COLUMNS, ROWS = 120, 40
PATIENCE = 90.0
ENDS_WITHIN = 10.0
QUIET = 0.01
"""Seconds without a byte after which what was taken is drawn."""

TESTS = Path(__file__).resolve().parents[1]
KEYS = {"down": b"\x1b[B", "pagedown": b"\x1b[6~", "pageup": b"\x1b[5~", "zoom": b"z"}
# what pyte does not know, and would draw the end of
_KEYBOARD = re.compile(rb"\x1b\[[<>=?][0-9;]*u")
_DECIDED_BY_USER = ("PG", "ABSURD_", "TEXTUAL_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


class TimedTerminal:
    """A module run as a program in a terminal of 120 by 40. Times are of the monotonic clock."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._taken: deque[tuple[float, bytes]] = deque()
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(),
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - this process has one thread
        )
        os.close(slave)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    def grounds(self, column: int) -> list[str]:
        """The background of one cell of each line."""
        return [self._screen.buffer[line][column].bg for line in range(ROWS)]

    def press(self, key: str) -> float:
        """Press a key; the time just before."""
        pressed = time.monotonic()
        os.write(self._master, KEYS[key])
        return pressed

    def time_of(self, is_so: Callable[[], bool]) -> float:
        """Read until something is so on the screen; the time at which the piece that made it so came."""
        end = time.monotonic() + PATIENCE
        while True:
            while self._taken:
                came, piece = self._taken.popleft()
                self._stream.feed(_KEYBOARD.sub(b"", piece))
                if is_so():
                    return came
            if time.monotonic() > end or self._process.poll() is not None:
                shown = "\n".join(line.rstrip() for line in self.lines)
                raise TimeoutError(f"the program ended, or this did not come about; the screen says:\n{shown}")
            self._take(0.05)

    def time_of_text(self, *wanted: str) -> float:
        """Read until all of these stand on the screen; when the last of them came."""
        return self.time_of(lambda: all(any(piece in line for line in self.lines) for piece in wanted))

    def look(self, seconds: float) -> None:
        """Read and draw for some seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._take(min(left, 0.05))
            while self._taken:
                self._stream.feed(_KEYBOARD.sub(b"", self._taken.popleft()[1]))

    def skip(self) -> None:
        """Take what was written and forget it."""
        self._take(0.0)
        self._taken.clear()

    def end(self) -> None:
        """End the program, and give the terminal back."""
        self._process.terminate()
        end = time.monotonic() + ENDS_WITHIN
        while self._process.poll() is None and time.monotonic() < end:
            self._take(0.05)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _take(self, seconds: float) -> None:
        """Take what comes until there is a pause, with its time."""
        while select.select([self._master], [], [], seconds)[0]:
            came = time.monotonic()
            with contextlib.suppress(OSError):  # the program has ended
                self._taken.append((came, os.read(self._master, 1 << 16)))
                seconds = QUIET
                continue
            return


@contextmanager
def timed(module: str, *arguments: str) -> Iterator[TimedTerminal]:
    """Run a module in a terminal; it is ended whatever happens."""
    running = TimedTerminal(module, *arguments)
    try:
        yield running
    finally:
        running.end()


def skip_all(terminals: Sequence[TimedTerminal], seconds: float) -> None:
    """Let the programs write for some seconds, and look at nothing."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
        for terminal in terminals:
            terminal.skip()


def _take_terminal() -> None:
    """Make the terminal the controlling one: it hangs up on the program should we be killed."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def environment() -> dict[str, str]:
    """The user's own settings decide nothing, and nobody animates."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DECIDED_BY_USER)}
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "TEXTUAL_ANIMATIONS": "none",
        "PYTHONPATH": str(TESTS),
    }
