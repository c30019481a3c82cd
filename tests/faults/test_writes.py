"""Keys that write on a real database, while the task under them is not what it was, or cannot be had."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from absurd_server import Database
from dialogs import DEAD, TITLES
from faults.watching import watching
from integration.operations.stage import QUEUE, Stage
from screen import text, until, until_not_shown, until_shown
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp
from absurd_tui.ui.dialogs.frame import TaskDialog
from absurd_tui.ui.dialogs.spawn import SpawnDialog

pytestmark = pytest.mark.slow

SELDOM = 3600.0
"""Seconds between two readings where a dialog must not learn in time what somebody else did."""

PANELS = {"pending": "1", "running": "2", "sleeping": "3", "failed": "4", "completed": "5", "cancelled": "6"}


@pytest.fixture
async def stage(connection: asyncpg.Connection) -> Stage:
    await Lifecycle(connection).create_queue(QUEUE)
    return Stage(connection)


async def made(stage: Stage, state: str) -> UUID:
    """Make a task in a state."""
    if state == "cancelled":
        task_id = await stage.pending()
        await stage.lifecycle.cancel(QUEUE, task_id)
    elif state == "sleeping":
        task_id = await stage.running()
        await stage.lifecycle.schedule_run(QUEUE, (await stage.row(task_id))["run_id"], 3600)
    else:
        task_id = await getattr(stage, state)()
    return UUID(str(task_id))


async def state_of(stage: Stage, task_id: UUID) -> str:
    return str((await stage.row(task_id))["state"])


async def go_to(pilot: Pilot[int], state: str, task_id: UUID) -> None:
    """Put the cursor on the only task of a panel."""
    await pilot.press(PANELS[state])
    await until_shown(pilot, f"{QUEUE} › welcome", str(task_id))


async def ask(pilot: Pilot[int], key: str, state: str, task_id: UUID) -> None:
    """Open a dialog about a task, and wait until its keys count."""
    await go_to(pilot, state, task_id)
    await pilot.press(key)
    await until_shown(pilot, TITLES[key])
    await until(pilot, lambda: isinstance(screen := pilot.app.screen, TaskDialog) and screen.is_awake)


@asynccontextmanager
async def holding(database: Database, task_id: UUID) -> AsyncIterator[int]:
    """Somebody whose transaction holds a task's row, and then does something else; the pid of their backend."""
    other = await asyncpg.connect(database.dsn, server_settings={"application_name": "nightly report"})
    try:
        async with other.transaction():
            await other.execute("select from absurd.t_mail where task_id = $1 for update", task_id)
            yield other.get_server_pid()
    finally:
        await other.close()


@pytest.mark.fault(55)
@pytest.mark.parametrize("state", ["pending", "running", "sleeping"])
async def test_a_live_task_is_cancelled_and_what_is_told_was_read_back(
    stage: Stage, database: Database, state: str
) -> None:
    task_id = await made(stage, state)
    async with watching(database.dsn) as pilot:
        await ask(pilot, "c", state, task_id)
        await pilot.press("y")
        await until_shown(pilot, f"✓ Cancelled · {QUEUE} › welcome …{str(task_id)[-8:]}", "Read back ", "by this call.")
        row = await stage.row(task_id)
        assert (row["state"], row["run_state"]) == ("cancelled", "cancelled")


@pytest.mark.fault(57)
async def test_a_task_that_somebody_cancelled_is_not_said_to_be_cancelled_from_here(
    stage: Stage, database: Database
) -> None:
    task_id = await made(stage, "pending")
    async with watching(database.dsn, every=SELDOM) as pilot:
        await ask(pilot, "c", "pending", task_id)
        await stage.lifecycle.cancel(QUEUE, task_id)
        cancelled_at = (await stage.row(task_id))["cancelled_at"]
        await asyncio.sleep(1.1)
        await pilot.press("y")
        await until_shown(pilot, "= Already so · ", "before, not by this call.")
        assert "Cancelled 0s before" not in text(pilot.app)
        assert "by this call. n spawns" not in text(pilot.app)
        assert (await stage.row(task_id))["cancelled_at"] == cancelled_at


@pytest.mark.fault(58)
async def test_a_lock_is_named_with_its_holder_while_the_screen_lives_on_and_nothing_is_applied_late(
    stage: Stage, database: Database
) -> None:
    task_id = await made(stage, "running")
    async with watching(database.dsn) as pilot:
        async with holding(database, task_id) as pid:
            await ask(pilot, "c", "running", task_id)
            await asyncio.sleep(1.0)
            await pilot.press("y")
            await until_shown(pilot, "… Cancelling", "it may wait for a lock.")
            await stage.pending()
            await until_shown(pilot, "1 ◌ Pending  1")
            await pilot.press("question_mark")
            await until_shown(pilot, "─ Keys ─")
            await pilot.press("escape")
            await until_shown(pilot, f"✗ Locked by pid {pid}, nightly report, for ", "Nothing changed.")
            assert await state_of(stage, task_id) == "running"
        await asyncio.sleep(1.0)
        assert await state_of(stage, task_id) == "running"


@pytest.mark.fault(62)
async def test_a_write_goes_on_when_its_screen_is_left(stage: Stage, database: Database) -> None:
    task_id = await made(stage, "running")
    async with watching(database.dsn) as pilot:
        async with holding(database, task_id):
            await go_to(pilot, "running", task_id)
            await pilot.press("enter")
            await until_shown(pilot, "esc back", "Timeline")
            await pilot.press("c")
            await until(pilot, lambda: isinstance(screen := pilot.app.screen, TaskDialog) and screen.is_awake)
            await pilot.press("y")
            await until_shown(pilot, "… Cancelling")
            await pilot.press("escape")
            await until_shown(pilot, "0 Queues")
        await until_shown(pilot, f"✓ Cancelled · {QUEUE} › welcome …{str(task_id)[-8:]}")
        assert await state_of(stage, task_id) == "cancelled"
        await pilot.press("A")
        await until_shown(pilot, "Activity  1", "cancel", str(task_id)[-8:])


@pytest.mark.fault(65)
@pytest.mark.parametrize("state", ["pending", "completed", "cancelled"])
async def test_what_did_not_fail_has_no_key_to_retry_it(stage: Stage, database: Database, state: str) -> None:
    task_id = await made(stage, state)
    async with watching(database.dsn) as pilot:
        await go_to(pilot, state, task_id)
        await pilot.press("r")
        await until_shown(pilot, f"retry: the task is {state}; only failed tasks can be retried.")
        await pilot.press("enter", "y")
        await asyncio.sleep(DEAD)
        assert "P0001" not in text(pilot.app)
        assert TITLES["r"] not in text(pilot.app)
        assert await stage.count() == 1
        assert await state_of(stage, task_id) == state


@pytest.mark.fault(66)
async def test_extra_attempts_cannot_be_typed_out_of_range(stage: Stage, database: Database) -> None:
    task_id = await made(stage, "failed")
    async with watching(database.dsn) as pilot:
        await ask(pilot, "r", "failed", task_id)
        await pilot.press(*"0abc", "minus", "minus")
        await until_shown(pilot, "+ and - change the extra attempts: 1.")
        await pilot.press("plus", *"9999999999", "minus", "minus", "plus")
        await until_shown(pilot, "+ and - change the extra attempts: 2.")
        await pilot.press("enter")
        await until_shown(pilot, "✓ Retried")
        row = await stage.row(task_id)
        assert (row["attempts"], row["max_attempts"]) == (2, 3)


@pytest.mark.fault(68)
@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("pending", "the task is pending; it has no claim."),
        ("sleeping", "the task is sleeping; it has no claim."),
        ("completed", "the task is completed; it has no claim."),
        ("failed", "the task is failed; it has no claim."),
        ("cancelled", "the task is cancelled; it has no claim."),
        ("no lease", "claimed without a lease: there is none to extend."),
    ],
)
async def test_what_has_no_lease_says_so_in_words_of_its_own(
    stage: Stage, database: Database, state: str, why: str
) -> None:
    task_id = await (stage.running(lease=0) if state == "no lease" else made(stage, state))
    async with watching(database.dsn) as pilot:
        await go_to(pilot, "running" if state == "no lease" else state, task_id)
        await pilot.press("e")
        await until_shown(pilot, f"extend: {why}")
        assert TITLES["e"] not in text(pilot.app)


@pytest.mark.fault(68)
async def test_an_expired_lease_is_revived_where_nobody_has_claimed_the_task_since(
    stage: Stage, database: Database
) -> None:
    task_id = await made(stage, "running")
    await stage.connection.execute("update absurd.r_mail set claim_expires_at = now() - interval '12 minutes'")
    async with watching(database.dsn) as pilot:
        await ask(pilot, "e", "running", task_id)
        await until_shown(pilot, "expired")
        await pilot.press("enter")
        await until_shown(pilot, "✓ Extended · ", "the lease ends at ")
        row = await stage.row(task_id)
        assert row["claim_expires_at"] > row["now"]


@pytest.mark.fault(68)
@pytest.mark.parametrize("ended", ["cancelled", "failed"])
async def test_a_run_that_ended_under_the_dialog_is_no_lost_connection(
    stage: Stage, database: Database, ended: str
) -> None:
    task_id = await made(stage, "running")
    async with watching(database.dsn, every=SELDOM) as pilot:
        await ask(pilot, "e", "running", task_id)
        if ended == "cancelled":
            await stage.lifecycle.cancel(QUEUE, task_id)
        else:
            await stage.lifecycle.fail(QUEUE, (await stage.row(task_id))["run_id"], {"message": "no"})
        await pilot.press("enter")
        await until_shown(pilot, f"! Changed since you looked · now {ended}, attempt 1", "Nothing was sent.")
        assert " live " in text(pilot.app)
        assert "LOST" not in text(pilot.app)


@pytest.mark.fault(83)
@pytest.mark.parametrize(("key", "state"), [("c", "pending"), ("e", "running"), ("r", "failed")])
async def test_a_task_that_was_deleted_under_its_dialog_is_said_to_be_gone(
    stage: Stage, database: Database, key: str, state: str
) -> None:
    task_id = await made(stage, state)
    async with watching(database.dsn, every=SELDOM) as pilot:
        await ask(pilot, key, state, task_id)
        await stage.delete(task_id)
        await pilot.press("y" if key == "c" else "enter")
        await until_shown(pilot, "! Gone · ", "The task is no longer in the database. Nothing was sent.")
        assert await stage.count() == 0


async def spawn_form(pilot: Pilot[int]) -> None:
    await pilot.press("s")
    await until(pilot, lambda: isinstance(screen := pilot.app.screen, SpawnDialog) and screen.is_awake)


@pytest.mark.fault(74)
async def test_a_spawn_with_a_key_that_exists_makes_nothing_and_leads_to_its_task(
    stage: Stage, database: Database
) -> None:
    task_id = await stage.pending(SpawnOptions(idempotency_key="order-7"))
    async with watching(database.dsn) as pilot:
        await until_shown(pilot, "1 ◌ Pending  1")
        await spawn_form(pilot)
        pilot.app.screen.query_one("#spawn-task_name", Input).value = "another"
        pilot.app.screen.query_one("#spawn-key", Input).value = "order-7"
        await until_shown(pilot, f"This key exists: task …{str(task_id)[-8:]} (pending)")
        await pilot.press("ctrl+s")
        await until_shown(pilot, f"= Already so · …{str(task_id)[-8:]} (pending) in {QUEUE}", "esc back", str(task_id))
        assert await stage.count() == 1


@pytest.mark.fault(78)
@pytest.mark.parametrize(
    ("params", "said"),
    [
        ('{"a": 1', "Line 1, column"),
        ('{"a": NaN}', "JSON has no NaN"),
        ('{"a": 1, "b": 2, "a": 3}', "twice"),
        ('"' + 10_000_000 * "7" + '"', "Longer than 262,144 characters"),
    ],
    ids=["no JSON", "NaN", "a key twice", "10 MB"],
)
async def test_params_that_are_none_are_told_and_nothing_is_sent(
    stage: Stage, database: Database, params: str, said: str
) -> None:
    async with watching(database.dsn) as pilot:
        await spawn_form(pilot)
        pilot.app.screen.query_one("#spawn-task_name", Input).value = "charge_card"
        await until_shown(pilot, "no task of this name was seen here")
        editor = pilot.app.screen.query_one(TextArea)
        editor.focus()
        editor.select_all()
        editor.post_message(Paste(params))
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until_shown(pilot, said, "Not sent: 1 error.")
        assert isinstance(pilot.app.screen, SpawnDialog)
        assert await stage.count() == 0


@pytest.mark.fault(85)
async def test_read_only_holds_in_the_palette_and_on_the_server(stage: Stage, database: Database) -> None:
    task_id = await made(stage, "failed")
    await stage.connection.execute("""
        create or replace function absurd.get_schema_version() returns text language sql as
        $$ select 'ro-' || current_setting('default_transaction_read_only') $$""")
    app = AbsurdApp(DatabaseSource(resolve(database.dsn, environ={})), Settings(every=0.2, is_read_only=True))
    async with app.run_test(size=(160, 45)) as pilot:
        await until_shown(pilot, "READ ONLY", "Absurd ro-on")
        await go_to(pilot, "failed", task_id)
        for words, verb in (("undone", "cancel"), ("failed task again", "retry"), ("edited", "spawn a copy")):
            await pilot.press("ctrl+p")
            await until_shown(pilot, "Search for commands")
            await pilot.press(*words)
            await until_shown(pilot, f"not now: {verb}: read only.")
            await pilot.press("enter")
            await until_not_shown(pilot, "not now:")
            assert "esc keep" not in text(app)
            if "Search for commands" in text(app):
                await pilot.press("escape")
        assert await state_of(stage, task_id) == "failed"
        assert await stage.count() == 1
