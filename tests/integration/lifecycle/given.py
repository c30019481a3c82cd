"""Tasks in the states that tests begin with, in the queue `mail` of the fixture `queue`."""

from uuid import UUID

import asyncpg

from absurd_tui.lifecycle import Claim, Lifecycle, SpawnOptions

NO_OPTIONS = SpawnOptions()
ONE_ATTEMPT = SpawnOptions(max_attempts=1)


async def claimed(lifecycle: Lifecycle, queue: str, options: SpawnOptions = NO_OPTIONS, lease: int = 30) -> Claim:
    await lifecycle.spawn(queue, "welcome", {"user": 42}, options)
    (claim,) = await lifecycle.claim(queue, "worker-1", lease)
    return claim


async def failed(lifecycle: Lifecycle, queue: str, options: SpawnOptions = ONE_ATTEMPT) -> Claim:
    claim = await claimed(lifecycle, queue, options)
    await lifecycle.fail(queue, claim.run_id, {"message": "no"})
    return claim


async def run_row(connection: asyncpg.Connection, run_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow("select * from absurd.r_mail where run_id = $1", run_id)
    assert row is not None
    return row


async def latest_run(connection: asyncpg.Connection, task_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(
        "select * from absurd.r_mail where task_id = $1 order by attempt desc limit 1", task_id
    )
    assert row is not None
    return row


async def set_clock(connection: asyncpg.Connection, instant: str) -> None:
    await connection.execute("select set_config('absurd.fake_now', $1, false)", instant)
