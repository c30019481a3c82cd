"""The screen of the workers that were seen, by its keys."""

import asyncio
from dataclasses import replace

import pytest
from fakes import FakeSource, FakeStage
from screen import running, text, until, until_not_shown, until_shown
from textual.pilot import Pilot

from absurd_tui.observe.records import Refusal
from absurd_tui.settings import Settings
from absurd_tui.ui.hearing import DEAF_SECONDS

pytestmark = pytest.mark.slow

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


async def furnished() -> FakeSource:
    source = FakeSource(queues=["mail", "orders"])
    stage = FakeStage(source)
    for queue, name, worker in (
        ("mail", "letter", "host-a:1"),
        ("mail", "parcel", "host-a:1"),
        ("orders", "order", "host-b:2"),
        ("orders", "invoice", "gabsurd_worker"),
    ):
        await stage.claim(await stage.spawn(queue, name), worker, timeout=60)
    source.checkpoints = {
        row.task_id: ("stamped", source.now - 1) for row in source.rows.values() if row.queue == "mail"
    }
    return source


async def opened(pilot: Pilot[int]) -> None:
    await until_shown(pilot, "live")
    await pilot.press("W")
    await until_shown(pilot, "Workers seen")


@SIZES
async def test_a_worker_is_seen_with_its_runs_and_a_run_opens_its_task(size: tuple[int, int]) -> None:
    async with running(await furnished(), size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 3", "! gabsurd", "This is gabsurd's default id", "Runs of gabsurd_worker")
        await pilot.press("down")
        await until_shown(pilot, "Runs of host-a:1", "letter", "parcel", "It holds 2 claims, the oldest for")
        await until_shown(pilot, "Slow or dead: rows do not tell until its next lease ends", "stamped")
        await pilot.press("enter", "down", "enter")
        await until_shown(pilot, "esc back", "Timeline", "parcel")
        await pilot.press("escape")
        await until_shown(pilot, "Runs of host-a:1", "2 of 2")
        await pilot.pause(DEAF_SECONDS)
        await pilot.press("escape")
        await until_shown(pilot, "2 of 3")
        await pilot.press("escape")
        await until_not_shown(pilot, "Workers seen")


async def test_who_let_all_leases_end_is_likely_gone_until_it_is_swept() -> None:
    source = await furnished()
    async with running(source) as pilot:
        await opened(pilot)
        expired = {key: row for key, row in source.rows.items() if row.queue == "mail"}
        source.rows |= {key: replace(row, claim_expires_at=source.now - 720) for key, row in expired.items()}
        await pilot.press("R")
        await until_shown(pilot, "1 likely gone", "12m ago")
        await pilot.press("home")
        await until_shown(pilot, "All its 2 leases have expired, the first 12m ago: likely gone.")
        source.rows |= expired
        await pilot.press("R")
        await until_not_shown(pilot, "likely gone")


async def test_a_queue_is_chosen_by_the_arrows() -> None:
    async with running(await furnished(), settings=Settings(every=0.1, queue="orders")) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Workers seen in orders", "host-b:2")
        assert "host-a:1" not in text(pilot.app)
        await pilot.press("right")
        await until_shown(pilot, "host-a:1", "host-b:2")
        await pilot.press("right")
        await until_shown(pilot, "Workers seen in mail")
        await until_not_shown(pilot, "host-b:2")


async def test_it_looks_only_while_it_is_open_and_no_more_often_than_it_may() -> None:
    source = await furnished()
    source.look_cost = 0.02
    async with running(source) as pilot:
        assert source.looks == []
        await opened(pilot)
        await until_shown(pilot, "host-a:1", "every 4s")
        looked = len(source.looks)
        await asyncio.sleep(1.5)
        assert len(source.looks) == looked
        await pilot.press("escape")
        await until_not_shown(pilot, "Workers seen")
        looked = len(source.looks)
        await asyncio.sleep(2.5)
        assert len(source.looks) == looked


async def test_it_is_gone_to_and_left_from_anywhere_without_a_heap_of_screens() -> None:
    async with running(await furnished()) as pilot:
        await opened(pilot)
        await until_shown(pilot, "host-a:1")
        for _ in range(3):
            await pilot.press("enter")
            await until_shown(pilot, "Runs of gabsurd_worker  1 of 1")
            await pilot.press("enter")
            await until_shown(pilot, "Timeline")
            await pilot.press("W")
            await until_shown(pilot, "Workers seen")
            await pilot.press("escape")
            await until_shown(pilot, "Workers seen  1 of 3")
        assert len(pilot.app.screen_stack) == 2
        await pilot.press("D")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)


@SIZES
async def test_a_queue_that_cannot_be_read_is_named_with_its_grant(size: tuple[int, int]) -> None:
    source = await furnished()
    remedy = "GRANT SELECT ON absurd.r_orders TO reader;"
    source.refused = {"orders": Refusal("role reader may not SELECT on absurd.r_orders", remedy)}
    async with running(source, size=size, settings=Settings(every=0.1)) as pilot:
        await opened(pilot)
        await until_shown(pilot, "1 of 2 queues, ? says why", "host-a:1")
        await pilot.press("question_mark")
        await until_shown(pilot, "orders role reader may not SELECT on absurd.r_orders", remedy)
        await pilot.press("escape")
        await pilot.press("left")
        await until_shown(pilot, "Refused: role reader may not SELECT on absurd.r_orders.", remedy)
        await pilot.press("right")
        await until_shown(pilot, "host-a:1")


@SIZES
async def test_a_lost_connection_leaves_what_was_read_with_its_time(size: tuple[int, int]) -> None:
    source = await furnished()
    async with running(source, size=size) as pilot:
        await opened(pilot)
        await until_shown(pilot, "host-a:1")
        source.fault = ConnectionResetError(104, "gone")
        await until_shown(pilot, "UNKNOWN", "as of", "host-a:1")
        await pilot.press("down", "down")
        source.fault = None
        await until_shown(pilot, "live")
        await until_not_shown(pilot, "as of")


async def test_what_is_not_read_again_says_so_and_what_was_never_read_too() -> None:
    source = await furnished()
    async with running(source) as pilot:
        source.look_fault = TimeoutError()
        await opened(pilot)
        await until_shown(pilot, "Refused: The database did not answer in time. Tried again every 10s.")
        source.look_fault = None
        await pilot.press("R")
        await until_shown(pilot, "host-a:1")
        source.look_fault = TimeoutError()
        await pilot.press("R")
        await until_shown(pilot, "Not read again: The database did not answer in time.", "as of", "host-a:1")


async def test_nobody_seen_and_no_queue_are_told_apart() -> None:
    async with running(FakeSource(queues=["mail"])) as pilot:
        await opened(pilot)
        await until_shown(pilot, "Nobody holds a run, and none of the latest that ended names a worker.")
    async with running(FakeSource(queues=[])) as pilot:
        await opened(pilot)
        await until_shown(pilot, "No queue yet.")
