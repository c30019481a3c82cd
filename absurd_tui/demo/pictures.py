"""Makes the pictures in `screenshots/`: the real app on a recorded reading. Run by `python3 dev.py screenshots`."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, TextArea

from absurd_tui.demo.recorded import NOW, SERVER, rows, snapshot
from absurd_tui.demo.recorded_failures import failed_runs
from absurd_tui.demo.recorded_looks import RecordedLooks
from absurd_tui.demo.recorded_queue import clean_up_count, queue_facts
from absurd_tui.demo.recorded_search import recorded_search
from absurd_tui.demo.recorded_task import page
from absurd_tui.observe.children import Children
from absurd_tui.observe.events import EventStanding, Waiter
from absurd_tui.observe.failure_walk import FailedPage
from absurd_tui.observe.following import Standings
from absurd_tui.observe.found import IdsFound
from absurd_tui.observe.ids import IdRange
from absurd_tui.observe.matching import Matching, match_of
from absurd_tui.observe.parts import Part
from absurd_tui.observe.places import LATEST
from absurd_tui.observe.queue_facts import QueueFacts
from absurd_tui.observe.records import Place, Server, Snapshot, State, View
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter
from absurd_tui.observe.slices import DocumentAt, Slice
from absurd_tui.observe.task_records import Document, KeyHolder, TaskPage
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.batch import BatchResult, nothing_reached
from absurd_tui.operations.clean_up_count import CleanUpCount
from absurd_tui.operations.outcomes import Outcome, Refused
from absurd_tui.operations.perform import Pending
from absurd_tui.operations.requests import Request, TaskBatch
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp
from absurd_tui.ui.availability import CLEAN_UP, DROP_QUEUE
from absurd_tui.ui.dialogs.dormant import DormantDialog
from absurd_tui.ui.messages import IntervalChanged

_WEB_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)
_ID = re.compile(r"terminal-\d+")
_SETTLED_AFTER = 4
_LOOKS_EVERY = 0.2
_LONGEST = 120.0
_KEY = "absurd-tui:5d0b1c7e-2f4a-4f0e-9c3d-7b1a2e8f6d54"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its name, the terminal's size, and what leads to what it shows."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    theme: str = "absurd-dark"
    in_trouble: bool = True
    is_lost: bool = False
    no_color: bool = False
    is_read_only: bool = False
    command: str = ""
    """One without a key, run after the keys; then `answers` are pressed, once its dialog takes them."""
    answers: tuple[str, ...] = ()


PICTURES = (
    Picture("dashboard-120x40", (120, 40), ("down", "down", "down")),
    Picture("dashboard-80x24", (80, 24), ("down", "down", "down")),
    Picture("dashboard-200x60", (200, 60), ("down", "down", "down")),
    Picture(
        "dashboard-120x40-light",
        (120, 40),
        ("3", "down"),
        theme="absurd-light",
        in_trouble=False,
        is_read_only=True,
    ),
    Picture("dashboard-120x40-lost", (120, 40), ("down", "down", "down"), is_lost=True),
    Picture("findings-120x40", (120, 40), ("v", "down")),
    Picture("failures-120x40", (120, 40), ("g",)),
    Picture("dialog-cancel-120x40", (120, 40), ("3", "c")),
    Picture("dialog-extend-120x40", (120, 40), ("down", "down", "down", "e")),
    Picture("dialog-retry-120x40", (120, 40), ("4", "r")),
    Picture("dialog-spawn-120x40", (120, 40), ("3", "n")),
    Picture("dialog-bulk-120x40", (120, 40), ("4", "asterisk", "r")),
    Picture("dialog-emit-120x40", (120, 40), ("3", "down", "down", "down", "down", "w")),
    Picture("dialog-drop-queue-120x40", (120, 40), ("right",), command=f"manage('{DROP_QUEUE}')"),
    Picture(
        "dialog-clean-up-120x40",
        (120, 40),
        ("right",),
        command=f"manage('{CLEAN_UP}')",
        answers=("enter",),
    ),
    Picture("dialog-retry-80x24", (80, 24), ("4", "r")),
    Picture("search-120x40", (120, 40), ("/", *"state:failed error:HTTPError", "enter", "down")),
    Picture("filter-80x24", (80, 24), ("/", *"state:fialed queue:pay", "enter")),
    Picture("task-120x40", (120, 40), ("3", "enter")),
    Picture("task-80x24", (80, 24), ("3", "enter")),
    Picture("workers-120x40", (120, 40), ("W", "down", "down")),
    Picture("events-120x40", (120, 40), ("E",)),
    Picture("events-80x24", (80, 24), ("E", "2")),
    Picture("queues-120x40", (120, 40), ("Q", "down", "down", "down", "down")),
    Picture("queues-80x24", (80, 24), ("Q", "down", "down", "down")),
    Picture("workers-80x24", (80, 24), ("W", "home")),
    Picture("dashboard-120x40-no-color", (120, 40), ("down", "down", "down"), no_color=True),
)


class RecordedSource(RecordedLooks):
    """Reads the recorded system; its clock stands still."""

    address = SERVER.address

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self.read = 0
        self.is_lost = False
        self.was_given_up = asyncio.Event()
        self._refused = 0

    async def open(self) -> Server:
        """Say whom the recording is of."""
        if not self.is_lost:
            return SERVER
        self._refused += 1
        if self._refused > 1:
            self.was_given_up.set()
            await asyncio.Event().wait()  # another try would be counted on the picture
        raise ConnectionRefusedError(111, "Connection refused")

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        """Give the recorded reading."""
        if self.is_lost:
            raise ConnectionResetError(104, "The server closed the connection")
        self.read += 1
        return snapshot(view, in_trouble=self._picture.in_trouble)

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        """Give the recorded page."""
        return page(queue, task_id)

    async def document(self, queue: str, task_id: UUID, part: str) -> Document | None:
        """Give no document: none was recorded."""
        return None

    async def slices(self, document: DocumentAt) -> AsyncIterator[Slice]:
        """Give no document: no picture shows one taken out."""
        nothing: tuple[Slice, ...] = ()
        for piece in nothing:
            yield piece

    async def key_holder(self, queue: str, key: str) -> KeyHolder | None:
        """Find no task: nobody types a key for a picture."""
        return None

    async def find_ids(self, ranges: Sequence[IdRange]) -> IdsFound:
        """Find no task: nobody types an id for a picture."""
        return IdsFound((), 0)

    async def children(self, queue: str, task_id: UUID) -> Children:
        """Find none: none was recorded."""
        return Children(())

    async def queue_facts(self, queue: str) -> QueueFacts | None:
        """Give the recorded facts of a queue."""
        return queue_facts(queue)

    async def event(self, queue: str, name: str) -> EventStanding:
        """Give the recorded tasks that wait for the event; none was emitted."""
        asleep = [row for row in rows()[State.SLEEPING] if (row.queue, row.wake_event) == (queue, name)]
        return EventStanding(None, "", tuple(Waiter(row.task_id, row.task_name) for row in asleep))

    async def awaited_by(self, queue: str, run_id: UUID) -> str | None:
        """Give the event that a recorded run waits for."""
        asleep = (row for row in rows()[State.SLEEPING] if (row.queue, row.run_id) == (queue, run_id))
        return next((row.wake_event for row in asleep), None)

    async def matching(self, queues: Sequence[str], state: State) -> Matching:
        """Give the recorded tasks in a state."""
        listed = [row for row in rows()[state] if row.queue in queues]
        return Matching(NOW, tuple(match_of(row) for row in listed), has_more=False)

    async def search(self, filter: Filter, now: float) -> AsyncIterator[Progress]:
        """Find the recorded tasks in the states and queues of the filter, as if more were to come."""
        yield recorded_search(filter)
        await asyncio.Event().wait()

    async def failed_runs(self, queue: str, before: Place) -> FailedPage:
        """Give the recorded failures."""
        return FailedPage(failed_runs(queue) if before == LATEST else (), NOW, 0.0)

    async def standings(self, queue: str, task_ids: Sequence[UUID]) -> Standings:
        """Find no task: a recording takes no writes, so that none is followed."""
        return Standings(0.0, dict.fromkeys(task_ids))

    async def weigh(self) -> Mapping[Part, int]:
        """Count nothing: a recording reads no pages."""
        return {}

    def close(self) -> None:
        """Do nothing: there is no connection."""


class RecordedPerformer:
    """Performs nothing; it is there so that the keys that write are drawn as they are with a connection."""

    audit = Audit(None)

    async def perform(self, request: Request, reason: str = "") -> Outcome:
        """Refuse: a recording takes no writes."""
        return Refused("This is a recording.")

    async def perform_batch(self, batch: TaskBatch) -> BatchResult:
        """Refuse: a recording takes no writes."""
        return nothing_reached(batch, Refused("This is a recording."))

    async def check_batch(self, batch: TaskBatch) -> BatchResult:
        """Find that all could be done."""
        return BatchResult((None,) * len(batch.targets))

    def stop(self) -> bool:
        """Nothing goes on."""
        return False

    async def count_clean_up(self, queue: str, ttl: int) -> CleanUpCount | Refused:
        """Give the recorded count."""
        return clean_up_count(ttl)

    def pending(self) -> tuple[Pending, ...]:
        """Nothing is under way."""
        return ()

    async def close(self, within: float = 1.0) -> tuple[Pending, ...]:
        """Leave nothing behind."""
        return ()


async def take(picture: Picture) -> str:
    """Take one picture, as SVG without anything that a browser would fetch."""
    source = RecordedSource(picture)
    theme = None if picture.no_color else picture.theme
    settings = Settings(every=0.02, theme=theme, utc=True, is_production=picture.in_trouble)
    performer = None if picture.is_read_only else RecordedPerformer()
    with _colours(picture):
        app = AbsurdApp(source, settings, performer)
    with patch("absurd_tui.ui.dialogs.spawn.fresh_key", lambda: _KEY):
        async with asyncio.timeout(_LONGEST), app.run_test(size=picture.size) as pilot:
            while source.read < _SETTLED_AFTER:
                await pilot.pause(0.02)
            await pilot.press(*picture.keys)
            if picture.command:
                await app.screen.run_action(picture.command)
                await _at_rest(pilot)
                await pilot.press(*picture.answers)
            app.post_message(IntervalChanged(1.0))
            if not picture.is_lost:
                return await _at_rest(pilot)
            with _clock_stopped():
                source.is_lost = True
                await source.was_given_up.wait()
                return await _at_rest(pilot)


async def _at_rest(pilot: Pilot[int]) -> str:
    """Give the picture once it stays the same, with a dialog's keys awake; a slow machine takes its time."""
    before, now = "", await _drawn(pilot)
    while now != before or not _is_awake(pilot.app.screen):
        before, now = now, await _drawn(pilot)
    return now


async def _drawn(pilot: Pilot[int]) -> str:
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
    for editor in pilot.app.screen.query(TextArea):
        editor.cursor_blink = False
    await pilot.pause(_LOOKS_EVERY)
    await pilot.pause()
    return _self_contained(pilot.app.export_screenshot(title="absurd-tui"))


def _is_awake(screen: Screen[Any]) -> bool:
    return not isinstance(screen, DormantDialog) or screen.is_awake


@contextmanager
def _clock_stopped() -> Iterator[None]:
    """Let the connection be lost for no time at all, however long the picture takes."""
    now = time.monotonic()
    stopped = SimpleNamespace(monotonic=lambda: now)
    with patch("absurd_tui.observe.poll.time", stopped), patch("absurd_tui.ui.screens.dashboard.time", stopped):
        yield


@contextmanager
def _colours(picture: Picture) -> Iterator[None]:
    if picture.no_color:
        os.environ["NO_COLOR"] = "1"
    try:
        yield
    finally:
        os.environ.pop("NO_COLOR", None)


def _self_contained(svg: str) -> str:
    plain = _WEB_FONT.sub("", svg).replace("Fira Code", "JetBrains Mono, DejaVu Sans Mono, monospace")
    return _ID.sub("terminal", plain)


def main() -> None:
    """Write every picture into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for picture in PICTURES:
        (folder / f"{picture.name}.svg").write_text(asyncio.run(take(picture)), encoding="utf-8")


if __name__ == "__main__":
    main()
