"""What cannot be connected to: what is refused ends the program with a line, what may pass is tried again."""

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import refused
from screen import until_shown
from seeding import role

from absurd_tui.conninfo import resolve
from absurd_tui.observe.source import DatabaseSource
from absurd_tui.settings import Settings
from absurd_tui.ui.app import AbsurdApp

pytestmark = pytest.mark.slow


@pytest.mark.fault(16)
async def test_an_unknown_role_or_database_and_a_missing_right_are_one_line(
    connection: asyncpg.Connection, database: Database
) -> None:
    assert await refused(database.dsn.replace(database.name, "nowhere")) == 'database "nowhere" does not exist'
    assert await refused(database.dsn.replace("postgres@", "nobody_here@")) == 'role "nobody_here" does not exist'
    async with role(connection, database) as seen:
        await connection.execute(f"revoke connect on database {database.name} from public")
        assert (await refused(seen.dsn)).startswith(f'permission denied for database "{database.name}"')
        await connection.execute(f"grant connect on database {database.name} to public")
        await connection.execute(f'alter role "{seen.name}" nologin')
        assert await refused(seen.dsn) == f'role "{seen.name}" is not permitted to log in'


@pytest.mark.fault(11)
async def test_a_host_without_an_address_is_named_and_tried_again() -> None:
    spec = resolve("postgresql://operator:secret@no-such.invalid/orders", environ={})
    async with AbsurdApp(DatabaseSource(spec), Settings()).run_test(size=(120, 40)) as pilot:
        await until_shown(
            pilot, "operator@no-such.invalid/orders", "The host's name could not be resolved.", "Attempt 3"
        )
        assert "secret" not in "".join(str(strip.text) for strip in pilot.app.screen._compositor.render_strips())
