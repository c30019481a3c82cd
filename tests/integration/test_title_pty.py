"""The terminal's title and its bell: what bytes are written, and that the user's own title comes back."""

import re

import asyncpg
import pytest
from absurd_server import Database
from attacks import commands_in
from terminal import QUITS_WITHIN, terminal

from absurd_tui.lifecycle import Lifecycle

TITLE = re.compile(rb"\x1b\]2;([^\x07]*)\x07")
COMMAND_ENDED_BY_A_BELL = re.compile(rb"\x1b\]22?;[^\x07]*\x07")
KEPT, GIVEN_BACK = b"\x1b[22;2t", b"\x1b[23;2t"


@pytest.mark.slow
async def test_the_title_tells_the_counts_and_the_bell_rings_once_when_it_gets_worse(
    connection: asyncpg.Connection, database: Database
) -> None:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    await lifecycle.spawn("mail", "letter", {})
    with terminal("--dsn", database.dsn, "--every", "0.2", "--bell") as shown:
        shown.until_shown("live", "All quiet since ")
        assert TITLE.findall(shown.raw)[-1].startswith(f"OK {database.name}: 1 pending, 0 running".encode())
        shown.settle()
        assert commands_in(shown.raw) == set(), "no bell yet"
        await lifecycle.claim("mail", "worker-1", 60)
        await connection.execute("update absurd.r_mail set claim_expires_at = now() - interval '1 minute'")
        shown.until_shown(" DEGRADED ", "1 lease has expired")
        shown.settle(1.0)
        assert TITLE.findall(shown.raw)[-1].startswith(f"DEGRADED {database.name}: 0 pending".encode())
        assert COMMAND_ENDED_BY_A_BELL.sub(b"", shown.raw).count(b"\x07") == 1
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        shown.assert_restored()
        assert (shown.raw.count(KEPT), shown.raw.count(GIVEN_BACK)) == (1, 1)
        assert shown.raw.rindex(GIVEN_BACK) > shown.raw.rindex(b"\x1b]2;")


@pytest.mark.slow
async def test_the_console_of_linux_which_would_draw_a_title_gets_none(
    connection: asyncpg.Connection, database: Database
) -> None:
    await Lifecycle(connection).create_queue("mail")
    with terminal("--dsn", database.dsn, environ={"TERM": "linux"}) as shown:
        shown.until_shown("live", "All quiet since ")
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        assert (TITLE.findall(shown.raw), KEPT in shown.raw, GIVEN_BACK in shown.raw) == ([], False, False)
