"""A database with a task that stops its queue, a version of any bytes, with a fake clock, or with row security."""

import re

import asyncpg
import pytest
from absurd_server import Database
from real_screen import running_on
from screen import text, until, until_shown
from seeding import role

from absurd_tui.lifecycle import Lifecycle

pytestmark = pytest.mark.slow

QUEUE = "mail"
TASK = "send_letter"


@pytest.fixture
async def lifecycle(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue(QUEUE)
    await lifecycle.spawn(QUEUE, TASK, {})
    return lifecycle


async def answer_version(connection: asyncpg.Connection, body: str) -> None:
    await connection.execute(
        f"create or replace function absurd.get_schema_version() returns text language plpgsql as $$ {body} $$"
    )


@pytest.mark.fault(40)
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("begin return '9.9.9'; end", "Absurd 9.9.9, newer than this program knows (0.5.1)"),
        ("begin return 'main'; end", "Absurd main"),
        ("begin return ''; end", "PG "),
        ("begin return null; end", "PG "),
        (r"begin return E'\x1b[31m\n[red]9'; end", "Absurd ␛[31m␊[red]9"),
        ("begin return repeat('9.', 100000); end", "Absurd 9.9.9.9.9.9.9.9.9.9…"),
        ("begin raise exception 'no version'; end", "PG "),
        ("begin raise undefined_table; end", "PG "),
        ("begin return 1 / 0; end", "PG "),
    ],
)
async def test_a_version_of_any_bytes_is_shown_safely_and_decides_nothing(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, body: str, shown: str
) -> None:
    await answer_version(connection, body)
    async with running_on(database.dsn, size=(260, 40)) as pilot:
        await until_shown(pilot, TASK, shown)
        assert "\x1b" not in text(pilot.app)
        assert ("NEWER SCHEMA" in text(pilot.app)) == shown.startswith("Absurd 9")
        await pilot.press("1", "c")
        await until_shown(pilot, "Cancel task")


@pytest.mark.fault(40)
async def test_where_there_is_little_room_a_newer_schema_is_still_told(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await answer_version(connection, "begin return '9.9.9'; end")
    async with running_on(database.dsn, size=(80, 24)) as pilot:
        await until_shown(pilot, "NEWER SCHEMA")


@pytest.mark.fault(42)
@pytest.mark.parametrize("fake", ["2020-01-01 00:00:00+00", "teatime", "\x1b[31m"])
async def test_a_fake_clock_has_a_badge_real_ages_and_no_writes(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, fake: str
) -> None:
    await connection.execute(f"alter database {database.name} set absurd.fake_now = '{fake}'")
    async with running_on(database.dsn, size=(200, 40)) as pilot:
        await until_shown(pilot, " FAKE CLOCK ", TASK)
        assert not re.search(r"\b\dy\b|\b\d{4}d\b|in \d", text(pilot.app)), "ages are by the real clock"
        for key, verb in {"c": "cancel", "s": "spawn", "n": "spawn a copy"}.items():
            await pilot.press("1", key)
            await until_shown(pilot, f"{verb}: the database runs on a fake clock.")
    assert await connection.fetchval("select count(*) from absurd.t_mail where state = 'pending'") == 1


@pytest.mark.fault(38)
async def test_rows_that_row_security_hides_are_not_told_as_none(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database
) -> None:
    await lifecycle.create_queue("open")
    async with role(connection, database) as reader:
        await connection.execute(f"grant select on all tables in schema absurd to {reader.name}")
        async with running_on(reader.dsn, size=(120, 40)) as pilot:
            await until_shown(pilot, TASK)
            assert "row security" not in text(pilot.app)
            for letter in "tr":
                await connection.execute(f"alter table absurd.{letter}_mail enable row level security")
            await pilot.press("R")
            await until_shown(pilot, "Pending  0+  row security")
            assert re.search(r"^ +mail +0\+.* row security *$", text(pilot.app), re.MULTILINE)
            assert "Nothing is due." not in text(pilot.app)
            assert "No row" not in text(pilot.app)
            await until_shown(pilot, "Row security hides rows of mail from role", f" {reader.name}. ")
            await until_shown(pilot, "Row security hides rows in 1 of them.")
            while "›  open" not in text(pilot.app):
                await pilot.press("right")
                await pilot.pause(0.05)
            await until_shown(pilot, "Nothing is due.", "Pending  0 ")
            for letter in "tr":
                await connection.execute(f"create policy all_rows on absurd.{letter}_mail using (true)")
            await pilot.press("left", "left", "R")
            await until_shown(pilot, TASK, "Pending  1+")
            for letter in "tr":
                await connection.execute(f"alter table absurd.{letter}_mail disable row level security")
            await pilot.press("R")
            await until_shown(pilot, TASK, "Pending  1 ")
            await until(pilot, lambda: "row security" not in text(pilot.app))


@pytest.mark.fault(77)
@pytest.mark.parametrize("policy", ['{"max_delay": "soon"}', '{"max_duration": 1.5}', '{"max_duration": 1e30}'])
async def test_a_task_that_stops_its_queue_is_named_and_cancelling_it_cures_the_queue(
    connection: asyncpg.Connection, lifecycle: Lifecycle, database: Database, policy: str
) -> None:
    await connection.execute("select absurd.spawn_task('mail', 'poison', '{}', $1)", f'{{"cancellation": {policy}}}')
    with pytest.raises(asyncpg.DataError):
        await connection.fetch("select * from absurd.claim_task('mail', 'worker')")
    async with running_on(database.dsn, size=(120, 40)) as pilot:
        await until_shown(pilot, " WEDGED ", "mail: every claim fails because of poison …", "! mail")
        await until_shown(pilot, "It is pending: cancel it")
        await pilot.press("1", "end")
        await until_shown(pilot, "mail › poison")
        await pilot.press("c")
        await until_shown(pilot, "Cancel task")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until(pilot, lambda: "every claim fails" not in text(pilot.app))
    assert len(await connection.fetch("select * from absurd.claim_task('mail', 'worker')")) == 1
