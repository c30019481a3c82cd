"""Commands about whole queues on a real database: a reader in the way, a queue that was made anew meanwhile."""

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import until, until_shown
from seeding import put
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.operations import sweep, table_locks
from absurd_tui.ui.dialogs.queue_frame import QueueDialog

pytestmark = pytest.mark.slow


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.spawn("mail", "welcome", {})
    return lifecycle


async def ask_to_drop(pilot: Pilot[int]) -> None:
    """Open the dialog that drops the queue, and wait until it knows which one."""
    await pilot.press("ctrl+p")
    await until_shown(pilot, "Search for commands")
    await pilot.press(*"drop", "space", *"the")
    await until_shown(pilot, "Drop the chosen queue")
    await pilot.press("enter")
    await until_shown(pilot, "Type mail, the queue's name", "1 pending", "on disk")
    await until(pilot, lambda: isinstance(screen := pilot.app.screen, QueueDialog) and screen.focused is not None)


@pytest.mark.fault(79)
async def test_a_reader_in_the_way_of_a_drop_is_named_and_nothing_is_dropped(
    lifecycle: Lifecycle, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_locks, "TRIES", 3)
    reader = await asyncpg.connect(database.dsn, server_settings={"application_name": "pg_dump"})
    async with watching(database.dsn, queue="mail") as pilot:
        await ask_to_drop(pilot)
        async with reader.transaction():
            await reader.fetch("select from absurd.t_mail")
            await pilot.press(*"mail", "enter")
            await until_shown(pilot, f"✗ In use by pid {reader.get_server_pid()}, pg_dump", "Nothing changed.")
        assert await lifecycle.list_queues() == ["mail"]
    await reader.close()


@pytest.mark.fault(80)
async def test_a_queue_that_was_made_anew_under_the_dialog_is_not_dropped(
    lifecycle: Lifecycle, database: Database
) -> None:
    async with watching(database.dsn, queue="mail") as pilot:
        await ask_to_drop(pilot)
        await lifecycle.drop_queue("mail")
        await lifecycle.create_queue("mail")
        await pilot.press(*"mail", "enter")
        await until_shown(pilot, "! Changed since you looked · made anew at ", "Nothing was sent.")
        assert await lifecycle.list_queues() == ["mail"]


async def test_a_queue_is_dropped_and_its_absence_is_read_back(lifecycle: Lifecycle, database: Database) -> None:
    async with watching(database.dsn, queue="mail") as pilot:
        await ask_to_drop(pilot)
        await pilot.press(*"mail", "enter")
        await until_shown(pilot, "✓ Dropped · queue mail", "it and its tables are gone.")
        assert await lifecycle.list_queues() == []


@pytest.mark.parametrize("mode", ["unpartitioned", "partitioned"])
async def test_what_is_read_of_a_queue(connection: asyncpg.Connection, database: Database, mode: str) -> None:
    await Lifecycle(connection).create_queue("or'd\"ers", mode)
    source = DatabaseSource(resolve(database.dsn, environ={}))
    facts = await source.queue_facts("or'd\"ers")
    assert await source.queue_facts("nowhere") is None
    source.close()
    assert facts is not None
    assert (facts.storage_mode, facts.value("cleanup_ttl"), facts.events) == (mode, "30 days", 0)
    assert 0 <= facts.now - facts.created_at < 60
    assert facts.bytes is not None
    assert facts.bytes > 0


async def start_to_clean_up(pilot: Pilot[int], limit: str) -> None:
    """Count what ended more than an hour ago, and say yes to it."""
    await pilot.press("ctrl+p")
    await until_shown(pilot, "Search for commands")
    await pilot.press(*"clean", "space", *"up")
    await until_shown(pilot, "Clean up the chosen queue")
    await pilot.press("enter")
    await until_shown(pilot, "30 days", "1000")
    await until(pilot, lambda: isinstance(screen := pilot.app.screen, QueueDialog) and screen.focused is not None)
    await pilot.press("ctrl+u", *"1", "space", *"hour", "tab", "ctrl+u", *limit, "enter")
    await until_shown(pilot, "30 tasks ended before", "delete 30 rows")
    await until(pilot, lambda: isinstance(screen := pilot.app.screen, QueueDialog) and screen.is_awake)
    await pilot.press("y")


@pytest.mark.fault(81)
async def test_a_clean_up_is_counted_followed_and_stopped(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = sweep.Sweep._rest
    monkeypatch.setattr(sweep.Sweep, "_rest", lambda self, _: rest(self, 60.0))
    ended = {"completed_at": "now() - interval '2 hours'"}
    await put(connection, "mail", "completed", number=30, run=ended)
    async with watching(database.dsn, queue="mail") as pilot:
        await start_to_clean_up(pilot, "10")
        await until_shown(pilot, "… Cleaning up · queue mail", "10 of 30 rows gone", "x stops it.")
        await pilot.press("x")
        await until_shown(pilot, "! Cleaned up · queue mail: 10 tasks, 0 events", "Stopped between two batches.")
        assert await connection.fetchval("select count(*) from absurd.t_mail") == 21


@pytest.mark.fault(81)
async def test_a_clean_up_goes_through_and_counts_again(
    lifecycle: Lifecycle, connection: asyncpg.Connection, database: Database
) -> None:
    await put(connection, "mail", "completed", number=30, run={"completed_at": "now() - interval '2 hours'"})
    async with watching(database.dsn, queue="mail") as pilot:
        await start_to_clean_up(pilot, "100")
        await until_shown(pilot, "✓ Cleaned up · queue mail: 30 tasks, 0 events", "Counted again: none")
        assert await connection.fetchval("select state from absurd.t_mail") == "pending"
