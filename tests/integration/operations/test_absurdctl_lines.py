"""The absurdctl line that is kept with a spawn is run, and spawns the same as the operation did."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from absurd_server import Database
from integration.operations.stage import QUEUE, Stage

from absurd_tui.lifecycle import Cancellation, ExponentialRetry, FixedRetry, NoRetry, SpawnOptions
from absurd_tui.lifecycle.json_values import encode_json
from absurd_tui.operations.outcomes import Done
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.operations.spawn import fresh_key

_SAME = """
select a.task_name = b.task_name and a.params = b.params and a.headers is not distinct from b.headers
       and a.retry_strategy is not distinct from b.retry_strategy
       and a.max_attempts is not distinct from b.max_attempts
       and a.cancellation is not distinct from b.cancellation and a.state = b.state
  from absurd.t_mail a, absurd.t_mail b where a.task_id < b.task_id"""

PARAMS = {"user's": [1, None, 2.5, "ä$HOME`id`\\"], "n": 10**40}


async def shell(line: str, dsn: str, params: object) -> None:
    """Run a line as it would be pasted into a shell."""
    if shutil.which("psql") is None:
        pytest.skip("absurdctl needs psql, which is not on this machine")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {**os.environ, "PATH": path, "ABSURD_DATABASE_URL": dsn, "PARAMS": encode_json(params, "params")}
    running = await asyncio.create_subprocess_exec(
        "sh", "-c", line, env=settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("welcome", SpawnOptions()),
        ("it's \\ a name", SpawnOptions(max_attempts=7, idempotency_key=fresh_key())),
        ("-q", SpawnOptions(retry_strategy=FixedRetry(30.0))),
        ("--help", SpawnOptions(retry_strategy=NoRetry(), cancellation=Cancellation(max_delay=9))),
        ("two\nlines", SpawnOptions(5, ExponentialRetry(0, 1.5, 600.0), Cancellation(3600, 60))),
        ("welcome", SpawnOptions(retry_strategy=ExponentialRetry(30, 1e30))),
    ],
)
async def test_the_line_spawns_what_the_operation_spawned(
    stage: Stage, performer: Performer, database: Database, name: str, options: SpawnOptions
) -> None:
    assert isinstance(await performer.perform(SpawnTask(QUEUE, name, PARAMS, options)), Done)
    (record,) = performer.audit.records
    assert record.absurdctl is not None
    await shell(record.absurdctl, database.dsn, PARAMS)
    assert [row[0] for row in await compared(stage)] == [True]


async def test_a_queue_of_any_name_is_named_in_the_line(stage: Stage, performer: Performer, database: Database) -> None:
    name = "-a\"b%c 'd'; drop table\n"
    await stage.lifecycle.create_queue(name)
    assert isinstance(await performer.perform(SpawnTask(name, "welcome", {})), Done)
    (record,) = performer.audit.records
    assert record.absurdctl is not None
    await shell(record.absurdctl, database.dsn, {})
    quoted = name.replace('"', '""')
    assert await stage.connection.fetchval(f'select count(*) from absurd."t_{quoted}"') == 2


async def compared(stage: Stage) -> Any:
    return await stage.connection.fetch(_SAME)
