"""How queues are stored, as it is read from a real database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from seeding import put, role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.observe.storage import DAY, QueueStorage, StorageReading

CRON = """
create schema cron;
create table cron.job (jobid bigint primary key, schedule text, command text, database text, username text,
                       active boolean, jobname text);
create table cron.job_run_details (jobid bigint, runid bigint primary key, status text, return_message text,
                                   start_time timestamptz);
insert into cron.job values
  (1, '17 * * * *', 'select absurd.cleanup_all_queues(null)', current_database(), '', true, 'absurd_cleanup_all'),
  (2, '0 3 * * *', 'vacuum', current_database(), '', true, 'vacuum'),
  (3, '0 3 * * *', 'select absurd.ensure_partitions()', 'elsewhere', '', true, 'absurd_partitions_all');
insert into cron.job_run_details values (1, 1, 'succeeded', '', now() - interval '2 h'),
  (1, 2, 'failed', 'permission denied', now() - interval '1 h')"""


@pytest.fixture
async def source(connection: asyncpg.Connection, database: Database) -> AsyncIterator[DatabaseSource]:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.create_queue("weekly", storage_mode="partitioned")
    source = DatabaseSource(resolve(database.dsn, environ={}))
    await source.open()
    yield source
    source.close()


async def read(source: DatabaseSource) -> StorageReading:
    return (await source.storage()).found


async def read_queue(source: DatabaseSource, name: str) -> QueueStorage:
    return next(queue for queue in (await read(source)).queues if queue.name == name)


async def test_sizes_policy_and_partitions_are_those_of_the_catalog(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    mail, weekly = (await read(source)).queues
    assert (mail.storage_mode, mail.partitions, mail.ttl) == ("unpartitioned", None, 30 * DAY)
    assert dict(mail.policy)["cleanup_limit"] == "1000"
    assert mail.tables is not None
    assert [table.letter for table in mail.tables] == ["t", "r", "c", "e", "w"]
    assert mail.bytes == await connection.fetchval("""
        select sum(pg_total_relation_size(('absurd.' || letter || '_mail')::regclass))
          from unnest('{t,r,c,e,w}'::text[]) letter""")
    assert weekly.tables is not None
    assert "i" in [table.letter for table in weekly.tables]
    assert weekly.partitions is not None
    assert (weekly.partitions.has_default, weekly.partitions.stray) == (True, 0)
    assert weekly.partitions.number >= 5
    now = (await read(source)).now
    assert weekly.partitions.until is not None
    assert 28 * DAY <= weekly.partitions.until - now <= 36 * DAY


async def test_rows_that_no_partition_is_for_are_counted(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    await Lifecycle(connection).spawn("weekly", "of this week", {})
    await connection.execute("""
        insert into absurd.t_weekly (task_id, task_name, params, state)
        select absurd.uuidv7_floor(now() + interval '400 days' + n * interval '1 s'), 'late', '{}', 'pending'
          from generate_series(1, 3) n""")
    weekly = await read_queue(source, "weekly")
    assert weekly.partitions is not None
    assert (weekly.partitions.stray, weekly.partitions.is_stray_capped) == (3, False)


async def test_what_ended_first_is_found_among_the_oldest_tasks(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    assert (await read_queue(source, "mail")).kept is not None
    ended = {"completed": 40, "failed": 45, "cancelled": 10}
    for state, days in ended.items():
        at = f"now() - {days} * interval '1 day'"
        run = {"completed_at": at} if state == "completed" else {"failed_at": at} if state == "failed" else {}
        await put(connection, "mail", state, run=run, task={"cancelled_at": at} if state == "cancelled" else {})
    await put(connection, "mail", "sleeping")
    await connection.execute(
        "insert into absurd.e_mail values ('old', '1', now() - interval '50 days'), ('w', null, 'epoch')"
    )
    reading = await read(source)
    mail = reading.queues[0]
    assert mail.kept is not None
    assert mail.kept.task_ended_at is not None
    assert mail.kept.event_at is not None
    assert (round((reading.now - mail.kept.task_ended_at) / DAY), mail.kept.looked_at) == (45, 4)
    assert round((reading.now - mail.kept.event_at) / DAY) == 50
    assert mail.is_behind(reading.now)
    await connection.execute("select absurd.cleanup_all_queues(null)")
    reading = await read(source)
    assert not reading.queues[0].is_behind(reading.now)


async def test_growth_counts_what_was_spawned_in_the_last_day(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    await connection.execute("update absurd.queues set created_at = now() - interval '90 days'")
    await connection.execute("""
        insert into absurd.t_mail (task_id, task_name, params, state)
        select absurd.uuidv7_floor(now() - n * interval '1 h'), 'letter', '{}', 'completed'
          from generate_series(1, 48) n""")
    mail = await read_queue(source, "mail")
    assert mail.spawned is not None
    assert mail.spawned.number in (23, 24)
    assert mail.spawned.a_day == mail.spawned.number
    young = await read_queue(source, "weekly")
    assert young.spawned is not None
    assert young.spawned.a_day == 0


async def test_dead_rows_are_those_of_the_statistics(source: DatabaseSource, connection: asyncpg.Connection) -> None:
    await put(connection, "mail", "completed", number=300)
    await connection.execute("update absurd.t_mail set task_name = 'x'")
    await connection.execute("select pg_stat_force_next_flush()")
    await connection.execute("analyze absurd.t_mail")
    mail = await read_queue(source, "mail")
    assert mail.tables is not None
    assert mail.tables[0].live == 300
    assert mail.tables[0].dead >= 300


async def test_without_rights_sizes_and_policy_are_known_and_the_rest_is_refused(
    source: DatabaseSource, connection: asyncpg.Connection, database: Database
) -> None:
    async with role(connection, database) as reader:
        seen = DatabaseSource(resolve(reader.dsn, environ={}))
        try:
            await seen.open()
            mail, _ = (await read(seen)).queues
            assert (mail.ttl, mail.spawned, mail.kept) == (30 * DAY, None, None)
            assert mail.bytes
            (why,) = mail.refusals
            assert why.remedy == f"GRANT SELECT ON absurd.t_mail, absurd.r_mail TO {reader.name};"
            await connection.execute(why.remedy)
            mail, _ = (await read(seen)).queues
            assert mail.refusals == ()
            assert mail.kept is not None
        finally:
            seen.close()


async def test_an_older_schema_has_no_policy_and_no_modes(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    await connection.execute("delete from absurd.queues where queue_name = 'weekly'")
    for column in (
        "storage_mode",
        "cleanup_ttl",
        "cleanup_limit",
        "default_partition",
        "detach_mode",
        "detach_min_age",
    ):
        await connection.execute(f"alter table absurd.queues drop column {column}")
    await connection.execute(
        "alter table absurd.queues drop column partition_lookahead, drop column partition_lookback"
    )
    (mail,) = (await read(source)).queues
    assert (mail.storage_mode, mail.policy, mail.ttl) == ("unpartitioned", (), None)
    assert mail.bytes


async def test_pg_cron_is_read_as_far_as_it_may_be(
    source: DatabaseSource, connection: asyncpg.Connection, database: Database
) -> None:
    assert not (await read(source)).cron.is_there
    await connection.execute(CRON)
    jobs = (await read(source)).cron.jobs
    assert jobs is not None
    assert [(job.name, job.status, job.message) for job in jobs] == [
        ("absurd_cleanup_all", "failed", "permission denied")
    ]
    async with role(connection, database) as reader:
        seen = DatabaseSource(resolve(reader.dsn, environ={}))
        try:
            await seen.open()
            cron = (await read(seen)).cron
            assert (cron.is_there, cron.jobs) == (True, None)
        finally:
            seen.close()


async def test_a_dialog_about_a_queue_knows_its_partitions_and_its_jobs(
    source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    facts = await source.queue_facts("weekly")
    assert facts is not None
    assert facts.weeks is not None
    assert facts.weeks.missing == 0
    assert (facts.detachable, facts.cron.is_there) == ((), False)
    await connection.execute("select absurd.set_queue_policy('weekly', $1)", '{"partition_lookahead": "60 days"}')
    await connection.execute(CRON)
    facts = await source.queue_facts("weekly")
    assert facts is not None
    assert facts.weeks is not None
    assert facts.weeks.missing > 0
    assert [job.name for job in facts.cron.jobs or ()] == ["absurd_cleanup_all"]
    mail = await source.queue_facts("mail")
    assert mail is not None
    assert (mail.weeks, mail.detachable) == (None, ())
