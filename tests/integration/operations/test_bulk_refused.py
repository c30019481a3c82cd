"""A run over many tasks that is refused: by a right that is missing, by a session that only reads, by a queue gone."""

from absurd_server import Database
from integration.operations.bulk_stage import bulk, frozen, kind, kinds, states
from integration.operations.stage import QUEUE, Stage
from seeding import put, role

from absurd_tui.conninfo import resolve
from absurd_tui.observe.records import State
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.bulk import Stage as At
from absurd_tui.operations.bulk_check import split
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import Act, Target


async def test_a_queue_that_was_dropped_costs_only_its_own_tasks(stage: Stage, performer: Performer) -> None:
    targets = await frozen(stage.connection, "failed", 3)
    await stage.lifecycle.create_queue("billing")
    made = await put(stage.connection, "billing", "failed", number=2)
    targets += tuple(Target("billing", *ids, "charge", State.FAILED, 1, None, targets[0].seen_at) for ids in made)
    await stage.lifecycle.drop_queue(QUEUE)
    found = await split(Act.RETRY, targets, performer.check_batch, lambda number: True)
    assert found is not None
    assert found.ready == targets[3:]
    run = bulk(performer, Act.RETRY, targets)
    await run.begin()
    assert run.stage is At.OVER
    assert [kind(outcome) for outcome in run.outcomes] == ["QueueGone"] * 3 + ["Done"] * 2
    assert performer.audit.records[0].told == "3 refused"


async def test_a_role_without_the_right_is_told_once(stage: Stage, database: Database, audit: Audit) -> None:
    targets = await frozen(stage.connection, "failed", 150)
    async with role(stage.connection, database) as viewer:
        await stage.connection.execute(f'grant select on all tables in schema absurd to "{viewer.name}"')
        performer = Performer(resolve(viewer.dsn, environ={}), audit=audit)
        run = bulk(performer, Act.RETRY, targets)
        await run.begin()
        await performer.close()
    assert run.stage is At.HALTED
    assert isinstance(run.failure, Refused)
    assert "has no" in run.failure.reason
    assert kinds(run) == {"not reached": 150}
    assert len(audit.records) == 1


async def test_a_role_that_may_not_execute_the_function_is_told_once_and_what_would_allow_it(
    stage: Stage, database: Database, audit: Audit
) -> None:
    targets = await frozen(stage.connection, "failed", 150)
    function = "absurd.retry_task(text, uuid, jsonb)"
    await stage.connection.execute(f"revoke execute on function {function} from public")
    async with role(stage.connection, database) as operator:
        await stage.connection.execute(f'grant all on all tables in schema absurd to "{operator.name}"')
        performer = Performer(resolve(operator.dsn, environ={}), audit=audit)
        run = bulk(performer, Act.RETRY, targets)
        await run.begin()
        assert run.stage is At.HALTED
        assert isinstance(run.failure, Refused)
        assert run.failure.reason == f"Role {operator.name} may not EXECUTE {function}."
        assert run.failure.remedy == f"GRANT EXECUTE ON FUNCTION {function} TO {operator.name};"
        assert len(audit.records) == 1
        await stage.connection.execute(run.failure.remedy)
        await run.go_on()
        assert kinds(run) == {"Done": 150}
        await performer.close()


async def test_a_read_only_performer_reaches_nothing(stage: Stage, audit: Audit, database: Database) -> None:
    targets = await frozen(stage.connection, "pending", 2)
    performer = Performer(resolve(database.dsn, environ={}), audit=audit, is_read_only=True)
    run = bulk(performer, Act.CANCEL, targets)
    await run.begin()
    assert kinds(run) == {"not reached": 2}
    assert await states(stage.connection) == {"pending": 2}
