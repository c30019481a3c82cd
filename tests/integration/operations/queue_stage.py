"""The other side of a write about a whole queue."""

import asyncio
from dataclasses import dataclass

import asyncpg
from integration.operations.stage import QUEUE, Stage

from absurd_tui.conninfo import ConnSpec
from absurd_tui.observe.weeks import read_weeks
from absurd_tui.operations.clean_up_count import CleanUpCount, count_clean_up
from absurd_tui.operations.queue_requests import (
    CleanUp,
    CreateQueue,
    DropQueue,
    MakePartitions,
    QueueRequest,
    SetQueuePolicy,
)

NEW_QUEUE = "reports"
QUEUE_CALLS = {
    "create queue": "absurd.create_queue",
    "drop queue": "absurd.drop_queue",
    "set policy": "absurd.set_queue_policy",
    "clean up": "absurd.cleanup_tasks",
    "make partitions": "absurd.ensure_partitions",
}
"""The operations on queues, and the function that each calls."""

QUEUE_OPERATIONS = tuple(QUEUE_CALLS)
TTL = (("cleanup_ttl", "7 days"),)
DEFAULT_TTL = (("cleanup_ttl", "30 days"),)

_LAST_WEEK = """
select c.oid::regclass::text
  from pg_inherits i join pg_class p on p.oid = i.inhparent and p.relname = $1 join pg_class c on c.oid = i.inhrelid
 where pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
 order by pg_get_expr(c.relpartbound, c.oid) collate "C" desc limit 1"""
_CREATED = "select date_part('epoch', created_at) from absurd.queues where queue_name = $1"


@dataclass(frozen=True)
class QueueStage:
    """Does to queues what somebody else does, and tells what is true of them."""

    stage: Stage
    spec: ConnSpec

    @property
    def connection(self) -> asyncpg.Connection:
        return self.stage.connection

    async def created_at(self, queue: str) -> float | None:
        made: float | None = await self.connection.fetchval(_CREATED, queue)
        return made

    async def request(self, operation: str) -> QueueRequest:
        """A request that would be done if nobody interfered."""
        if operation == "create queue":
            return CreateQueue(NEW_QUEUE)
        if operation == "make partitions":
            await self.lack_a_week()
        made = await self.created_at(QUEUE)
        assert made is not None
        if operation == "clean up":
            await self.stage.cancelled()
            await asyncio.sleep(1.1)  # whole seconds are what Absurd counts in
            count = await count_clean_up(self.spec, QUEUE, ttl=0)
            assert isinstance(count, CleanUpCount)
            assert count.tasks == 1
            return CleanUp(
                QUEUE, made, ttl=0, cutoff=count.cutoff, limit=1_000, with_events=False, tasks=count.tasks, events=0
            )
        if operation == "make partitions":
            return MakePartitions(QUEUE, made, missing=4)
        if operation == "drop queue":
            return DropQueue(QUEUE, made, "1 pending")
        return SetQueuePolicy(QUEUE, made, TTL, DEFAULT_TTL)

    async def is_done(self, request: QueueRequest) -> bool:
        """Whether the database shows what was asked for."""
        is_there = await self.created_at(request.queue) is not None
        match request:
            case CreateQueue():
                return is_there and await self.table("t", request.queue)
            case DropQueue():
                return not is_there and not await self.table("t", request.queue)
            case CleanUp():
                return is_there and await self.stage.count() == 0
            case SetQueuePolicy():
                policy = await self.stage.lifecycle.get_queue_policy(request.queue)
                return policy.cleanup_ttl.days == 7  # type: ignore[union-attr]  # it has no months
            case MakePartitions():
                weeks = await read_weeks(self.connection.fetch, request.queue)
                return bool(weeks.wanted) and not weeks.missing

    async def lack_a_week(self) -> None:
        """Make the queue anew, with partitions, of which those of the last week are missing."""
        await self.stage.lifecycle.drop_queue(QUEUE)
        await self.stage.lifecycle.create_queue(QUEUE, "partitioned")
        for letter in "trcw":
            last = await self.connection.fetchval(_LAST_WEEK, f"{letter}_{QUEUE}")
            await self.connection.execute(f"drop table {last}")

    async def table(self, letter: str, queue: str) -> bool:
        return bool(await self.connection.fetchval("select to_regclass($1) is not null", f'absurd."{letter}_{queue}"'))

    async def make_anew(self, queue: str) -> None:
        """Drop a queue and make it again."""
        await self.stage.lifecycle.drop_queue(queue)
        await self.stage.lifecycle.create_queue(queue)
