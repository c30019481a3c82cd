"""What the schema or the role cannot do is off beforehand, with what is missing; what works is on."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from absurd_server import Database
from integration.operations.stage import QUEUE, Stage
from real_screen import running_on
from screen import lines, text, until, until_not_shown, until_shown
from seeding import role
from textual.pilot import Pilot

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.records import State
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import Done, Refused
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import SpawnTask

pytestmark = pytest.mark.slow

PANELS = {State.PENDING: ("1", "◌"), State.RUNNING: ("2", "»"), State.FAILED: ("4", "✗")}
VERBS = {"c": "cancel", "e": "extend", "r": "retry", "s": "spawn", "n": "spawn a copy"}
PANEL_OF = {"c": State.PENDING, "e": State.RUNNING, "r": State.FAILED, "s": State.PENDING, "n": State.PENDING}
DIALOGS = {"c": "Cancel task", "e": "Extend claim", "r": "Retry task", "s": "Spawn task"}
NEEDED = {
    "cancel_task(text, uuid)": ("c", "this Absurd schema has no cancel_task (it came with 0.0.5)."),
    "extend_claim(text, uuid, integer)": ("e", "this Absurd schema has no extend_claim (it came with 0.0.5)."),
    "retry_task(text, uuid, jsonb)": ("r", "this Absurd schema has no retry_task (it came with 0.2.0)."),
    "spawn_task(text, text, jsonb, jsonb)": ("s", "this Absurd schema has no spawn_task (it came with 0.0.3)."),
}
"""A function, the key that needs it, and what that says without it."""

SAID = re.compile(r"\s+")


@pytest.fixture
async def stage(connection: asyncpg.Connection) -> Stage:
    """A queue with a failed, a running and a pending task."""
    await Lifecycle(connection).create_queue(QUEUE)
    made = Stage(connection)
    await made.failed()
    await made.running(lease=3600)
    await made.pending()
    return made


@pytest.fixture
async def viewer(connection: asyncpg.Connection, database: Database, stage: Stage) -> AsyncIterator[Database]:
    """A role that may read everything and write nothing, and the database as it sees it."""
    async with role(connection, database) as viewer:
        await connection.execute(f"grant select on all tables in schema absurd to {viewer.name}")
        yield viewer


def words(pilot: Pilot[int]) -> str:
    """The screen as one line of words."""
    return SAID.sub(" ", text(pilot.app))


async def press_on(pilot: Pilot[int], state: State, key: str) -> None:
    """Press a key on the first row of a panel."""
    panel, glyph = PANELS[state]
    await pilot.press(panel)
    await until(pilot, lambda: f" {glyph} {QUEUE} › welcome" in text(pilot.app))
    await pilot.press(key)


async def until_said(pilot: Pilot[int], *wanted: str) -> None:
    await until(pilot, lambda: all(piece in words(pilot) for piece in wanted))


def is_struck(pilot: Pilot[int], label: str) -> bool:
    """Whether a key stands struck through in the last line."""
    strip = pilot.app.screen._compositor.render_strips()[len(lines(pilot.app)) - 1]
    return any(label in segment.text and segment.style is not None and bool(segment.style.strike) for segment in strip)


@pytest.mark.fault(37)
async def test_every_key_that_writes_is_off_for_a_role_that_may_only_read_and_names_the_grant(
    viewer: Database, stage: Stage
) -> None:
    before = await stage.connection.fetch("select t.*, t.xmin from absurd.t_mail t order by task_id")
    async with running_on(viewer.dsn) as pilot:
        for key, (right, grant) in {
            "c": ("UPDATE on absurd.r_mail", "GRANT UPDATE ON absurd.r_mail, absurd.t_mail TO"),
            "e": ("UPDATE on absurd.r_mail", "GRANT UPDATE ON absurd.r_mail, absurd.t_mail TO"),
            "r": ("INSERT on absurd.r_mail", "GRANT INSERT ON absurd.r_mail TO"),
            "s": ("INSERT on absurd.r_mail", "GRANT INSERT ON absurd.r_mail, absurd.t_mail TO"),
            "n": ("INSERT on absurd.r_mail", "GRANT INSERT ON absurd.r_mail, absurd.t_mail TO"),
        }.items():
            await press_on(pilot, PANEL_OF[key], key)
            await until_said(pilot, f"{VERBS[key]}: role {viewer.name} has no {right}. {grant} {viewer.name};")
            if key in "cers":
                assert is_struck(pilot, f"{key} {VERBS[key]}")
    assert await stage.connection.fetch("select t.*, t.xmin from absurd.t_mail t order by task_id") == before


@pytest.mark.fault(37)
async def test_the_grant_that_a_key_names_is_all_that_it_needs(
    viewer: Database, stage: Stage, connection: asyncpg.Connection
) -> None:
    async with running_on(viewer.dsn) as pilot:
        await press_on(pilot, State.PENDING, "c")
        await until_said(pilot, "cancel: role")
        for grant in re.findall(r"GRANT [A-Z, ]+ ON [^;]+;", words(pilot)):
            await connection.execute(grant)
        await pilot.press("R")
        await until(pilot, lambda: not is_struck(pilot, "c cancel"))
        assert is_struck(pilot, "r retry")
        await press_on(pilot, State.PENDING, "c")
        await until_shown(pilot, "Cancel task")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until_shown(pilot, "✓")
    assert await connection.fetchval("select count(*) from absurd.t_mail where state = 'cancelled'") == 1


@pytest.mark.fault(37)
async def test_a_right_that_is_taken_away_after_it_was_looked_at_is_named_by_the_refusal(
    viewer: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute(f"grant all on all tables in schema absurd to {viewer.name}")
    async with running_on(viewer.dsn) as pilot:
        await connection.execute(f"revoke update on absurd.t_mail from {viewer.name}")
        await press_on(pilot, State.PENDING, "c")
        await until_shown(pilot, "Cancel task")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("y")
        await until_said(pilot, "Refused", "has no UPDATE on absurd.t_mail")
        await until(pilot, lambda: is_struck(pilot, "c cancel"))


async def test_execute_that_was_revoked_turns_its_key_off(viewer: Database, connection: asyncpg.Connection) -> None:
    await connection.execute(f"grant all on all tables in schema absurd to {viewer.name}")
    await connection.execute("revoke execute on function absurd.extend_claim(text, uuid, integer) from public")
    async with running_on(viewer.dsn) as pilot:
        await press_on(pilot, State.RUNNING, "e")
        call = "absurd.extend_claim(text, uuid, integer)"
        await until_said(
            pilot,
            f"extend: role {viewer.name} may not EXECUTE {call}.",
            f"GRANT EXECUTE ON FUNCTION {call} TO {viewer.name};",
        )


async def test_a_queue_that_is_made_meanwhile_has_its_rights_looked_at(
    viewer: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute(f"grant all on all tables in schema absurd to {viewer.name}")
    async with running_on(viewer.dsn) as pilot:
        await press_on(pilot, State.PENDING, "s")
        await until_shown(pilot, "Spawn task")
        await pilot.press("escape")
        await Lifecycle(connection).create_queue("afterwards")
        await connection.execute(f"grant select on absurd.t_afterwards, absurd.r_afterwards to {viewer.name}")
        await until_shown(pilot, "afterwards")
        while "›  afterwards" not in text(pilot.app):
            await pilot.press("right")
            await pilot.pause(0.05)
        await pilot.press("s")
        await until_said(pilot, "has no INSERT on absurd.r_afterwards")


@pytest.mark.fault(39)
@pytest.mark.parametrize("function", list(NEEDED))
async def test_a_function_that_an_older_schema_lacks_turns_its_key_off_and_the_rest_stays_on(
    function: str, stage: Stage, connection: asyncpg.Connection, database: Database
) -> None:
    missing, told = NEEDED[function]
    await connection.execute(f"drop function absurd.{function} cascade")
    async with running_on(database.dsn) as pilot:
        await press_on(pilot, PANEL_OF[missing], missing)
        await until_said(pilot, f"{VERBS[missing]}: {told}")
        assert is_struck(pilot, f"{missing} {VERBS[missing]}")
        for key in DIALOGS.keys() - {missing}:
            await press_on(pilot, PANEL_OF[key], key)
            await until_shown(pilot, DIALOGS[key])
            await pilot.press("escape")
            await until_not_shown(pilot, DIALOGS[key])


@pytest.mark.fault(40)
async def test_a_function_with_other_arguments_is_not_called(
    stage: Stage, connection: asyncpg.Connection, database: Database
) -> None:
    request = await stage.request("cancel")
    await connection.execute("drop function absurd.cancel_task(text, uuid)")
    await connection.execute(
        "create function absurd.cancel_task(text, uuid, text default 'why') returns void language sql"
        " as $$ delete from absurd.t_mail $$"
    )
    told = "this Absurd schema has cancel_task(text, uuid, text); this program knows only cancel_task(text, uuid)."
    async with running_on(database.dsn) as pilot:
        await press_on(pilot, State.PENDING, "c")
        await until_said(pilot, f"cancel: {told}")
    performer = Performer(resolve(database.dsn, environ={}), audit=Audit(None))
    assert await performer.perform(request) == Refused(told[0].upper() + told[1:])
    await connection.execute("drop function absurd.cancel_task(text, uuid, text)")
    assert await performer.perform(request) == Refused("This Absurd schema has no cancel_task (it came with 0.0.5).")
    await connection.execute(
        "create function absurd.cancel_task(text, uuid) returns void language sql"
        " as $$ update absurd.t_mail set state = 'cancelled', cancelled_at = now() where task_id = $2 $$"
    )
    assert isinstance(await performer.perform(request), Done), "a schema that was migrated meanwhile is looked at anew"
    await performer.close()


@pytest.mark.fault(39)
async def test_a_key_that_an_older_schema_would_ignore_is_refused_and_a_task_without_one_is_spawned(
    stage: Stage, connection: asyncpg.Connection, database: Database
) -> None:
    await connection.execute("alter table absurd.t_mail drop column idempotency_key")
    await connection.execute("alter table absurd.queues drop column storage_mode cascade")
    await connection.execute("drop function absurd.get_schema_version()")
    await connection.execute(
        """create or replace function absurd.spawn_task(
             p_queue_name text, p_task_name text, p_params jsonb, p_options jsonb default '{}')
           returns table (task_id uuid, run_id uuid, attempt integer, created boolean) language sql as $$
             with task as (insert into absurd.t_mail (task_id, task_name, params, state, attempts, last_attempt_run)
               values (gen_random_uuid(), p_task_name, p_params, 'pending', 1, gen_random_uuid()) returning *),
             run as (insert into absurd.r_mail (run_id, task_id, attempt, state, available_at)
               select last_attempt_run, t.task_id, 1, 'pending', now() from task t)
             select t.task_id, t.last_attempt_run, 1, true from task t $$"""
    )
    performer = Performer(resolve(database.dsn, environ={}), audit=Audit(None))
    chosen = SpawnTask(QUEUE, "once", {}, SpawnOptions(idempotency_key="order-1"))
    assert await performer.perform(chosen) == Refused(
        "This Absurd schema has no idempotency keys (they came with 0.0.6): it would ignore this one."
    )
    await performer.close()
    async with running_on(database.dsn) as pilot:
        assert "Absurd 0" not in text(pilot.app)
        await press_on(pilot, State.PENDING, "s")
        await until_shown(pilot, "Spawn task")
        await until(pilot, lambda: bool(getattr(pilot.app.screen, "is_awake", False)))
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Pending  1 of 2")
