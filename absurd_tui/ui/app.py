"""The app: it owns the poll and what runs in the background, the theme, and the last net before the terminal."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen

from absurd_tui.observe.branches import refusal
from absurd_tui.observe.poll import Poll, Reads
from absurd_tui.observe.records import Link, LinkState, Snapshot
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.settings import Settings
from absurd_tui.styles import stylesheets
from absurd_tui.ui.filters import ASCII_ONLY, TERMINAL_SAFE
from absurd_tui.ui.messages import IntervalChanged, ReadNow, TaskOpened, ViewChanged
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.help import Help
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.theme import THEMES, meanings
from absurd_tui.ui.watch import Watch

BAD_INPUT = 2
CRASHED = 1
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Source(Reads, Protocol):
    """What the app reads from: the database, or what stands for it in tests."""

    @property
    def address(self) -> str:
        """Name the server and database, raw and without a password."""
        ...

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Read one task whole, or None where it is no more."""
        ...

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Read one of a task's documents whole."""
        ...

    def close(self) -> None:
        """Drop every connection at once."""
        ...


class AbsurdApp(App[int]):
    """The dashboard of one database."""

    TITLE = "absurd-tui"
    CSS_PATH = [str(path) for path in stylesheets()]
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, source: Source, settings: Settings) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if no_color else None)
        self._source = source
        self._settings = settings
        self._running_tasks: set[asyncio.Task[None]] = set()
        self._watch = Watch(source.address, every=settings.every, ticks=time.monotonic())
        self._watch.utc = settings.utc
        self._poll = Poll(
            source, every=settings.every, snapshot_arrived=self._snapshot_arrived, link_changed=self._link_changed
        )
        self._was_live = False
        self.fatal = ""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme or ("absurd-ansi" if no_color else "absurd-dark")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own colour names a meaning under every theme."""
        return meanings(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put the nets behind Textual's own filters: nothing that commands a terminal gets past."""
        nets = [TERMINAL_SAFE, ASCII_ONLY] if self._settings.is_ascii else [TERMINAL_SAFE]
        return [*super().get_line_filters(), *nets]

    def get_default_screen(self) -> Dashboard:
        """Begin with the dashboard."""
        return Dashboard(self._watch, queue=self._settings.queue)

    def on_mount(self) -> None:
        """Begin to read, once the first frame is painted."""
        for number in ENDING_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._end_by_signal, number)
        self.call_after_refresh(lambda: self._begin(self._poll.run()))

    def on_unmount(self) -> None:
        """Drop the connections first: a cancelled statement would send a cancel request on a new one."""
        self._source.close()
        for running in self._running_tasks:
            running.cancel()

    def _end_by_signal(self, number: signal.Signals) -> None:
        """Leave the screen as it was found, also when the system or the lost terminal ends us."""
        self.exit(return_code=128 + number)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self._running_tasks.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, running: "asyncio.Task[None]") -> None:
        self._running_tasks.discard(running)
        if not running.cancelled() and (error := running.exception()) is not None:
            self._handle_exception(error if isinstance(error, Exception) else RuntimeError(str(error)))

    # what the poll brings

    def _snapshot_arrived(self, snapshot: Snapshot) -> None:
        self._was_live = True
        self._watch.take(snapshot, self._poll.pause)
        if not self._knows_queue(snapshot):
            return
        self._repaint()

    def _knows_queue(self, snapshot: Snapshot) -> bool:
        queue = self._settings.queue
        if queue is None or self._was_checked or snapshot.queue(queue) is not None:
            self._was_checked = True
            return True
        names = ", ".join(reading.name for reading in snapshot.queues[:5]) or "none"
        self._leave(f'There is no queue "{queue}" in this database. It has: {names}.')
        return False

    _was_checked = False

    def _link_changed(self, link: Link) -> None:
        self._watch.link = link
        if link.state is LinkState.REFUSED and not self._was_live:
            self._leave(link.reason)
        elif link.attempt or link.state is LinkState.LIVE:
            self._repaint()

    def _leave(self, reason: str) -> None:
        self.fatal = reason
        self.exit(BAD_INPUT, return_code=BAD_INPUT)

    def _repaint(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Dashboard | TaskScreen) and screen.is_mounted:
                screen.repaint()

    # what a screen asks

    def on_view_changed(self, message: ViewChanged) -> None:
        """Read something else."""
        self._poll.watch(message.view)

    def on_interval_changed(self, message: IntervalChanged) -> None:
        """Read more or less often."""
        self._watch.every = self._watch.pause = message.seconds
        self._poll.set_every(message.seconds)
        self._repaint()

    def on_read_now(self, message: ReadNow) -> None:
        """Read now."""
        self._poll.nudge()

    def on_task_opened(self, message: TaskOpened) -> None:
        """Show a task's page."""
        if not any(isinstance(screen, TaskScreen) for screen in self.screen_stack):
            self.push_screen(TaskScreen(self._watch, message.row))

    def on_task_screen_page_wanted(self, message: TaskScreen.PageWanted) -> None:
        """Read the task of a page."""
        self._begin(self._read_page(message.asker))

    def on_task_screen_document_wanted(self, message: TaskScreen.DocumentWanted) -> None:
        """Read a document of a page whole."""
        self._begin(self._read_document(message.asker, message.part))

    async def _read_page(self, page: TaskScreen) -> None:
        try:
            page.take_page(await self._source.task(page.queue, page.task_id))
        except Exception as error:
            self._not_read(page, error)

    async def _read_document(self, page: TaskScreen, part: str) -> None:
        try:
            page.take_document(part, await self._source.document(page.queue, page.task_id, part))
        except Exception as error:
            self._not_read(page, error)

    def _not_read(self, page: TaskScreen, error: Exception) -> None:
        if isinstance(error, SupersededError):
            page.let_go()
            return
        role = self._watch.snapshot.server.role if self._watch.snapshot is not None else ""
        page.take_refusal(refusal(error, page.queue, role))

    def action_read_now(self) -> None:
        """Read now, or connect now."""
        self._poll.nudge()

    def action_utc(self) -> None:
        """Switch between UTC and this machine's zone."""
        self._watch.utc = not self._watch.utc
        self._repaint()

    def action_help(self) -> None:
        """Show all keys."""
        self.push_screen(Help())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Keep what is ours to offer; a screenshot in the downloads folder would take payloads out of the database."""
        return [told for told in super().get_system_commands(screen) if told.title in ("Theme", "Quit")]

    # the end

    def _fatal_error(self) -> None:
        """Leave after an error of ours with one line; a traceback with local variables could hold a password."""
        error = sys.exc_info()[1]
        self.fatal = f"stopped on an error of its own: {type(error).__name__ if error else 'unknown'}."
        self._return_code = CRASHED
        self._close_messages_no_wait()
