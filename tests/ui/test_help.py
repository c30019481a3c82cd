"""`?` on what is shown: the badge first, in two sentences, then the keys."""

import pytest
from fakes import FakeSource
from screen import lines, running, until, until_not_shown, until_shown
from textual.pilot import Pilot
from troubled import trouble

from absurd_tui.ui.hearing import DEAF_SECONDS

pytestmark = pytest.mark.slow

POISON = "absurd.claim_task reads the cancellation policy of every live task"
LEASE = "A lease that is over ends nothing by itself"
REFUSED = "This queue could not be read, so that nothing of what is said here is about it."


def said(pilot: Pilot[int]) -> str:
    """What the box says, as one line of words."""
    inside = [line.split("│")[1] for line in lines(pilot.app) if line.count("│") == 2]
    return " ".join(" ".join(inside).split())


async def asked(pilot: Pilot[int], *wanted: str) -> None:
    """Press `?`, read what it begins with, and leave."""
    await pilot.press("question_mark")
    await until_shown(pilot, "─ Keys ─")
    await until(pilot, lambda: all(piece in said(pilot) for piece in wanted))
    await pilot.pause(DEAF_SECONDS)
    await pilot.press("escape")
    await until_not_shown(pilot, "─ Keys ─")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_it_begins_with_the_verdict_and_then_has_badges_and_keys(size: tuple[int, int]) -> None:
    async with trouble(size=size) as (pilot, _, _):
        await asked(
            pilot, "WEDGED mail: every claim fails because of welcome", POISON, "READ ONLY Nothing can be written"
        )
        await pilot.press("question_mark")
        await pilot.press("end")
        await until_shown(pilot, "Signs", "▲ 3 newer", "rows that came above the cursor; home goes there")


async def test_it_explains_the_finding_under_the_cursor_of_their_list() -> None:
    async with trouble() as (pilot, _, _):
        await pilot.press("v")
        await until_shown(pilot, "Findings  1 of 3")
        await pilot.press("down")
        await until_shown(pilot, "Findings  2 of 3")
        await asked(pilot, "DEGRADED orders: 1 lease has expired", LEASE)
        await until_shown(pilot, "Findings  2 of 3")


async def test_it_explains_the_mark_of_the_queue_under_the_cursor_of_the_strip() -> None:
    async with trouble() as (pilot, _, _):
        await pilot.press("0")
        for rows, told in ((0, POISON), (1, POISON), (1, LEASE), (1, REFUSED)):
            await pilot.press(*["down"] * rows)
            await asked(pilot, told)


async def test_where_all_is_well_it_says_what_that_means_and_explains_the_badges_of_the_header() -> None:
    source = FakeSource(queues=["mail"])
    async with running(source) as pilot:
        await until_shown(pilot, "All quiet since")
        await asked(pilot, "OK Nothing that is looked for is wrong", "READ ONLY")
        await pilot.press("f")
        await until_shown(pilot, " FROZEN ")
        await asked(pilot, "FROZEN f holds the screen still")
