"""The program in a pseudo terminal: keys in, a screen and raw bytes out."""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyte

PATIENCE = 90.0
"""Seconds until a test gives up: far more than anything takes, however busy the machine is."""

QUITS_WITHIN = 5.0
"""Seconds; the promise is one, the rest is slack for a loaded machine."""

PROGRAM = ("-m", "absurd_tui")
_LOOKS_EVERY = 0.2
_BEFORE_A_KEY = 0.1
KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "ctrl+k": "\x0b",
    "ctrl+s": "\x13",
    "ctrl+u": "\x15",
}

# the terminal must be the controlling one, or it sends neither SIGWINCH nor SIGHUP; a thread-safe preexec_fn
_LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_SET = re.compile(rb"\x1b\[\?([0-9]+)([hl])")
_SWITCHES = re.compile(_SET.pattern + rb"|\x1b\[(?:>[0-9]+|<)u")
_OWN_SCREEN = re.compile(rb"\x1b\[\?1049h.*?\x1b\[\?1049l", re.DOTALL)
# Textual's last words may come after it has left: modes, and the pointer's shape
_LAST_WORDS = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\]22;[a-z-]+\x07")
# a terminal that shows frames whole is asked for it, says once that it can, and is told where a frame begins and ends
_IS_WHOLE, _SHOWS_WHOLE = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_FRAME, _FRAME_END = b"\x1b[?2026h", b"\x1b[?2026l"
# what pyte does not know, and would draw the end of
_KEYBOARD = re.compile(rb"\x1b\[[<>=?][0-9;]*u")
# four fifths of what is written; pyte would take as much of the time
_STYLES = re.compile(_KEYBOARD.pattern + rb"|\x1b\[[0-9;]*m")


class Terminal:
    """A terminal of some columns and rows, and the program that runs in it.

    `raw` is every byte that the program has written; `has_colours` makes the screen know its colours and what is struck
    through, at a price. It shows a frame once it is whole, as most terminals do. Nothing is read from the program but
    in a call: what waits for the screen reads. What it keeps from one run to the next goes where `environ` says, else
    into a folder that is removed.
    """

    def __init__(
        self,
        *arguments: str,
        program: Sequence[str] = PROGRAM,
        size: tuple[int, int] = (120, 40),
        environ: Mapping[str, str] | None = None,
        has_colours: bool = False,
    ) -> None:
        self._skipped = _KEYBOARD if has_colours else _STYLES
        self.raw = b""
        self._unshown = b""
        self._was_asked = False
        self._taken = 0
        self._drawn: tuple[int, list[str]] = (-1, [])
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._master, self._slave = pty.openpty()
        self._set_size(size)
        self.modes_before = termios.tcgetattr(self._slave)
        self._state = tempfile.mkdtemp(prefix="state-of-a-test-")
        chosen = environ or {}
        own = {} if chosen.keys() & {"HOME", "XDG_STATE_HOME"} else {"XDG_STATE_HOME": self._state}
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, sys.executable, *program, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **own, **chosen},
            start_new_session=True,
        )

    # what stands there

    @property
    def lines(self) -> list[str]:
        """The lines of the screen as they were when it was last read."""
        if self._drawn[0] != len(self.raw):
            self._drawn = (len(self.raw), list(self._screen.display))
        return self._drawn[1]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row where the program has put the cursor: hidden, but where one types."""
        return self._screen.cursor.x, self._screen.cursor.y

    @property
    def line_at_cursor(self) -> str:
        return self.lines[self._screen.cursor.y]

    def colours(self, text: str) -> set[str]:
        """The colours of a text wherever it stands on the screen of a terminal that knows them."""
        found = set()
        for row, line in enumerate(self.lines):
            if (at := line.find(text)) >= 0:
                found |= {self._screen.buffer[row][column].fg for column in range(at, at + len(text))}
        return found

    def is_offered(self, act: str) -> bool:
        """Whether this stands on the screen of a terminal that knows its colours, and is not struck through there."""
        for row, line in enumerate(self.lines):
            if (at := line.find(act)) >= 0:
                return not any(self._screen.buffer[row][column].strikethrough for column in range(at, at + len(act)))
        return False

    def row(self, at: int) -> str:
        """One line of the screen with a character for each cell: a blank for the second half of a wide one."""
        cells = self._screen.buffer[at]
        return "".join(cells[column].data[:1] or " " for column in range(self._screen.columns))

    def is_struck(self, row: int, column: int) -> bool:
        """Whether a cell is struck through on the screen of a terminal that knows its colours."""
        return bool(self._screen.buffer[row][column].strikethrough)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._screen.columns, self._screen.lines

    @property
    def said(self) -> list[str]:
        """The lines that the program left on the user's own screen, before and after its own."""
        left = _LAST_WORDS.sub(b"", _OWN_SCREEN.sub(b"", self.raw)).decode()
        return [line for line in left.splitlines() if line]

    def read(self, seconds: float = 0.0) -> bool:
        """Take what the program writes within some seconds, one piece of it; False where it wrote nothing."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        piece = os.read(self._master, 1 << 16)
        self.raw += piece
        self._show(piece)
        return True

    def until(self, is_so: Callable[[], bool], within: float = PATIENCE) -> None:
        """Read until something is so, or fail with what stands on the screen."""
        end = time.monotonic() + within
        while not is_so():
            if time.monotonic() > end:
                raise AssertionError(f"this did not come about within {within:g} s; the screen says:\n{self.text}")
            # what shows for a moment only must not be read over, however fast the program writes
            enough = time.monotonic() + _LOOKS_EVERY
            if self.read(0.05):
                while self.read() and time.monotonic() < enough:
                    pass

    def until_shown(self, *wanted: str, within: float = PATIENCE) -> None:
        """Read until all of these stand on the screen."""
        missing = list(wanted)

        def all_shown() -> bool:
            missing[:] = [piece for piece in wanted if piece not in self.text]
            return not missing

        try:
            self.until(all_shown, within)
        except AssertionError as error:
            raise AssertionError(f"{missing} never shown: {error}") from None

    def until_offered(self, act: str) -> None:
        """Read until an act stands on the screen and is not struck through, as it is while a dialog takes no keys."""
        self.until(lambda: self.is_offered(act))

    def until_raw(self, wanted: bytes, within: float = PATIENCE) -> None:
        """Read until the program has written these bytes."""
        self.until(lambda: wanted in self.raw, within)

    def take(self) -> bytes:
        """Give what was written since the last call, as far as it is whole; `raw` keeps the switches of modes only.

        What runs for hours writes more than anybody wants to keep.
        """
        at = self.raw.rfind(b"\x1b", self._taken)
        taken = self.raw[self._taken : at] if at >= 0 else b""
        kept = self.raw[: self._taken] + b"".join(found[0] for found in _SWITCHES.finditer(taken))
        self.raw = kept + self.raw[self._taken + len(taken) :]
        self._taken = len(kept)
        self._drawn = (-1, [])
        return taken

    def settle(self, quiet: float = 0.3) -> None:
        """Read until the program has written nothing for some seconds, or twenty times as long."""
        end = time.monotonic() + 20 * quiet
        while self.read(quiet) and time.monotonic() < end:
            pass

    def look(self, seconds: float) -> None:
        """Read for some seconds, whatever is written."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    # what the user does

    def press(self, *keys: str) -> None:
        """Type keys, characters or names of `KEYS`, a moment after the screen was last written.

        What was written is taken for shown only a moment later, and a key that comes before that does not count.
        """
        self.settle(_BEFORE_A_KEY)
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def hold(self, key: str, seconds: float) -> None:
        """Hold a key down: it repeats itself some thirty times a second, whatever the screen says."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.write(self._master, KEYS.get(key, key).encode())
            self.look(0.03)

    def stall(self, keys: str) -> None:
        """Take nothing of what the program writes, as a connection that freezes does, while keys make it write."""
        for key in keys:
            os.write(self._master, key.encode())
            time.sleep(0.03)

    def trickle(self, bytes_a_second: int) -> None:
        """Take what the program writes slowly, as over a bad line, until it has ended."""
        while self.process.poll() is None:
            if select.select([self._master], [], [], 0.05)[0]:
                self.raw += os.read(self._master, bytes_a_second // 40)
            time.sleep(1 / 40)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self._screen.resize(rows, columns)
        self._drawn = (-1, [])
        self._set_size((columns, rows))

    def clear(self) -> None:
        """Wipe the screen, as other programs may while this one is stopped."""
        self._screen.reset()
        self._drawn = (-1, [])

    def hang_up(self) -> None:
        """Take the terminal away, as a lost ssh connection does."""
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def wait(self, within: float = PATIENCE) -> int:
        """Read until the program has ended; its exit code, negative for a signal."""
        if self._master >= 0:
            self.until(lambda: self.process.poll() is not None, within)
            while self.read():
                pass
        return self.process.wait(within)

    def kill(self) -> None:
        """End the program where a test has left it, and give the terminal back."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for end in (self._master, self._slave):
            if end >= 0:
                os.close(end)
        self._master = self._slave = -1
        shutil.rmtree(self._state, ignore_errors=True)

    def assert_restored(self) -> None:
        """The terminal is as it was: its own screen, cursor shown, no mouse, paste or focus reports, same modes."""
        assert termios.tcgetattr(self._slave) == self.modes_before
        left = {int(mode): switch for mode, switch in _SET.findall(self.raw)}
        on = {mode for mode, switch in left.items() if switch == b"h"}
        assert left, "the program never touched the terminal"
        assert on == {7, 25}, f"modes left on: {sorted(on)}"
        pushed, popped = len(re.findall(rb"\x1b\[>[0-9]+u", self.raw)), len(re.findall(rb"\x1b\[<u", self.raw))
        assert pushed == popped, "the keyboard protocol is still on"

    def _show(self, piece: bytes) -> None:
        unshown = self._unshown + piece
        if _IS_WHOLE in unshown and not self._was_asked:
            os.write(self._master, _SHOWS_WHOLE)
            self._was_asked = True
        begun = unshown.rfind(_FRAME)
        last = unshown.rfind(b"\x1b")
        if begun > unshown.rfind(_FRAME_END):
            whole = begun
        elif last >= 0 and (_FRAME.startswith(unshown[last:]) or _IS_WHOLE.startswith(unshown[last:])):
            whole = last
        else:
            whole = len(unshown)
        self._stream.feed(self._skipped.sub(b"", unshown[:whole]))
        self._unshown = unshown[whole:]

    def _set_size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextmanager
def terminal(
    *arguments: str,
    program: Sequence[str] = PROGRAM,
    size: tuple[int, int] = (120, 40),
    environ: Mapping[str, str] | None = None,
    has_colours: bool = False,
) -> Iterator[Terminal]:
    """Run the program in a terminal; it is ended, kindly first, whatever happens."""
    running = Terminal(*arguments, program=program, size=size, environ=environ, has_colours=has_colours)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)  # the demo takes down what it started
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                running.wait(QUITS_WITHIN)
        running.kill()
