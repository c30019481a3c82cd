"""The footer of every screen, however narrow: help and quit keep their place, and what was opened can be left."""

import pytest
from dialogs import desk
from screen import lines

pytestmark = pytest.mark.slow

OPENED = {
    "A": "Nothing was written from here.",
    "g": "Failed attempts in all queues",
    "v": "Findings",
    "W": "Workers seen",
    "E": "Awaited, not emitted",
    "Q": "pg_cron",
}


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("key", OPENED)
async def test_help_and_quit_and_the_way_back_are_there(key: str, columns: int) -> None:
    async with desk(size=(columns, 24)) as at:
        await at.press(key)
        await at.shown(OPENED[key])
        footer = lines(at.pilot.app)[-1]
        assert footer.rstrip().endswith("? help  q quit")
        assert "esc back" in footer
