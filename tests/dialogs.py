"""Dialogs as their user has them: a screen with a task in each state, a dialog on one of them, and what was asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from fake_performer import FakePerformer
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_not_shown, until_shown
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.observe.records import State, TaskRow
from absurd_tui.operations.outcomes import Outcome
from absurd_tui.settings import Settings
from absurd_tui.ui.dialogs.frame import TaskDialog

DEAD = 0.3
"""Seconds; as the dialogs promise it, not as they have it."""

FAST = 0.1
PANELS = {State.PENDING: "1", State.RUNNING: "2", State.SLEEPING: "3", State.FAILED: "4", State.COMPLETED: "5"}
TITLES = {"c": "Cancel task", "e": "Extend claim", "r": "Retry task"}
ACTS = {"c": "cancel the task", "e": "extend to", "r": "retry in place"}
_REPEAT = 0.03
_CHARACTERS = {"enter": "\r", "plus": "+", "minus": "-"}
STATES = {"c": State.PENDING, "e": State.RUNNING, "r": State.FAILED}


@dataclass
class Desk:
    """A screen under test, with what it reads from and what it asks."""

    pilot: Pilot[int]
    source: FakeSource
    stage: FakeStage
    performer: FakePerformer
    tasks: dict[State, UUID] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return text(self.pilot.app)

    @property
    def requests(self) -> list[Any]:
        return self.performer.requests

    @property
    def is_asking(self) -> bool:
        return isinstance(self.pilot.app.screen, TaskDialog)

    @property
    def said(self) -> str:
        """What the dialog says, as one line of words."""
        inside = [line.split("│") for line in lines(self.pilot.app) if line.count("│") == 2]
        return " ".join(" ".join(parts[1] for parts in inside).split())

    def row(self, state: State) -> TaskRow:
        return self.source.rows[self.tasks[state]]

    def change(self, at_first: State, **fields: Any) -> None:
        """Change the task that was in a state at first."""
        task_id = self.tasks[at_first]
        self.source.rows[task_id] = replace(self.source.rows[task_id], **fields)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def rush(self, *keys: str) -> None:
        """Press keys faster than anything can be answered, all at the same instant."""
        now = time.monotonic()
        for key in keys:
            self.tap(key, at=now)
        await self.pilot.pause()

    def tap(self, key: str, at: float | None = None) -> None:
        """Press a key and wait for nothing."""
        event = Key(key, _CHARACTERS.get(key, key if len(key) == 1 else None))
        if at is not None:
            event.time = at  # as a terminal sends it, however busy this program is
        self.pilot.app.post_message(event)

    async def hold(self, key: str, seconds: float) -> None:
        """Hold a key down: it repeats itself far more often than once in the time that keys are dead."""
        begin = time.monotonic()
        for number in range(round(seconds / _REPEAT)):
            self.tap(key, at=begin + number * _REPEAT)
            await asyncio.sleep(max(0.0, begin + (number + 1) * _REPEAT - time.monotonic()))
        await self.pilot.pause()

    async def go_to(self, state: State) -> None:
        await self.until(lambda: not self.is_asking)
        await self.press(PANELS[state])
        await until_shown(self.pilot, str(self.tasks[state])[-8:])

    async def ask(self, key: str, state: State | None = None) -> None:
        """Open a dialog on the task in a state, and wait until its keys count."""
        if state is not None:
            await self.go_to(state)
        await self.press(key)
        await self.shown(TITLES[key])
        await asyncio.sleep(DEAD + 0.05)
        await self.awake()

    async def awake(self) -> None:
        """Wait until the keys of the dialog count, and its fields take what is typed."""

        def is_so() -> bool:
            screen = self.pilot.app.screen
            fields = screen.query(Input)
            is_ready = not fields or (screen.focused is not None and not any(field.disabled for field in fields))
            return isinstance(screen, TaskDialog) and screen.is_awake and is_ready

        await self.until(is_so)

    async def shown(self, *wanted: str) -> None:
        await until_shown(self.pilot, *wanted)

    async def says(self, *wanted: str) -> None:
        """Wait until the dialog says all of these, wrapped as it may be."""
        await until(self.pilot, lambda: all(piece in self.said for piece in wanted))

    async def not_shown(self, unwanted: str) -> None:
        await until_not_shown(self.pilot, unwanted)

    async def until(self, is_so: Callable[[], bool]) -> None:
        await until(self.pilot, is_so)

    async def read_again(self) -> None:
        """Wait until the screen shows what the source has now."""
        read = len(self.source.read)
        await self.until(lambda: len(self.source.read) >= read + 2)
        await self.pilot.pause()

    async def look(self, seconds: float) -> None:
        """Let some time pass."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(0.05)
            await self.pilot.pause()

    async def asked(self) -> Any:
        """The one request that was made."""
        await self.until(lambda: bool(self.requests))
        await self.look(0.1)
        assert len(self.requests) == 1
        return self.requests[0]

    async def until_struck(self, piece: str) -> None:
        """Wait until this stands on the screen once, struck through."""
        await self.until(lambda: self._strikes(piece) == [True])

    async def until_not_struck(self, piece: str) -> None:
        """Wait until this stands on the screen once, and not struck through."""
        await self.until(lambda: self._strikes(piece) == [False])

    def _strikes(self, piece: str) -> list[bool]:
        """Whether this is struck through, wherever it stands."""
        return [
            segment.style is not None and bool(segment.style.strike)
            for strip in self.pilot.app.screen._compositor.render_strips()
            for segment in strip
            if piece in segment.text
        ]


async def furnish(source: FakeSource, stage: FakeStage) -> dict[State, UUID]:
    """Make one task in each state."""
    made = {}
    for state in State:
        task_id = made[state] = await stage.spawn("mail", f"{state}_task", max_attempts=3)
        if state in (State.RUNNING, State.SLEEPING, State.FAILED, State.COMPLETED):
            await stage.claim(task_id, "worker-1:77", timeout=120)
        match state:
            case State.SLEEPING:
                await stage.wait_for(task_id, "invoice.paid")
            case State.FAILED:
                await stage.fail(task_id, "KeyError", "no such customer")
            case State.COMPLETED:
                await stage.complete(task_id)
            case State.CANCELLED:
                await stage.cancel(task_id)
    return made


@asynccontextmanager
async def desk(
    *,
    size: tuple[int, int] = (120, 40),
    outcome: Outcome | None = None,
    is_production: bool = False,
    every: float = FAST,
    prepare: Callable[[FakeSource, dict[State, UUID]], None] | None = None,
    asks_reason: bool = False,
    is_expert: bool = False,
) -> AsyncIterator[Desk]:
    """Run the dashboard on a task in each state, with a performer that answers `outcome`, else refuses."""
    source = FakeSource(queues=["mail"])
    stage = FakeStage(source)
    tasks = await furnish(source, stage)
    if prepare is not None:
        prepare(source, tasks)
    performer = FakePerformer() if outcome is None else FakePerformer(outcome)
    settings = Settings(every=every, is_production=is_production, asks_reason=asks_reason, is_expert=is_expert)
    async with running(source, size=size, settings=settings, performer=performer) as pilot:
        made = Desk(pilot, source, stage, performer, tasks)
        await made.shown("live")
        yield made
