"""`?` on what is shown: the verdict first, in two sentences, then the keys that count there, then the badges."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from dialogs import desk
from fakes import FakeSource
from screen import lines, running, until, until_not_shown, until_shown
from textual.pilot import Pilot
from troubled import trouble

from absurd_tui.observe.records import State
from absurd_tui.ui.hearing import DEAF_SECONDS

pytestmark = pytest.mark.slow

POISON = "absurd.claim_task reads the cancellation policy of every live task"
LEASE = "A lease that is over ends nothing by itself"
REFUSED = "This queue could not be read, so that nothing of what is said here is about it."


def said(pilot: Pilot[int]) -> str:
    """What the box says, as one line of words."""
    inside = [line.split("│")[1] for line in lines(pilot.app) if line.count("│") == 2]
    return " ".join(" ".join(inside).split())


async def asked(pilot: Pilot[int], *wanted: str, below: Sequence[str] = ()) -> None:
    """Press `?`, read what it begins with and what stands further below, and leave."""
    await pilot.press("question_mark")
    await until_shown(pilot, "─ Keys ─")
    await until(pilot, lambda: all(piece in said(pilot) for piece in wanted))
    for piece in below:
        for _ in range(30):
            if piece in said(pilot):
                break
            await pilot.press(*["down"] * 4)
        assert piece in said(pilot)
    await pilot.pause(DEAF_SECONDS)
    await pilot.press("escape")
    await until_not_shown(pilot, "─ Keys ─")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_it_begins_with_the_verdict_and_then_has_keys_and_badges(size: tuple[int, int]) -> None:
    async with trouble(size=size) as (pilot, _, _):
        verdict = "WEDGED mail: every claim fails because of welcome"
        await asked(pilot, verdict, POISON, "Dashboard", below=["READ ONLY Nothing can be written"])
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
        await asked(pilot, "OK Nothing that is looked for is wrong", below=["READ ONLY Nothing"])
        await pilot.press("f")
        await until_shown(pilot, " FROZEN ")
        await asked(pilot, below=["FROZEN f holds the screen still"])


HEADINGS = (
    "Dashboard",
    "Task page",
    "Activity",
    "Findings",
    "Workers",
    "Events",
    "Queues",
    "Failure groups",
    "On a task",
    "On a queue",
    "In a JSON document",
    "Moving",
    "Everywhere",
    "Signs",
)
OPENED = {
    "": ("1 ◌ Pending", ["Dashboard", "On a task", "On a queue"]),
    "enter": ("Checkpoints", ["Task page", "On a task", "On a queue", "In a JSON document"]),
    "A": ("Nothing was written from here.", ["Activity"]),
    "g": ("Failed attempts in all queues", ["Failure groups"]),
    "v": ("Findings", ["Findings"]),
    "W": ("Workers seen", ["Workers"]),
    "E": ("Awaited, not emitted", ["Events"]),
    "Q": ("pg_cron", ["Queues", "On a queue"]),
}


@pytest.mark.parametrize("key", OPENED)
async def test_it_tells_the_keys_of_the_screen_below_first_and_none_of_another_screen(key: str) -> None:
    shown, own = OPENED[key]
    async with desk(size=(120, 160)) as at:
        await at.go_to(State.PENDING)
        await at.press(*[key] if key else [])
        await at.shown(shown)
        await at.press("question_mark")
        await at.shown("─ Keys ─", "nothing was read since")
        told = [line.split("│")[1].rstrip() for line in lines(at.pilot.app) if line.count("│") == 2]
        assert [line.strip() for line in told if line.strip() in HEADINGS] == [*own, "Moving", "Everywhere", "Signs"]


@pytest.mark.parametrize("key", OPENED)
async def test_no_key_is_told_twice_but_one_that_a_document_takes_for_itself(key: str) -> None:
    async with desk(size=(120, 160)) as at:
        await at.go_to(State.PENDING)
        await at.press(*[key] if key else [])
        await at.shown(OPENED[key][0])
        await at.press("question_mark")
        await at.shown("─ Keys ─", "nothing was read since")
        told = [line.split("│")[1] for line in lines(at.pilot.app) if line.count("│") == 2]
        section, keys = "", []
        for line in told:
            section = line.strip() if line.strip() in HEADINGS else section
            if re.match(r"    \S", line) and section not in ("", "In a JSON document", "Signs"):
                keys += line.strip().split("  ")[0].split()
        assert {"?", "q", "tab", ":theme"} <= set(keys)
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_row_that_wraps_goes_on_under_its_words(size: tuple[int, int]) -> None:
    async with desk(size=size) as at:
        await at.press("question_mark")
        await at.shown("─ Keys ─")
        wrapped = 0
        for _ in range(10):
            inside = [line.split("│")[1][:-4] for line in lines(at.pilot.app) if line.count("│") == 2]
            for row, below in pairwise(inside):
                key = re.match(r"    (\S+(?: \S+)*)  +(?=\S)", row)
                if key is not None and below.strip() and not re.match(r"    \S", below):
                    assert len(below) - len(below.lstrip()) == key.end(), (row, below)
                    wrapped += 1
            await at.press("pagedown")
        assert wrapped > 3
