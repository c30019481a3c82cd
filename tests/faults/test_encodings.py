"""Databases that are not of UTF-8: what has no place in an encoding is told, and the rest is shown."""

import itertools
import os
from collections.abc import AsyncIterator

import absurdctl
import asyncpg
import pytest
from absurd_server import SERVER
from faults.watching import watching
from screen import until, until_shown

from absurd_tui.conninfo import resolve
from absurd_tui.doctor import examine, statements_for
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.lifecycle.options import SpawnOptions
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.ui.dialogs.frame import TaskDialog

pytestmark = [pytest.mark.xdist_group("encodings"), pytest.mark.slow]

BAD = r"""E'caf\xe9 \xff\x9b'"""
numbers = itertools.count()


@pytest.fixture
async def encoded(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A database of the encoding that the test names, with two queues."""
    server = request.config.stash[SERVER]
    name = f"encoded_{os.getpid()}_{next(numbers)}"
    admin = await asyncpg.connect(server.admin_dsn)
    await admin.execute(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        connection = await asyncpg.connect(server.dsn(name))
        await connection.execute(absurdctl.BUNDLED_SCHEMA_SQL)
        for queue in ("good", "mail"):
            await Lifecycle(connection).create_queue(queue)
        await Lifecycle(connection).spawn("good", "fine", {})
        await connection.close()
        yield server.dsn(name)
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
async def test_bytes_that_are_no_text_refuse_one_queue_and_leave_the_others(encoded: str) -> None:
    connection = await asyncpg.connect(encoded, server_settings={"client_encoding": "SQL_ASCII"})
    await connection.execute(f"select absurd.spawn_task('mail', {BAD}, '{{}}')")
    await connection.close()
    async with watching(encoded) as pilot:
        await until_shown(pilot, "fine", "1 of 2 queues")
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", "Timeline")
        await pilot.press("escape")
        await pilot.press("right", "right")
        await until_shown(pilot, "invalid byte sequence")
        assert pilot.app.is_running


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
async def test_a_queue_whose_name_is_no_text_is_told_as_such_and_the_others_are_read(encoded: str) -> None:
    connection = await asyncpg.connect(encoded, server_settings={"client_encoding": "SQL_ASCII"})
    await connection.execute(f"select absurd.create_queue({BAD}); select absurd.create_queue('ümläut')")
    await connection.close()
    async with watching(encoded) as pilot:
        await until_shown(pilot, "fine", "3 of 4 queues", r"caf\351 \377\233", "ümläut", "its name is no UTF-8 text")
        await pilot.press("/", *"name:fine", "enter")
        await until_shown(pilot, "enter open  esc back", "fine", "Not read: caf")


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
async def test_every_screen_lives_beside_a_queue_whose_name_is_no_text(encoded: str) -> None:
    connection = await asyncpg.connect(encoded, server_settings={"client_encoding": "SQL_ASCII"})
    await connection.execute(f"select absurd.create_queue({BAD}, 'partitioned')")
    lifecycle = Lifecycle(connection)
    await lifecycle.claim("good", "worker-1", 600)
    await lifecycle.emit_event("mail", "letter", None)
    await connection.close()
    why = "its name is no UTF-8 text"
    async with watching(encoded) as pilot:
        await until_shown(pilot, "fine")
        await pilot.press("Q")
        await until_shown(pilot, "2 of 3 queues", r"2 caf\351 \377\233", "partitions  not known", f"refused     {why}")
        await pilot.press(":", *"drop-queue", "enter")
        await until_shown(pilot, "drop queue: the name of this queue is no UTF-8 text")
        await pilot.press("down")
        await until_shown(pilot, "2 good", "dead rows")
        await pilot.press("escape", "W")
        await until_shown(pilot, "worker-1", "2 of 3 queues, ? says why")
        await pilot.press("escape", "E")
        await until_shown(pilot, "letter", "2 of 3 queues, ? says why")
        await pilot.press("question_mark")
        await until_shown(pilot, "Not read here:", rf"caf\351 \377\233 {why}")


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
async def test_the_doctor_tells_of_a_queue_whose_name_is_no_text_and_of_the_others(encoded: str) -> None:
    connection = await asyncpg.connect(encoded, server_settings={"client_encoding": "SQL_ASCII"})
    await connection.execute(f"select absurd.create_queue({BAD})")
    await connection.close()
    checks = (await examine(resolve(encoded, environ={}))).checks
    assert [check.told for check in checks if check.section == r"queue caf\351 \377\233"] == [
        "its name is no UTF-8 text, so that it cannot be asked for"
    ]
    assert {check.section for check in checks} >= {"queue good", "queue mail"}
    statements = await statements_for(resolve(encoded, environ={}), "operator")
    assert [said for said in statements if "caf" in said] == [
        r"-- left out, the name of the queue is no UTF-8 text: caf\351 \377\233"
    ]
    assert any("t_mail" in said for said in statements)


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
async def test_what_latin_letters_cannot_hold_is_refused_in_a_sentence(encoded: str) -> None:
    performer = Performer(resolve(encoded, environ={}), audit=Audit(None))
    outcome = await performer.perform(SpawnTask("mail", "emoji", {"a": "🎉"}, SpawnOptions()))
    assert isinstance(outcome, Refused)
    assert "LATIN1" in outcome.reason
    await performer.perform(SpawnTask("mail", "caf\u00e9", {"a": "é"}, SpawnOptions()))
    await performer.close()
    async with watching(encoded) as pilot:
        await until_shown(pilot, "café", "fine")


@pytest.mark.parametrize("encoded", ["SQL_ASCII"], indirect=True)
async def test_a_family_is_shown_and_cancelled_beside_a_queue_whose_name_is_no_text(encoded: str) -> None:
    connection = await asyncpg.connect(encoded, server_settings={"client_encoding": "SQL_ASCII"})
    await connection.execute(f"select absurd.create_queue({BAD})")
    lifecycle = Lifecycle(connection)
    (parent,) = await lifecycle.claim("good", "worker-1", 600)
    child = (await lifecycle.spawn("mail", "offspring", {})).task_id
    await lifecycle.set_checkpoint("good", parent.task_id, "spawn", str(child), parent.run_id)
    async with watching(encoded) as pilot:
        await until_shown(pilot, "fine")
        await pilot.press("2", "enter")
        await until_shown(pilot, "1 likely: 1 pending", "1 queue unread   its name is no UTF-8 text", "offspring")
        await pilot.press("ctrl+p")
        await until_shown(pilot, "Search for commands")
        await pilot.press(*"all", "space", *"its", "space", *"children")
        await until_shown(pilot, "Cancel the task with all its children")
        await pilot.press("enter")
        await until_shown(
            pilot,
            "mail › offspring",
            "y cancel 2 tasks",
            r"! Not looked into: caf\351 \377\233, its name is no UTF-8 text",
        )
        await until(pilot, lambda: isinstance(screen := pilot.app.screen, TaskDialog) and screen.is_awake)
        await pilot.press("y")
        await until_shown(pilot, "✓ Cancelled · good › fine", "✓ Cancelled · mail › offspring")
    states = [await connection.fetchval(f"select state from absurd.t_{queue}") for queue in ("good", "mail")]
    await connection.close()
    assert states == ["cancelled", "cancelled"]
