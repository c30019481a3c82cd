"""Spawn, claim and end tasks of every queue there is, a few a second, in every way a task can go, until ended."""

import asyncio
import sys
from random import Random

import asyncpg

from absurd_tui.errors import AbsurdError
from absurd_tui.lifecycle import Claim, FixedRetry, Lifecycle, SpawnOptions

PAUSE, SPAWNED, CLAIMED, LEASE = 0.4, 2, 10, 20
"""Seconds between two rounds; how many tasks of each queue one spawns and claims at most; seconds of a lease."""

NAMES = ("send_letter", "charge_card", "[red]bold[/red]", "\x1b]0;PWNED\x07title", "日本 digest", "a\u202eb")


async def work(dsn: str, name: str, random: Random) -> None:
    """Go on for ever: a lost connection is replaced, a refused call forgotten."""
    while True:
        try:
            connection = await asyncpg.connect(dsn, timeout=5)
            try:
                lifecycle = Lifecycle(connection)
                while True:
                    await _round(lifecycle, name, random)
                    await asyncio.sleep(PAUSE)
            finally:
                connection.terminate()
        except (OSError, TimeoutError, AbsurdError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(PAUSE)


async def _round(lifecycle: Lifecycle, worker: str, random: Random) -> None:
    options = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(3))
    for queue in await lifecycle.list_queues():
        for _ in range(random.randint(0, SPAWNED)):
            await lifecycle.spawn(queue, random.choice(NAMES), {"number": random.randint(1, 99)}, options)
        for claim in await lifecycle.claim(queue, worker, LEASE, CLAIMED):
            await _end(lifecycle, queue, claim, random.random())


async def _end(lifecycle: Lifecycle, queue: str, claim: Claim, share: float) -> None:
    """Most complete, some fail, wait for what never comes, are cancelled, or are never heard of again."""
    if share < 0.65:
        await lifecycle.complete(queue, claim.run_id, {"sent": True})
    elif share < 0.8:
        await lifecycle.fail(queue, claim.run_id, {"name": "Unlucky", "message": "\x1b[2J[/]"})
    elif share < 0.9:
        await lifecycle.await_event(queue, claim.task_id, claim.run_id, "answer", f"answer:{claim.task_id}", 15)
    elif share < 0.95:
        await lifecycle.cancel(queue, claim.task_id)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], Random(sys.argv[2])))
