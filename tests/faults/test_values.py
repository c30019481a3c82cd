"""Values of any size, depth and date in a real database, on every screen of the dashboard."""

import time

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import stall, watching
from screen import text, until_back, until_not_shown, until_opened, until_shown
from seeding import INSTANTS, put
from textual.pilot import Pilot

from absurd_tui.lifecycle import Lifecycle
from absurd_tui.observe.records import State

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("values")]

PANELS = dict(zip(State, "123456", strict=True))
DIALOGS = {
    State.PENDING: ("c", "Cancel task"),
    State.RUNNING: ("e", "Extend claim"),
    State.SLEEPING: ("c", "Cancel task"),
    State.FAILED: ("r", "Retry task"),
}
TIMES_OF_RUN = ("available_at", "claim_expires_at", "started_at", "completed_at", "failed_at", "created_at")
TIMES_OF_TASK = ("enqueue_at", "first_started_at", "cancelled_at")

CHECKPOINT = """
insert into absurd.c_mail (task_id, checkpoint_name, state, owner_run_id, updated_at)
values ($1, 'step', '1', $2, {})"""
WAIT = """
insert into absurd.w_mail (task_id, run_id, step_name, event_name, timeout_at, created_at)
values ($1, $2, 'step', 'paid', {0}, {0})"""

OPENS_WITHIN = 10.0
"""Seconds; the promise is two, the rest is slack for a loaded machine."""

STALLS_AT_MOST = 1.0
"""Seconds; the promise is 0.2, the rest is slack for a loaded machine."""


@pytest.fixture
async def mail(connection: asyncpg.Connection) -> Lifecycle:
    lifecycle = Lifecycle(connection)
    await lifecycle.create_queue("mail")
    return lifecycle


async def back(pilot: Pilot[int]) -> None:
    await pilot.press("escape")
    await until_not_shown(pilot, "esc back")


async def open_page(pilot: Pilot[int], state: State) -> None:
    await pilot.press(PANELS[state])
    await pilot.press("enter")
    await until_shown(pilot, "esc back", "Timeline")


@pytest.mark.fault(89)
@pytest.mark.parametrize("instant", INSTANTS)
async def test_any_instant_is_shown_on_every_screen(
    connection: asyncpg.Connection, mail: Lifecycle, database: Database, instant: str
) -> None:
    odd = f"'{instant}'"
    for state in State:
        ((task_id, run_id),) = await put(
            connection,
            "mail",
            state,
            run={**dict.fromkeys(TIMES_OF_RUN, odd), "wake_event": "'paid'"},
            task={**dict.fromkeys(TIMES_OF_TASK, odd), "task_name": f"'odd_{state}'"},
        )
        await connection.execute(CHECKPOINT.format(odd), task_id, run_id)
        if state is State.SLEEPING:
            await connection.execute(WAIT.format(odd), task_id, run_id)
    await connection.execute(f"insert into absurd.e_mail (event_name, payload, emitted_at) values ('paid', '1', {odd})")
    async with watching(database.dsn) as pilot:
        for state in State:
            await pilot.press(PANELS[state])
            await until_shown(pilot, f"mail › odd_{state}")
            await open_page(pilot, state)
            await back(pilot)
            if state in DIALOGS:
                key, title = DIALOGS[state]
                await pilot.press(key)
                await until_shown(pilot, title)
                await pilot.press("escape")
                await until_not_shown(pilot, title)
        for key in ("m", "C"):
            below = pilot.app.screen
            await pilot.press(key)
            await until_opened(pilot, below)
            await pilot.press("escape")
            await until_back(pilot, below)
        assert pilot.app.is_running


NESTED = "[" * 6_000 + "]" * 6_000
DOCUMENTS = {
    "nested": f"'{NESTED}'",
    "digits": "('[' || repeat('9', 5000) || ', 1e400, -1e-400, 0.1000000000000000000000001]')::jsonb",
    "bomb": "jsonb_build_object('a', repeat('x', 60000000))",
    "monster": "(select jsonb_agg(repeat(md5(n::text), 32)) from generate_series(1, 110000) n)",
    "list": "'[]'",
    "null": "'null'",
    "number": "'5'",
    "text": "'\"x\"'",
    "false": "'false'",
}


@pytest.mark.fault(90)
@pytest.mark.usefixtures("collected_as_ever")
@pytest.mark.parametrize("kind", DOCUMENTS)
async def test_a_document_of_any_size_and_depth_opens_at_once(
    connection: asyncpg.Connection, mail: Lifecycle, database: Database, kind: str
) -> None:
    await put(connection, "mail", "failed", task={"task_name": f"'{kind}'"})
    await connection.execute(f"update absurd.t_mail set params = {DOCUMENTS[kind]}")
    await connection.execute("update absurd.t_mail set headers = params, completed_payload = params")
    await connection.execute(
        "update absurd.r_mail set failure_reason = t.params, result = t.params from absurd.t_mail t"
    )
    async with watching(database.dsn) as pilot, stall() as seen:
        await until_shown(pilot, kind)
        began = time.monotonic()
        await open_page(pilot, State.FAILED)
        await until_shown(pilot, "Params")
        assert time.monotonic() - began < OPENS_WITHIN
        for key in ("t", "t", "t", "o", "o", "end", "home"):
            await pilot.press(key)
            await pilot.pause(0.5 if key == "o" else 0.1)
        assert "Timeline" in text(pilot.app)
        await back(pilot)
        assert seen.longest < STALLS_AT_MOST
