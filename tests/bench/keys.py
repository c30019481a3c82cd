"""From a key's bytes to the frame that shows the cursor on another row, while every row changes once a second.

Measured at the terminal and not inside the app, because what stands between the two is part of it: reading the
key, composing, writing the frame out. The presses fall anywhere between two refreshes.
"""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from bench.cost import cpu_seconds, peak_memory
from bench.pairs import Measured
from bench.stage import renew_claims
from bench.timed_terminal import TimedTerminal, environment, timed

DOWN, PAGE, SLOWEST = "down to paint", "pagedown, pageup to paint", "slowest press of a run"
CPU, MEMORY = "CPU in a second of pressing", "peak memory"
PAUSES = (0.1, 0.4)
"""Seconds between a frame and the next press, at random between these."""

SETTLES = 1.5
FULL = 20
_TASK = re.compile(r"task \d{5}")


def press_in_dashboard(dsn: str, presses: int) -> Measured:
    """The dashboard on a real queue of many tasks, of which it reads a page at a time."""
    renew_claims(dsn)
    with _changing(dsn), timed("absurd_tui", "--dsn", dsn) as shown:
        shown.time_of_text("task 0")
        shown.press("zoom")
        return _press(shown, presses)


def press_in_table(table: str, rows: int, presses: int) -> Measured:
    """A table that holds all the rows: `record_table` or `data_table`."""
    with timed(f"bench.programs.{table}", str(rows)) as shown:
        return _press(shown, presses)


def cursor_row(lines: list[str], grounds: list[str]) -> str | None:
    """The name in the one row whose background no other row has; None while there is no such row.

    `grounds` are the backgrounds under the names.
    """
    named = [(found[0], ground) for line, ground in zip(lines, grounds, strict=True) if (found := _TASK.search(line))]
    count = Counter(ground for _, ground in named)
    alone = [name for name, ground in named if count[ground] == 1]
    return alone[0] if len(alone) == 1 else None


def _press(shown: TimedTerminal, presses: int) -> Measured:
    shown.time_of(lambda: sum(bool(_TASK.search(line)) for line in shown.lines) >= FULL and _cursor(shown) is not None)
    shown.look(SETTLES)
    pauses = Random(presses)
    began, spent = time.monotonic(), cpu_seconds(shown.pid)
    downs = [_time(shown, "down", pauses) for _ in range(presses)]
    pages = [_time(shown, "pageup" if number % 2 else "pagedown", pauses) for number in range(presses)]
    cpu = 1000 * (cpu_seconds(shown.pid) - spent) / (time.monotonic() - began)
    memory = peak_memory(shown.pid)
    return {DOWN: downs, PAGE: pages, SLOWEST: [max(downs + pages)], CPU: [cpu], MEMORY: [memory]}


def _time(shown: TimedTerminal, key: str, pauses: Random) -> float:
    """Milliseconds from the key to the frame."""
    shown.look(pauses.uniform(*PAUSES))
    while (before := _cursor(shown)) is None:  # a frame has come in part
        shown.look(PAUSES[0])
    pressed = shown.press(key)
    return 1000 * (shown.time_of(lambda: _cursor(shown) not in (None, before)) - pressed)


def _cursor(shown: TimedTerminal) -> str | None:
    lines = shown.lines
    places = Counter(found.start() for line in lines if (found := _TASK.search(line)))
    if not places:
        return None
    column = places.most_common(1)[0][0]
    rows = [line if _TASK.match(line, column) else "" for line in lines]
    return cursor_row(rows, shown.grounds(column))


@contextmanager
def _changing(dsn: str) -> Iterator[None]:
    """Have another process extend claims of the queue, a few every second."""
    changer = subprocess.Popen([sys.executable, "-m", "bench.programs.extend_claims", dsn], env=environment())
    try:
        yield
    finally:
        changer.terminate()
        changer.wait()
