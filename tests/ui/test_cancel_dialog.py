"""What the dialog that cancels a task says will not happen any more, and which idempotency key stays taken."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from dialogs import desk
from fakes import FakeSource, page_of

from absurd_tui.observe.records import Refusal, State
from absurd_tui.observe.task_records import TaskPage

pytestmark = pytest.mark.slow

NOW = 1_790_000_011.0
NAMED = "The idempotency key charge-88123 stays taken: a spawn with it returns this cancelled task."


def task(state: State, *, page: dict[str, Any] | None = None, **fields: Any) -> Any:
    """Before the screen begins: `fields` are set in the row of the task in a state, `page` in its page."""

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        row = source.rows[tasks[state]] = replace(source.rows[tasks[state]], **fields)
        source.pages[row.task_id] = replace(page_of(row, source.now), **(page or {}))

    return prepare


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"available_at": NOW + 39_030, "attempt": 5}, "Attempt 5, due in 10h 50m, will not start."),
        ({"available_at": NOW - 745}, "Attempt 1, due for 12m, will not start."),
        (
            {"wake_event": "paid", "started_at": NOW - 900, "available_at": NOW - 745},
            "will not go on.",
        ),
    ],
)
async def test_a_pending_attempt_is_named_with_its_due_time(fields: dict[str, Any], said: str) -> None:
    async with desk(prepare=task(State.PENDING, **fields), every=60.0) as seen:
        await seen.ask("c", State.PENDING)
        await seen.says(said)


async def test_an_attempt_that_never_becomes_due_has_no_due_time() -> None:
    async with desk(prepare=task(State.SLEEPING, wake_event=None)) as seen:
        await seen.ask("c", State.SLEEPING)
        await seen.says("Attempt 1 will not go on.")


@pytest.mark.parametrize("state", [State.PENDING, State.RUNNING, State.SLEEPING])
async def test_the_key_that_stays_taken_is_named(state: State) -> None:
    async with desk(prepare=task(state, page={"idempotency_key": "charge-88123"}), size=(80, 24)) as seen:
        await seen.ask("c", state)
        await seen.says(NAMED)


async def test_where_there_is_no_key_nothing_is_said_of_one() -> None:
    async with desk(prepare=task(State.PENDING)) as seen:
        await seen.ask("c", State.PENDING)
        await seen.until(lambda: "key" not in seen.said)


async def test_the_key_is_named_also_where_the_checkpoints_may_not_be_read() -> None:
    refused = {"idempotency_key": "charge-88123", "checkpoints_refusal": Refusal("This role may not read it.")}
    async with desk(prepare=task(State.PENDING, page=refused)) as seen:
        await seen.ask("c", State.PENDING)
        await seen.says(NAMED)


async def test_a_key_that_could_not_be_read_is_not_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        raise PermissionError("no")

    monkeypatch.setattr(FakeSource, "task", refuse)
    async with desk(prepare=task(State.PENDING)) as seen:
        await seen.ask("c", State.PENDING)
        await seen.says("An idempotency key would stay taken; not read:")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("key", [None, "k", "charge-88123", "long-" * 60])
async def test_nothing_jumps_when_the_answer_arrives(
    key: str | None, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()
    read = FakeSource.task

    async def slowly(source: FakeSource, queue: str, task_id: UUID) -> TaskPage | None:
        await answered.wait()
        return await read(source, queue, task_id)

    monkeypatch.setattr(FakeSource, "task", slowly)
    async with desk(prepare=task(State.PENDING, page={"idempotency_key": key}), size=size, is_production=True) as seen:
        await seen.ask("c", State.PENDING)
        await seen.says("An idempotency key would stay taken; reading whether it has one.")
        before = seen.pilot.app.screen.query_one("#dialog").region
        answered.set()
        await seen.until(lambda: "reading" not in seen.said)
        assert seen.pilot.app.screen.query_one("#dialog").region == before
