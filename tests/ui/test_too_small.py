"""A terminal that is too small: every screen and dialog says so, alone, and nothing is confirmed that is not seen."""

import pytest
from dialogs import desk
from screen import lines

from absurd_tui.observe.records import State

pytestmark = pytest.mark.slow

SAID = "absurd-tui needs 60×16. This terminal is 50×12."
OPENED = {
    "enter": ("Timeline", "esc back"),
    "A": ("Nothing was written from here.",),
    "c": ("Cancel task",),
    "s": ("Spawn task",),
    "t": ("Go to a time in",),
    "question_mark": ("─ Keys ─",),
}


@pytest.mark.parametrize("key", OPENED)
async def test_what_is_open_says_that_it_has_no_room_and_comes_back(key: str) -> None:
    async with desk() as at:
        await at.go_to(State.PENDING)
        await at.press(key)
        await at.shown(*OPENED[key])
        await at.pilot.resize_terminal(50, 12)
        await at.shown(SAID)
        assert [line.strip() for line in lines(at.pilot.app) if line.strip()] == [SAID]
        await at.pilot.resize_terminal(120, 40)
        await at.shown(*OPENED[key])


async def test_nothing_is_confirmed_that_has_no_room_to_be_seen() -> None:
    async with desk() as at:
        await at.ask("c", State.PENDING)
        await at.pilot.resize_terminal(50, 12)
        await at.shown(SAID)
        await at.press("y", "enter", "ctrl+s")
        await at.pilot.resize_terminal(120, 40)
        await at.shown("Cancel task")
        assert at.requests == []
        await at.press("y")
        await at.asked()
