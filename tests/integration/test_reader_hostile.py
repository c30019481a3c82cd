"""Whatever stands in a database's columns and names, the snapshot has it, and the other rows beside it."""

import json
from math import inf

import asyncpg
import pytest
from absurd_server import Database
from readings import HOSTILE, YEAR_4713_BC, YEAR_294276
from seeding import INSTANTS, counts_of, names_of, put, reading, rows_of

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.branches import no_right
from absurd_tui.observe.queries import quoted
from absurd_tui.observe.records import Count, Failure, State, TaskRow, View

EPOCHS = {"infinity": inf, "-infinity": -inf, INSTANTS[2]: YEAR_294276, INSTANTS[3]: YEAR_4713_BC}
RUN_TIMES = {
    "available_at": "available_at",
    "claim_expires_at": "claim_expires_at",
    "started_at": "started_at",
    "completed_at": "ended_at",
    "failed_at": "ended_at",
    "created_at": "created_at",
}
TASK_TIMES = {"enqueue_at": "enqueued_at", "first_started_at": "first_started_at", "cancelled_at": "cancelled_at"}
ODD_NAMES = [
    'quo"ted',
    "apo'strophe",
    "100%s %I",
    "new\nline\ttab",
    "emoji 🎉",
    "back\\slash",
    "MAIL",
    "mail",
    "; drop table absurd.queues; --",
    "$1 {braces} $$",
    "x" * 57,
    "é" * 28,
    "\x1b[31mred",
    "[bold]markup[/bold]",
]


@pytest.fixture
async def mail(connection: asyncpg.Connection) -> str:
    await Lifecycle(connection).create_queue("mail")
    return "mail"


async def only(database: Database, state: State) -> TaskRow:
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        assert all(queue.refusal is None for queue in snapshot.queues)
        (row,) = rows_of(snapshot, state)
        return row


@pytest.mark.fault(89)
@pytest.mark.parametrize("instant", INSTANTS)
async def test_any_instant_in_any_column_arrives_and_hides_no_other_row(
    connection: asyncpg.Connection, mail: str, database: Database, instant: str
) -> None:
    odd = f"'{instant}'"
    for state in State:
        await put(
            connection,
            mail,
            state,
            run=dict.fromkeys(RUN_TIMES, odd),
            task={**dict.fromkeys(TASK_TIMES, odd), "task_name": "'odd'"},
        )
        await put(connection, mail, state, task={"task_name": "'plain'"})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
    counts = counts_of(snapshot, mail)
    assert [counts.of(state) for state in State] == [Count(2)] * 6
    for state in State:
        odd_one, _ = sorted(rows_of(snapshot, state), key=lambda row: row.task_name)
        assert sorted(names_of(snapshot, state)) == ["odd", "plain"]
        for field in {*RUN_TIMES.values(), *TASK_TIMES.values()}:
            assert getattr(odd_one, field) == EPOCHS[instant], (state, field)
    (reading_of_mail,) = snapshot.queues
    assert sum(number or 0 for number in reading_of_mail.done) == 1, "the plain one, now"
    assert (counts.done_last_minute, counts.failed_last_minute) == (Count(1), Count(1))
    assert counts.last_claim is not None
    assert counts.last_claim <= snapshot.now + 1, "no claim lies ahead"


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        (None, None),
        ("null", Failure(None, "null")),
        ("true", Failure(None, "true")),
        ("7", Failure(None, "7")),
        ('"boom"', Failure(None, '"boom"')),
        ("[]", Failure(None, "[]")),
        ('["name", "message"]', Failure(None, '["name", "message"]')),
        ("{}", Failure(None, "{}")),
        ('{"name": "E"}', Failure("E", '{"name": "E"}')),
        ('{"message": "m"}', Failure(None, "m")),
        ('{"name": null, "message": null}', Failure(None, '{"name": null, "message": null}')),
        ('{"name": 7, "message": ["a"]}', Failure("7", '["a"]')),
        ('{"name": {"a": 1}, "message": {"b": 2}}', Failure('{"a": 1}', '{"b": 2}')),
        (json.dumps({"name": HOSTILE, "message": HOSTILE}), Failure(HOSTILE, HOSTILE)),
        (json.dumps({"name": "n" * 300, "message": "m" * 900}), Failure("n" * 100, "m" * 300)),
    ],
)
async def test_a_failure_reason_of_any_json_is_read(
    connection: asyncpg.Connection, mail: str, database: Database, reason: str | None, failure: Failure | None
) -> None:
    await put(connection, mail, "failed")
    await connection.execute("update absurd.r_mail set failure_reason = $1::text::jsonb", reason)
    assert (await only(database, State.FAILED)).failure == failure


async def test_a_huge_failure_reason_is_told_by_its_size(
    connection: asyncpg.Connection, mail: str, database: Database
) -> None:
    await put(connection, mail, "failed")
    filled = "(select string_agg(md5(n::text), '') from generate_series(1, 160000) n)"
    await connection.execute(f"update absurd.r_mail set failure_reason = jsonb_build_object('message', {filled})")
    failure = (await only(database, State.FAILED)).failure
    assert failure is not None
    assert failure.name is None
    assert failure.message is not None
    assert failure.message.startswith("(a reason of ")
    assert int(failure.message.split()[3]) > 3_000_000


async def test_texts_are_cut_by_the_server_and_come_raw(
    connection: asyncpg.Connection, mail: str, database: Database
) -> None:
    await put(
        connection,
        mail,
        "running",
        task={"task_name": "repeat('long', 250000)"},
        run={"claimed_by": "repeat('w', 1000000)", "wake_event": "repeat('e', 2600)"},
    )
    row = await only(database, State.RUNNING)
    assert (len(row.task_name), len(row.worker or ""), len(row.wake_event or "")) == (200, 200, 200)
    await connection.execute("update absurd.t_mail set task_name = $1", HOSTILE)
    assert (await only(database, State.RUNNING)).task_name == HOSTILE


async def test_large_params_and_results_have_no_preview(
    connection: asyncpg.Connection, mail: str, database: Database
) -> None:
    blob = "jsonb_build_object('a', (select string_agg(md5(n::text), '') from generate_series(1, 100) n))"
    await put(connection, mail, "pending", task={"params": blob})
    assert (await only(database, State.PENDING)).preview is None
    await connection.execute("update absurd.t_mail set params = jsonb_build_object('a', repeat('x', 500))")
    preview = (await only(database, State.PENDING)).preview
    assert preview is not None
    assert (len(preview), preview[:8]) == (200, '{"a": "x')


@pytest.mark.parametrize("policy", ['{"max_duration": "soon"}', '{"max_duration": {"a": 1}}', "7", '"x"', "[]"])
async def test_a_cancellation_policy_that_no_claim_can_read_stops_nobody_here(
    connection: asyncpg.Connection, mail: str, database: Database, policy: str
) -> None:
    await put(connection, mail, "pending", task={"cancellation": f"'{policy}'"})
    assert (await only(database, State.PENDING)).max_delay is None


@pytest.mark.fault(91)
async def test_queues_of_any_name_are_read_each_under_its_own(
    connection: asyncpg.Connection, database: Database
) -> None:
    lifecycle = Lifecycle(connection)
    for number, name in enumerate(ODD_NAMES):
        await lifecycle.create_queue(name, storage_mode="partitioned" if number % 5 == 0 else "unpartitioned")
        await lifecycle.spawn(name, f"of {name}", {})
    async with reading(database.dsn) as reader:
        snapshot = await reader.snapshot(View())
        assert {queue.name for queue in snapshot.queues} == set(ODD_NAMES)
        assert {(row.queue, row.task_name) for row in rows_of(snapshot, State.PENDING)} == {
            (name, f"of {name}") for name in ODD_NAMES
        }
        for name in ODD_NAMES:
            assert counts_of(snapshot, name).pending == Count(1)
            assert names_of(await reader.snapshot(View(name)), State.PENDING) == [f"of {name}"]


async def test_the_grant_that_a_refusal_names_can_be_run_for_any_name(connection: asyncpg.Connection) -> None:
    for name in ODD_NAMES:
        await Lifecycle(connection).create_queue(name)
        told = no_right(name, "postgres")
        assert told.remedy is not None
        await connection.execute(told.remedy)


async def test_a_faked_clock_is_told(connection: asyncpg.Connection, mail: str, database: Database) -> None:
    async with reading(database.dsn) as reader:
        assert (await reader.open()).fake_now is None
        name = quoted(database.name)
        await connection.execute(f"alter database {name} set absurd.fake_now = '2020-01-01 00:00:00+00'")
        assert (await reader.open()).fake_now == "2020-01-01 00:00:00+00"
        snapshot = await reader.snapshot(View())
    assert snapshot.server.fake_now is not None
    assert snapshot.now > 1_700_000_000, "ages are by the server's own clock"
