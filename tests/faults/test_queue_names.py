"""Queues of any name: each is shown as itself, and a write goes to the one that the dialog names."""

from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from faults.watching import watching
from screen import text, until, until_shown
from seeding import reading, rows_of

from absurd_tui.conninfo import resolve
from absurd_tui.lifecycle import Lifecycle, SpawnOptions
from absurd_tui.observe.queries import table
from absurd_tui.observe.records import State, TaskRow, View
from absurd_tui.operations.audit import Audit
from absurd_tui.operations.outcomes import Done
from absurd_tui.operations.perform import Performer
from absurd_tui.operations.requests import CancelTask, ExtendClaim, RetryTask, SpawnTask, Target
from absurd_tui.text import plain

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("queue names"), pytest.mark.fault(91)]

NAMES = {
    "long": "x" * 57,
    "accents": "é" * 28,
    "emoji": "🎉" * 14,
    "quote": 'quo"te',
    "apostrophe": "apo'strophe",
    "dot": "a.b",
    "percent": "50%",
    "dash": "-x",
    "line": "new\nline",
    "markup": "[red]",
    "big": "Q",
    "small": "q",
}
ONE = SpawnOptions(max_attempts=1)


def target(row: TaskRow, now: float) -> Target:
    return Target(row.queue, row.task_id, row.run_id, row.task_name, row.state, row.attempt, row.claim_expires_at, now)


async def counts(connection: asyncpg.Connection, queue: str) -> dict[str, int]:
    rows = await connection.fetch(f"select state, count(*) from {table('t', queue)} group by state")
    return {row["state"]: row["count"] for row in rows}


async def test_every_operation_goes_to_the_right_queue(
    connection: asyncpg.Connection, database: Database, tmp_path: Path
) -> None:
    lifecycle = Lifecycle(connection)
    performer = Performer(resolve(database.dsn, environ={}), audit=Audit(tmp_path / "audit.jsonl"))
    for name in NAMES.values():
        await lifecycle.create_queue(name)
    for name in NAMES.values():
        for state in ("failed", "running", "pending"):
            await lifecycle.spawn(name, state, {}, ONE)
            if state != "pending":
                (claim,) = await lifecycle.claim(name, "worker", 60)
            if state == "failed":
                await lifecycle.fail(name, claim.run_id, {"name": "E", "message": "m"})
    done = {}
    async with reading(database.dsn) as reader:
        for name in NAMES.values():
            snapshot = await reader.snapshot(View(name))
            seen = {
                state: target(rows_of(snapshot, state)[0], snapshot.now)
                for state in (State.PENDING, State.RUNNING, State.FAILED)
            }
            for request in (
                CancelTask(seen[State.PENDING]),
                ExtendClaim(seen[State.RUNNING], 600),
                RetryTask(seen[State.FAILED]),
                SpawnTask(name, "spawned", {}),
            ):
                done[name, type(request)] = await performer.perform(request)
    await performer.close()
    assert {type(outcome) for outcome in done.values()} == {Done}
    for name in NAMES.values():
        assert await counts(connection, name) == {"cancelled": 1, "running": 1, "pending": 2}
        lease = (
            f"select extract(epoch from max(claim_expires_at) - now()) from {table('r', name)} where state = 'running'"
        )
        assert 500 < await connection.fetchval(lease) <= 600


@pytest.mark.parametrize("kind", NAMES)
async def test_a_queue_is_shown_and_opened_by_its_name(
    connection: asyncpg.Connection, database: Database, kind: str
) -> None:
    lifecycle = Lifecycle(connection)
    name = NAMES[kind]
    for queue in {name, name.swapcase(), "other"}:
        await lifecycle.create_queue(queue)
        await lifecycle.spawn(queue, "mine" if queue == name else "theirs", {}, ONE)
    async with watching(database.dsn, queue=name, size=(180, 45)) as pilot:
        shown = plain(name).text
        await pilot.press("1")
        await until_shown(pilot, f"{shown[:10]}", "mine")
        assert "theirs" not in text(pilot.app)
        await pilot.press("enter")
        await until_shown(pilot, "esc back", "Timeline", shown[:10])
        await pilot.press("c")
        await until_shown(pilot, "Cancel task", shown[:10])
        await pilot.pause(0.4)
        await pilot.press("y")
        await until_shown(pilot, "cancelled")
        state = f"select state from {table('t', name)}"

        async def is_cancelled() -> bool:
            return bool(await connection.fetchval(state) == "cancelled")

        while not await is_cancelled():
            await pilot.pause(0.05)
    others = {queue for queue in (name.swapcase(), "other") if queue != name}
    for queue in others:
        assert await counts(connection, queue) == {"pending": 1}


async def test_five_hundred_queues(connection: asyncpg.Connection, database: Database) -> None:
    names = ", ".join(f"('q{number:03}')" for number in range(500))
    await connection.execute("set synchronous_commit = off")
    for start in range(0, 500, 100):
        await connection.execute(
            f"select absurd.create_queue(name) from (values {names}) n (name) offset {start} limit 100"
        )
    await Lifecycle(connection).spawn("q499", "the_last", {}, ONE)
    async with watching(database.dsn, queue="q499") as pilot:
        await until_shown(pilot, "q499", "the_last")
        await pilot.press("1", "enter")
        await until_shown(pilot, "esc back", "Timeline", "the_last")
        await pilot.press("escape")
        await until(pilot, lambda: "esc back" not in text(pilot.app))
        await pilot.press("left")
        await until_shown(pilot, "q498")
