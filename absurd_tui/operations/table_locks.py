"""Writes that need a queue's tables for themselves alone: who waits for that makes every worker wait behind him.

So it is tried for a fifth of a second at most, a few times, with pauses in which
the workers get on; then it is told who is in the way.
"""

import asyncio
import random
from typing import Protocol

from absurd_tui.operations.envelope import Envelope, Passage
from absurd_tui.operations.holder import Holder
from absurd_tui.operations.outcomes import Locked, Outcome
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Work

TRIES = 10
LOCK_MILLISECONDS = 200
PAUSES = (0.1, 0.4)
"""Between which the pause after a try is, in seconds."""

HELD_MILLISECONDS = 2_000
"""For which a table that has rows to be looked through is held at most: nobody can claim meanwhile."""

LIMIT = "select set_config('lock_timeout', $1, true)"
HELD = "select set_config('statement_timeout', $1, true)"
HOLDERS = """
select l.pid, a.application_name,
       date_part('epoch', clock_timestamp() - coalesce(a.xact_start, a.state_change)) as seconds
  from pg_locks l join pg_class c on c.oid = l.relation
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'absurd'
  left join pg_inherits i on i.inhrelid = c.oid
  left join pg_class p on p.oid = i.inhparent
  left join pg_stat_activity a on a.pid = l.pid
 where l.granted and l.pid <> pg_backend_pid()
   and l.database = (select oid from pg_database where datname = current_database())
   and (coalesce(p.relname, c.relname) in ('t_' || $1::text, 'r_' || $1::text, 'c_' || $1::text, 'e_' || $1::text,
                                           'w_' || $1::text, 'i_' || $1::text)
        or c.relname = 'queues' and l.mode in ('RowShareLock', 'RowExclusiveLock'))
 order by a.xact_start nulls last limit 1"""


class NeedsTables(Work, Protocol):
    """Such a write; `holder` is who was last seen in the way, before a try."""

    holder: Holder | None


async def limited(fetch: Fetch, queue: str) -> Holder | None:
    """Wait no longer than that for any lock from here on, and say who holds one on the queue's tables."""
    await fetch(LIMIT, f"{LOCK_MILLISECONDS}ms")
    rows = await fetch(HOLDERS, queue)
    return Holder(rows[0]["pid"], rows[0]["application_name"] or None, rows[0]["seconds"]) if rows else None


async def held_briefly(fetch: Fetch) -> None:
    """Let the call that follows take no longer than that."""
    await fetch(HELD, f"{HELD_MILLISECONDS}ms")


async def carry_patiently(envelope: Envelope, work: NeedsTables, passage: Passage) -> Outcome:
    """Try until the locks are had, or say after the last try who is in the way."""
    for number in range(TRIES):
        if number:
            await asyncio.sleep(random.uniform(*PAUSES))
            passage.xid = passage.sql = None
        outcome = await envelope.carry(work, passage)
        if not isinstance(outcome, Locked):
            return outcome
    holder = work.holder
    return Locked(holder.pid, holder.application, holder.seconds) if holder is not None else outcome
