"""Task pages made by hand for the tests of what is drawn from them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from absurd_tui.observe.records import State
from absurd_tui.observe.task_records import Attempt, CheckpointRow, Document, TaskPage, Wait
from absurd_tui.observe.why import Clock

NOW = 1_700_000_000.0
CLOCK = Clock(NOW, utc=True)
TASK = UUID("0193a41f-2c7e-7d10-9b33-51c07be2d48a")


def run_id(attempt: int) -> UUID:
    return UUID(int=TASK.int + attempt)


def run(attempt: int, state: State, **values: Any) -> Attempt:
    """An attempt; times are seconds after the spawn, which was 600 s ago."""
    times: dict[str, Any] = {
        name: None if value is None else NOW - 600 + value
        for name, value in values.items()
        if name.endswith(("_at", "_expires_at"))
    }
    made = Attempt(
        run_id=run_id(attempt),
        attempt=attempt,
        state=state,
        worker=values.get("worker"),
        claim_expires_at=None,
        available_at=NOW - 600,
        started_at=None,
        completed_at=None,
        failed_at=None,
        created_at=NOW - 600,
        wake_event=values.get("wake_event"),
        failure=values.get("failure"),
        reason=values.get("reason"),
    )
    return replace(made, **times)


def page(state: State, *runs: Attempt, **values: Any) -> TaskPage:
    """A page of a task spawned 600 s ago."""
    made = TaskPage(
        now=NOW,
        taken=0.0,
        queue="payments",
        task_id=TASK,
        task_name="charge_card",
        state=state,
        attempts=len(runs),
        max_attempts=5,
        enqueued_at=NOW - 600,
        first_started_at=None,
        cancelled_at=None,
        retry_strategy=None,
        cancellation=None,
        max_duration=None,
        max_delay=None,
        idempotency_key=None,
        params=Document(2, "{}"),
        headers=None,
        result=None,
        runs=runs,
        checkpoints=(),
        waits=(),
    )
    return replace(made, **values)


def checkpoint(name: str, attempt: int, at: float) -> CheckpointRow:
    """A checkpoint of an attempt, `at` seconds after the spawn."""
    return CheckpointRow(name, "committed", run_id(attempt), NOW - 600 + at, 48)


def wait(event: str, at: float, timeout: float | None = None) -> Wait:
    """A wait, since `at` seconds after the spawn."""
    return Wait("$awaitEvent:" + event, event, None if timeout is None else NOW - 600 + timeout, NOW - 600 + at)
