"""The app: it owns the poll and what runs in the background, the theme, and the last net before the terminal."""

import asyncio
import os
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any

from textual.app import App, SystemCommand
from textual.events import Event, Key
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen

from absurd_tui.kept import Kept
from absurd_tui.observe.once import no_such_queue
from absurd_tui.observe.poll import Poll
from absurd_tui.observe.records import Link, LinkState, Snapshot, View
from absurd_tui.observe.why import Clock
from absurd_tui.operations.outcomes import AlreadySo, Refused
from absurd_tui.operations.perform import left_behind
from absurd_tui.operations.requests import Request, SpawnTask
from absurd_tui.operations.sentences import sentence
from absurd_tui.operations.spawn_history import SpawnHistory
from absurd_tui.operations.subjects import follow, subject
from absurd_tui.settings import Settings
from absurd_tui.styles import stylesheets
from absurd_tui.text import Plain, for_clipboard, plain
from absurd_tui.ui.bulk_app import ActsOnMany
from absurd_tui.ui.bulks import Bulks
from absurd_tui.ui.commanding import CommandingApp
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.dialogs.spawn import SpawnDialog
from absurd_tui.ui.driver import entitle, serves_web, takes_frame
from absurd_tui.ui.event_standing import look_up_event
from absurd_tui.ui.filters import ASCII_ONLY, TERMINAL_SAFE
from absurd_tui.ui.following import Following
from absurd_tui.ui.hearing import Hearing
from absurd_tui.ui.lookups import look_up
from absurd_tui.ui.mending import Mending
from absurd_tui.ui.messages import (
    DocumentWanted,
    EventWanted,
    HolderWanted,
    IntervalChanged,
    LookupWanted,
    PageWanted,
    ParamsWanted,
    ReadNow,
    RequestMade,
    SeedWanted,
    TaskOpened,
    ViewChanged,
)
from absurd_tui.ui.paging import Paging
from absurd_tui.ui.palette import offered
from absurd_tui.ui.remembering import Remembers
from absurd_tui.ui.returning import ReturningApp
from absurd_tui.ui.screens.acting import ActingScreen
from absurd_tui.ui.screens.dashboard import Dashboard
from absurd_tui.ui.screens.failures import FailuresScreen
from absurd_tui.ui.screens.findings import FindingsScreen
from absurd_tui.ui.screens.found import FoundScreen
from absurd_tui.ui.screens.reading import ReadingScreen
from absurd_tui.ui.screens.task import TaskScreen
from absurd_tui.ui.sides import Performs, Source
from absurd_tui.ui.spawning import Spawning
from absurd_tui.ui.taking_out import TakesOut
from absurd_tui.ui.telling import TOLD_AFTER
from absurd_tui.ui.theme import THEMES, meanings
from absurd_tui.ui.watch import Watch
from absurd_tui.ui.widgets.outcomes import Told

BAD_INPUT = 2
CRASHED = 1
_PAINTED = (Dashboard, TaskScreen, TaskDialog, ReadingScreen, FoundScreen, FindingsScreen, FailuresScreen)
"""What is painted anew with each reading."""

_LOOKED_AFTER = TOLD_AFTER + 0.05
"""Seconds after which a write that is not over is told for certain: it begins a little later than it is asked for."""


class AbsurdApp(ActsOnMany, TakesOut, ReturningApp, CommandingApp, Remembers):
    """The dashboard of one database."""

    TITLE = "absurd-tui"
    CSS_PATH = [str(path) for path in stylesheets()]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        source: Source,
        settings: Settings,
        performer: Performs | None = None,
        kept: Kept | None = None,
    ) -> None:
        no_color = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if no_color else None)
        self._source = source
        self._settings = settings
        self._kept = kept or Kept(None)
        self._folder = self._kept.folder
        self._performer = None if serves_web(self.driver_class) else performer
        self._running_tasks: set[asyncio.Task[None]] = set()
        self._watch = Watch(source.address, every=settings.every, ticks=time.monotonic())
        self._watch.utc = settings.utc
        self._watch.is_ascii = settings.is_ascii
        self._watch.is_production = settings.is_production
        self._watch.asks_reason = settings.asks_reason
        self._watch.is_expert = settings.is_expert
        self._watch.history = SpawnHistory(settings.history_file)
        self._watch.is_read_only = self._performer is None
        if self._performer is not None:
            self._watch.pending, self._watch.stop = self._performer.pending, self._performer.stop
        self._poll = Poll(
            source,
            every=settings.every,
            snapshot_arrived=self._snapshot_arrived,
            link_changed=Mending(self.set_timer, self._link_changed).link_changed,
        )
        self._paging = Paging(source, role=self._role)
        self._spawning = Spawning(source)
        self._following = Following(source, self._watch.telling, self._repaint)
        self._bulks = Bulks(self._performer, source, self._watch, self._begin, self._poll.nudge)
        self._watch.bulk_told = self._bulks.told
        self._view = View()
        self._was_live = False
        self._was_checked = False
        self.fatal = ""
        self.left_behind: list[Plain] = []
        self._hearing = Hearing()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme or ("absurd-ansi" if no_color else "absurd-dark")
        self._recall()

    def get_css_variables(self) -> dict[str, str]:
        """Give our own colour names a meaning under every theme, one that can be read."""
        self.theme_variables = super().get_css_variables() | meanings(self.current_theme)
        return self.theme_variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put the nets behind Textual's own filters: nothing that commands a terminal gets past."""
        nets = [TERMINAL_SAFE, ASCII_ONLY] if self._settings.is_ascii else [TERMINAL_SAFE]
        return [*super().get_line_filters(), *nets]

    def get_default_screen(self) -> Dashboard:
        """Begin with the dashboard."""
        return Dashboard(self._watch, queue=self._first_queue)

    def on_mount(self) -> None:
        """Begin to read, once the first frame is painted."""
        self.screen_change_signal.subscribe(self, self._screen_changed)
        self.app_resume_signal.subscribe(self, self._resumed)
        self._tell_audit_trouble()
        self._screen_changed(self.screen)
        self.call_after_refresh(lambda: self._begin(self._poll.run()))

    async def on_unmount(self) -> None:
        """Drop the connections first: a cancelled statement would send a cancel request on a new one.

        A write under way has one second to end; what is left of it then is told after the screen is gone.
        """
        self._source.close()
        if self._performer is not None:
            run = self._bulks.under_way  # which comes to a stop where nothing is written any more
            self.left_behind = [left_behind(pending) for pending in await self._performer.close()]
            self.left_behind += self._bulks.left_behind(run)
        if troubled := self._remember():
            self.left_behind.append(troubled)
        for running in self._running_tasks:
            running.cancel()

    async def on_event(self, event: Event) -> None:
        """Drop a key that was pressed before its screen could be seen, or that repeats what led there."""
        if not isinstance(event, Key) or self._hearing.counts(event, self.screen):
            await super().on_event(event)

    def _screen_changed(self, screen: Screen[Any]) -> None:
        self._watch_view()
        self._note_spot()
        screen.call_after_refresh(self._refreshed, screen)

    def _refreshed(self, screen: Screen[Any]) -> None:
        if screen is self.screen and takes_frame(self._driver):
            self._hearing.shown(screen)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Paint; not while the terminal is behind: everything is painted once it has caught up."""
        if takes_frame(self._driver):
            super()._display(screen, renderable)
        else:
            self._hearing.hidden(screen)

    def _resumed(self, _app: App[Any]) -> None:
        """Paint everything: others may have written on the terminal, and Textual paints only what has changed."""
        self.screen.refresh()
        self._screen_changed(self.screen)

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
        is_worse = self._watch.take(snapshot, self._poll.pause)
        if is_worse and self._settings.rings:
            self.bell()
        if not self._knows_queue(snapshot):
            return
        self._check_recalled(snapshot)
        self._begin(self._following.read(snapshot.server.role))
        self._repaint()

    def _knows_queue(self, snapshot: Snapshot) -> bool:
        queue = self._settings.queue
        if queue is None or self._was_checked or snapshot.queue(queue) is not None:
            self._was_checked = True
            return True
        self._leave(no_such_queue(queue, snapshot))
        return False

    def _link_changed(self, link: Link) -> None:
        self._watch.link = link
        if link.state is LinkState.REFUSED and not self._was_live:
            self._leave(link.reason)
        else:
            self._repaint()

    def _leave(self, reason: str) -> None:
        self.fatal = reason
        self.exit(BAD_INPUT, return_code=BAD_INPUT)

    def _repaint(self) -> None:
        entitle(self._driver, self._watch.title)
        for screen in self.screen_stack:
            if isinstance(screen, _PAINTED) and screen.is_mounted:
                screen.repaint()

    # what a screen asks

    def on_view_changed(self, message: ViewChanged) -> None:
        """Read something else."""
        self._view = message.view
        self._watch_view()

    def _watch_view(self) -> None:
        """Read what can be seen: no panels under a screen that covers them, unless a dialog goes by them."""
        is_covered = not isinstance(self.screen, Dashboard | ModalScreen)
        self._poll.watch(replace(self._view, panels=()) if is_covered else self._view)

    def on_interval_changed(self, message: IntervalChanged) -> None:
        """Read more or less often."""
        self._watch.every = self._watch.pause = message.seconds
        self._poll.set_every(message.seconds)
        self._repaint()

    def on_read_now(self, message: ReadNow) -> None:
        """Read now."""
        self._poll.nudge()

    def on_request_made(self, message: RequestMade) -> None:
        """Perform what was confirmed."""
        self._begin(self._perform(message.request, message.reason))

    def on_seed_wanted(self, message: SeedWanted) -> None:
        """Open the spawn form, with what it begins with."""
        self._begin(self._open_form(message))

    def on_params_wanted(self, message: ParamsWanted) -> None:
        """Read the params that the spawn form offers."""
        if self._watch.newest is not None:
            self._begin(self._spawning.offer(message, self._watch.newest))

    def on_holder_wanted(self, message: HolderWanted) -> None:
        """Look for the task that has the key in the spawn form."""
        self._begin(self._spawning.look_up(message))

    def on_event_wanted(self, message: EventWanted) -> None:
        """Find out how an event stands."""
        self._begin(look_up_event(self._source, message))

    async def _open_form(self, wanted: SeedWanted) -> None:
        snapshot, clock = self._watch.newest, self._watch.newest_clock(time.monotonic())
        came_from = self.screen
        if snapshot is None or clock is None:
            return
        seed = await self._spawning.seed(wanted, snapshot)
        if isinstance(seed, Plain):
            wanted.asker.say(plain("spawn a copy: ") + seed)
        elif self.screen is came_from:
            self.push_screen(SpawnDialog(self._watch, seed, clock), self._spawn)

    def _spawn(self, request: SpawnTask | None) -> None:
        screen = self.screen
        if request is not None and isinstance(screen, ActingScreen):
            screen.send(request)
        elif request is not None:
            self.post_message(RequestMade(request))

    async def _perform(self, request: Request, reason: str) -> None:
        if self._performer is None:
            return
        asked_on = self.screen
        self.set_timer(_LOOKED_AFTER, self._repaint)
        outcome = await self._performer.perform(request, reason)
        ticks = time.monotonic()
        clock = self._watch.clock(ticks) or Clock(time.time())
        telling, remedy = self._watch.telling, outcome.remedy if isinstance(outcome, Refused) else None
        about = subject(request, outcome)
        self._watch.note(request, outcome, clock.now)
        told = Told(*sentence(request, outcome, clock), ticks, plain(remedy) if remedy else None, about)
        telling.tell(replace(told, is_to_be_opened=isinstance(request, SpawnTask)))
        if (spawned := follow(request, outcome)) is not None:
            telling.follow(spawned, ticks)
        self._tell_audit_trouble()
        self._poll.nudge()
        self._repaint()
        if isinstance(request, SpawnTask) and isinstance(outcome, AlreadySo) and about and self.screen is asked_on:
            self.post_message(TaskOpened(*about))

    def _tell_audit_trouble(self) -> None:
        trouble = self._performer.audit.trouble if self._performer is not None else None
        if trouble is not None:
            self._watch.telling.tell(Told("!", plain("Not in the audit file"), plain(trouble), time.monotonic()))

    def action_dismiss_outcome(self) -> None:
        """Stop what goes on batch by batch; else take back the newest outcome and follow its tasks no longer."""
        if not self._watch.stop():
            self._watch.telling.dismiss()
        self._repaint()

    def on_page_wanted(self, message: PageWanted) -> None:
        """Read the task of a page."""
        self._begin(self._paging.read(message.asker))

    def on_document_wanted(self, message: DocumentWanted) -> None:
        """Read a document of a page whole."""
        self._begin(self._paging.read_document(message.asker, message.part))

    def on_lookup_wanted(self, message: LookupWanted) -> None:
        """Look something up for a dialog."""
        self._begin(look_up(message.what, self._paging, self._performer))

    def _role(self) -> str:
        return self._watch.snapshot.server.role if self._watch.snapshot is not None else ""

    def action_read_now(self) -> None:
        """Read now, or connect now."""
        self._poll.nudge()
        self.look_now()

    def action_utc(self) -> None:
        """Switch between UTC and this machine's zone."""
        self._watch.utc = not self._watch.utc
        self._repaint()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer what the keys do, and the themes; a screenshot would take payloads out of the database."""
        yield from offered(screen, self._watch)
        yield from (told for told in super().get_system_commands(screen) if told.title == "Theme")

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what was selected; what is pasted elsewhere can neither run there nor command that terminal."""
        super().copy_to_clipboard(for_clipboard(text))

    # the end

    def _fatal_error(self) -> None:
        """Leave after an error of ours with one line; a traceback with local variables could hold a password."""
        error = self._exception
        self.fatal = f"stopped on an error of its own: {type(error).__name__ if error else 'unknown'}."
        self._return_code = CRASHED
        self._close_messages_no_wait()
