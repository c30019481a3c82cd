"""Partitions and pg_cron's jobs: what is there already, what is in the way, and what was not named."""

from dataclasses import replace

import pytest
from absurd_server import Database
from integration.operations.queue_stage import QueueStage
from integration.operations.stage import QUEUE
from seeding import role

from absurd_tui.conninfo import resolve
from absurd_tui.observe.weeks import read_weeks
from absurd_tui.operations import table_locks
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import (
    AlreadySo,
    Changed,
    JobsSet,
    NotApplied,
    PartitionsMade,
    Refused,
)
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.queue_requests import (
    DetachPartitions,
    MakePartitions,
    SwitchCron,
)

pytestmark = pytest.mark.slow


async def test_partitions_that_are_all_there_are_not_made_again(queues: QueueStage, performer: Performer) -> None:
    request = await queues.request("make partitions")
    outcome = await performer.perform(request)
    assert isinstance(outcome, PartitionsMade)
    assert outcome.number == 4
    assert outcome.until is not None
    again = await performer.perform(request)
    assert isinstance(again, AlreadySo)
    assert performer.audit.records[-1].sql is None, "nothing was called, so that nothing was locked"


async def test_tables_are_not_held_for_long(
    queues: QueueStage, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await queues.request("make partitions")
    monkeypatch.setattr(table_locks, "HELD_MILLISECONDS", 1)
    outcome = await performer.perform(request)
    assert isinstance(outcome, NotApplied)
    assert "statement timeout" in outcome.reason
    monkeypatch.undo()
    assert isinstance(await performer.perform(request), PartitionsMade)


async def test_an_unpartitioned_queue_has_none_to_make(queues: QueueStage, performer: Performer) -> None:
    made = await queues.created_at(QUEUE)
    assert made is not None
    outcome = await performer.perform(MakePartitions(QUEUE, made, missing=1))
    assert outcome == Refused("Queue mail is unpartitioned: there are no partitions to make.")


async def test_rows_in_the_default_partition_are_told_as_what_is_in_the_way(
    queues: QueueStage, performer: Performer
) -> None:
    request = await queues.request("make partitions")
    until = (await read_weeks(queues.connection.fetch, QUEUE)).until
    await queues.connection.execute(
        "insert into absurd.t_mail (task_id, task_name, params, state)"
        " values (absurd.uuidv7_floor(to_timestamp($1)), 'late', '{}', 'pending')",
        (until or 0) - 60,
    )
    outcome = await performer.perform(request)
    assert isinstance(outcome, Refused)
    assert "default partition" in outcome.reason
    assert not await queues.is_done(request)


@pytest.mark.parametrize("operation", ["enable cron", "disable cron", "detach partitions"])
async def test_what_pg_cron_does_already_is_not_asked_of_it_again(
    queues: QueueStage, performer: Performer, operation: str
) -> None:
    request = await queues.request(operation)
    before = await queues.jobs(QUEUE)
    outcome = await performer.perform(request)
    assert isinstance(outcome, JobsSet)
    jobs = await queues.jobs(QUEUE)
    assert outcome.jobs == jobs != before
    assert isinstance(await performer.perform(request), AlreadySo)
    assert await queues.jobs(QUEUE) == jobs


@pytest.mark.parametrize("operation", ["enable cron", "disable cron", "detach partitions"])
async def test_without_pg_cron_it_is_refused_and_says_so(
    queues: QueueStage, performer: Performer, operation: str
) -> None:
    request = await queues.request(operation)
    await queues.connection.execute("drop schema cron cascade")
    outcome = await performer.perform(request)
    assert isinstance(outcome, Refused)
    assert "pg_cron is not in this database" in outcome.reason


async def test_jobs_of_another_role_are_not_told_as_none(queues: QueueStage, database: Database, audit: Audit) -> None:
    request = await queues.request("disable cron")
    assert isinstance(request, SwitchCron)
    await queues.connection.execute(
        "alter table cron.job add username text default current_user; alter table cron.job enable row level security;"
        "create policy own on cron.job using (username = current_user)"  # as pg_cron has it
    )
    async with role(queues.connection, database) as limited:
        await queues.connection.execute(f"grant update on absurd.queues to {limited.name}")
        performer = Performer(resolve(limited.dsn, environ={}), audit=audit)
        outcome = await performer.perform(replace(request, seen=()))
        await performer.close()
    assert isinstance(outcome, AlreadySo)
    assert "no job of its own for it that this role may see." in audit.records[-1].told
    assert not await queues.is_done(request)


async def test_jobs_that_somebody_else_scheduled_are_not_replaced_unseen(
    queues: QueueStage, performer: Performer
) -> None:
    request = await queues.request("enable cron")
    await queues.stage.lifecycle.enable_cron(QUEUE, cleanup_schedule="0 3 * * *")
    jobs = await queues.jobs(QUEUE)
    assert isinstance(await performer.perform(request), Changed)
    assert await queues.jobs(QUEUE) == jobs
    assert isinstance(request, SwitchCron)
    assert isinstance(await performer.perform(replace(request, seen=jobs)), JobsSet)


async def test_partitions_that_are_not_those_that_were_named_are_not_detached(
    queues: QueueStage, performer: Performer
) -> None:
    request = await queues.request("detach partitions")
    assert isinstance(request, DetachPartitions)
    assert request.seen
    outcome = await performer.perform(replace(request, seen=request.seen[1:]))
    assert isinstance(outcome, Changed)
    assert not await queues.is_done(request)
