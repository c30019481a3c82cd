"""The two ways to run the demo: under the dashboard, and as a check without a terminal."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from absurd_tui.demo.stage import stage

# Windows, where the demo is refused later and in words, has no hang-up
ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
LOG_LINES = 10


def run_demo(*, rate: float, keep: Path | None, workers: bool, show: Callable[[str], int]) -> int:
    """Set the stage and call `show` with its connection string; the exit code `show` returns.

    `rate` is in tasks per second, `keep` a folder for the data, None for a throw-away one. Raises CannotStart.
    """
    with _ended_by_signals(), stage(rate=rate, keep=keep, workers=workers) as running:
        return show(running.dsn)


def run_check(*, rate: float, keep: Path | None, timeout: float = 30.0, echo: Callable[[str], None]) -> int:
    """Set the stage and watch until tasks were seen in all six states; 0, or 1 when `timeout` seconds were not enough.

    `echo` gets each line of the account, in the end also what the workers complained of. Raises CannotStart.
    """
    from absurd_tui.demo.check import watch_states

    started = time.monotonic()
    with _ended_by_signals(), stage(rate=rate, keep=keep) as running:
        echo(f"server, schema, queues and history ready after {time.monotonic() - started:.1f} s")
        if asyncio.run(watch_states(running.dsn, started=started, timeout=timeout, echo=echo)):
            return 0
        for line in running.log.read_text(errors="replace").splitlines()[-LOG_LINES:]:
            echo(line)
        return 1


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let a termination or a hang-up unwind the stack, so that everything is taken down before we leave."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    previous = {number: signal.signal(number, leave) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
