"""Hostile text in every place the program shows, and the bytes that reach the terminal."""

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import quote

import absurdctl
import asyncpg
import pytest
from attacks import SIGNS, commands_in, hidden_in, injected_in, rotated
from terminal import QUITS_WITHIN, Terminal, terminal

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.lifecycle import Cancellation, FixedRetry, Lifecycle, SpawnOptions

pytestmark = pytest.mark.xdist_group("hostile")

NAME = "\x1b]0;PWNED\x07[/]\x9b2J\u202e\n"
QUEUES = (NAME, "\x1b[2J[@click=app.quit]q[/]\t", "new\nline\r[red]\u200b")
REFUSED = "\x1b]52;c;eA==\x07\u2066no[/]"
LONG = "\x1b[2J" + "long " * 2_000
HELP = " Keys "
KEYS = {"pending": "1", "running": "2", "sleeping": "3", "failed": "4", "completed": "5", "cancelled": "6"}

SGR = re.compile(rb"\x1b\[([0-9;]*)m")
STYLES = {0, 1, 2, 3, 4, 7, 9, 22, 23, 24, 27, 29, 39, 49}
"""Bold, dim, italic, underlined, reversed, struck, and the ends of them; 39 and 49 are the terminal's own colours."""

WITHOUT_PLAIN = (
    "-c",
    "from absurd_tui import text; text.clean = lambda raw: raw; from absurd_tui.cli import main; main()",
)
"""The program with the first of its two nets taken away: only the render filter is left."""


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    """A database, a role, queues and tasks whose every text is hostile."""
    with LocalPostgres() as postgres:
        asyncio.run(_make_database(postgres))
        asyncio.run(_furnish(postgres.dsn(NAME)))
        yield postgres.dsn(NAME).replace("postgres@", quote(NAME, safe="") + "@", 1)


async def _make_database(postgres: LocalPostgres) -> None:
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(f'CREATE DATABASE "{NAME}"')
    await admin.execute(f'CREATE ROLE "{NAME}" LOGIN')
    await admin.close()


async def _furnish(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(absurdctl.BUNDLED_SCHEMA_SQL)
    await connection.execute(
        f"CREATE OR REPLACE FUNCTION absurd.get_schema_version() RETURNS text LANGUAGE sql AS $$SELECT '{NAME}'$$"
    )
    lifecycle = Lifecycle(connection)
    for queue in (*QUEUES, REFUSED):
        await lifecycle.create_queue(queue)
    texts = rotated()
    for state in reversed(KEYS):  # pending last, because a claim takes what is due
        for number, text in enumerate(texts):
            await _put(lifecycle, QUEUES[number % len(QUEUES)], state, text, f"{state}{number}")
    await _put(lifecycle, QUEUES[0], "pending", LONG, "long")
    await connection.execute(f'GRANT USAGE ON SCHEMA absurd TO "{NAME}"')
    await connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA absurd TO "{NAME}"')
    await connection.execute(f'REVOKE SELECT ON absurd."t_{REFUSED}" FROM "{NAME}"')
    await connection.close()


async def _put(lifecycle: Lifecycle, queue: str, state: str, text: str, key: str) -> None:
    """Bring one task into a state; every text it can hold is `text`."""
    options = SpawnOptions(
        max_attempts=1,
        retry_strategy=FixedRetry(5),
        cancellation=Cancellation(max_duration=900),
        headers={text: text},
        idempotency_key=text + key,
    )
    spawned = await lifecycle.spawn(queue, text, {text: text, "nested": [text]}, options)
    if state == "pending":
        return
    if state == "cancelled":
        await lifecycle.cancel(queue, spawned.task_id)
        return
    await lifecycle.claim(queue, text, 3600)
    await lifecycle.set_checkpoint(queue, spawned.task_id, text, {text: text}, spawned.run_id)
    if state == "sleeping":
        await lifecycle.await_event(queue, spawned.task_id, spawned.run_id, "step " + text, text, 3600)
    elif state == "failed":
        reason = {"name": text, "message": text, "traceback": f"File {text}\nline\n{text}", "type": text}
        await lifecycle.fail(queue, spawned.run_id, reason)
    elif state == "completed":
        await lifecycle.complete(queue, spawned.run_id, {text: text})


def press_and_see(shown: Terminal, key: str) -> None:
    """Press a key that changes the screen, and read all that it changes."""
    before = shown.text
    shown.press(key)
    shown.until(lambda: shown.text != before)
    shown.settle(0.2)


def tour(shown: Terminal, *, states: tuple[str, ...], until: str) -> str:
    """Go through task pages with their documents, queues and the keys, and leave; all that was seen, in a row."""
    seen = []
    shown.until_shown("live", until)
    for state in states:
        shown.press(KEYS[state])
        shown.until_shown(f"{state.capitalize().replace('Running', 'Claimed')}  1 of ")
        shown.press("enter")
        shown.until_shown("esc back", "Timeline", "Facts")
        shown.settle(0.2)
        for _ in range(3):
            seen.append(shown.text)
            press_and_see(shown, "t")
        shown.press("escape")
        shown.until(lambda: "esc back" not in shown.text)
    for _ in range(len(QUEUES)):
        press_and_see(shown, "right")
        seen.append(shown.text)
    shown.press("0", "\x1b[H", "enter")  # all queues: in one alone there may be nothing
    shown.settle(0.4)
    shown.press("v")
    shown.until_shown("Findings  ", "enter goes to")
    seen.append(shown.text)
    shown.press("escape")
    shown.until(lambda: "enter goes to" not in shown.text)
    shown.press("g")
    shown.until_shown("Failure groups  ", "The newest of the group")
    seen.append(shown.text)
    shown.press("enter")
    shown.until_shown("for good")
    seen.append(shown.text)
    shown.press("escape")
    shown.until_shown("Failure groups")
    shown.settle(0.4)
    shown.press("escape")
    shown.until(lambda: "Failed attempts in" not in shown.text)
    shown.press("?")
    shown.until_shown(HELP)
    shown.press("escape")
    shown.until(lambda: HELP not in shown.text)
    shown.press("q")
    assert shown.wait(QUITS_WITHIN) == 0
    shown.assert_restored()
    return "\n".join(seen)


@pytest.mark.slow
def test_every_place_shows_signs_and_no_byte_of_an_attack_reaches_the_terminal(dsn: str) -> None:
    with terminal("--dsn", dsn, size=(200, 60)) as shown:
        seen = tour(shown, states=("sleeping", "failed", "completed"), until="refused")
        assert commands_in(shown.raw) == set()
        assert hidden_in(shown.raw) == set()
        assert injected_in(shown.raw) == []
    for sign in SIGNS:
        assert sign in seen, sign
    assert "a" + "\u0301" * 5 not in seen


@pytest.mark.slow
def test_the_render_filter_alone_lets_no_command_through(dsn: str) -> None:
    with terminal("--dsn", dsn, program=WITHOUT_PLAIN, size=(130, 45)) as shown:
        seen = tour(shown, states=("running", "failed"), until="refused")
        assert commands_in(shown.raw) == set()
        assert "␛" not in seen, "the first net is still there"
    for harmless in ("]0;PWNED-title", "[2J[3;3H"):
        assert harmless in seen, harmless


@pytest.mark.slow
def test_no_color_writes_no_colour(dsn: str) -> None:
    with terminal("--dsn", dsn, environ={"NO_COLOR": "1"}) as shown:
        tour(shown, states=("failed",), until="live")
        codes = {int(code) for found in SGR.findall(shown.raw) for code in found.split(b";") if code}
    assert codes <= STYLES
    assert codes & {1, 7}, "the styles that stand in for colours"


@pytest.mark.slow
def test_ascii_writes_ascii_only(dsn: str) -> None:
    with terminal("--dsn", dsn, "--ascii") as shown:
        tour(shown, states=("completed",), until="live")
        assert shown.raw.isascii()


@pytest.mark.parametrize("environ", [{"TERM": "linux"}, {"LC_ALL": "C"}])
@pytest.mark.slow
def test_a_terminal_without_unicode_gets_ascii_only(dsn: str, environ: dict[str, str]) -> None:
    with terminal("--dsn", dsn, environ=environ) as shown:
        shown.until_shown("live", "refused")
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        assert shown.raw.isascii()
