"""Going through a panel that holds more than the table: the cursor meets every row, and no row changes under it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from fake_performer import FakePerformer
from fakes import FakeSource, FakeStage
from screen import lines, running, text, until, until_not_shown, until_shown
from textual.pilot import Pilot

from absurd_tui.errors import CannotStart
from absurd_tui.observe.records import Refusal, Snapshot, State, TaskRow, View
from absurd_tui.settings import Settings
from absurd_tui.ui.browsing import HEAD_ROWS, MOST_HEAD_ROWS
from absurd_tui.ui.screens.acting import ActingScreen

pytestmark = pytest.mark.slow

MANY = 300
WIDE, NARROW = (120, 40), (80, 24)
AT_ONCE = Settings(every=0.1, utc=True)


@dataclass
class SlowSource(FakeSource):
    """A source whose readings of other rows than the first wait until they are let through."""

    is_through: asyncio.Event = field(default_factory=asyncio.Event)

    async def snapshot(self, view: View, *, is_urged: bool = False) -> Snapshot:
        if view.away is not None:
            await self.is_through.wait()
        return await super().snapshot(view, is_urged=is_urged)


@dataclass
class Browser:
    """A screen with many tasks in two panels, and who goes through them."""

    pilot: Pilot[int]
    source: FakeSource
    stage: FakeStage

    @property
    def row(self) -> TaskRow:
        """The row that a key would act on."""
        screen = self.pilot.app.screen
        assert isinstance(screen, ActingScreen)
        row = screen.row_in_question()
        assert row is not None
        return row

    @property
    def name(self) -> str:
        return self.row.task_name

    @property
    def line(self) -> int:
        """The line on the screen in which the row under the cursor stands."""
        return next(number for number, line in enumerate(lines(self.pilot.app)) if f" {self.name} " in line)

    @property
    def in_view(self) -> list[str]:
        words = [word for line in lines(self.pilot.app) for word in line.split() if "_" in word]
        kind = self.name.partition("_")[0]
        return list(dict.fromkeys(word for word in words if word.startswith(f"{kind}_")))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def move(self, key: str, to: str) -> None:
        """Press a key, again where its row had not been read yet, until the cursor is on a task."""
        begun = self.name
        while self.name != to:
            assert self.name == begun, "no row lies between"
            await self.press(key)
            if self.name == begun:
                await asyncio.sleep(0.02)

    async def until_on(self, name: str) -> None:
        await until(self.pilot, lambda: self.name == name)

    async def read_again(self) -> None:
        read = len(self.source.read)
        await until(self.pilot, lambda: len(self.source.read) >= read + 3)


@asynccontextmanager
async def browsing(
    *, size: tuple[int, int] = WIDE, source: FakeSource | None = None, performer: FakePerformer | None = None
) -> AsyncIterator[Browser]:
    """Three hundred tasks are due, the oldest is due_000, and as many are completed, the newest is done_299."""
    source = source or FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for number in range(MANY):
        await stage.spawn("mail", f"due_{number:03}")
    for number in range(MANY):
        await complete(stage, f"done_{number:03}")
    async with running(source, size=size, settings=AT_ONCE, performer=performer) as pilot:
        await until_shown(pilot, "live", "300")
        yield Browser(pilot, source, stage)


async def complete(stage: FakeStage, name: str) -> UUID:
    task_id = await stage.spawn("mail", name)
    await stage.claim(task_id, "worker-1:77")
    await stage.complete(task_id)
    return task_id


def due(number: int) -> str:
    return f"due_{number:03}"


def done(number: int) -> str:
    """The task that stands at this place of Completed, 0 for the newest."""
    return f"done_{MANY - 1 - number:03}"


@pytest.mark.parametrize(("size", "panel"), [(WIDE, "1"), (WIDE, "5"), (NARROW, "5")])
async def test_the_cursor_meets_every_row_on_its_way_down_and_up(size: tuple[int, int], panel: str) -> None:
    name = done if panel == "5" else due
    async with browsing(size=size) as browser:
        await browser.press(panel)
        await browser.until_on(name(0))
        for number in range(1, 130):
            await browser.move("down", name(number))
        for number in range(128, -1, -1):
            await browser.move("up", name(number))
        await until(browser.pilot, lambda: browser.source.read[-1].away is None)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_pages_join_without_a_gap_down_to_the_end_and_back(size: tuple[int, int]) -> None:
    async with browsing(size=size) as browser:
        await browser.press("1")
        await until_shown(browser.pilot, f"{due(0)} ")
        for key, last in (("pagedown", MANY - 1), ("pageup", 0)):
            while browser.name != due(last):
                before = browser.in_view
                await browser.press(key)
                shown = browser.in_view
                first = int(shown[0].partition("_")[2])
                assert shown == [due(first + number) for number in range(len(shown))]
                assert abs(first - int(before[0].partition("_")[2])) <= len(shown), "no more than a screen was passed"


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_end_goes_to_the_last_row_and_home_back_to_the_newest(size: tuple[int, int]) -> None:
    async with browsing(size=size) as browser:
        await browser.press("5")
        await browser.until_on(done(0))
        await browser.press("end")
        await browser.until_on(done(MANY - 1))
        await until_shown(browser.pilot, "300 · claimed")
        await browser.move("up", done(MANY - 2))
        await browser.press("home")
        await browser.until_on(done(0))
        await until(browser.pilot, lambda: browser.source.read[-1].away is None)
        await complete(browser.stage, "done_new")
        await browser.read_again()
        assert browser.name == done(0)
        await browser.press("home")
        await browser.until_on("done_new")


async def test_rows_that_come_and_go_elsewhere_move_nothing_while_one_is_deep() -> None:
    async with browsing() as browser:
        await browser.press("5")
        for number in range(1, 120):
            await browser.move("down", done(number))
        line, shown = browser.line, browser.in_view
        await until_shown(browser.pilot, "120 of 300 by claim")
        for number in range(70):
            await complete(browser.stage, f"done_new{number}")
        gone = [row.task_id for row in browser.source.rows.values() if row.task_name == done(80)]
        del browser.source.rows[gone[0]]
        await browser.read_again()
        await until_shown(browser.pilot, "119 of 369 by claim")
        assert (browser.name, browser.line, browser.in_view) == (done(119), line, shown)
        await browser.move("down", done(120))
        await browser.press("home")
        await browser.until_on("done_new69")


async def test_a_row_that_leaves_a_deep_page_stays_under_the_cursor_until_it_moves() -> None:
    async with browsing() as browser:
        await browser.press("1")
        for number in range(1, 100):
            await browser.move("down", due(number))
        line, row = browser.line, browser.row
        del browser.source.rows[row.task_id]
        await until_shown(browser.pilot, "no longer among the rows of this panel")
        await browser.read_again()
        assert (browser.name, browser.line) == (due(99), line)
        await browser.press("down")
        assert browser.name == due(100)
        assert browser.in_view[-1] == due(100)
        assert due(99) not in browser.in_view


async def test_a_key_that_writes_asks_about_the_row_under_the_cursor() -> None:
    async with browsing(performer=FakePerformer()) as browser:
        await browser.press("1", "end")
        await browser.until_on(due(MANY - 1))
        task_id = browser.row.task_id
        await browser.press("c")
        await until_shown(browser.pilot, "Cancel task", due(MANY - 1), str(task_id))


async def test_another_queue_begins_at_its_head() -> None:
    async with browsing() as browser:
        for number in range(3):
            await browser.stage.spawn("orders", f"order_{number}")
        await browser.press("1", "end")
        await browser.until_on("order_2")
        await browser.press("right")
        await until_shown(browser.pilot, due(0), due(1))
        await browser.press("right")
        await until_shown(browser.pilot, "order_0", "order_1", "order_2")
        assert browser.source.read[-1].away is None


async def test_a_panel_that_is_left_follows_its_newest_rows_again() -> None:
    async with browsing() as browser:
        await browser.press("5", "end")
        await browser.until_on(done(MANY - 1))
        await browser.press("1")
        await browser.until_on(due(0))
        await until_shown(browser.pilot, done(0), "5 ✓ Completed  300 ")
        assert browser.source.read[-1].away is None


async def test_a_key_pressed_before_the_rows_come_leaves_the_cursor_where_it_was() -> None:
    source = SlowSource(queues=["mail", "orders"])
    async with browsing(source=source) as browser:
        await browser.press("1", "end")
        assert browser.name == due(0)
        await browser.press("down")
        source.is_through.set()
        await browser.read_again()
        assert browser.name == due(1)
        assert source.read[-1].away is None
        await browser.press("end")
        await browser.until_on(due(MANY - 1))


async def test_at_the_edge_of_what_was_read_the_cursor_waits_for_more() -> None:
    source = SlowSource(queues=["mail", "orders"])
    async with browsing(source=source) as browser:
        await browser.press("1", *["pagedown"] * 20)
        assert browser.name == due(HEAD_ROWS - 1)
        assert browser.in_view[-1] == due(HEAD_ROWS - 1)
        source.is_through.set()
        await browser.move("down", due(HEAD_ROWS))


@pytest.mark.parametrize(("size", "rows"), [(WIDE, HEAD_ROWS), (NARROW, MOST_HEAD_ROWS), ((200, 60), MOST_HEAD_ROWS)])
async def test_a_panel_is_read_as_deep_as_the_terminal_shows_some_of_it(size: tuple[int, int], rows: int) -> None:
    async with browsing(size=size) as browser:
        await browser.read_again()
        assert browser.source.read[-1].rows == rows


async def test_what_was_read_can_be_gone_through_while_the_connection_is_lost() -> None:
    async with browsing() as browser:
        await browser.press("1", "end")
        await browser.until_on(due(MANY - 1))
        browser.source.fault = CannotStart("the server is gone")
        await until_not_shown(browser.pilot, " live ")
        for number in range(MANY - 2, MANY - 30, -1):
            await browser.move("up", due(number))
        browser.source.fault = None
        await browser.press("R")
        await until_shown(browser.pilot, " live ")
        assert browser.name == due(MANY - 29)
        for number in range(MANY - 30, MANY - 100, -1):
            await browser.move("up", due(number))


async def test_a_queue_that_refuses_leaves_a_deep_page_of_the_others() -> None:
    async with browsing() as browser:
        await browser.press("1", "end")
        await browser.until_on(due(MANY - 1))
        browser.source.refused["orders"] = Refusal("locked by somebody else")
        await until_shown(browser.pilot, "1 of 2 queues")
        assert browser.name == due(MANY - 1)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_time_leads_to_the_first_row_from_then_on(size: tuple[int, int]) -> None:
    async with browsing(size=size) as browser:
        wanted = next(row for row in browser.source.rows.values() if row.task_name == done(150))
        before = browser.source.now - wanted.available_at
        await browser.press("5", "t")
        await until_shown(browser.pilot, "Go to a time in Completed", "the time it was claimed")
        await browser.press(*f"{int(before)}s ago", "enter")
        await browser.until_on(done(150))
        await until_shown(browser.pilot, "Completed by the time it was claimed: 14:")
        assert len(browser.in_view) > 3
        await browser.move("up", done(149))


async def test_a_time_beyond_every_row_leads_to_the_last_and_says_so() -> None:
    async with browsing() as browser:
        await browser.press("1", "t", *"in 1h", "enter")
        await browser.until_on(due(MANY - 1))
        await until_shown(browser.pilot, "Pending by the time it is due: nothing from")


async def test_what_is_no_time_is_told_in_one_line_and_esc_stays() -> None:
    async with browsing() as browser:
        await browser.press("1", "t", *"noon", "enter")
        await until_shown(browser.pilot, "No time: noon. Type 14:05, 2h ago, in 5m, or 2026-11-20 14:05.")
        await browser.press("escape")
        await until_not_shown(browser.pilot, "No time")
        assert browser.name == due(0)
        assert "Traceback" not in text(browser.pilot.app)


async def test_without_a_cursor_the_key_says_where_to_go() -> None:
    async with browsing() as browser:
        await browser.press("0", "t")
        await until_shown(browser.pilot, "no panel has the cursor; 1 to 6 go to one")
        assert State.PENDING in browser.source.read[-1].panels
