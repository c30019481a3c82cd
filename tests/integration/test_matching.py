"""The list of all tasks in a state, from a real database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import Stage
from seeding import put

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe import matching
from absurd_tui.observe.records import State
from absurd_tui.observe.source import DatabaseSource


@pytest.fixture
async def source(database: Database) -> AsyncIterator[DatabaseSource]:
    source = DatabaseSource(resolve(database.dsn, environ={}))
    yield source
    source.close()


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
@pytest.mark.parametrize("state", list(State))
async def test_each_task_in_the_state_is_listed_once(
    connection: asyncpg.Connection, source: DatabaseSource, state: State, mode: str
) -> None:
    for queue in ("mail", "billing"):
        await Lifecycle(connection).create_queue(queue, mode)
    made = {}
    for other in State:
        made[other] = await put(connection, "mail", other, number=3) + await put(connection, "billing", other, number=2)
    found = await source.matching(["mail", "billing"], state)
    assert {(task.task_id, task.run_id) for task in found.tasks} == set(made[state])
    assert [task.queue for task in found.tasks] == ["mail"] * 3 + ["billing"] * 2
    assert {task.state for task in found.tasks} == {state}
    assert not found.has_more


async def test_an_attempt_that_was_retried_is_no_task(connection: asyncpg.Connection, source: DatabaseSource) -> None:
    await Lifecycle(connection).create_queue("mail")
    stage = Stage(connection)
    task_id = await stage.failed(SpawnOptions(max_attempts=1))
    await stage.lifecycle.retry("mail", task_id)
    assert (await source.matching(["mail"], State.FAILED)).tasks == ()
    (task,) = (await source.matching(["mail"], State.PENDING)).tasks
    assert (task.task_id, task.attempt) == (task_id, 2)


async def test_a_list_has_an_end(
    connection: asyncpg.Connection, source: DatabaseSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "MOST", 5)
    for queue in ("mail", "billing"):
        await Lifecycle(connection).create_queue(queue)
        await put(connection, queue, "pending", number=4)
    found = await source.matching(["mail", "billing"], State.PENDING)
    assert [task.queue for task in found.tasks] == ["mail"] * 4 + ["billing"]
    assert found.has_more
    assert not (await source.matching(["mail"], State.PENDING)).has_more
