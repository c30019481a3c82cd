"""The SQL that the README gives for a viewer and an operator, run as it stands there: what each may, and may not."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import OPERATIONS, QUEUE, Stage
from seeding import reading, role

from absurd_tui.cli import main
from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.records import View
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import Done, Refused
from absurd_tui.operations.perform import Performer

README = Path(__file__).resolve().parents[2] / "README.md"


def readme_sql(title: str, role: str) -> str:
    """The statements under a first line of comment, for a role of the test's own."""
    blocks: list[str] = re.findall(r"```sql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = (block for block in blocks if block.startswith(f"-- {title}\n"))
    return block.replace(f"absurd_{title}", f'"{role}"')


@pytest.fixture(params=["unpartitioned", "partitioned"])
async def stage(connection: asyncpg.Connection, request: pytest.FixtureRequest) -> Stage:
    await Lifecycle(connection).create_queue(QUEUE, request.param)
    return Stage(connection)


@pytest.fixture
async def somebody(connection: asyncpg.Connection, database: Database, stage: Stage) -> AsyncIterator[Database]:
    """A role without any right, and the database as it sees it."""
    async with role(connection, database, may_use=False) as somebody:
        yield somebody


async def outcomes(dsn: str, stage: Stage) -> dict[str, object]:
    """Try every operation as a role."""
    requests = {operation: await stage.request(operation) for operation in OPERATIONS}
    performer = Performer(resolve(dsn, environ={}), audit=Audit(None))
    try:
        return {operation: await performer.perform(request) for operation, request in requests.items()}
    finally:
        await performer.close()


async def assert_may_delete_nothing(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in ("delete from absurd.t_mail", "drop table absurd.w_mail", "truncate absurd.r_mail"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.fault(37)
async def test_a_viewer_may_read_every_queue_also_those_to_come_and_nothing_else(
    connection: asyncpg.Connection, stage: Stage, somebody: Database
) -> None:
    await connection.execute(readme_sql("viewer", somebody.name))
    await stage.lifecycle.create_queue("to come")
    for operation, outcome in (await outcomes(somebody.dsn, stage)).items():
        assert isinstance(outcome, Refused), operation
        assert outcome.reason.startswith(f"Role {somebody.name} has no "), operation
        assert outcome.remedy is not None
        assert outcome.remedy.startswith("GRANT "), operation
    await assert_may_delete_nothing(somebody.dsn)
    async with reading(somebody.dsn) as reader:
        snapshot = await reader.snapshot(View())
        assert {queue.name: queue.refusal for queue in snapshot.queues} == {QUEUE: None, "to come": None}


async def test_an_operator_may_do_every_operation_and_no_more(
    connection: asyncpg.Connection, stage: Stage, somebody: Database, request: pytest.FixtureRequest
) -> None:
    sql = readme_sql("operator", somebody.name)
    if "[partitioned]" in request.node.name:
        sql = sql.replace("-- GRANT", "GRANT")
    await connection.execute(sql)
    for operation, outcome in (await outcomes(somebody.dsn, stage)).items():
        assert isinstance(outcome, Done), (operation, outcome)
    await assert_may_delete_nothing(somebody.dsn)


async def test_the_statements_that_the_doctor_writes_make_an_operator(
    connection: asyncpg.Connection,
    stage: Stage,
    somebody: Database,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run() -> None:
        monkeypatch.setattr(sys, "argv", ["absurd-tui", "doctor", "--dsn", database.dsn, "--grants", somebody.name])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 0

    await stage.lifecycle.create_queue("hidden\x1b[31m")
    await asyncio.to_thread(run)
    written = capsys.readouterr().out
    assert "-- left out" in written
    assert "\x1b" not in written
    await connection.execute(written)
    for operation, outcome in (await outcomes(somebody.dsn, stage)).items():
        assert isinstance(outcome, Done), (operation, outcome)
