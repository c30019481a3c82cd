"""A run over many tasks, without a database: what it takes for over, and what for its own."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from absurd_tui.observe.following import FollowedTask, Standings
from absurd_tui.observe.records import State
from absurd_tui.operations import bulk as bulk_module
from absurd_tui.operations.batch import BatchResult
from absurd_tui.operations.bulk import BulkPlan, BulkRun
from absurd_tui.operations.outcomes import After, Done
from absurd_tui.operations.requests import Act, Target, TaskBatch

TASK, RUN = UUID("01890000-0000-7000-8000-000000000001"), UUID("01890000-0000-7000-8000-000000000002")


def target(queue: str) -> Target:
    return Target(queue, TASK, RUN, "welcome", State.FAILED, 1, None, 0.0)


def stands(state: State) -> FollowedTask:
    return FollowedTask(TASK, state, 2, None, None, None, 0.0, None, None, 0.0, None, None, None)


async def done(batch: TaskBatch) -> BatchResult:
    return BatchResult((Done(After(State.PENDING, 2, None, 0.0)),) * len(batch.targets))


async def test_a_canary_of_two_queues_with_one_id_is_watched_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_module, "WATCHED_EVERY", 0.0)
    looks: list[str] = []

    async def watch(queue: str, task_ids: Sequence[UUID]) -> Standings:
        looks.append(queue)
        is_over = queue == "mail" or looks.count(queue) > 2
        return Standings(0.0, dict.fromkeys(task_ids, stands(State.FAILED if is_over else State.RUNNING)))

    targets = (target("mail"), target("billing"))
    run = BulkRun(BulkPlan(Act.RETRY, targets, canary=2, pace=None), done, watch)
    await run.begin()
    assert looks == ["mail", "billing", "billing", "billing"]
    assert len(run.canary) == 2
