"""A search finds what its filter says and nothing else, streams it, and keeps each statement short."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from integration.statements import statements
from seeding import put, role

from absurd_tui.conninfo import resolve
from absurd_tui.database import session
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.queries import quoted
from absurd_tui.observe.search import search as searching
from absurd_tui.observe.search import walk
from absurd_tui.observe.search.language import parse
from absurd_tui.observe.search.search import Progress
from absurd_tui.observe.search.terms import Filter
from absurd_tui.observe.source import DatabaseSource

pytestmark = pytest.mark.slow

HOSTILE = "q\"%{queue}'$1😀"


@pytest.fixture
async def source(database: Database) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(resolve(database.dsn, environ={}))
    yield source
    source.close()


def read(typed: str) -> Filter:
    found = parse(typed)
    assert isinstance(found, Filter), found
    return found


async def steps(source: DatabaseSource, typed: str) -> list[Progress]:
    return [progress async for progress in source.search(read(typed), time.time())]


async def names(source: DatabaseSource, typed: str) -> list[str]:
    made = await steps(source, typed)
    assert made[-1].is_over
    assert not made[-1].trouble, made[-1].trouble
    return sorted(task.task_name for progress in made for task in progress.found)


@pytest.fixture(params=["unpartitioned", "partitioned"])
async def scene(request: pytest.FixtureRequest, connection: asyncpg.Connection) -> dict[str, UUID]:
    """Tasks by their names: one in each state, over two queues of odd names."""
    lifecycle = Lifecycle(connection)
    for queue in ("mail", HOSTILE):
        await lifecycle.create_queue(queue, storage_mode=request.param)
    made: dict[str, UUID] = {}
    once, thrice = SpawnOptions(max_attempts=1), SpawnOptions(max_attempts=3)

    async def spawn(name: str, params: Any, options: SpawnOptions = once, queue: str = "mail") -> None:
        made[name] = (await lifecycle.spawn(queue, name, params, options)).task_id

    await spawn("fails", {"user": {"id": 42}, "tags": ["a", "b"]})
    (claim,) = await lifecycle.claim("mail", "host-3", claim_timeout=60)
    await lifecycle.fail("mail", claim.run_id, {"name": "HTTPError", "message": "timed out: 50% of x_y"})
    await spawn("retries", {"user": {"id": "42"}, "total": 12.50}, thrice)
    (claim,) = await lifecycle.claim("mail", "host-3", claim_timeout=60)
    await lifecycle.fail("mail", claim.run_id, {"name": "KeyError", "message": "gone"})
    (claim,) = await lifecycle.claim("mail", "host-4", claim_timeout=60)
    await lifecycle.complete("mail", claim.run_id, {"sent": True})
    await spawn("sleeps", {"note": "Æther $1 ' \" \\"})
    (claim,) = await lifecycle.claim("mail", "host-5", claim_timeout=60)
    await lifecycle.await_event("mail", claim.task_id, claim.run_id, "$awaitEvent:x", "x")
    await spawn("cancelled", None, SpawnOptions(max_attempts=1, idempotency_key="order-7"))
    await lifecycle.cancel("mail", made["cancelled"])
    await spawn(
        "runs", {"user": {"id": 7}, "none": None}, SpawnOptions(max_attempts=1, headers={"trace": "abc"}), HOSTILE
    )
    await lifecycle.claim(HOSTILE, "host-3", claim_timeout=60)
    await spawn("send_mail", {"total": 99}, SpawnOptions(max_attempts=1, idempotency_key="order's 42%"), HOSTILE)
    return made


ALL = ["cancelled", "fails", "retries", "runs", "send_mail", "sleeps"]


SAID = [
    ("", ALL),
    ("state:failed", ["fails"]),
    ("state:completed,sleeping", ["retries", "sleeps"]),
    ("state:cancelled,pending", ["cancelled", "send_mail"]),
    ("-state:cancelled,pending", ["fails", "retries", "runs", "sleeps"]),
    ("state:failed state:pending", []),
    ("queue:mail", ["cancelled", "fails", "retries", "sleeps"]),
    ("-queue:m*", ["runs", "send_mail"]),
    ("queue:nowhere", []),
    ("name:send*", ["send_mail"]),
    ("name:send%", []),
    (r"name:send_", []),
    ("name~MAIL", ["send_mail"]),
    ("worker:host-3", ["fails", "runs"]),
    ("-worker:host-*", ["cancelled", "send_mail", "sleeps"]),
    ("attempt>1", ["retries"]),
    ("attempt:1 state:failed", ["fails"]),
    ('error~"TIMED OUT"', ["fails"]),
    ("error~50%", ["fails"]),
    ("error~x%y", []),
    ("error:KeyError", ["retries"]),
    ("-error~e state:completed,failed", []),
    ("params.user.id:42", ["fails", "retries"]),
    ("params.user.id:42,7", ["fails", "retries", "runs"]),
    ("params.user.id>10", ["fails"]),
    ("params.total>=12.5", ["retries", "send_mail"]),
    ("params.tags.1:b", ["fails"]),
    ("params.none:null", ["runs"]),
    ("-params.user:*", ["cancelled", "send_mail", "sleeps"]),
    ("params~THER", ["sleeps"]),
    ("result.sent:true", ["retries"]),
    ("header.trace:a*", ["runs"]),
    ("host-3 -timed", ["runs"]),
    ('key:order-7,"order\'s 42%",nothing', ["cancelled", "send_mail"]),
    ("key:order-7 -state:cancelled", []),
    ("key:order-7 age>1h", []),
    ("key:order-7 key:order-8", []),
    ("key:order", []),
    ("age<1h", ALL),
    ("age>1h", []),
    ("age<1h age>1d", []),
    ("age>0s,1h", ALL),
    ("-age>0s,1h", []),
    ("age<0s,1h", ALL),
    ("-age<0s,1h", []),
    ("'; drop table absurd.queues; --", []),
    ("params.'.x:1", []),
]


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "LEAST_PAUSE", 0.0)


async def test_it_finds_what_the_filter_says(
    source: DatabaseSource, scene: dict[str, UUID], without_pauses: None
) -> None:
    assert {typed: await names(source, typed) for typed, _ in SAID} == dict(SAID)


async def test_ids_are_answered_at_once_and_the_rest_of_the_filter_holds(
    source: DatabaseSource, scene: dict[str, UUID]
) -> None:
    both = f"id:{scene['fails']},{scene['runs'].hex[:31]}"
    assert await names(source, both) == ["fails", "runs"]
    assert await names(source, f"{both} state:failed") == ["fails"]
    assert await names(source, f"{both} -queue:mail") == ["runs"]
    assert await names(source, f"id:{UUID(int=7)}") == []
    (only,) = await steps(source, f"id:{scene['fails']}")
    assert (only.is_over, only.looked_at) == (True, 1)


async def test_ids_can_be_those_of_no_task_and_of_no_run(
    source: DatabaseSource, scene: dict[str, UUID], connection: asyncpg.Connection, without_pauses: None
) -> None:
    run = await connection.fetchval("select last_attempt_run from absurd.t_mail where task_name = 'sleeps'")
    without = [name for name in ALL if name not in ("fails", "sleeps")]
    assert await names(source, f"-id:{scene['fails']},{run}") == without
    assert await names(source, f"-id:{scene['fails']} state:failed") == []
    assert await names(source, f"id:{scene['fails']},{scene['runs']} -id:{scene['runs']}") == ["fails"]


@pytest.fixture
async def many(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Thirty thousand tasks of one moment, one of the last of them with a needle."""
    await Lifecycle(connection).create_queue("big")
    for state in ("completed", "pending"):
        await put(connection, "big", state, number=15_000, run={"available_at": "now() - n * interval '1 s'"})
    await connection.execute(
        "update absurd.t_big set params = '{\"needle\": 1}' where task_id in"
        " ((select task_id from absurd.t_big order by task_id limit 1)"
        "  union all (select task_id from absurd.t_big order by task_id desc offset 3 limit 1))"
    )
    for letter in "tr":
        await connection.execute(f"vacuum analyze absurd.{letter}_big")
    return connection


async def test_the_first_match_is_there_long_before_the_last_and_all_is_looked_at(
    source: DatabaseSource, many: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MOST_ROWS", 2_048)
    with statements(monkeypatch) as ran:
        made = await steps(source, "params.needle:1")
        assert len(ran) > 10
    with_matches = [at for at, progress in enumerate(made) if progress.found]
    assert (with_matches[0], len(with_matches)) == (0, 2)
    assert with_matches[1] >= len(made) // 3
    assert made[-1].looked_at == 30_000
    assert all(earlier.back_to >= later.back_to for earlier, later in itertools.pairwise(made))


async def test_by_the_index_on_states_only_what_is_in_them_is_looked_at(
    source: DatabaseSource, many: asyncpg.Connection
) -> None:
    await put(many, "big", "failed", number=3, run={"available_at": "'infinity'"})
    made = await steps(source, "state:failed,running")
    assert (sum(len(progress.found) for progress in made), made[-1].looked_at) == (3, 3)
    assert made[-1].is_by_claim


@pytest.mark.parametrize("typed", ["state:sleeping", "age>0s"])
async def test_many_of_one_moment_are_each_found_once(
    source: DatabaseSource, connection: asyncpg.Connection, typed: str
) -> None:
    await Lifecycle(connection).create_queue("big")
    await put(connection, "big", "sleeping", number=700, run={"available_at": "'infinity'"})
    found = [task.task_id for progress in await steps(source, typed) for task in progress.found]
    assert (len(found), len(set(found))) == (700, 700)


async def test_it_ends_at_a_thousand(source: DatabaseSource, many: asyncpg.Connection) -> None:
    made = await steps(source, "state:completed")
    number = sum(len(progress.found) for progress in made)
    assert searching.MOST_FOUND <= number < searching.MOST_FOUND + walk.MOST_ROWS
    assert made[-1].is_over
    assert made[-1].looked_at < 15_000


async def test_who_stops_asking_has_stopped_it_and_nothing_is_cancelled(
    source: DatabaseSource, many: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with statements(monkeypatch) as ran:
        async for _ in source.search(read("params.needle:2"), time.time()):
            break
        ran.clear()
        await asyncio.sleep(0.2)
        assert len(ran) == 0, "nobody asks any more"
    pids = await many.fetch(
        "select pid from pg_stat_activity where datname = current_database() and application_name like 'absurd-tui%'"
    )
    assert len(pids) == 1, "the connection lives"
    assert await names(source, "id:0197000000 state:pending") == []


async def test_others_use_the_connection_between_two_steps(source: DatabaseSource, many: asyncpg.Connection) -> None:
    walked = source.search(read("params.needle:2"), time.time())
    await anext(walked)
    task_id = await many.fetchval("select task_id from absurd.t_big limit 1")

    async def go_on() -> int:
        return len([progress async for progress in walked])

    going = asyncio.create_task(go_on())
    for _ in range(3):
        page = await source.task("big", task_id)
        assert page is not None
    assert await going > 3


async def test_a_statement_that_takes_too_long_is_asked_for_less(
    source: DatabaseSource, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session.READING_SETTINGS, "statement_timeout", "150")
    await Lifecycle(connection).create_queue("big")
    await put(connection, "big", "pending", number=400)
    await connection.execute("""
        alter table absurd.t_big rename to t_big_stored;
        create function absurd.slowly(p jsonb) returns jsonb language plpgsql stable as
          $$ begin perform pg_sleep(0.002); return p; end $$;
        create view absurd.t_big as
          select task_id, task_name, absurd.slowly(params) as params, headers, retry_strategy, max_attempts,
                 cancellation, enqueue_at, first_started_at, state, attempts, last_attempt_run, completed_payload,
                 cancelled_at, idempotency_key from absurd.t_big_stored""")
    made = await steps(source, "params~nothing")
    assert (made[-1].looked_at, made[-1].refused, made[-1].trouble) == (400, (), "")


async def test_what_could_not_be_looked_into_is_told(
    connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = Lifecycle(connection)
    for name in ("mail", "orders", "stuck"):
        await lifecycle.create_queue(name)
    await lifecycle.spawn("mail", "small", {"n": 1})
    await lifecycle.spawn(
        "mail", "large", {"n": 1, "text": "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(900_000))}
    )
    async with role(connection, database) as seen:
        for name in ("mail", "stuck"):
            await connection.execute(f"grant select on absurd.t_{name}, absurd.r_{name} to {quoted(seen.name)}")
        source = DatabaseSource(resolve(seen.dsn, environ={}))
        async with connection.transaction():
            await connection.execute("lock table absurd.r_stuck")
            made = await steps(source, "params.n:1")
            by_state = await steps(source, "state:pending params.n:1")
        source.close()
    for progresses in (made, by_state):
        assert [task.task_name for progress in progresses for task in progress.found] == ["small"]
        assert (progresses[-1].unsure, progresses[-1].queues) == (1, 3)
        assert [name for name, _ in progresses[-1].refused] == ["orders", "stuck"]


async def test_a_lost_connection_is_made_again_and_the_walk_goes_on(
    source: DatabaseSource, many: asyncpg.Connection
) -> None:
    walked = source.search(read("params.needle:1"), time.time())
    made = [await anext(walked)]
    await many.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and application_name like 'absurd-tui%'"
    )
    made += [progress async for progress in walked]
    assert (sum(len(progress.found) for progress in made), made[-1].trouble) == (2, "")
    assert made[-1].looked_at == 30_000


async def test_a_key_and_an_id_are_looked_up_together_in_few_statements(
    scene: dict[str, UUID], source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await names(source, f"key:order-7 id:{scene['cancelled']}") == ["cancelled"]
    assert await names(source, f"key:order-7 id:{scene['fails']}") == []
    with statements(monkeypatch) as asked:
        assert await names(source, "key:order-7") == ["cancelled"]
    assert len(asked.texts) <= 6


async def test_a_schema_without_keys_says_so(
    scene: dict[str, UUID], source: DatabaseSource, connection: asyncpg.Connection
) -> None:
    for queue in ("mail", HOSTILE):
        await connection.execute(f"alter table absurd.{quoted(f't_{queue}')} rename idempotency_key to other")
    (last,) = await steps(source, "key:order-7")
    assert last.is_over
    assert last.trouble == "this schema has no idempotency keys."
