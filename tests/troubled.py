"""A dashboard on queues in trouble of three kinds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from fakes import FakeSource, FakeStage
from screen import running, until_shown
from textual.pilot import Pilot

from absurd_tui.observe.records import Refusal
from absurd_tui.observe.symptoms import Poison, Symptoms


@asynccontextmanager
async def trouble(*, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Pilot[int], FakeSource, UUID]]:
    """A queue that a task stops, one with an expired lease, and one that is refused; also the task that stops."""
    source = FakeSource(queues=["mail", "orders", "zoo"])
    stage = FakeStage(source)
    poison = await stage.spawn("mail", "welcome")
    source.symptoms["mail"] = Symptoms(Poison(poison, "welcome", "pending", "max_duration", "soon"))
    held = await stage.spawn("orders", "charge")
    await stage.claim(held, "pay-1:7")
    source.rows[held] = replace(source.rows[held], claim_expires_at=source.now - 30)
    source.refused = {"zoo": Refusal("No SELECT on absurd.t_zoo", "GRANT SELECT ON absurd.t_zoo TO tester;")}
    async with running(source, size=size) as pilot:
        await until_shown(pilot, " WEDGED ", "mail: every claim fails because of welcome", "+2 more v")
        yield pilot, source, poison
