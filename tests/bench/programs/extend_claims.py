"""Extend a few claims every second until ended: rows leave a panel's page, others come up."""

import asyncio
import sys

import asyncpg
from bench.stage import QUEUE

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.queries import table

EXTENDED, EXTENDED_LEASE = 5, 590
BELOW = 50
"""The row of the panel below which they are: the cursor is never put on one of them."""

SOON_TO_END = f"""
select run_id from {table("r", QUEUE)} where state = 'running'
 order by claim_expires_at limit {EXTENDED} offset {BELOW}"""


async def extend(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    lifecycle = Lifecycle(connection)
    while True:
        for row in await connection.fetch(SOON_TO_END):
            await lifecycle.extend_claim(QUEUE, row["run_id"], EXTENDED_LEASE)
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    asyncio.run(extend(sys.argv[1]))
