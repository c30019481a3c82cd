"""Tasks that go back and forth between this layer and Absurd's own Python SDK."""

from collections.abc import AsyncIterator
from typing import Any

import absurd_sdk
import pytest

from absurd_tui.lifecycle import FixedRetry, Lifecycle, SpawnOptions, TaskResult


@pytest.fixture
async def sdk(database: Any, queue: str) -> AsyncIterator[Any]:
    client = absurd_sdk.AsyncAbsurd(database.dsn, queue_name=queue)
    try:
        yield client
    finally:
        await client.close()


async def test_the_sdks_worker_runs_what_was_spawned_here(lifecycle: Lifecycle, queue: str, sdk: Any) -> None:
    async def order(params: Any, context: Any) -> Any:
        doubled = await context.step("double", lambda: doubling(params["id"]))
        paid = await context.await_event("paid")
        return {"doubled": doubled, "paid": paid}

    async def doubling(number: int) -> int:
        return number * 2

    sdk.register_task(name="order")(order)
    options = SpawnOptions(max_attempts=2, retry_strategy=FixedRetry(0), headers={"trace": "ab"})
    spawned = await lifecycle.spawn(queue, "order", {"id": 21}, options)
    await sdk.work_batch()
    assert (await lifecycle.get_result(queue, spawned.task_id)).state == "sleeping"
    (checkpoint,) = await lifecycle.get_checkpoints(queue, spawned.task_id, spawned.run_id)
    assert (checkpoint.checkpoint_name, checkpoint.state) == ("double", 42)

    await lifecycle.emit_event(queue, "paid", {"amount": 5})
    await sdk.work_batch()
    expected = TaskResult("completed", {"doubled": 42, "paid": {"amount": 5}}, None)
    assert await lifecycle.get_result(queue, spawned.task_id) == expected


async def test_what_the_sdk_spawned_is_claimed_here(lifecycle: Lifecycle, queue: str, sdk: Any) -> None:
    strategy = {"kind": "exponential", "base_seconds": 5, "factor": 1.5}
    spawned = await sdk.spawn("order", {"id": 1}, queue=queue, max_attempts=3, retry_strategy=strategy)
    (claim,) = await lifecycle.claim(queue, "worker-1")
    assert str(claim.task_id) == str(spawned["task_id"])
    assert (claim.params, claim.retry_strategy, claim.max_attempts) == ({"id": 1}, strategy, 3)

    await lifecycle.complete(queue, claim.run_id, {"shipped": True})
    snapshot = await sdk.fetch_task_result(str(claim.task_id))
    assert (snapshot.state, snapshot.result) == ("completed", {"shipped": True})
