"""The screen of how queues are stored, by its keys."""

from dataclasses import replace

import pytest
from fake_looks import POLICY
from fakes import FakeSource, FakeStage
from screen import running, text, until, until_not_shown, until_shown
from textual.pilot import Pilot

from absurd_tui.observe.records import Refusal
from absurd_tui.observe.storage import DAY, Cron, CronJob, Kept, Partitions, QueueStorage, Spawned, TableSize
from absurd_tui.settings import Settings

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


def stored(source: FakeSource, name: str) -> QueueStorage:
    return QueueStorage(
        name=name,
        created_at=source.now - 90 * DAY,
        storage_mode="partitioned",
        policy=POLICY,
        ttl=30 * DAY,
        tables=(TableSize("t", 700_000_000, 100_000, 250_000), TableSize("r", 500_000_000, 120_000, 9)),
        spawned=Spawned(12_400, DAY),
        kept=Kept(200, source.now - 45 * DAY, None),
        partitions=Partitions(6, source.now + 5 * DAY + 1_800, has_default=True, stray=7),
    )


async def furnished() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    await FakeStage(source).spawn("mail", "letter")
    source.stored = {"orders": stored(source, "orders")}
    job = CronJob("absurd_cleanup_all", "17 * * * *", "", is_active=True, ran_at=source.now - 60, status="succeeded")
    source.cron = Cron(is_there=True, jobs=(job,))
    return source


async def opened(pilot: Pilot[int]) -> None:
    await until_shown(pilot, "live")
    await pilot.press("Q")
    await until_shown(pilot, "1 Queues")


@SIZES
async def test_the_queue_under_the_cursor_is_told_in_full(size: tuple[int, int]) -> None:
    async with running(await furnished(), size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 2", "2 mail", "1 pending · 0 running", "cleanup_ttl 30 days")
        await until_shown(pilot, "Nothing about its storage asks for attention.")
        await pilot.press("down")
        await until_shown(pilot, "2 orders", "1.2 GB", "a partition for each week")
        await until_shown(pilot, "oldest: a task ended 45d ago; 30d are kept: clean-up is", "dead rows: 250,009 beside")
        await pilot.press("enter", "end")
        await until_shown(pilot, "6 partitions, until", "5d 00h ahead", "7 tasks in the default partition")
        await until_shown(pilot, "absurd_cleanup_all (17 * * * *): succeeded 1m ago")
        await pilot.press("home")
        await until_shown(pilot, "about 12,400 tasks, 149 MB a day")
        await pilot.press("escape")
        await until_shown(pilot, "2 of 2")


async def test_it_begins_with_the_chosen_queue_and_keeps_its_cursor_on_it() -> None:
    source = await furnished()
    async with running(source, settings=Settings(every=0.1, queue="orders")) as pilot:
        await opened(pilot)
        await until_shown(pilot, "2 of 2", "2 orders")
        source.queues.append("aaa")
        await pilot.press("R")
        await until_shown(pilot, "3 of 3", "aaa", "2 orders")
        source.queues.remove("orders")
        await pilot.press("R")
        await until_shown(pilot, "This queue is no longer there.")
        await pilot.press("up")
        await until_shown(pilot, "2 mail")


@SIZES
async def test_what_may_not_be_read_is_told_beside_what_is_known(size: tuple[int, int]) -> None:
    source = await furnished()
    remedy = "GRANT SELECT ON absurd.t_mail TO reader;"
    source.refused = {"mail": Refusal("role reader may not SELECT on absurd.t_mail", remedy)}
    async with running(source, size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 2 queues", "role reader may not SELECT on absurd.t_mail", remedy, "41 kB")
        await pilot.press("question_mark")
        await until_shown(pilot, "A database owner can allow it:", remedy)
        await pilot.press("escape")
        source.refused = {}
        await pilot.press("R")
        await until_not_shown(pilot, "may not SELECT")


@SIZES
async def test_stale_refused_and_empty_are_told_apart(size: tuple[int, int]) -> None:
    source = await furnished()
    async with running(source, size=size) as pilot:
        source.look_fault = TimeoutError()
        await opened(pilot)
        await until_shown(pilot, "Refused: The database did not answer in time. Tried again every 10s.")
        source.look_fault = None
        await pilot.press("R")
        await until_shown(pilot, "2 mail")
        source.fault = ConnectionResetError(104, "gone")
        await until_shown(pilot, "UNKNOWN", "as of", "2 mail")
        source.fault, source.queues = None, []
        await until_shown(pilot, "live")
        await pilot.press("R")
        await until_shown(pilot, "No queue yet.")


async def test_growth_that_is_not_known_says_so() -> None:
    source = await furnished()
    source.stored["mail"] = replace(stored(source, "mail"), spawned=Spawned(3, 20.0))
    async with running(source) as pilot:
        await opened(pilot)
        await until_shown(pilot, "not known yet: what was spawned is of too short a time")
        await pilot.press("D")
        await until(pilot, lambda: "1 Queues" not in text(pilot.app))
