"""What is written to the terminal, in a thread of its own: nobody waits for a terminal that takes nothing."""

import os
import select
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TextIO

_AT_ONCE = 4096
"""Bytes: whether a slow terminal takes anything is seen after each of these."""


class Outlet:
    """Writes to a terminal in order, past Python's buffers: their locks, held by a thread that waits, abort an exit.

    `lost` is called once, in the thread, where the terminal takes nothing any more; from then on all is dropped.
    """

    def __init__(self, file: TextIO, *, lost: Callable[[], None]) -> None:
        self._descriptor = file.fileno()
        self._encoding, self._errors = file.encoding, file.errors or "strict"
        self._lost = lost
        self._is_lost = False
        self._taken = 0
        # a signal's handler may write while the code that it came upon does: this queue can be entered again
        self._queue: SimpleQueue[str | Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True, name="outlet").start()

    @property
    def waiting(self) -> int:
        """How much the terminal is behind, in calls."""
        return self._queue.qsize()

    def write(self, text: str) -> None:
        """Write this after what was to be written before."""
        self._queue.put(text)

    def then(self, told: Callable[[], None]) -> None:
        """Call this, in the thread, once all before it is written or dropped."""
        self._queue.put(told)

    def drain(self, within: float, takes_within: float) -> None:
        """Wait until all is written; for some seconds at most, and for fewer where the terminal takes nothing."""
        written = threading.Event()
        self.then(written.set)
        end, taken = time.monotonic() + within, self._taken
        while not written.wait(takes_within) and taken < self._taken and time.monotonic() < end:
            taken = self._taken

    def _run(self) -> None:
        while True:
            entry = self._queue.get()
            if not isinstance(entry, str):
                entry()
            elif not self._is_lost:
                self._put(entry.encode(self._encoding, self._errors))

    def _put(self, left: bytes) -> None:
        try:
            while left:
                try:
                    taken = os.write(self._descriptor, left[:_AT_ONCE])
                    self._taken += taken
                    left = left[taken:]
                except BlockingIOError:  # whoever started us may have made the terminal one that does not wait
                    select.select([], [self._descriptor], [])
        except OSError:
            self._is_lost = True
            self._lost()
