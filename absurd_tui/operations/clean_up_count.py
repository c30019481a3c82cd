"""What a clean-up would delete, counted before anything is and again afterwards: a scan of the queue's tasks."""

import time
from dataclasses import dataclass

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.faults import sentence
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.failures import DRIVER_ERRORS
from absurd_tui.observe.queries import seconds, table
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.queue_standing import READ, read_queue

STATEMENT_SECONDS = 120
"""How long the server lets one count or one batch take."""

SECONDS_A_TASK = 0.0001
"""What deleting one task takes besides looking for it, about."""

PAUSES = 2
"""How many times as long as its batches a clean-up takes: between two of them it rests as long as one takes."""


@dataclass(frozen=True, slots=True)
class CleanUpCount:
    """What ended before `cutoff` in the queue made at `created_at`: tasks by their states, and events.

    `awaited` of the events were never emitted: Absurd keeps a row for who waits. `took` is how long counting took.
    """

    created_at: float
    cutoff: float
    completed: int
    failed: int
    cancelled: int
    events: int
    awaited: int
    now: float
    took: float

    @property
    def tasks(self) -> int:
        """All tasks together."""
        return self.completed + self.failed + self.cancelled

    def batches(self, limit: int, *, with_events: bool) -> int:
        """In how many batches they go."""
        events = -(-self.events // limit) if with_events else 0
        return -(-self.tasks // limit) + events

    def expected_seconds(self, limit: int, *, with_events: bool) -> float:
        """How long that may take, by how long counting took."""
        each = self.took + min(limit, self.tasks) * SECONDS_A_TASK
        return PAUSES * each * self.batches(limit, with_events=with_events)


def count_tasks(queue: str) -> str:
    """Count the tasks that ended before the time $1, by their states, as absurd.cleanup_tasks looks for them."""
    return f"""
select x.state, count(*) as number
  from (select t.state, case t.state when 'completed' then r.completed_at when 'failed' then r.failed_at
                                     else t.cancelled_at end as ended_at
          from {table("t", queue)} t left join {table("r", queue)} r on r.run_id = t.last_attempt_run
         where t.state in ('completed', 'failed', 'cancelled')) x
 where x.ended_at < to_timestamp($1::float8) group by x.state"""


def count_events(queue: str) -> str:
    """Count the events from before the time $1, and those of them that were never emitted."""
    return f"""
select count(*) as number, count(*) filter (where {seconds("emitted_at")} <= 0) as awaited
  from {table("e", queue)} where emitted_at < to_timestamp($1::float8)"""


async def count_clean_up(
    spec: ConnSpec, queue: str, *, ttl: int = 0, cutoff: float | None = None
) -> CleanUpCount | Refused:
    """Count over a connection made for it what is older than `ttl` seconds, or than `cutoff` where that is given."""
    session = WriteSession(spec, statement_seconds=STATEMENT_SECONDS)
    try:
        await session.open()
        found = await read_queue(session.fetch, queue)
        if found.created_at is None:
            return Refused("There is no such queue any more.")
        statements = (count_tasks(queue), count_events(queue))
        await session.prepare(READ, *statements)
        await session.begin()
        began = time.monotonic()
        before = cutoff if cutoff is not None else found.now - ttl
        tasks = {row["state"]: row["number"] for row in await session.fetch(statements[0], before)}
        events = (await session.fetch(statements[1], before))[0]
        await session.rollback()
        return CleanUpCount(
            created_at=found.created_at,
            cutoff=before,
            completed=tasks.get("completed", 0),
            failed=tasks.get("failed", 0),
            cancelled=tasks.get("cancelled", 0),
            events=events["number"],
            awaited=events["awaited"],
            now=found.now,
            took=time.monotonic() - began,
        )
    except (*DRIVER_ERRORS, ValueError, OverflowError) as error:
        return Refused(f"Not counted: {sentence(error)}.")
    finally:
        session.terminate()
