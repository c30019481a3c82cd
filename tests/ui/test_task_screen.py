"""A task's page as its user has it: keys in, text on the screen out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import pytest
from dialogs import desk
from fakes import FakeSource
from screen import lines, running, text, until, until_not_shown, until_shown
from task_pages import NOW, TASK, checkpoint, page, run, run_id, wait
from textual.pilot import Pilot

from absurd_tui.observe.records import Failure, Refusal, State
from absurd_tui.observe.task_records import PARAMS, Document, TaskPage, checkpoint_part, failure_part
from absurd_tui.observe.task_rows import row_of
from absurd_tui.ui.messages import TaskOpened
from absurd_tui.ui.screens import task as task_module

GRID, NARROW = (120, 40), (80, 24)
HOSTILE = "\x1b]0;pwned\x07[/red][@click=app.quit]x\u202e\x9b31m"
REASON = json.dumps(
    {
        "name": "HTTPError",
        "message": "503 Server Error",
        "traceback": 'Traceback (most recent call last):\n  File "/app/pay.py", line 8, in pay\n    confirm()\n'
        '  File "/v/site-packages/httpx/a.py", line 1, in send\n    hidden()\nHTTPError: 503\n',
    }
)


@dataclass
class PageSource(FakeSource):
    """A source whose task can be refused or held up; it counts the readings."""

    task_fault: Exception | None = None
    gate: asyncio.Event | None = None
    asked: int = 0

    async def task(self, queue: str, task_id: UUID) -> TaskPage | None:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.task_fault is not None:
            raise self.task_fault
        return await super().task(queue, task_id)


def retrying() -> TaskPage:
    """A task whose second attempt failed a while ago and whose third starts soon."""
    failure = Failure("HTTPError", "503 Server Error")
    reason = Document(len(REASON), REASON)
    return page(
        State.SLEEPING,
        run(
            1,
            State.FAILED,
            created_at=0,
            started_at=30,
            failed_at=120,
            worker="pay-a:1",
            failure=failure,
            reason=reason,
        ),
        run(
            2,
            State.FAILED,
            created_at=180,
            started_at=200,
            failed_at=400,
            worker="pay-b:2",
            failure=failure,
            reason=reason,
        ),
        run(3, State.SLEEPING, created_at=400, available_at=660),
        retry_strategy='{"kind": "fixed", "base_seconds": 260}',
        first_started_at=NOW - 570,
        idempotency_key="charge-88123",
        params=Document(40, '{"order_id": 88123, "note": "\\u202e"}'),
        headers=Document(20, '{"trace": "abc"}'),
        checkpoints=(checkpoint("reserve_stock", 1, 60), checkpoint("fraud_check", 2, 300)),
    )


def source_of(task: TaskPage) -> PageSource:
    source = PageSource(queues=[task.queue], now=NOW)
    put(source, task)
    return source


def put(source: FakeSource, task: TaskPage) -> None:
    shown = row_of(task)
    assert shown is not None
    source.rows[TASK] = shown
    source.pages[TASK] = task


@asynccontextmanager
async def opened(source: PageSource, size: tuple[int, int] = GRID) -> AsyncIterator[Pilot[int]]:
    """Open the page of the one task by the keys."""
    number = list(State).index(source.rows[TASK].state) + 1
    async with running(source, size=size) as pilot:
        await pilot.press(str(number))
        await until_shown(pilot, source.rows[TASK].task_name[:8])
        await pilot.press("enter")
        await until_shown(pilot, "esc back")
        yield pilot


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as often as the screen is painted."""
    monkeypatch.setattr(task_module, "READ_EVERY", 0.2)
    monkeypatch.setattr(task_module, "READ_ENDED_EVERY", 0.2)


async def test_the_page_shows_everything_at_once_where_there_is_room() -> None:
    async with opened(source_of(retrying())) as pilot:
        await until_shown(
            pilot,
            "z SLEEPING",
            "Attempt 2 failed (HTTPError). Attempt 3 of 5 starts in ",
            "all › Sleeping › payments › charge_card  " + str(TASK),
            "spawned 10m ago   attempt 3 of 5",
            "1 Timeline",
            "2 Facts",
            "3 Checkpoints  2",
            "4 Failure  attempt 2",
            "5 Params  headers  result",
            "charge-88123",
            "reserve_stock",
            "HTTPError: 503 Server Error",
            '"order_id": 88123',
        )
        shown = lines(pilot.app)
        attempts = [line for line in shown if line[:2] in (" 1", " 2", " 3") and line[3] in "✗z"]
        assert [line[:15].split() for line in attempts] == [
            ["1", "✗", "failed"],
            ["2", "✗", "failed"],
            ["3", "z", "sleeping"],
        ]
        assert all("│" in line for line in attempts)
        assert "not recorded" not in "\n".join(shown)


async def test_a_narrow_page_shows_one_block_at_a_time() -> None:
    async with opened(source_of(retrying()), NARROW) as pilot:
        await until_shown(pilot, "1 Timeline   2 Facts   3 Checkpoints 2   4 Failure   5 Params", "· waits")
        await until_shown(pilot, "Attempt 2  ✗ failed", "on pay-b:2", "HTTPError: 503 Server Error")
        for key, wanted, unwanted in (
            ("2", "idempotency key", "· waits"),
            ("3", "fraud_check", "idempotency key"),
            ("4", "HTTPError: 503", "fraud_check"),
            ("5", '"order_id"', "HTTPError: 503 S"),
            ("1", "· waits", '"order_id"'),
        ):
            await pilot.press(key)
            await until_shown(pilot, wanted)
            await until_not_shown(pilot, unwanted)


@pytest.mark.slow
@pytest.mark.parametrize("size", [GRID, NARROW])
async def test_left_and_right_choose_the_attempt_whose_failure_is_shown(size: tuple[int, int]) -> None:
    task = retrying()
    first = replace(task.runs[0], reason=Document(30, '{"name": "OldError"}'))
    async with opened(source_of(replace(task, runs=(first, *task.runs[1:]))), size) as pilot:
        await until_shown(pilot, "HTTPError: 503 Server Error")
        await pilot.press("left")
        await until_shown(pilot, "OldError")
        await pilot.press("left", "left", "right", "right")
        await until_shown(pilot, "It has not failed.")
        await pilot.press("h", "h")
        await until_shown(pilot, "OldError")


@pytest.mark.slow
async def test_up_and_down_choose_in_the_timeline() -> None:
    async with opened(source_of(retrying())) as pilot:
        await until_shown(pilot, "4 Failure  attempt 2")
        await pilot.press("up")
        await until_shown(pilot, "4 Failure  attempt 1")
        await pilot.press("down", "down")
        await until_shown(pilot, "4 Failure  attempt 3", "It has not failed.")


@pytest.mark.slow
async def test_library_frames_unfold() -> None:
    async with opened(source_of(retrying())) as pilot:
        await until_shown(pilot, "… 1 frame in httpx   enter unfolds", "confirm()")
        await pilot.press("4", "enter")
        await until_shown(pilot, "hidden()")
        await pilot.press("enter")
        await until_not_shown(pilot, "hidden()")


@pytest.mark.slow
@pytest.mark.parametrize("size", [GRID, NARROW])
async def test_t_turns_the_documents(size: tuple[int, int]) -> None:
    async with opened(source_of(retrying()), size) as pilot:
        await until_shown(pilot, "charge_card")
        await pilot.press("5")
        await until_shown(pilot, '"order_id": 88123', '"\\u202e"')
        await pilot.press("t")
        await until_shown(pilot, '"trace": "abc"')
        await pilot.press("t")
        await until_shown(pilot, "–", "none")
        await pilot.press("t")
        await until_shown(pilot, '"order_id": 88123')


async def test_enter_on_a_checkpoint_shows_its_state() -> None:
    source = source_of(retrying())
    source.documents[checkpoint_part("fraud_check")] = Document(48, '{"score": 0.10}')
    async with opened(source) as pilot:
        await until_shown(pilot, "fraud_check")
        await pilot.press("3", "down", "enter")
        await until_shown(pilot, "step fraud_check", '"score": 0.10')


@pytest.mark.slow
@pytest.mark.parametrize("size", [GRID, NARROW])
async def test_o_loads_what_was_too_large(size: tuple[int, int]) -> None:
    source = source_of(replace(retrying(), params=Document(5_200_000, None)))
    source.documents[PARAMS] = Document(5_200_000, '{"large": true}')
    async with opened(source, size) as pilot:
        await until_shown(pilot, "charge_card")
        await pilot.press("5")
        await until_shown(pilot, "5.2 MB stored. o loads it.")
        await pilot.press("o")
        await until_shown(pilot, '"large": true')
        await pilot.press("o")
        await until_shown(pilot, "load whole: all of it that can be shown is here.")


@pytest.mark.slow
async def test_o_loads_a_failure_that_was_too_large() -> None:
    task = retrying()
    runs = (task.runs[0], replace(task.runs[1], reason=Document(2_000_000, None)), task.runs[2])
    source = source_of(replace(task, runs=runs))
    source.documents[failure_part(run_id(2))] = Document(2_000_000, '{"name": "LargeError"}')
    async with opened(source) as pilot:
        await until_shown(pilot, "2.0 MB stored. o loads it.")
        await pilot.press("o")
        await until_shown(pilot, "LargeError")


async def test_the_page_follows_its_task() -> None:
    source = source_of(retrying())
    async with opened(source) as pilot:
        await until_shown(pilot, "z SLEEPING", "4 Failure  attempt 2")
        task = retrying()
        third = run(3, State.COMPLETED, created_at=400, available_at=590, started_at=590, completed_at=598)
        put(source, replace(task, state=State.COMPLETED, runs=(*task.runs[:2], third), result=Document(4, "true")))
        await until_shown(pilot, "✓ COMPLETED", "Completed; 5 and t show its result.")


@pytest.mark.slow
async def test_a_task_that_is_deleted_stays_on_the_screen_and_says_so() -> None:
    source = source_of(retrying())
    async with opened(source) as pilot:
        await until_shown(pilot, "reserve_stock")
        del source.pages[TASK], source.rows[TASK]
        await until_shown(pilot, "This task is no longer in the database.", "as of", "reserve_stock")
        asked = source.asked
        await asyncio.sleep(0.5)
        assert source.asked == asked


async def test_a_lost_connection_leaves_the_page_as_of_then() -> None:
    source = source_of(retrying())
    async with opened(source) as pilot:
        await until_shown(pilot, "reserve_stock")
        source.fault = ConnectionResetError("gone")
        await until_shown(pilot, "No answer from the database", "as of", "reserve_stock", "LOST")
        source.fault = None
        await pilot.press("R")
        await until_shown(pilot, "z SLEEPING", "live")
        await until_not_shown(pilot, "as of")


@pytest.mark.slow
async def test_a_refused_reading_is_one_clear_line_with_its_remedy() -> None:
    source = source_of(retrying())
    source.task_fault = asyncpg.InsufficientPrivilegeError("permission denied for table t_payments")
    async with opened(source) as pilot:
        await until_shown(pilot, "Refused: role tester may not SELECT on absurd.t_payments", "GRANT SELECT ON")
        source.task_fault = None
        await until_shown(pilot, "z SLEEPING", "reserve_stock")


async def test_parts_that_are_refused_say_so() -> None:
    refused = Refusal("This role may not read absurd.c_payments.")
    task = replace(retrying(), checkpoints=(), checkpoints_refusal=refused, waits_refusal=Refusal("No right on w."))
    async with opened(source_of(task)) as pilot:
        await until_shown(pilot, "This role may not read absurd.c_payments.", "No right on w.", "HTTPError: 503")


@pytest.mark.slow
async def test_only_one_reading_is_in_flight() -> None:
    source = source_of(retrying())
    source.gate = asyncio.Event()
    async with opened(source) as pilot:
        await asyncio.sleep(0.6)
        assert source.asked == 1
        source.gate.set()
        await until(pilot, lambda: source.asked > 1)


@pytest.mark.slow
async def test_escape_goes_back_and_the_page_reads_no_more() -> None:
    source = source_of(retrying())
    async with opened(source) as pilot:
        await until_shown(pilot, "reserve_stock")
        await pilot.press("escape")
        await until_shown(pilot, "1 ◌ Pending")
        await until_not_shown(pilot, "reserve_stock")
        asked = source.asked
        await asyncio.sleep(0.4)
        assert source.asked == asked


@pytest.mark.parametrize("size", [GRID, NARROW, (200, 60), (60, 16)])
async def test_hostile_text_reaches_no_terminal(size: tuple[int, int]) -> None:
    reason = Document(99, json.dumps({"name": HOSTILE, "message": HOSTILE, "stack": HOSTILE, HOSTILE: HOSTILE}))
    task = page(
        State.SLEEPING,
        run(1, State.FAILED, created_at=0, started_at=30, failed_at=120, worker=HOSTILE, reason=reason),
        run(2, State.SLEEPING, created_at=120, started_at=130, available_at=700, worker=HOSTILE, wake_event=HOSTILE),
        task_name="charge_card" + HOSTILE,
        idempotency_key=HOSTILE,
        retry_strategy=json.dumps(HOSTILE),
        cancellation=json.dumps({"max_delay": HOSTILE}),
        max_delay=HOSTILE,
        checkpoints=(checkpoint(HOSTILE, 1, 60),),
        waits=(wait(HOSTILE, 140, 700),),
        params=Document(9, json.dumps(HOSTILE, ensure_ascii=False)),
    )
    async with opened(source_of(task), size) as pilot:
        for key in "12345":
            await pilot.press(key)
            await pilot.pause()
            raw = {sign for sign in text(pilot.app) if ord(sign) < 32 and sign != "\n"}
            assert raw == set()
            assert "\u202e" not in text(pilot.app)
            assert pilot.app.is_running


async def test_a_narrow_footer_keeps_help_and_quit() -> None:
    async with opened(source_of(retrying()), NARROW) as pilot:
        await until_shown(pilot, "esc back", "? help  q quit")


async def test_one_id_in_two_queues_is_two_pages() -> None:
    async with desk() as seen:
        task_id = seen.tasks[State.PENDING]
        for queue in ("mail", "orders"):
            seen.pilot.app.screen.post_message(TaskOpened(queue, task_id))
            await seen.shown(f"› {queue} ›", str(task_id))
