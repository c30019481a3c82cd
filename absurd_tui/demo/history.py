"""An hour of past, so that the dashboard does not start empty.

The calls are Absurd's own; `absurd.fake_now` sets the time they happen at, on
this connection only.
"""

import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from absurd_tui.demo import mishaps, mix
from absurd_tui.lifecycle import Claim, Lifecycle, SpawnOptions

if TYPE_CHECKING:
    import asyncpg

TASKS = 100
SPAN = timedelta(minutes=60)
LEASE = 60
STEPS = ("validate_cart", "reserve_stock", "charge_card", "create_shipment", "send_confirmation")
KINDS = (mix.send_receipt, mix.push_device, mix.process_order, mix.charge_card, mix.thumbnail, mix.send_receipt)
MISHAPS: tuple[tuple[mix.Recipe, Callable[[], object]], ...] = (
    (mix.send_invoice, lambda: mishaps.invoice_lines({"customer": "Ada GmbH", "vat_id": "", "lines": []})),
    (mix.sync_ledger, lambda: mishaps.ledger_balance({"bookings": [{"account": "2291", "cents": 5}], "accounts": {}})),
    (mix.build_report, lambda: mishaps.conversion_rate({"orders": 17, "visits": 0})),
    (mix.import_products, lambda: mishaps.feed_rows('{"sku": "sku-12", "qty": 3}\n{"sku": "sku-13", "q')),
)
FAILING, CANCELLED, RETRIED = 0.10, 0.14, 0.30
"""Shares of the past, cumulated: the rest went well at once."""


async def write_history(connection: "asyncpg.Connection[asyncpg.Record]", random: Random) -> None:
    """Spawn, claim and end some tasks, spread over the last hour."""
    past = _Past(connection, random, datetime.now(UTC) - SPAN)
    async with connection.transaction():
        for _ in range(TASKS):
            await past.wait(random.uniform(0.2, 1.5) * SPAN / TASKS / 2)
            await past.add_task()
        await connection.execute("RESET absurd.fake_now")


class _Past:
    """A clock that is set by hand, and the calls made by it. One task at a time, so each claim gets the newest."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", random: Random, start: datetime) -> None:
        self.connection = connection
        self.lifecycle = Lifecycle(connection)
        self.random = random
        self.now = start

    async def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
        await self.connection.execute("SELECT set_config('absurd.fake_now', $1, true)", self.now.isoformat())

    async def add_task(self) -> None:
        """One task from its spawning to its end."""
        chance = self.random.random()
        if chance < FAILING:
            await self._fail_for_good(*self.random.choice(MISHAPS))
            return
        spawning = self.random.choice(KINDS)(self.random)
        task_id = await self._spawn(spawning)
        if chance < CANCELLED:
            await self.lifecycle.cancel(spawning.queue.name, task_id)
            return
        if chance < RETRIED:
            claim = await self._claim(spawning)
            again = self.now + timedelta(seconds=2)
            reason = _reason(lambda: _raise(mishaps.GatewayError("HTTP 503 from upstream, try again later")))
            await self.lifecycle.fail_with_retry(spawning.queue.name, claim.run_id, reason, again)
            await self.wait(timedelta(seconds=2.2))
        await self._complete(spawning)

    async def _complete(self, spawning: mix.Spawning) -> None:
        queue, claim = spawning.queue.name, await self._claim(spawning)
        for step in STEPS if spawning.task_name == "process_order" else ():
            await self.wait(timedelta(seconds=self.random.uniform(0.2, 1.2)))
            await self.lifecycle.set_checkpoint(queue, claim.task_id, step, {"ok": True}, claim.run_id, LEASE)
        await self.wait(timedelta(seconds=self.random.uniform(0.1, 1.5)))
        await self.lifecycle.complete(queue, claim.run_id, {"ok": True, "ref": f"{self.random.getrandbits(40):010x}"})

    async def _fail_for_good(self, recipe: mix.Recipe, mishap: Callable[[], object]) -> None:
        spawning = recipe(self.random)
        await self._spawn(spawning, SpawnOptions(max_attempts=1))
        claim = await self._claim(spawning)
        await self.wait(timedelta(seconds=self.random.uniform(0.2, 2)))
        await self.lifecycle.fail(spawning.queue.name, claim.run_id, _reason(mishap))

    async def _spawn(self, spawning: mix.Spawning, options: SpawnOptions | None = None) -> Any:
        spawned = await self.lifecycle.spawn(
            spawning.queue.name, spawning.task_name, spawning.params, options or spawning.options
        )
        await self.wait(timedelta(seconds=self.random.uniform(0.05, 0.8)))
        return spawned.task_id

    async def _claim(self, spawning: mix.Spawning) -> Claim:
        worker = f"{self.random.choice(spawning.queue.workers)}:{self.random.randrange(300, 400)}"
        (claim,) = await self.lifecycle.claim(spawning.queue.name, worker, LEASE)
        return claim


def _reason(mishap: Callable[[], object]) -> dict[str, str]:
    """What the SDK stores when a task raises."""
    try:
        mishap()
    except Exception as error:
        return {
            "name": type(error).__name__,
            "message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        }
    raise AssertionError("the mishap did not happen")


def _raise(error: Exception) -> None:
    raise error
