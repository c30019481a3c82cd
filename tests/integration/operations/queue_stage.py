"""The other side of a write about a whole queue."""

import asyncio
from dataclasses import dataclass

import asyncpg
from integration.operations.stage import QUEUE, Stage

from absurd_tui.conninfo import ConnSpec
from absurd_tui.observe.weeks import read_detachable, read_weeks
from absurd_tui.operations.clean_up_count import CleanUpCount, count_clean_up
from absurd_tui.operations.pg_cron import read_jobs
from absurd_tui.operations.queue_requests import (
    CleanUp,
    CreateQueue,
    DetachPartitions,
    DropQueue,
    MakePartitions,
    QueueRequest,
    SetQueuePolicy,
    SwitchCron,
)

NEW_QUEUE = "reports"
QUEUE_CALLS = {
    "create queue": "absurd.create_queue",
    "drop queue": "absurd.drop_queue",
    "set policy": "absurd.set_queue_policy",
    "clean up": "absurd.cleanup_tasks",
    "make partitions": "absurd.ensure_partitions",
    "detach partitions": "absurd.schedule_detach_jobs",
    "enable cron": "absurd.enable_cron",
    "disable cron": "absurd.disable_cron",
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
PG_CRON = """
create schema cron;
create table cron.job (
  jobid bigserial primary key, jobname text, schedule text, command text, database text default current_database(),
  active boolean default true);
create function cron.schedule(text, text, text) returns bigint language sql as
  'insert into cron.job (jobname, schedule, command) values ($1, $2, $3) returning jobid';
create function cron.unschedule(bigint) returns boolean language sql as
  'delete from cron.job where jobid = $1 returning true';
grant usage on schema cron to public; grant all on cron.job to public; grant all on cron.job_jobid_seq to public"""
"""What Absurd uses of pg_cron."""

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
        if operation == "detach partitions":
            await self.have_old_weeks()
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
        if operation == "detach partitions":
            return DetachPartitions(QUEUE, made, await read_detachable(self.connection.fetch, QUEUE) or ())
        if operation in ("enable cron", "disable cron"):
            await self.connection.execute(PG_CRON)
            if operation == "disable cron":
                await self.stage.lifecycle.enable_cron(QUEUE)
            return SwitchCron(QUEUE, made, operation == "enable cron", await self.jobs(QUEUE))
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
            case DetachPartitions():
                return any("detach_run" in job for job in await self.jobs(request.queue))
            case SwitchCron(is_on=True):
                return len(await self.jobs(request.queue)) == 3
            case SwitchCron():
                return await self.created_at(QUEUE) == request.created_at and not await self.jobs(request.queue)

    async def jobs(self, queue: str) -> tuple[str, ...]:
        """The jobs of a queue, as they are shown."""
        return (await read_jobs(self.connection.fetch, queue))[0]

    async def have_old_weeks(self) -> None:
        """Make the queue anew, with partitions of weeks long past that hold nothing, and have pg_cron."""
        await self.stage.lifecycle.drop_queue(QUEUE)
        await self.stage.lifecycle.create_queue(QUEUE, "partitioned")
        await self.stage.lifecycle.set_queue_policy(QUEUE, partition_lookback="60 days", detach_mode="empty")
        await self.stage.lifecycle.ensure_partitions(QUEUE)
        await self.connection.execute(PG_CRON)

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
