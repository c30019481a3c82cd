"""A queue as it stands in the database: its row in Absurd's list of queues, and whether it has tables."""

import json
from dataclasses import dataclass

from absurd_tui.observe.queries import seconds
from absurd_tui.observe.queue_facts import policy_of
from absurd_tui.operations.outcomes import QueueAfter
from absurd_tui.operations.standing import XID_CYCLE, Fetch

LOCK = "select from absurd.queues where queue_name = $1 for update"
READ = f"""
select {seconds("q.created_at")} as created_at, to_jsonb(q)::text as stored, q.xmin::text::bigint as xmin,
       array(select left(c.relname, 1) from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where n.nspname = 'absurd' and c.relkind in ('r', 'p')
                and c.relname in ('t_' || $1::text, 'r_' || $1::text, 'c_' || $1::text, 'e_' || $1::text,
                                  'w_' || $1::text, 'i_' || $1::text)) as tables,
       {seconds("clock_timestamp()")} as now
  from (values (1)) one left join absurd.queues q on q.queue_name = $1::text"""


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """A queue read at `now`; `created_at` is None where there is none of that name. `policy` has values as text.

    `tables` are the letters of the tables that bear its name, also where the queue itself is gone. `is_ours` says
    whether the newest version of its row was written by the asking transaction.
    """

    created_at: float | None
    storage_mode: str | None
    policy: tuple[tuple[str, str], ...]
    tables: frozenset[str]
    now: float
    is_ours: bool

    @property
    def after(self) -> QueueAfter:
        """What an outcome tells of it."""
        return QueueAfter(self.created_at, self.storage_mode, self.policy, self.now)

    def values(self, keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Give the values of some keys of the policy, in their order, as far as the schema has them."""
        stored = dict(self.policy)
        return tuple((key, stored[key]) for key in keys if key in stored)


async def read_queue(fetch: Fetch, queue: str, *, xid: int = 0) -> QueueStanding:
    """Read a queue, `xid` being the transaction that asks whether it wrote the row."""
    row = (await fetch(READ, queue))[0]
    stored = json.loads(row["stored"]) if row["stored"] is not None else {}
    is_there = row["created_at"] is not None
    return QueueStanding(
        created_at=row["created_at"],
        storage_mode=stored.get("storage_mode", "unpartitioned") if is_there else None,
        policy=policy_of(stored),
        tables=frozenset(row["tables"]),
        now=row["now"],
        is_ours=is_there and row["xmin"] == xid % XID_CYCLE,
    )
