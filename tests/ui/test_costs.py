"""What reading costs the database, as its user is told: in the header when it is slowed, and by a key."""

import asyncio

import asyncpg
import pytest
from fakes import FakeSource
from screen import running, text, until_not_shown, until_shown

from absurd_tui.observe.parts import Beat, Part, PartCost

pytestmark = pytest.mark.slow

COUNTS = PartCost(Part.COUNTS, span=60.0, readings=5, statements=20, seconds=1.2)
CLOCK = PartCost(Part.CLOCK, span=60.0, readings=60, statements=60, seconds=0.006)


def costly(**more: object) -> FakeSource:
    return FakeSource(costs=(CLOCK, COUNTS), pages_read={Part.COUNTS: 3850}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_key_tells_statements_time_and_pages_of_each_part(size: tuple[int, int]) -> None:
    async with running(costly(), size=size) as pilot:
        await until_shown(pilot, "live")
        await pilot.press("C")
        await until_shown(pilot, "What reading costs", "3,850", "All of it may take 2 %", "over ten minutes instead")
        told = [" ".join(line.split()) for line in text(pilot.app).splitlines()]
        assert any("counts 12s 20/min 240.0 2.00 % 3,850 321" in line for line in told)
        assert any("clock 1.0s 60/min 0.1 0.01 % 0 0" in line for line in told)
        assert any("all 80/min 2.01 % 321" in line for line in told)
        await pilot.press("escape")
        await until_not_shown(pilot, "What reading costs")


async def test_what_is_slowed_is_told_in_the_header_and_with_its_reason() -> None:
    async with running(costly(slowed=(Beat(Part.COUNTS, 12.0, 0.24),)), size=(120, 40)) as pilot:
        await until_shown(pilot, "every 0.1s  counts 12s")
        await pilot.press("C")
        await until_shown(pilot, "counts every 12s: 240 ms")


async def test_pages_that_cannot_be_counted_say_why() -> None:
    source = costly()
    async with running(source, size=(120, 40)) as pilot:
        await until_shown(pilot, "live")

        async def refuse() -> dict[Part, int]:
            raise asyncpg.InsufficientPrivilegeError("permission denied for table r_mail")

        source.weigh = refuse  # type: ignore[method-assign]
        await pilot.press("C")
        await until_shown(pilot, "The pages were not counted: permission denied for table r_mail.")


async def test_pages_that_are_counted_when_it_was_left_are_nobodys() -> None:
    source = costly()
    async with running(source, size=(120, 40)) as pilot:
        await until_shown(pilot, "live")
        counted = asyncio.Event()

        async def weigh() -> dict[Part, int]:
            await counted.wait()
            return {Part.COUNTS: 3850}

        source.weigh = weigh  # type: ignore[method-assign]
        await pilot.press("C")
        await until_shown(pilot, "What reading costs")
        await pilot.press("escape")
        await until_not_shown(pilot, "What reading costs")
        counted.set()
        await pilot.press("C")
        await until_shown(pilot, "What reading costs", "3,850")
