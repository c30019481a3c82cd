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


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (80, "s spawn  QWEA screens  ? help  q quit"),
        (120, "s spawn  Q W E A screens  g groups"),
        (200, "Q queues  W workers  E events  A activity"),
    ],
)
async def test_the_dashboards_footer_hints_at_the_screens_beside_it(columns: int, told: str) -> None:
    async with desk(size=(columns, 40)) as at:
        footer = lines(at.pilot.app)[-1]
        assert told in footer
        assert (len(footer), footer.rstrip().endswith("? help  q quit")) == (columns, True)
        assert await at.pilot.click(offset=(footer.index("E"), 39))
        await at.shown(OPENED["E"])
