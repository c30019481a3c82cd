"""Spawn, claim and complete tasks of a queue until ended, some dozens a second."""

import asyncio
import sys

import asyncpg

from absurd_tui.lifecycle import Lifecycle

RATE, BATCH = 50.0, 10
"""Tasks a second, and how many of them at once."""


async def work(dsn: str, queue: str) -> None:
    lifecycle = Lifecycle(await asyncpg.connect(dsn))
    while True:
        for number in range(BATCH):
            await lifecycle.spawn(queue, "send-email", {"number": number})
        for claim in await lifecycle.claim(queue, "worker-1:77", 60, BATCH):
            await lifecycle.complete(queue, claim.run_id, {"sent": True})
        await asyncio.sleep(BATCH / RATE)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2]))
