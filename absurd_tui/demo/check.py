"""`demo --check`: prove without a terminal that every state of a task comes about."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import asyncpg

from absurd_tui.demo.counts import STATES, tasks_by_state
from absurd_tui.demo.queues import QUEUES

LOOK_EVERY = 0.1


async def watch_states(dsn: str, *, started: float, timeout: float, echo: Callable[[str], None]) -> bool:
    """Look until tasks spawned from now on have been seen in all six states; whether they were in time.

    `started` is a time of the monotonic clock; `timeout` and the printed times are seconds since then.
    """
    connection = await asyncpg.connect(dsn)
    try:
        since: datetime = await connection.fetchval("SELECT clock_timestamp()")
        seen: set[str] = set()
        while len(seen) < len(STATES) and time.monotonic() - started < timeout:
            counted: Counter[str] = Counter()
            for queue in QUEUES:
                counted.update(await tasks_by_state(connection, queue.name, since=since))
            for state in STATES:
                if counted[state] and state not in seen:
                    seen.add(state)
                    echo(f"{state:<10} first seen after {time.monotonic() - started:5.1f} s")
            await asyncio.sleep(LOOK_EVERY)
        await _echo_counts(connection, echo)
    finally:
        await connection.close()
    missing = [state for state in STATES if state not in seen]
    if missing:
        echo(f"not seen within {timeout:g} s: {', '.join(missing)}")
        return False
    echo(f"all {len(STATES)} states seen within {time.monotonic() - started:.1f} s")
    return True


async def _echo_counts(connection: "asyncpg.Connection[asyncpg.Record]", echo: Callable[[str], None]) -> None:
    echo(f"{'queue':<14}" + "".join(f"{state:>10}" for state in STATES))
    for queue in QUEUES:
        counts = await tasks_by_state(connection, queue.name)
        echo(f"{queue.name:<14}" + "".join(f"{counts.get(state, 0):>10}" for state in STATES))
