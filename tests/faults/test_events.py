"""Events that are emitted with keys on a real database: who wakes, and what an event was emitted with before."""

import json

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from integration.operations.stage import EVENT, QUEUE, Stage
from screen import text, until, until_shown
from textual.pilot import Pilot
from textual.widgets import Input

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import AlreadyEmitted
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import EmitEvent
from absurd_tui.ui.dialogs.emit import EmitDialog

pytestmark = pytest.mark.slow

OVERWRITES = """
create or replace function absurd.emit_event(p_queue_name text, p_event_name text, p_payload jsonb default null)
returns void language plpgsql as $$
begin
  execute format('insert into absurd.%I (event_name, payload, emitted_at) values ($1, $2, now())
                    on conflict (event_name) do update set payload = excluded.payload', 'e_' || p_queue_name)
    using p_event_name, p_payload;
end; $$"""
"""As schemas before 0.1.0 have it."""


@pytest.fixture
async def stage(connection: asyncpg.Connection) -> Stage:
    await Lifecycle(connection).create_queue(QUEUE)
    return Stage(connection)


async def ask(pilot: Pilot[int]) -> None:
    """Open the form on the task that waits, and fill in a payload."""
    await pilot.press("3")
    await until_shown(pilot, f"z {QUEUE} › welcome")
    await pilot.press("w")
    await until_shown(pilot, "─ Emit event ─", EVENT)

    def is_ready() -> bool:
        screen = pilot.app.screen
        return (
            isinstance(screen, EmitDialog) and screen.is_awake and screen.query_one("#dialog-payload", Input).has_focus
        )

    await until(pilot, is_ready)
    await pilot.press("ctrl+u", *'{"mine":1}')


async def payload(stage: Stage) -> object:
    return json.loads(await stage.connection.fetchval("select payload from absurd.e_mail where event_name = $1", EVENT))


@pytest.mark.fault(73)
async def test_who_waits_is_named_before_and_counted_after(stage: Stage, database: Database) -> None:
    waiting = await stage.waiting(EVENT)
    async with watching(database.dsn, every=0.1) as pilot:
        await ask(pilot)
        await until_shown(pilot, "It would wake 1 task:", f"welcome …{str(waiting)[-8:]}")
        await pilot.press("ctrl+s")
        await until_shown(pilot, f"✓ Emitted · {QUEUE} › event {EVENT}", "by this call. It woke 1 run.")
    assert (await stage.row(waiting))["state"] == "pending"
    assert await payload(stage) == {"mine": 1}


@pytest.mark.fault(70)
async def test_an_event_that_somebody_emits_meanwhile_keeps_its_payload_and_both_are_told(
    stage: Stage, database: Database
) -> None:
    await stage.waiting(EVENT)
    async with watching(database.dsn, every=3600.0) as pilot:
        await ask(pilot)
        await until_shown(pilot, "It would wake 1 task:")
        screen = pilot.app.screen
        assert isinstance(screen, EmitDialog)
        screen._ask = lambda: None  # type: ignore[method-assign]  # it would learn of it within two seconds
        await stage.lifecycle.emit_event(QUEUE, EVENT, {"theirs": 2})
        await pilot.press("ctrl+s")
        await until_shown(
            pilot, f"= Already emitted · {QUEUE} › event {EVENT}", 'Has {"theirs": 2} since', '{"mine":1} was not'
        )
        assert "✓ Emitted" not in text(pilot.app)
    assert await payload(stage) == {"theirs": 2}


@pytest.mark.fault(70)
async def test_an_event_that_was_emitted_before_is_told_with_its_payload(stage: Stage, database: Database) -> None:
    await stage.waiting(EVENT)
    async with watching(database.dsn, every=3600.0) as pilot:
        await until_shown(pilot, "Sleeping  1")
        await stage.lifecycle.emit_event(QUEUE, EVENT, {"theirs": 2})
        await ask(pilot)
        await until_shown(pilot, "Already emitted at", 'it has {"theirs": 2}')
        await pilot.press("ctrl+s")
        await until_shown(pilot, "─ Emit event ─")
    assert await payload(stage) == {"theirs": 2}


@pytest.mark.fault(71)
async def test_a_schema_that_would_overwrite_an_event_is_not_called_a_second_time(
    stage: Stage, database: Database
) -> None:
    await stage.connection.execute(OVERWRITES)
    performer = Performer(resolve(database.dsn, environ={}), audit=Audit(None))
    await performer.perform(EmitEvent(QUEUE, EVENT, {"first": 1}))
    outcome = await performer.perform(EmitEvent(QUEUE, EVENT, {"second": 2}))
    await performer.close()
    assert isinstance(outcome, AlreadyEmitted)
    assert json.loads(outcome.payload) == {"first": 1}
    assert await payload(stage) == {"first": 1}


@pytest.mark.fault(72)
@pytest.mark.parametrize("name", ["", "  ", "\t\n", "x" * 4096, "a\0b"], ids=["empty", "blank", "tabs", "long", "NUL"])
async def test_a_name_that_is_none_is_refused(stage: Stage, database: Database, name: str) -> None:
    performer = Performer(resolve(database.dsn, environ={}), audit=Audit(None))
    outcome = await performer.perform(EmitEvent(QUEUE, name, None))
    await performer.close()
    assert type(outcome).__name__ == "Refused"
    assert await stage.connection.fetchval("select count(*) from absurd.e_mail") == 0
