"""The COMMIT was answered by nobody, and before the rows can be looked at somebody deletes them, or hides them."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from integration.operations.stage import OPERATIONS, QUEUE, Stage, until
from statement_proxy import COMMIT, Harm, StatementProxy

from absurd_tui.observe.records import State
from absurd_tui.observe.why import Clock
from absurd_tui.operations.outcomes import Done, Emitted, Gone, Outcome
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, Request, Target
from absurd_tui.operations.sentences import sentence

pytestmark = pytest.mark.slow

GONE = "The server says that it was committed; the task is no longer there."


async def performed(
    stage: Stage,
    proxied: Performer,
    proxy: StatementProxy,
    request: Request,
    meanwhile: Callable[[], Awaitable[object]],
) -> Outcome:
    """Perform a request whose COMMIT arrives and is not answered; nobody can ask before `meanwhile` was done."""
    nobody = Target(QUEUE, uuid4(), uuid4(), "welcome", State.PENDING, 1, None, 0.0)
    assert isinstance(await proxied.perform(CancelTask(nobody)), Gone)  # now there is a connection that writes
    proxy.arm(COMMIT, Harm.CUT_AFTER)
    proxy.is_refusing = True
    performing = asyncio.create_task(proxied.perform(request))
    await until(lambda: stage.is_done(request))
    await meanwhile()
    proxy.is_refusing = False
    return await performing


def told(request: Request, outcome: Outcome) -> str:
    return sentence(request, outcome, Clock(0.0))[2].text


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_was_committed_is_done_though_the_task_was_deleted_since(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await stage.request(operation)
    outcome = await performed(
        stage, proxied, proxy, request, lambda: stage.connection.execute("delete from absurd.t_mail")
    )
    assert isinstance(outcome, Done)
    assert outcome.after is None
    assert bool(outcome.spawned) is (operation in ("retry as new", "spawn"))
    assert told(request, outcome) == GONE or isinstance(outcome, Emitted)
    assert proxied.audit.records[-1].outcome == "done"


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_what_was_committed_is_done_though_the_queue_was_dropped_since(
    stage: Stage, proxied: Performer, proxy: StatementProxy, operation: str
) -> None:
    request = await stage.request(operation)
    outcome = await performed(stage, proxied, proxy, request, lambda: stage.lifecycle.drop_queue(QUEUE))
    assert isinstance(outcome, Done)
    assert outcome.after is None
    assert told(request, outcome) == GONE or isinstance(outcome, Emitted)


async def test_what_was_committed_and_cannot_be_read_again_is_done_as_it_was_read_back(
    stage: Stage, proxied: Performer, proxy: StatementProxy
) -> None:
    request = await stage.request("cancel")
    altered = "alter table absurd.t_mail rename column max_attempts to most_attempts"
    outcome = await performed(stage, proxied, proxy, request, lambda: stage.connection.execute(altered))
    assert isinstance(outcome, Done)
    assert outcome.after is not None
    assert outcome.after.state is State.CANCELLED
    assert "by this call" in told(request, outcome)
