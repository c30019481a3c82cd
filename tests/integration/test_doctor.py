"""The doctor finds what is wrong and names the cure, says nothing of what is not, and only reads."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from absurd_server import Database
from seeding import role

from absurd_tui.cli import main
from absurd_tui.conninfo import resolve
from absurd_tui.database import session
from absurd_tui.dialing import Line, dial
from absurd_tui.doctor import examine
from absurd_tui.doctor.records import Check, Level
from absurd_tui.doctor.server_checks import Link, of_connection, of_server
from absurd_tui.lifecycle import Lifecycle

PASSWORD = "ZQXJKVWYGH"
HOSTILE = "or'de\x1b[31mrs[/]\x9b2J"
PROBE: dict[str, Any] = {
    "database": "orders",
    "role": "operator",
    "is_superuser": False,
    "is_standby": False,
    "version": "18.0",
    "fake_now": None,
}
NEAR = Link(has_tls=True, tls_version="TLSv1.3", is_pooled=False, skew=0.01, within=0.01)

Said = tuple[object, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: exit code, standard output, standard error."""

    def run_here(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["absurd-tui", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return (left.value.code, *capsys.readouterr())

    return run_here


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    return lifecycle


async def found(dsn: str) -> dict[tuple[str, str], Check]:
    report = await examine(resolve(dsn, environ={}))
    return {(check.section, check.name): check for check in report.checks}


async def problems(dsn: str) -> dict[tuple[str, str], Check]:
    return {at: check for at, check in (await found(dsn)).items() if check.level is Level.PROBLEM}


async def test_a_healthy_database_has_no_problem(lifecycle: Lifecycle, database: Database, run: Run) -> None:
    await lifecycle.spawn("mail", "welcome", {})
    assert await problems(database.dsn) == {}
    code, out, err = await asyncio.to_thread(run, "doctor", "--dsn", database.dsn)
    assert (code, err) == (0, "")
    assert out.endswith("No problem found.\n")
    for wanted in ("Unix socket", "superuser", "0.5.1", "queue mail", "may cancel, extend, retry, retry as new, spawn"):
        assert wanted in out


async def test_the_connection_may_be_named_before_or_after_the_command(
    lifecycle: Lifecycle, database: Database, run: Run
) -> None:
    after = await asyncio.to_thread(run, "doctor", "--dsn", database.dsn)
    before = await asyncio.to_thread(run, "--dsn", database.dsn, "doctor")
    assert before[0] == after[0] == 0
    assert "queue mail" in before[1]


async def test_problems_are_an_exit_code_and_one_json_object(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, run: Run
) -> None:
    await lifecycle.create_queue(HOSTILE)
    await connection.execute("drop table absurd.w_mail")
    code, out, err = await asyncio.to_thread(run, "doctor", "--dsn", database.dsn, "--json")
    told = json.loads(out)
    assert (code, err, told["problems"]) == (1, "", 1)
    (missing,) = (check for check in told["checks"] if check["level"] == "problem")
    assert (missing["section"], missing["facts"]) == ("queue mail", {"missing": ["w_mail"]})
    assert f"queue {HOSTILE}" in {check["section"] for check in told["checks"]}
    code, out, _ = await asyncio.to_thread(run, "doctor", "--dsn", database.dsn)
    assert code == 1
    assert "missing: w_mail" in out
    assert "not cancel: The table absurd.w_mail is missing" in out
    assert all(character.isprintable() or character == "\n" for character in out)


async def test_the_doctor_may_not_write_and_waits_for_nobody(
    lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lifecycle.spawn("mail", "welcome", {})
    settings: list[dict[str, str]] = []

    async def watched(*arguments: Any, **options: Any) -> Line:
        settings.append(options["server_settings"])
        return await dial(*arguments, **options)

    monkeypatch.setattr(session, "dial", watched)
    await found(database.dsn)
    (used,) = settings
    assert (used["default_transaction_read_only"], used["lock_timeout"]) == ("on", "200")
    assert "statement_timeout" in used


def test_without_a_connection_there_is_one_line_no_password_and_exit_code_2(run: Run) -> None:
    dsn = f"postgresql://operator:{PASSWORD}@127.0.0.1:1/orders"
    for options in ((), ("--json",), ("--grants", "operator")):
        code, out, err = run("doctor", "--dsn", dsn, *options)
        assert (code, out) == (2, "")
        assert [line for line in err.splitlines() if "the password in the connection string" not in line] == [
            "absurd-tui: Connection refused: no PostgreSQL listens at this address."
        ]
        assert PASSWORD not in err


def test_grants_for_nobody_are_refused(run: Run, database: Database) -> None:
    for nobody in ("", " "):
        code, out, err = run("doctor", "--dsn", database.dsn, "--grants", nobody)
        assert (code, out, err) == (2, "", "absurd-tui: --grants needs the name of a role.\n")


async def test_no_password_is_written(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, run: Run
) -> None:
    async with role(connection, database) as viewer:
        await connection.execute(f"alter role {viewer.name} password '{PASSWORD}'")
        parts = urlsplit(viewer.dsn)
        dsn = urlunsplit(parts._replace(netloc=parts.netloc.replace("secret", PASSWORD)))
        for options in ((), ("--json",), ("--grants", "operator")):
            _, out, err = await asyncio.to_thread(run, "doctor", "--dsn", dsn, *options)
            assert PASSWORD not in out + err


@pytest.mark.fault(34)
async def test_without_absurd_it_says_what_installs_it(
    connection: asyncpg.Connection, database: Database, run: Run
) -> None:
    await connection.execute("drop schema absurd cascade")
    code, out, _ = await asyncio.to_thread(run, "doctor", "--dsn", database.dsn)
    assert code == 1
    assert f"there is no Absurd schema in database {database.name}" in out
    assert f"absurdctl init {resolve(database.dsn).target}" in out


@pytest.mark.fault(35)
async def test_without_usage_it_has_the_grant(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database, may_use=False) as nobody:
        while missing := (await problems(nobody.dsn)).get(("schema", "absurd")):
            assert missing.remedy is not None
            await connection.execute(missing.remedy)
        assert list(await problems(nobody.dsn)) == [("queue mail", "reading")]


@pytest.mark.fault(37)
async def test_what_a_viewer_may_not_do_is_a_note_with_its_grants_and_they_are_enough(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database) as viewer:
        reading = (await problems(viewer.dsn))["queue mail", "reading"]
        assert reading.remedy is not None
        await connection.execute(reading.remedy)
        assert await problems(viewer.dsn) == {}
        rights = (await found(viewer.dsn))["queue mail", "rights"]
        assert rights.level is Level.NOTE
        assert rights.facts["may"] == []
        assert f"cancel: Role {viewer.name} has no UPDATE on absurd.r_mail" in rights.told
        assert rights.remedy is not None
        await connection.execute(rights.remedy)
        granted = (await found(viewer.dsn))["queue mail", "rights"]
        assert (granted.level, granted.facts["may_not"]) == (Level.FINE, {})


async def test_execute_that_was_revoked_is_noted(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database) as viewer:
        await connection.execute("revoke execute on function absurd.retry_task(text, uuid, jsonb) from public")
        noted = (await found(viewer.dsn))["schema", "retry_task"]
        assert noted.remedy is not None
        await connection.execute(noted.remedy)
        assert ("schema", "retry_task") not in await found(viewer.dsn)


@pytest.mark.fault(38)
async def test_row_security_is_a_problem_for_whom_it_hides_rows(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    async with role(connection, database) as viewer:
        await connection.execute(f"grant select on all tables in schema absurd to {viewer.name}")
        await connection.execute("alter table absurd.r_mail enable row level security")
        assert list(await problems(viewer.dsn)) == [("queue mail", "row security")]
    assert await problems(database.dsn) == {}, "its owner sees every row"


@pytest.mark.fault(39, 40)
async def test_an_older_and_a_newer_schema_are_told(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await connection.execute("drop function absurd.retry_task(text, uuid, jsonb)")
    checks = await found(database.dsn)
    assert checks["schema", "retry"].told == "This Absurd schema has no retry_task (it came with 0.2.0)."
    assert not any(check.level is Level.PROBLEM for check in checks.values())
    for version, told in {
        "'9.9.9'": "9.9.9, newer than this program knows (0.5.1)",
        "'main'": "main",
        "''": "the schema does not say its version, or failed to",
        "(1 / 0)::text": "the schema does not say its version, or failed to",
    }.items():
        await connection.execute(
            "create or replace function absurd.get_schema_version() returns text language sql"
            f" as $$ select {version} $$"
        )
        assert (await found(database.dsn))["schema", "version"].told == told
    await connection.execute("drop function absurd.claim_task(text, text, integer, integer)")
    assert (await problems(database.dsn))["schema", "functions"].told == "incomplete: no claim_task"


@pytest.mark.fault(42)
async def test_a_fake_clock_is_a_problem_whatever_it_says(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    for fake in ("2020-01-01", "teatime"):
        await connection.execute(f"alter database {database.name} set absurd.fake_now = '{fake}'")
        problem = (await problems(database.dsn))["server", "fake clock"]
        assert fake in problem.told
    assert problem.remedy is not None
    await connection.execute(problem.remedy)
    assert await problems(database.dsn) == {}


@pytest.mark.fault(77)
@pytest.mark.parametrize("policy", ['{"max_delay": "soon"}', '{"max_duration": 1.5}', '{"max_duration": 1e30}'])
async def test_a_task_that_stops_its_queue_is_named_with_its_cure(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, policy: str
) -> None:
    statement = "select task_id from absurd.spawn_task('mail', $1, '{}', $2)"
    await connection.fetchval(
        statement, "fine", '{"cancellation": {"max_delay": 9223372036854775807, "max_duration": "60"}}'
    )
    assert await problems(database.dsn) == {}
    task_id = await connection.fetchval(statement, "poison", f'{{"cancellation": {policy}}}')
    with pytest.raises(asyncpg.DataError):
        await connection.fetch("select * from absurd.claim_task('mail', 'worker')")
    problem = (await problems(database.dsn))["queue mail", "claims"]
    assert f"every claim fails: task {task_id} (poison)" in problem.told
    assert problem.remedy == f"absurdctl cancel-task -q mail {task_id}"
    await lifecycle.cancel("mail", task_id)
    assert await problems(database.dsn) == {}
    assert len(await connection.fetch("select * from absurd.claim_task('mail', 'worker')")) == 1


async def test_a_locked_queue_is_a_problem_and_the_others_are_looked_at(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("orders")
    await connection.execute("set application_name = 'migration'")
    async with connection.transaction():
        await connection.execute("lock table absurd.r_mail in access exclusive mode")
        locked = await found(database.dsn)
        assert locked["queue mail", "reading"].told == f"locked by pid {connection.get_server_pid()} (migration)"
        assert ("queue orders", "reading") not in locked


def test_a_standby_a_pooler_and_clocks_apart_are_told() -> None:
    spec = resolve("postgresql://operator@db1.internal/orders", environ={})
    plain = {check.name: check for check in (*of_connection(spec, PROBE, NEAR), *of_server(PROBE, NEAR))}
    assert {check.level for check in plain.values()} == {Level.FINE}
    assert "TLSv1.3" in plain["TLS"].told
    pooled = Link(has_tls=True, tls_version="TLSv1.3", is_pooled=True, skew=-90.0, within=0.5)
    odd = {check.name: check for check in of_connection(spec, {**PROBE, "is_superuser": True}, pooled)}
    odd |= {check.name: check for check in of_server({**PROBE, "is_standby": True}, pooled)}
    assert {name for name, check in odd.items() if check.level is Level.NOTE} == {"TLS", "pooler", "role", "standby"}
    assert (odd["clock"].level, odd["clock"].told) == (Level.PROBLEM, "90.0s behind this machine's, within 0.5s")
    slow = Link(has_tls=False, tls_version=None, is_pooled=False, skew=8.0, within=4.0)
    assert [check.level for check in of_server(PROBE, slow)] == [Level.FINE, Level.FINE], "the answer was that slow"
    assert "crosses the network readably" in next(c.told for c in of_connection(spec, PROBE, slow) if c.name == "TLS")
