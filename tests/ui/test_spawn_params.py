"""The params that a spawn form offers: of the newest task of its queue and name, until some are typed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from dialogs import Desk, desk
from fakes import FakeSource, page_of
from textual.widgets import TextArea

from absurd_tui.observe.records import State
from absurd_tui.observe.slot import SupersededError
from absurd_tui.observe.task_records import Document, TaskPage
from absurd_tui.ui.dialogs.spawn import SpawnDialog

pytestmark = pytest.mark.slow


class Answers:
    """Answers requests for a task when it is told to, and keeps who was asked for."""

    def __init__(self, source: FakeSource) -> None:
        self._source = source
        self._read = source.task
        self.asked: list[UUID] = []
        self.faults: list[Exception] = []
        self.may = asyncio.Event()
        self.may.set()
        source.task = self.task  # type: ignore[method-assign]

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        self.asked.append(task_id)
        await self.may.wait()
        if self.faults:
            raise self.faults.pop()
        return await self._read(queue, task_id)


async def add(seen: Desk, queue: str, name: str, params: str) -> UUID:
    """Spawn a task as somebody else would."""
    task_id = await seen.stage.spawn(queue, name)
    page = page_of(seen.source.rows[task_id], seen.source.now)
    seen.source.pages[task_id] = replace(page, params=Document(len(params), params))
    return task_id


@asynccontextmanager
async def office() -> AsyncIterator[tuple[Desk, Answers]]:
    """A desk with a second queue, and two tasks of each of two names; the later ones have the greater numbers."""

    def prepare(source: FakeSource, tasks: dict[State, UUID]) -> None:
        source.queues.append("orders")

    async with desk(prepare=prepare) as seen:
        for number in (1, 2):
            for name in ("pending_task", "welcome"):
                await add(seen, "mail", name, f'{{"{name}": {number}}}')
        await add(seen, "orders", "pack", '{"pack": 1}')
        await seen.read_again()
        yield seen, Answers(seen.source)


async def opened(seen: Desk) -> None:
    """Open the form on the oldest pending task, which is first in its panel."""
    await seen.press("1", "s")
    await seen.until(lambda: isinstance(form := seen.pilot.app.screen, SpawnDialog) and form.is_awake)


async def typed(seen: Desk, field: str, text: str) -> None:
    seen.pilot.app.screen.query_one(f"#spawn-{field}").focus()
    await seen.press("end", "ctrl+u", *text)


def params(seen: Desk) -> str:
    return " ".join(seen.pilot.app.screen.query_one(TextArea).text.split())


async def test_the_form_opens_with_the_params_of_the_newest_of_the_name_however_old_the_row_is() -> None:
    async with office() as (seen, answers):
        newest = list(seen.source.rows)[-3]
        await opened(seen)
        assert seen.source.rows[newest].task_name == "pending_task"
        await seen.shown(f"JSON, of the newest seen (…{str(newest)[-4:]},", "s ago)")
        assert answers.asked == [newest]
        await seen.press("ctrl+s")
        assert (await seen.asked()).params == {"pending_task": 2}


async def test_another_name_or_another_queue_has_other_params_and_other_names() -> None:
    async with office() as (seen, _):
        await opened(seen)
        await typed(seen, "task_name", "welcome")
        await seen.until(lambda: params(seen) == '{ "welcome": 2 }')
        await typed(seen, "queue", "orders")
        await seen.shown("JSON; no task of this name was seen here", "1 name, ↑ ↓")
        assert params(seen) == "{}"
        seen.pilot.app.screen.query_one("#spawn-task_name").focus()
        await seen.press("down")
        await seen.until(lambda: params(seen) == '{ "pack": 1 }')
        await seen.press("ctrl+s")
        request = await seen.asked()
        assert (request.queue, request.task_name, request.params) == ("orders", "pack", {"pack": 1})


async def test_the_newest_is_looked_for_in_what_is_on_the_screen_now() -> None:
    async with office() as (seen, _):
        await opened(seen)
        await add(seen, "mail", "welcome", '{"welcome": 3}')
        await seen.read_again()
        await typed(seen, "task_name", "welcome")
        await seen.until(lambda: params(seen) == '{ "welcome": 3 }')


async def test_params_that_were_typed_stay_and_are_told_as_such() -> None:
    async with office() as (seen, answers):
        await opened(seen)
        await typed(seen, "task_name", "")
        seen.pilot.app.screen.query_one(TextArea).focus()
        await seen.press("right", "x", "backspace")
        await seen.shown("JSON, as typed")
        asked = len(answers.asked)
        await typed(seen, "task_name", "welcome")
        await seen.shown("ctrl+s spawn welcome", "JSON, as typed")
        await seen.look(0.5)
        assert (params(seen), len(answers.asked)) == ("{}", asked)


async def test_a_late_answer_never_takes_the_place_of_what_was_typed_meanwhile() -> None:
    async with office() as (seen, answers):
        await opened(seen)
        answers.may.clear()
        await typed(seen, "task_name", "welcome")
        await seen.shown("JSON; reading those of the newest seen …", "The params are being read.")
        await seen.until_struck("spawn welcome")
        await seen.press("ctrl+s")
        seen.pilot.app.screen.query_one(TextArea).focus()
        await seen.press("right", *'"a":1')
        await seen.until_not_struck("spawn welcome")
        answers.may.set()
        await seen.look(0.5)
        assert params(seen) == '{"a":1}'
        assert not seen.requests, "nothing was sent while the params were being read"


async def test_an_answer_about_another_name_comes_too_late() -> None:
    async with office() as (seen, answers):
        await opened(seen)
        answers.may.clear()
        await typed(seen, "task_name", "welcome")
        await seen.until(lambda: len(answers.asked) == 2)
        await typed(seen, "task_name", "pending_task")
        await seen.until(lambda: len(answers.asked) == 3)
        answers.may.set()
        await seen.until(lambda: params(seen) == '{ "pending_task": 2 }')
        await seen.look(0.3)
        assert params(seen) == '{ "pending_task": 2 }'


async def test_a_reading_whose_place_was_taken_is_made_again_and_one_that_failed_is_told() -> None:
    async with office() as (seen, answers):
        await opened(seen)
        answers.faults.append(SupersededError())
        await typed(seen, "task_name", "welcome")
        await seen.until(lambda: params(seen) == '{ "welcome": 2 }')
        answers.faults.append(ConnectionRefusedError(111, "Connection refused"))
        await typed(seen, "task_name", "pending_task")
        await seen.shown("JSON; of the newest seen, …", ": not readable")
        assert params(seen) == "{}"


async def test_offered_params_are_nothing_that_was_typed() -> None:
    """So esc asks about the name alone; with that as it was, it leaves at once."""
    async with office() as (seen, _):
        await opened(seen)
        await typed(seen, "task_name", "welcome")
        await seen.until(lambda: params(seen) == '{ "welcome": 2 }')
        await seen.press("escape")
        await seen.shown("esc once more discards what was typed.")
        await typed(seen, "task_name", "pending_task")
        await seen.until(lambda: params(seen) == '{ "pending_task": 2 }')
        await seen.press("escape")
        await seen.until(lambda: not isinstance(seen.pilot.app.screen, SpawnDialog))


async def test_the_params_of_a_copy_stay_with_every_name_and_queue() -> None:
    async with office() as (seen, answers):
        await seen.press("1")
        pending = seen.tasks[State.PENDING]
        page = page_of(seen.row(State.PENDING), seen.source.now)
        seen.source.pages[pending] = replace(page, params=Document(7, '{"c":1}'))
        await seen.press("n")
        await seen.until(lambda: isinstance(form := seen.pilot.app.screen, SpawnDialog) and form.is_awake)
        await seen.shown("JSON, of the task that is copied")
        await typed(seen, "queue", "orders")
        await typed(seen, "task_name", "pack")
        await seen.look(0.5)
        assert (params(seen), answers.asked) == ('{ "c": 1 }', [pending])
