"""The dashboard under Pilot on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from screen import until
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.observe.records import LinkState
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.perform import Performer
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp


@asynccontextmanager
async def running_on(dsn: str, *, size: tuple[int, int] = (160, 40)) -> AsyncIterator[Pilot[int]]:
    """Run the dashboard on a database; wait until it has read it, or has been refused."""
    spec = resolve(dsn, environ={})
    app = AbsurdApp(DatabaseSource(spec), Settings(every=0.2, utc=True), Performer(spec, audit=Audit(None)))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app._watch.link.state in (LinkState.LIVE, LinkState.REFUSED))
        yield pilot
