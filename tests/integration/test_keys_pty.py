"""The keys that write, in a terminal on a real database: what is pressed, what the screen says, what the rows hold."""

import asyncio
import json
import re
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import absurdctl
import asyncpg
import pytest
from terminal import QUITS_WITHIN, Terminal, terminal

from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.lifecycle import Lifecycle, SpawnOptions

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("keys in a terminal")]

PASSWORD = "swordfish-at-dawn"
QUEUE = "mail"
DEAD = 0.45
"""Seconds in which a dialog takes no key, and some more."""

PANELS = {"pending": "1", "running": "2", "sleeping": "3", "failed": "4"}
_ROW = """
select t.state, t.attempts, t.max_attempts, r.state as run_state, r.attempt,
       date_part('epoch', r.claim_expires_at - clock_timestamp()) as left
  from absurd.t_mail t join absurd.r_mail r on r.run_id = t.last_attempt_run where t.task_id = $1"""
_OURS = "select count(*) from pg_stat_activity where application_name like 'absurd-tui/%'"
_WRITERS = _OURS + " and lower(query) in ('commit', 'rollback')"
"""What reads never begins a transaction; what wrote has ended one last."""

_T = TypeVar("_T")


class Side:
    """The other side: whoever spawns, works and looks at the rows. Each call is a connection of its own."""

    def __init__(self, postgres: LocalPostgres) -> None:
        self.postgres = postgres
        self.dsn = postgres.dsn("keys")

    def do(self, act: Callable[[Lifecycle, Any], Awaitable[_T]]) -> _T:
        async def connected() -> _T:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await act(Lifecycle(connection), connection)
            finally:
                await connection.close()

        return asyncio.run(connected())

    def row(self, task_id: UUID) -> Any:
        return self.do(lambda _, connection: connection.fetchrow(_ROW, task_id))

    def value(self, statement: str, *arguments: Any) -> Any:
        return self.do(lambda _, connection: connection.fetchval(statement, *arguments))

    def put(self, state: str, name: str, *, lease: int = 600) -> UUID:
        """A task in a state; no other is pending meanwhile."""

        async def act(lifecycle: Lifecycle, connection: Any) -> UUID:
            spawned = await lifecycle.spawn(QUEUE, name, {"card": PASSWORD}, SpawnOptions(max_attempts=1))
            if state != "pending":
                (claimed,) = await lifecycle.claim(QUEUE, "worker-1:77", lease)
                assert claimed.task_id == spawned.task_id
            if state == "failed":
                await lifecycle.fail(QUEUE, spawned.run_id, {"name": "KeyError", "message": "no such card"})
            return spawned.task_id

        return self.do(act)

    def clear(self) -> None:
        async def act(_: Lifecycle, connection: Any) -> None:
            await connection.execute("truncate absurd.t_mail, absurd.r_mail, absurd.c_mail, absurd.w_mail")

        self.do(act)


@pytest.fixture(scope="module")
def server() -> Iterator[Side]:
    with LocalPostgres() as postgres:
        asyncio.run(_furnish(postgres))
        yield Side(postgres)


async def _furnish(postgres: LocalPostgres) -> None:
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute("CREATE DATABASE keys")
    await admin.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    await admin.close()
    connection = await asyncpg.connect(postgres.dsn("keys"))
    await connection.execute(absurdctl.BUNDLED_SCHEMA_SQL)
    await Lifecycle(connection).create_queue(QUEUE)
    await connection.execute("GRANT USAGE ON SCHEMA absurd TO reader")
    await connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA absurd TO reader")
    await connection.close()


@pytest.fixture
def side(server: Side) -> Side:
    server.clear()
    return server


@contextmanager
def dashboard(side: Side, state: Path, *options: str, user: str = "postgres") -> Iterator[Terminal]:
    """The dashboard; its audit file is below `state`, and its role's password in its environment."""
    environ = {"XDG_STATE_HOME": str(state), "PGPASSWORD": PASSWORD}
    dsn = side.dsn.replace("postgres@", f"{user}@", 1)
    with terminal("--dsn", dsn, "--every", "0.3", *options, environ=environ) as shown:
        shown.until_shown("live", "1 ◌ Pending")
        yield shown


def ask(shown: Terminal, key: str, state: str, name: str, task_id: UUID, title: str) -> None:
    """Go to a task by its panel and ask about it; afterwards the dialog's keys count."""
    shown.until_shown(name)
    shown.press(PANELS[state])
    shown.until_shown(f"mail › {name}", str(task_id))
    shown.press(key)
    shown.until_shown(title, str(task_id))
    shown.look(DEAD)


def audited(state: Path) -> list[dict[str, Any]]:
    file = state / "absurd-tui" / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_cancel_retry_and_extend_from_pending_to_the_audit(side: Side, tmp_path: Path) -> None:
    state = tmp_path / "state"
    running = side.put("running", "charge_card", lease=30)
    failed = side.put("failed", "send_mail")
    pending = side.put("pending", "pack_order")
    with dashboard(side, state) as shown:
        shown.until_shown("pack_order", "charge_card", "send_mail")

        ask(shown, "c", "pending", "pack_order", pending, "Cancel task")
        assert "There is no way back" in shown.text
        shown.press("y")
        shown.until_shown("✓ Cancelled · mail › pack_order", "by this call.")
        assert side.row(pending)["state"] == "cancelled"
        assert side.value(_WRITERS) == 1

        ask(shown, "r", "failed", "send_mail", failed, "Retry task")
        shown.press("enter")
        shown.until_shown("✓ Retried · mail › send_mail", "pending, attempt 2.")
        row = side.row(failed)
        assert (row["state"], row["attempt"], row["max_attempts"]) == ("pending", 2, 2)

        ask(shown, "e", "running", "charge_card", running, "Extend claim")
        shown.press("enter")
        shown.until_shown("✓ Extended · mail › charge_card", "the lease ends at")
        assert 250 < side.row(running)["left"] <= 300

        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        shown.assert_restored()
        assert shown.said == []
        assert PASSWORD.encode() not in shown.raw.replace(b'{"card": "' + PASSWORD.encode(), b"")

    told = audited(state)
    assert [(line["operation"], line["outcome"], UUID(line["task_id"])) for line in told] == [
        ("cancel", "done", pending),
        ("retry", "done", failed),
        ("extend", "done", running),
    ]
    assert [re.search(r"absurd\.(\w+)", line["sql"])[1] for line in told] == [  # type: ignore[index]
        "cancel_task",
        "retry_task",
        "extend_claim",
    ]
    assert all(line["xid"] and line["role"] == "postgres" and line["clock"] == "database" for line in told)
    file = state / "absurd-tui" / "audit.jsonl"
    assert PASSWORD not in file.read_text(), "neither a password nor a payload"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_keys_typed_or_pasted_in_one_go_confirm_nothing(side: Side, tmp_path: Path) -> None:
    pending = side.put("pending", "pack_order")
    with dashboard(side, tmp_path) as shown:
        shown.until_shown("pack_order")
        shown.press("1")
        shown.until_shown("mail › pack_order")
        for pasted in ("cy\n", "ccyy", "\x1b[200~cy\n\x1b[201~"):
            shown.press(pasted)
            shown.look(2 * DEAD)
            shown.press("escape")
            shown.until(lambda: "Cancel task" not in shown.text)
        assert side.row(pending)["state"] == "pending"
    assert audited(tmp_path) == []


def test_the_confirming_key_held_down_does_it_once(side: Side, tmp_path: Path) -> None:
    failed = side.put("failed", "send_mail")
    with dashboard(side, tmp_path) as shown:
        ask(shown, "r", "failed", "send_mail", failed, "Retry task")
        shown.press("down")
        shown.until_shown("(•) As a new task")
        for _ in range(30):
            shown.press("enter")
            shown.look(0.03)
        shown.until_shown("✓ Retried as new")
        assert side.value("select count(*) from absurd.t_mail") == 2
    assert [line["outcome"] for line in audited(tmp_path)] == ["done"]


def test_a_task_that_ended_meanwhile_is_not_cancelled(side: Side, tmp_path: Path) -> None:
    running = side.put("running", "charge_card")
    with dashboard(side, tmp_path) as shown:
        ask(shown, "c", "running", "charge_card", running, "Cancel task")

        async def complete(lifecycle: Lifecycle, connection: Any) -> None:
            run_id = await connection.fetchval("select last_attempt_run from absurd.t_mail where task_id = $1", running)
            await lifecycle.complete(QUEUE, run_id, {"ok": True})

        side.do(complete)
        shown.until_shown("Changed since you looked: completed now", "enter look again")
        shown.press("y")
        shown.look(DEAD)
        assert "Cancel task" in shown.text
        assert side.row(running)["state"] == "completed"
    assert audited(tmp_path) == []


def test_a_lock_that_somebody_holds_is_told_with_its_holder(side: Side, tmp_path: Path) -> None:
    pending = side.put("pending", "pack_order")
    with dashboard(side, tmp_path) as shown, asyncio.Runner() as runner:
        holder = runner.run(asyncpg.connect(side.dsn, server_settings={"application_name": "psql by hand"}))
        try:
            runner.run(holder.execute("begin"))
            runner.run(holder.execute(f"select from absurd.t_mail where task_id = '{pending}' for update"))
            ask(shown, "c", "pending", "pack_order", pending, "Cancel task")
            shown.press("y")
            shown.until_shown(f"Locked by pid {holder.get_server_pid()}, psql by hand", "Nothing changed.")
            runner.run(holder.execute("rollback"))
        finally:
            runner.run(holder.close())
        assert side.row(pending)["state"] == "pending"
    assert [line["outcome"] for line in audited(tmp_path)] == ["locked"]


def test_a_role_that_may_not_write_is_refused_with_the_grant(side: Side, tmp_path: Path) -> None:
    pending = side.put("pending", "pack_order")
    with dashboard(side, tmp_path, user="reader") as shown:
        ask(shown, "c", "pending", "pack_order", pending, "Cancel task")
        shown.press("y")
        shown.until_shown("✗ Refused · Role reader has no", "on absurd.", "Nothing changed.", "GRANT")
        shown.press("?")
        shown.until_shown("A database owner can allow it:", "GRANT ", 'TO "reader"')
        shown.press("q")
        shown.look(7.0)
        assert "✗ Refused" in shown.text, "bad news stays"
        shown.press("x")
        shown.until(lambda: "Refused" not in shown.text)
        assert side.row(pending)["state"] == "pending"
    (line,) = audited(tmp_path)
    assert (line["outcome"], line["role"], line["sql"]) == ("refused", "reader", None)


def test_read_only_has_no_key_that_writes_and_no_connection_that_could(side: Side, tmp_path: Path) -> None:
    pending = side.put("pending", "pack_order")
    with dashboard(side, tmp_path, "--read-only") as shown:
        shown.until_shown("READ ONLY", "pack_order")
        shown.press("1")
        shown.until_shown("mail › pack_order")
        before = side.value(_OURS)
        assert before in (1, 2), "one polls, one reads pages"
        for key, verb in (("c", "cancel"), ("e", "extend"), ("r", "retry")):
            shown.press(key)
            shown.until_shown(f"{verb}: read only.")
            shown.press("y")  # enter would open the page, which is read on a second connection
            shown.look(DEAD)
            shown.press("escape", "1")
            shown.until_shown("mail › pack_order")
        assert side.value(_OURS) == before, "no connection was made"
        assert side.value(_WRITERS) == 0
        assert side.row(pending)["state"] == "pending"
    assert not (tmp_path / "absurd-tui").exists()


def test_production_asks_for_the_end_of_the_id(side: Side, tmp_path: Path) -> None:
    pending = side.put("pending", "pack_order")
    with dashboard(side, tmp_path, "--production") as shown:
        shown.until_shown("PRODUCTION")
        ask(shown, "c", "pending", "pack_order", pending, "Cancel task")
        tail = str(pending)[-4:]
        shown.until_shown(f"Type {tail}, the end of the id")
        shown.press("y", "enter")
        shown.look(DEAD)
        assert side.row(pending)["state"] == "pending"
        shown.press("\x7f")
        shown.settle()  # Textual takes characters before the other keys of the same read
        shown.press(*tail.upper())
        shown.settle()
        shown.press("enter")
        shown.until_shown("✓ Cancelled · mail › pack_order")
        assert side.row(pending)["state"] == "cancelled"
    assert [line["outcome"] for line in audited(tmp_path)] == ["done"]
