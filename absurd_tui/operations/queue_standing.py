"""A queue as it stands in the database: its row in Absurd's list of queues, and whether it has tables."""

import json
from dataclasses import dataclass

from absurd_tui.observe.queries import seconds
from absurd_tui.observe.queue_facts import policy_of
from absurd_tui.operations.outcomes import QueueAfter, Refused
from absurd_tui.operations.standing import XID_CYCLE, Fetch

LOCK = "select from absurd.queues where queue_name = $1 for update"
READ = f"""
select {seconds("q.created_at")} as created_at, to_jsonb(q)::text as stored, q.xmin::text::bigint as xmin,
       coalesce(x.tables, '{{}}') as tables, coalesce(x.partitions, '{{}}') as partitions,
       {seconds("clock_timestamp()")} as now
  from (select array_agg(left(c.relname, 1)) as tables,
               array_agg(left(c.relname, 1)) filter (where c.relispartition) as partitions
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'absurd' and c.relkind in ('r', 'p')
           and c.relname in ('t_' || $1::text, 'r_' || $1::text, 'c_' || $1::text, 'e_' || $1::text,
                             'w_' || $1::text, 'i_' || $1::text)) x
  left join absurd.queues q on q.queue_name = $1::text"""


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """A queue read at `now`; `created_at` is None where there is none of that name. `policy` has values as text.

    `tables` are the letters of the tables that bear its name, also where the queue itself is gone; `partitions` those
    that are partitions of another queue's, which Absurd names so too and takes for its own. `is_ours` says whether
    the newest version of its row was written by the asking transaction.
    """

    created_at: float | None
    storage_mode: str | None
    policy: tuple[tuple[str, str], ...]
    tables: frozenset[str]
    partitions: frozenset[str]
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


def another_queues(queue: str, found: QueueStanding) -> Refused | None:
    """Refuse to delete what a queue has where that is another one's: no table of its own bears its name."""
    if not found.partitions:
        return None
    names = ", ".join(f"absurd.{letter}_{queue}" for letter in sorted(found.partitions))
    return Refused(f"Its tables are partitions of another queue's, whose tasks would go: {names}.")


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
        partitions=frozenset(row["partitions"]),
        now=row["now"],
        is_ours=is_there and row["xmin"] == xid % XID_CYCLE,
    )
