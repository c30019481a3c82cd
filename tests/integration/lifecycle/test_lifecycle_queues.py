"""Queues, their policy, clean-up and partitions, against Absurd's own SQL."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from absurd_tui.errors import InvalidRequest, QueueMissing
from absurd_tui.lifecycle import CleanupCount, CronEntry, DetachCandidate, Interval, Lifecycle, QueuePolicy

ODD_NAMES = [
    'a "quoted" name',
    "it's",
    "dots.and.more",
    "100%",
    "%I %s $1",
    "; drop schema absurd cascade; --",
    "two\nlines",
    "\x1b[31m[red]",
    "😀" * 14,
    "q" * 57,
    "Ünïcode",
    "-x",
]

PG_CRON = """
    create schema cron;
    create table cron.job (jobid bigserial primary key, jobname text, schedule text, command text);
    create function cron.schedule(text, text, text) returns bigint language sql as
        'insert into cron.job (jobname, schedule, command) values ($1, $2, $3) returning jobid';
    create function cron.unschedule(bigint) returns boolean language sql as
        'delete from cron.job where jobid = $1 returning true';
"""


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("storage_mode", ["unpartitioned", "partitioned"])
async def test_any_name_that_absurd_takes_works_in_every_call(
    lifecycle: Lifecycle, name: str, storage_mode: str
) -> None:
    await lifecycle.create_queue(name, storage_mode)
    await lifecycle.create_queue(name, storage_mode)
    assert await lifecycle.list_queues() == [name]
    assert (await lifecycle.get_queue_policy(name)).queue_name == name
    await lifecycle.set_queue_policy(name, cleanup_ttl=timedelta(0))
    await lifecycle.ensure_partitions(name)

    spawned = await lifecycle.spawn(name, name, name)
    (claim,) = await lifecycle.claim(name, name)
    assert claim.params == name
    await lifecycle.emit_event(name, name, name)
    awaited = await lifecycle.await_event(name, claim.task_id, claim.run_id, name, name)
    assert awaited.payload == name
    assert len(await lifecycle.get_checkpoints(name, claim.task_id, claim.run_id)) == 1
    await lifecycle.extend_claim(name, claim.run_id, 5)
    await lifecycle.complete(name, claim.run_id, name)
    assert (await lifecycle.get_result(name, spawned.task_id)).result == name
    assert await lifecycle.cleanup_all_queues(name) == [CleanupCount(name, 1, 1)]
    await lifecycle.drop_queue(name)
    assert await lifecycle.list_queues() == []


@pytest.mark.parametrize("name", ["", "q" * 58, "é" * 29])
async def test_other_names_are_refused_by_absurd(lifecycle: Lifecycle, name: str) -> None:
    with pytest.raises(InvalidRequest, match="Queue name") as caught:
        await lifecycle.create_queue(name)
    assert caught.value.sqlstate == "P0001"


async def test_queues_are_listed_in_order(lifecycle: Lifecycle) -> None:
    for name in ("b", "a", "c"):
        await lifecycle.create_queue(name)
    assert await lifecycle.list_queues() == ["a", "b", "c"]


async def test_a_queue_keeps_its_storage_mode(lifecycle: Lifecycle, queue: str) -> None:
    with pytest.raises(InvalidRequest, match='already exists with storage mode "unpartitioned"'):
        await lifecycle.create_queue(queue, "partitioned")
    with pytest.raises(InvalidRequest, match="Unsupported queue storage mode"):
        await lifecycle.create_queue("other", "sharded")


async def test_dropping_an_unknown_queue_is_no_error(lifecycle: Lifecycle) -> None:
    await lifecycle.drop_queue("nowhere")


DEFAULT_POLICY = QueuePolicy(
    queue_name="mail",
    storage_mode="unpartitioned",
    default_partition="enabled",
    partition_lookahead=timedelta(days=28),
    partition_lookback=timedelta(days=1),
    cleanup_ttl=timedelta(days=30),
    cleanup_limit=1000,
    detach_mode="none",
    detach_min_age=timedelta(days=30),
)


async def test_a_new_queue_has_absurds_policy(lifecycle: Lifecycle, queue: str) -> None:
    assert await lifecycle.get_queue_policy(queue) == DEFAULT_POLICY


async def test_only_what_is_given_changes(lifecycle: Lifecycle, queue: str) -> None:
    await lifecycle.set_queue_policy(queue)
    assert await lifecycle.get_queue_policy(queue) == DEFAULT_POLICY
    await lifecycle.set_queue_policy(queue, cleanup_limit=5, cleanup_ttl="90 minutes")
    await lifecycle.set_queue_policy(queue, detach_mode="empty", partition_lookahead=timedelta(days=2, seconds=3))
    assert await lifecycle.get_queue_policy(queue) == replace(
        DEFAULT_POLICY,
        cleanup_limit=5,
        cleanup_ttl=timedelta(minutes=90),
        detach_mode="empty",
        partition_lookahead=timedelta(days=2, seconds=3),
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (timedelta(days=400, hours=23, microseconds=1), timedelta(days=400, hours=23, microseconds=1)),
        ("P1DT2H3.5S", timedelta(days=1, hours=2, seconds=3.5)),
        ("1 year 2 mons", "1 year 2 mons"),
        ("36:00:00", "36:00:00"),
        ("2000000000 days", "2000000000 days"),
        ("2 days -1 hours", "2 days -01:00:00"),
    ],
)
@pytest.mark.parametrize("style", ["postgres", "iso_8601"])
async def test_an_interval_is_read_as_it_was_set(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str, given: Interval, read: Interval, style: str
) -> None:
    await lifecycle.set_queue_policy(queue, cleanup_ttl=given)
    if isinstance(read, timedelta):
        await connection.execute(f"set intervalstyle = {style}")
    policy = await lifecycle.get_queue_policy(queue)
    assert policy.cleanup_ttl == read
    await lifecycle.set_queue_policy(queue, cleanup_ttl=policy.cleanup_ttl)
    assert await lifecycle.get_queue_policy(queue) == policy


async def test_an_endless_interval_is_text(lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str) -> None:
    if connection.get_server_version().major < 17:
        pytest.skip("PostgreSQL has endless intervals from 17 on")
    await lifecycle.set_queue_policy(queue, cleanup_ttl="infinity")
    assert (await lifecycle.get_queue_policy(queue)).cleanup_ttl == "infinity"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cleanup_ttl": "-1 day"}, "cleanup_ttl must be non-negative"),
        ({"cleanup_ttl": "soon"}, "invalid input syntax for type interval"),
        ({"detach_mode": "full"}, 'Unsupported detach mode "full"'),
        ({"default_partition": "disabled"}, "only supported for partitioned queues"),
    ],
)
async def test_what_absurd_refuses_in_a_policy_is_an_invalid_request(
    lifecycle: Lifecycle, queue: str, change: dict[str, str], reason: str
) -> None:
    with pytest.raises(InvalidRequest, match=reason) as caught:
        await lifecycle.set_queue_policy(queue, **change)  # type: ignore[arg-type]  # the keys vary by case
    assert caught.value.sqlstate in {"P0001", "22007"}
    assert await lifecycle.get_queue_policy(queue) == DEFAULT_POLICY


async def test_a_default_partition_in_use_stays(lifecycle: Lifecycle, connection: asyncpg.Connection) -> None:
    await lifecycle.create_queue("big", "partitioned")
    await lifecycle.set_queue_policy("big", default_partition="disabled")
    assert (await lifecycle.get_queue_policy("big")).default_partition == "disabled"
    await lifecycle.set_queue_policy("big", default_partition="enabled")
    await connection.execute(
        "insert into absurd.t_big (task_id, task_name, params, state) "
        "values ('ffffffff-ffff-7fff-bfff-ffffffffffff', 'order', 'null', 'pending')"
    )
    with pytest.raises(InvalidRequest, match="is not empty"):
        await lifecycle.set_queue_policy("big", default_partition="disabled")


async def test_unknown_queues_are_missing(lifecycle: Lifecycle) -> None:
    for call in (
        lifecycle.get_queue_policy("nowhere"),
        lifecycle.set_queue_policy("nowhere", cleanup_limit=1),
        lifecycle.cleanup_all_queues("nowhere"),
        lifecycle.ensure_partitions("nowhere"),
        lifecycle.list_detach_candidates("nowhere"),
        lifecycle.enable_cron("nowhere"),
    ):
        with pytest.raises(QueueMissing, match="nowhere"):
            await call


async def test_finished_tasks_and_old_events_are_cleaned_up(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await connection.execute("select set_config('absurd.fake_now', '2026-01-01 00:00:00+00', false)")
    await lifecycle.create_queue("other")
    for event in ("paid", "shipped", "seen"):
        await lifecycle.emit_event(queue, event)
        await lifecycle.spawn(queue, event, None)
    for claim in await lifecycle.claim(queue, "worker-1", qty=3):
        await lifecycle.complete(queue, claim.run_id)
    await lifecycle.spawn(queue, "still pending", None)

    await connection.execute("select set_config('absurd.fake_now', '2026-01-01 00:01:00+00', false)")
    assert await lifecycle.cleanup_tasks(queue, 60) == 0
    assert await lifecycle.cleanup_tasks(queue, 59, 2) == 2
    assert await lifecycle.cleanup_events(queue, 60) == 0
    assert await lifecycle.cleanup_events(queue, 0, limit=1) == 1

    await connection.execute("select set_config('absurd.fake_now', '2026-02-01 00:00:00+00', false)")
    assert await lifecycle.cleanup_all_queues() == [CleanupCount(queue, 1, 2), CleanupCount("other", 0, 0)]


async def test_the_schema_says_its_version(lifecycle: Lifecycle) -> None:
    assert await lifecycle.get_schema_version() == "0.5.1"


async def test_partitions_are_made_and_offered_for_detaching(
    lifecycle: Lifecycle, connection: asyncpg.Connection
) -> None:
    await connection.execute("select set_config('absurd.fake_now', '2026-01-08 00:00:00+00', false)")
    await lifecycle.create_queue("big", "partitioned")
    await lifecycle.set_queue_policy("big", detach_mode="empty", detach_min_age="7 days")
    assert await lifecycle.list_detach_candidates("big") == []

    await connection.execute("select set_config('absurd.fake_now', '2026-06-08 00:00:00+00', false)")
    count = "select count(*) from pg_inherits where inhparent = 'absurd.t_big'::regclass"
    before = await connection.fetchval(count)
    await lifecycle.ensure_partitions()
    assert await connection.fetchval(count) > before
    candidates = await lifecycle.list_detach_candidates()
    assert DetachCandidate("big", "t_big", "t_big_602") in candidates
    assert candidates == await lifecycle.list_detach_candidates("big")


async def test_cron_is_refused_without_pg_cron(lifecycle: Lifecycle) -> None:
    for call in (lifecycle.enable_cron(), lifecycle.disable_cron()):
        with pytest.raises(InvalidRequest, match="pg_cron is not available"):
            await call


async def test_cron_entries_are_made_and_removed(
    lifecycle: Lifecycle, connection: asyncpg.Connection, queue: str
) -> None:
    await connection.execute(PG_CRON)
    made = await lifecycle.enable_cron(cleanup_schedule="0 3 * * *")
    assert made == [
        CronEntry("absurd_partitions_all", 1),
        CronEntry("absurd_cleanup_all", 2),
        CronEntry("absurd_detach_plan_all", 3),
    ]
    schedules = await connection.fetch("select schedule from cron.job order by jobid")
    assert [row["schedule"] for row in schedules] == ["5 * * * *", "0 3 * * *", "29 * * * *"]
    assert len(await lifecycle.enable_cron(queue)) == 3
    removed = await lifecycle.disable_cron()
    assert sorted(removed, key=lambda entry: entry.job_id) == made
    assert len(await lifecycle.disable_cron(queue)) == 3
    assert await lifecycle.disable_cron(queue) == []
