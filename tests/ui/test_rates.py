"""How fast the chosen queue is worked off, as its user sees it."""

import pytest
from fakes import FakeSource
from screen import running, text, until, until_not_shown, until_shown

from absurd_tui.observe.records import QueueRates
from absurd_tui.settings import Settings

pytestmark = pytest.mark.slow

RATES = QueueRates(
    queue="mail",
    claimed=(*[None] * 10, *[30] * 20),
    completed=(*[0] * 24, 24, 24, 24, 24, 24, 3),
    failed=(*[0] * 29, 1),
    waited=(0.4, 12.0),
    ran=(1.2, 129.0),
    sample=500,
)


def source() -> FakeSource:
    return FakeSource(queues=["mail", "orders"], rates=RATES)


async def test_a_chosen_queue_has_its_rates_between_the_queues_and_the_panels() -> None:
    async with running(source(), size=(120, 40)) as pilot:
        await until_shown(pilot, "1 ◌ Pending")
        assert "a minute" not in text(pilot.app)
        before = text(pilot.app).splitlines().index(next(s for s in text(pilot.app).splitlines() if "Pending" in s))
        await pilot.press("right")
        await until_shown(pilot, "a minute, by claim: claimed 30 ", "completed 24 ", "failed 0 ")
        line = next(line for line in text(pilot.app).splitlines() if "by claim" in line)
        assert "wait 0.4s p95 12s  run 1.2s p95 2m 09s" in line
        assert text(pilot.app).splitlines().index(line) == before - 1, "and nothing has moved"
        await pilot.press("right")
        await until_not_shown(pilot, "by claim")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_key_shows_them_at_any_size_and_says_what_they_are(size: tuple[int, int]) -> None:
    async with running(source(), size=size, settings=Settings(every=0.1, queue="mail")) as pilot:
        await until_shown(pilot, "live")
        await pilot.press("m")
        await until_shown(pilot, "Rates, the last 30 minutes", "half within 0.4s, 95 of 100 within 12s")
        await until_shown(pilot, "of the latest 500 runs completed", "in the minute of their last claim")


async def test_without_a_queue_it_says_how_to_choose_one() -> None:
    async with running(source(), size=(80, 24)) as pilot:
        await until_shown(pilot, "live")
        await pilot.press("m")
        await until_shown(pilot, "Choose a queue with ← → to see its rates.")
        await pilot.press("escape")
        await until(pilot, lambda: "Choose a queue" not in text(pilot.app))
