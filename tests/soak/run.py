"""One soak: the program, the keyboard, one misfortune after the other, and everything looked at once a second."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from random import Random

from soak.health import Health, Unwell
from soak.keyboard import Keyboard
from soak.misfortunes import HOLDING_UP, MISFORTUNES, befall
from soak.oracle import Compared, Oracle
from soak.reading import read
from soak.stage import Stage
from terminal import QUITS_WITHIN, Terminal

QUIET = (1.0, 8.0)
"""Seconds between two misfortunes, at least and at most."""

LOOKS_EVERY, SOON = 0.5, 0.4
ECHOES = 8.0
"""Seconds after a misfortune for which a reading may still be held up by it."""

UNREAD = 6.0
"""Seconds for which there may be nothing to compare, because the terminal is small, before it is made large."""

BACK_WITHIN = 40.0
"""Seconds after the last misfortune until it says live again; the longest pause between two attempts is 18."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run has seen; memory in MB, processor as a share of one, `quit` seconds that leaving took."""

    compared: Compared
    most_memory: float
    most_backends: int
    most_handles: int
    processor: float
    quit: float


class Soak:
    """Drives the program for some seconds."""

    def __init__(self, stage: Stage, shown: Terminal, seed: int, tell: Tell) -> None:
        self._stage, self._shown, self._tell = stage, shown, tell
        self._random = Random(seed)
        self._oracle = Oracle(stage)
        self._health = Health(stage, shown)
        self._keyboard = Keyboard(shown, Random(f"{seed} keys"))
        self._troubled_until = 0.0
        self._read_at = time.monotonic()

    def run(self, seconds: float) -> Summary:
        """Let it go on for so long, then leave. Raises Unwell, or AssertionError with what the screen says."""
        self._shown.until_shown(" live ", "all queues")
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(1) as executor:
            while time.monotonic() < end:
                quiet_until = time.monotonic() + self._random.uniform(*QUIET)
                while time.monotonic() < min(quiet_until, end):
                    self._press_and_look()
                if time.monotonic() < end:
                    self._suffer(executor)
        self._until_live()
        self._health.check_run()
        processor = self._health.processor
        took = self._leave()
        most = max(self._health.memory)
        return Summary(
            self._oracle.compared, most, self._health.most_backends, self._health.most_handles, processor, took
        )

    def _suffer(self, executor: ThreadPoolExecutor) -> None:
        misfortune = self._random.choice(MISFORTUNES)
        random = Random(self._random.random())
        self._tell(f"… {misfortune.__name__}")
        befalling: Future[str] = executor.submit(befall, self._stage, misfortune, random)
        echoes = ECHOES if misfortune in HOLDING_UP else 0.0
        while not befalling.done():
            self._troubled_until = max(self._troubled_until, time.monotonic() + echoes)
            self._press_and_look()
        self._troubled_until = max(self._troubled_until, time.monotonic() + echoes)
        self._tell(befalling.result())

    def _press_and_look(self) -> None:
        if did := self._keyboard.act():
            self._tell(f"  keys: {did}")
        self._look()

    def _look(self) -> None:
        lag = self._watch(LOOKS_EVERY)
        self._health.check()
        if "FROZEN" in self._shown.lines[0]:
            self._shown.press("f")
        self._compare(lag)
        if self._oracle.suspects:
            self._compare(self._watch(SOON))

    def _watch(self, seconds: float) -> float:
        """Read for some seconds; by how much that took longer, because this machine is busy."""
        began = time.monotonic()
        self._shown.look(seconds)
        return max(0.0, time.monotonic() - began - seconds)

    def _compare(self, lag: float) -> None:
        reading = read(self._shown)
        if reading is None or not reading.rows:
            self._widen_after(UNREAD)
            return
        self._read_at = time.monotonic()
        is_troubled = time.monotonic() < self._troubled_until
        mismatches = self._oracle.compare(reading, is_troubled=is_troubled, lag=lag)
        if mismatches:
            raise Unwell("the screen is wrong:\n" + "\n".join(f"{found.claim}: {found.told}" for found in mismatches))

    def _widen_after(self, seconds: float) -> None:
        if time.monotonic() - self._read_at > seconds:
            self._read_at = time.monotonic()
            self._keyboard.widen()

    def _until_live(self) -> None:
        """Whatever was suffered, it says live again, and what it says then is compared once more."""
        self._keyboard.widen()
        self._keyboard.come_back()
        if "FROZEN" in self._shown.lines[0]:
            self._shown.press("f")
        try:
            self._shown.until(lambda: read(self._shown) is not None, within=BACK_WITHIN)
        except AssertionError as error:
            raise Unwell(f"it did not come back: {error}") from None
        for _ in range(3):
            self._look()

    def _leave(self) -> float:
        began = time.monotonic()
        self._shown.press("q")
        try:
            code = self._shown.wait(QUITS_WITHIN)
        except AssertionError:
            raise Unwell(f"it did not leave within {QUITS_WITHIN:g} s") from None
        if code != 0:
            raise Unwell(f"it left with exit code {code}")
        took = time.monotonic() - began
        self._health.check_bytes()
        self._shown.assert_restored()
        return took
