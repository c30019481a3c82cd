"""How the program is: its memory, handles, processor time, backends, what it writes, and whether it lives."""

import os
import re
import time
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from attacks import commands_in, hidden_in
from soak.stage import Stage
from terminal import Terminal

MOST_BACKENDS = 3
"""One for the polls, one for the pages, one for writes."""

FREED_WITHIN = 12.0
"""Seconds in which the server has noticed that a connection was given up."""

MOST_HANDLES = 60
MOST_MEMORY = 400.0
"""MB."""

WARM_AFTER, MOST_GROWTH, FEWEST = 300.0, 40.0, 90
"""Seconds after which caches are full and memory must not grow steadily; MB that are too much; samples to tell it."""

MOST_PROCESSOR = 0.9
"""Of one, over a whole run."""

_TICKS = os.sysconf("SC_CLK_TCK")
_COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/]{48})\x07")
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Unwell(Exception):
    """The program broke a promise; the text says which."""


def without_copied_ids(written: bytes) -> bytes:
    """Leave out the ids that `y` copies: pressed where no dialog is, it is no answer but a key of its own."""
    return _COPY.sub(lambda copy: b"" if _ID.fullmatch(b64decode(copy[1])) else copy[0], written)


@dataclass(slots=True)
class Health:
    """What was seen so far; `check` raises Unwell."""

    stage: Stage
    shown: Terminal
    memory: list[float] = field(default_factory=list)
    most_backends: int = 0
    most_handles: int = 0
    written: int = 0
    began: float = field(default_factory=time.monotonic)
    _crowded_since: float | None = None

    def check(self) -> None:
        """Look at everything once."""
        self.check_bytes()
        if self.shown.process.poll() is not None:
            raise Unwell(f"the program ended with exit code {self.shown.process.returncode}")
        self._check_memory()
        self._check_handles()
        self._check_backends()

    @property
    def processor(self) -> float:
        """How much of one processor it has used."""
        after_name = _read(self._folder / "stat").rpartition(") ")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / _TICKS / max(1.0, time.monotonic() - self.began)

    def check_bytes(self) -> None:
        """Nothing that was written is a command of the data's, and nothing is a traceback."""
        written = without_copied_ids(self.shown.take())
        self.written += len(written)
        if found := commands_in(written) | hidden_in(written):
            raise Unwell(f"the program wrote {sorted(found)!r}")
        if b"Traceback" in written:
            raise Unwell("the program wrote a traceback")

    @property
    def _folder(self) -> Path:
        return Path("/proc", str(self.shown.process.pid))

    def _check_memory(self) -> None:
        resident = re.search(r"VmRSS:\s+(\d+) kB", _read(self._folder / "status"))
        self.memory.append(int(resident[1]) / 1024 if resident else 0.0)
        if self.memory[-1] > MOST_MEMORY:
            raise Unwell(f"the program takes {self.memory[-1]:.0f} MB")

    def check_run(self) -> None:
        """Look back at a whole run: it was not busy all the time, and memory did not grow steadily.

        That is where the least of each third of the run is above that of the one before, and in the end by much.
        """
        if self.processor > MOST_PROCESSOR:
            raise Unwell(f"the program took {self.processor:.0%} of a processor")
        warm = self.memory[int(len(self.memory) * WARM_AFTER / max(WARM_AFTER, time.monotonic() - self.began)) :]
        third = len(warm) // 3
        if len(warm) < FEWEST:
            return
        least = [min(warm[at * third : (at + 1) * third]) for at in range(3)]
        if least[0] < least[1] < least[2] and least[2] - least[0] > MOST_GROWTH:
            raise Unwell(f"memory grows: at least {least[0]:.0f}, then {least[1]:.0f}, then {least[2]:.0f} MB")

    def _check_handles(self) -> None:
        handles = len(list((self._folder / "fd").iterdir()))
        self.most_handles = max(self.most_handles, handles)
        if handles > MOST_HANDLES:
            raise Unwell(f"the program has {handles} open files")

    def _check_backends(self) -> None:
        now = time.monotonic()
        try:
            backends = len(self.stage.backends())
        except (psycopg.Error, OSError):
            self._crowded_since = None
            return
        if backends <= MOST_BACKENDS or now < self.stage.silenced_until:
            self._crowded_since = None
            self.most_backends = max(self.most_backends, min(backends, MOST_BACKENDS))
            return
        self._crowded_since = self._crowded_since or now
        if now - self._crowded_since > FREED_WITHIN:
            raise Unwell(f"the program has {backends} backends")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise Unwell("the program has ended") from error
