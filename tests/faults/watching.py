"""The dashboard on a real database, in this process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from screen import until, until_shown
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.perform import Performer
from absurd_tui.settings import Settings
from absurd_tui.ui.app import BAD_INPUT, AbsurdApp

LOOKS_EVERY = 0.01


@asynccontextmanager
async def watching(
    dsn: str,
    *,
    size: tuple[int, int] = (130, 45),
    queue: str | None = None,
    every: float = 0.5,
    audit: Audit | None = None,
) -> AsyncIterator[Pilot[int]]:
    """Run the dashboard, writes and all, until it has read once."""
    spec = resolve(dsn, environ={})
    settings = Settings(every=every, queue=queue)
    app = AbsurdApp(DatabaseSource(spec), settings, Performer(spec, audit=audit or Audit(None)))
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "live")
        yield pilot


async def refused(dsn: str) -> str:
    """Run the dashboard until it has left by itself, once it has been refused; its last line."""
    app = AbsurdApp(DatabaseSource(resolve(dsn, environ={})), Settings())
    async with app.run_test() as pilot:
        await until(pilot, lambda: not app.is_running or bool(app.fatal))
    assert app.return_code == BAD_INPUT
    return app.fatal


class Stall:
    """How long the loop did nothing else, at most; in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0


@asynccontextmanager
async def stall() -> AsyncIterator[Stall]:
    """Watch the loop for stalls."""
    seen = Stall()

    async def look() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            now = time.perf_counter()
            seen.longest = max(seen.longest, now - before - LOOKS_EVERY)
            before = now

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
