"""What stands on the screen of an app under test."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fakes import FakeSource
from textual import _wait
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp
from absurd_tui.ui.sides import Performs

PATIENCE = 60.0
"""Seconds until a test gives up: far more than anything takes, however busy the machine is."""

# Pilot waits twice after each key until the program has been quiet for so long; both together outlast a frame
_wait.SLEEP_GRANULARITY = 1 / 100
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20


def lines(app: App[int]) -> list[str]:
    """Give the lines of the screen as text."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


def text(app: App[int]) -> str:
    return "\n".join(lines(app))


def hears(app: App[int]) -> bool:
    """Whether a key that is pressed now counts: the screen has been shown, or the app has ended."""
    return not isinstance(app, AbsurdApp) or not app.is_running or app._hearing._screen is app.screen


@asynccontextmanager
async def running(
    source: FakeSource,
    *,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    performer: Performs | None = None,
) -> AsyncIterator[Pilot[int]]:
    """Run the dashboard on a source; wait until it has read once. Without a performer it is read-only."""
    app = AbsurdApp(source, settings or Settings(every=0.1), performer)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: bool(source.read) or source.fault is not None or not app.is_running)
        await pilot.pause()
        yield pilot


async def until(pilot: Pilot[int], is_so: Callable[[], bool]) -> None:
    """Wait until something is so, and keys count on the screen, or fail with what stands there."""
    end = time.monotonic() + PATIENCE
    while not (is_so() and hears(pilot.app)):
        if time.monotonic() > end:
            raise AssertionError("this did not come about; the screen says:\n" + text(pilot.app))
        await asyncio.sleep(0.02)
        await pilot.pause()


async def until_shown(pilot: Pilot[int], *wanted: str) -> None:
    """Wait until all of these stand on the screen."""
    await until(pilot, lambda: all(piece in text(pilot.app) for piece in wanted))


async def until_not_shown(pilot: Pilot[int], unwanted: str) -> None:
    """Wait until this stands nowhere on the screen."""
    await until(pilot, lambda: unwanted not in text(pilot.app))


async def until_opened(pilot: Pilot[int], below: Screen[object]) -> None:
    """Wait until another screen covers this one."""
    await until(pilot, lambda: pilot.app.screen is not below)


async def until_back(pilot: Pilot[int], below: Screen[object]) -> None:
    """Wait until nothing covers this screen any more."""
    await until(pilot, lambda: pilot.app.screen is below)
