"""Failed attempts of a real database in groups: which, how far back, at what cost."""

import json
from collections.abc import AsyncIterator
from math import inf
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from attacks import ATTACKS
from seeding import INSTANTS, put, role

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import FixedRetry, Lifecycle, SpawnOptions
from absurd_tui.observe import failure_queries, failure_walk
from absurd_tui.observe.failure_groups import Group, Window
from absurd_tui.observe.failure_walk import FailureWalk
from absurd_tui.observe.parts import Part
from absurd_tui.observe.places import INFINITY, LATEST, literal
from absurd_tui.observe.records import View
from absurd_tui.observe.source import DatabaseSource

TRACE = """ "traceback": "File \\"/app/pay.py\\", line 4, in pay" """
REASON = f"""'{{"name": "HTTPError", "message": "503 for order ' || n || '", {TRACE} }}'"""
PAST = "now() - n * interval '1 minute'"
FAILED = {"available_at": PAST, "failed_at": PAST, "failure_reason": f"({REASON})::jsonb"}


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    return lifecycle


@pytest.fixture
async def source(database: Database) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(resolve(database.dsn, environ={}))
    yield source
    source.close()


async def walked(walk: FailureWalk, connection: asyncpg.Connection, window: Window = Window.WEEK) -> tuple[Group, ...]:
    """Walk to the end, and give what was found."""
    while not walk.is_over:
        await walk.step()
    now: float = await connection.fetchval("select date_part('epoch', now())")
    return walk.groups(now, window)


async def test_errors_that_are_the_same_are_one_group_over_tasks_and_attempts(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource
) -> None:
    retries = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(0))
    for order, name in ((1, "charge"), (2, "charge"), (3, "refund")):
        await lifecycle.spawn("mail", name, {}, retries if order == 1 else SpawnOptions(max_attempts=1))
        for _ in range(2 if order == 1 else 1):
            (claim,) = await lifecycle.claim("mail", "worker-1", 60)
            await lifecycle.fail("mail", claim.run_id, {"name": "HTTPError", "message": f"503 for order {order}"})
    walk = FailureWalk(source, ["mail"], "tester")
    (group,) = await walked(walk, connection, Window.HOUR)
    assert (group.fingerprint.name, group.fingerprint.message) == ("HTTPError", "# for order #")
    assert (group.counts, group.finals) == ((4, 4, 4), 3), "one attempt was tried again"
    assert dict(group.names) == {"charge": 3, "refund": 1}
    assert (walk.looked_at, walk.back_to, walk.is_capped) == (4, -inf, False)
    assert sorted(run.message or "" for run in group.runs) == [f"503 for order {order}" for order in (1, 1, 2, 3)]


async def test_pages_go_back_as_far_as_a_week_and_no_further(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_queries, "PAGE", 40)
    monkeypatch.setattr(failure_walk, "PAGE", 40)
    hours = "now() - n * interval '1 hour'"
    await put(connection, "mail", "failed", number=400, run={**FAILED, "available_at": hours, "failed_at": hours})
    walk = FailureWalk(source, ["mail"], "tester")
    await walk.step()
    now: float = await connection.fetchval("select date_part('epoch', now())")
    assert walk.looked_at == 40
    assert now - 41 * 3600 < walk.back_to < now - 39 * 3600
    (group,) = await walked(walk, connection)
    assert group.counts == (0, 23, 167)
    assert walk.looked_at == 200, "the page that reaches beyond a week is the last"
    assert (group.fingerprint.frame, len(group.runs)) == ("pay (pay.py)", 200)


async def test_it_ends_after_so_many_and_says_so(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_queries, "PAGE", 40)
    monkeypatch.setattr(failure_walk, "PAGE", 40)
    monkeypatch.setattr(failure_walk, "MOST", 100)
    await put(connection, "mail", "failed", number=300, run=FAILED)
    walk = FailureWalk(source, ["mail"], "tester")
    await walked(walk, connection)
    assert (walk.looked_at, walk.is_capped, walk.is_over) == (120, True, True)
    assert await walk.step() >= 1.0, "there is nothing to do"


async def test_queues_are_walked_together_so_that_all_are_known_from_the_same_time_on(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_queries, "PAGE", 10)
    monkeypatch.setattr(failure_walk, "PAGE", 10)
    await lifecycle.create_queue("quiet")
    await lifecycle.create_queue("parted", storage_mode="partitioned")
    seconds = "now() - n * interval '1 s'"
    await put(connection, "mail", "failed", number=100, run={**FAILED, "available_at": seconds, "failed_at": seconds})
    await put(connection, "parted", "failed", number=25, run=FAILED)
    walk = FailureWalk(source, ["mail", "parted", "quiet"], "tester")
    assert walk.back_to == inf
    for _ in range(6):
        await walk.step()
    now: float = await connection.fetchval("select date_part('epoch', now())")
    assert walk.back_to < now - 30, "the busier queue goes on first"
    (group,) = await walked(walk, connection)
    assert (group.counts[2], group.queues) == (125, ("mail", "parted"))


async def test_what_fails_meanwhile_is_seen_at_the_head(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_walk, "_REFRESHED_EVERY", 0.0)
    await put(connection, "mail", "failed", number=3, run=FAILED)
    walk = FailureWalk(source, ["mail"], "tester")
    assert [group.counts[0] for group in await walked(walk, connection)] == [3]
    await put(connection, "mail", "failed", number=2, run={**FAILED, "available_at": "now()", "failed_at": "now()"})
    await walk.step()
    assert [group.counts[0] for group in await walked(walk, connection)] == [5]


async def test_a_queue_that_refuses_is_named_and_hides_no_other(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("closed")
    for queue in ("closed", "mail"):
        await put(connection, queue, "failed", run=FAILED)
    async with role(connection, database) as viewer:
        await connection.execute(f'grant select on absurd.t_mail, absurd.r_mail to "{viewer.name}"')
        source = DatabaseSource(resolve(viewer.dsn, environ={}))
        walk = FailureWalk(source, ["closed", "mail", "dropped"], viewer.name)
        (group,) = await walked(walk, connection)
        source.close()
    assert group.queues == ("mail",)
    first, second = walk.refused
    assert first.startswith("closed: role ")
    assert second == "dropped: its tables are missing or have just been dropped"


@pytest.mark.parametrize("instant", INSTANTS)
async def test_times_beyond_the_calendar_are_walked_like_others(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, instant: str
) -> None:
    odd = f"'{instant}'::timestamptz"
    await put(connection, "mail", "failed", number=2, run={**FAILED, "available_at": odd, "failed_at": odd})
    await put(connection, "mail", "failed", run={**FAILED, "failed_at": "null"})
    walk = FailureWalk(source, ["mail"], "tester")
    await walked(walk, connection)
    assert walk.looked_at == 3


@pytest.mark.parametrize(
    "reason",
    ["null", "5", "[]", '"text"', "{}", '{"message": null}', '{"name": [], "message": {"a": 1}, "traceback": 7}']
    + [json.dumps({"name": text, "message": text, "stack": text}) for text in ATTACKS.values()]
    + [json.dumps({"message": "x" * 9_000_000})],
)
async def test_reasons_of_any_form_are_read(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource, reason: str
) -> None:
    await put(connection, "mail", "failed")
    await connection.execute("update absurd.r_mail set failure_reason = $1::text::jsonb, failed_at = now()", reason)
    (group,) = await walked(FailureWalk(source, ["mail"], "tester"), connection)
    assert len(group.runs[0].message or "") <= 300


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
async def test_a_page_costs_the_same_however_far_back_it_is(
    connection: asyncpg.Connection, lifecycle: Lifecycle, mode: str
) -> None:
    await lifecycle.create_queue("big", storage_mode=mode)
    await put(connection, "big", "completed", number=30_000)
    await put(connection, "big", "failed", number=6_000, run=FAILED)
    for letter in "tr":
        await connection.execute(f"analyze absurd.{letter}_big")
    middle = await connection.fetchval("select (extract(epoch from now() - interval '50 hours') * 1000000)::bigint")
    for place in (INFINITY, middle - 946_684_800 * 1_000_000):
        statement = f"explain (analyze, buffers, format json) {failure_queries.page_statement('big')}"
        told = await connection.fetchval(statement, literal(place), LATEST.run_id)
        plan = json.loads(told)[0]["Plan"]
        assert plan["Actual Rows"] == failure_queries.PAGE
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 6 * failure_queries.PAGE
    assert LATEST.run_id == UUID(int=2**128 - 1)


async def test_what_the_walk_costs_is_charged_to_a_part_of_its_own(
    connection: asyncpg.Connection, lifecycle: Lifecycle, source: DatabaseSource
) -> None:
    await source.open()
    assert Part.FAILURES not in {cost.part for cost in (await source.snapshot(View())).costs}
    await put(connection, "mail", "failed", number=failure_queries.PAGE + 1, run=FAILED)
    await walked(FailureWalk(source, ["mail"], "tester"), connection)
    (charged,) = [cost for cost in (await source.snapshot(View())).costs if cost.part is Part.FAILURES]
    assert (charged.readings, charged.statements) == (2, 2)
    assert 0.0 < charged.seconds < 1.0
    assert (await source.weigh())[Part.FAILURES] > 0
