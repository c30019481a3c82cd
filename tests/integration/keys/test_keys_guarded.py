"""What keeps the keys that write from doing harm: pressed ahead, held down, too late, not allowed, not confirmed."""

import asyncio
import re
import stat
from pathlib import Path

import asyncpg
import pytest
from absurd_server import Database
from integration.keys.pressing import ask, audited, dashboard, go_to, until_at, until_below
from integration.keys.side import WORKER, Side
from terminal import QUITS_WITHIN

pytestmark = pytest.mark.slow

DEAD = 0.3
"""Seconds in which a new dialog takes no key, as promised."""

SECRET = "swordfish-at-dawn"


def state_of(side: Side, task_id: object) -> str:
    return str(side.value("select state from absurd.t_mail where task_id = $1", task_id))


def test_what_was_done_is_in_the_audit_and_no_secret(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", SECRET)
    state = tmp_path / "state"
    task_id = side.spawn("pack_order", {"card": SECRET})
    with dashboard(side.dsn, state) as shown:
        ask(shown, "c", "pending", "pack_order", task_id)
        shown.press("y")
        shown.until_shown("✓ Cancelled · mail › pack_order", "by this call.")
        shown.until(lambda: side.writers == 1)
        shown.press("q")
        assert shown.wait(QUITS_WITHIN) == 0
        shown.assert_restored()
        assert shown.said == []
        assert SECRET.encode() not in shown.raw

    (line,) = audited(state)
    assert (line["operation"], line["outcome"], line["task_id"]) == ("cancel", "done", str(task_id))
    assert re.search(r"absurd\.cancel_task\(", line["sql"])
    assert line["xid"]
    assert line["role"]
    assert line["clock"] == "database"
    file = state / "absurd-tui" / "audit.jsonl"
    assert SECRET not in file.read_text(), "neither a password nor a payload"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.fault(86)
def test_keys_typed_or_pasted_in_one_go_confirm_nothing(side: Side, tmp_path: Path) -> None:
    task_id = side.spawn("pack_order")
    with dashboard(side.dsn, tmp_path) as shown:
        go_to(shown, "pending", "pack_order", task_id)
        for pasted in ("cy\n", "ccyy", "\x1b[200~cy\n\x1b[201~"):
            shown.press(pasted)
            shown.look(3 * DEAD)
            shown.press("escape")
            shown.until(lambda: "Cancel task" not in shown.text)
        assert state_of(side, task_id) == "pending"
    assert audited(tmp_path) == []


@pytest.mark.fault(64)
def test_the_confirming_key_held_down_does_it_once(side: Side, tmp_path: Path) -> None:
    task_id = side.failed("send_mail")
    with dashboard(side.dsn, tmp_path) as shown:
        ask(shown, "r", "failed", "send_mail", task_id)
        shown.press("down")
        shown.until_offered("enter retry as a new task")
        shown.hold("enter", 0.9)
        shown.until_shown("✓ Retried as new")
        assert side.value("select count(*) from absurd.t_mail") == 2
    assert [line["outcome"] for line in audited(tmp_path)] == ["done"]


def test_a_task_that_ended_meanwhile_is_not_cancelled(side: Side, tmp_path: Path) -> None:
    task_id = side.running("charge_card").task_id
    with dashboard(side.dsn, tmp_path) as shown:
        ask(shown, "c", "running", "charge_card", task_id)
        side.complete(task_id)
        shown.until_shown("Changed since you looked: completed now", "enter look again")
        shown.press("y")
        shown.look(3 * DEAD)
        assert "Cancel task" in shown.text
        assert state_of(side, task_id) == "completed"
    assert audited(tmp_path) == []


@pytest.mark.fault(58)
def test_a_lock_that_somebody_holds_is_told_with_its_holder(side: Side, tmp_path: Path) -> None:
    task_id = side.spawn("pack_order")
    with dashboard(side.dsn, tmp_path) as shown, asyncio.Runner() as runner:
        holder = runner.run(asyncpg.connect(side.dsn, server_settings={"application_name": "psql by hand"}))
        try:
            runner.run(holder.execute("begin"))
            runner.run(holder.execute(f"select from absurd.t_mail where task_id = '{task_id}' for update"))
            ask(shown, "c", "pending", "pack_order", task_id)
            shown.press("y")
            shown.until_shown(f"Locked by pid {holder.get_server_pid()}, psql by hand", "Nothing changed.")
            runner.run(holder.execute("rollback"))
        finally:
            runner.run(holder.close())
        assert state_of(side, task_id) == "pending"
    assert [line["outcome"] for line in audited(tmp_path)] == ["locked"]


@pytest.mark.fault(37)
def test_a_role_that_may_not_write_is_told_the_grant_and_refused_it_once_that_is_taken_back(
    side: Side, viewer: Database, tmp_path: Path
) -> None:
    task_id = side.spawn("pack_order")
    with dashboard(viewer.dsn, tmp_path) as shown:
        go_to(shown, "pending", "pack_order", task_id)
        shown.press("c")
        shown.until_shown("cancel: ", "GRANT")
    side.value(f'grant update, delete on all tables in schema absurd to "{viewer.name}"')
    with dashboard(viewer.dsn, tmp_path) as shown:
        ask(shown, "c", "pending", "pack_order", task_id)
        side.value(f'revoke update, delete on all tables in schema absurd from "{viewer.name}"')
        shown.press("y")
        shown.until_shown(f"✗ Refused · Role {viewer.name} has no", "Nothing changed.", "GRANT")
        shown.press("?")
        shown.until_shown("A database owner can allow it:", "GRANT UPDATE ", f"{viewer.name};")
        shown.press("q")
        shown.until_shown("✗ Refused")
        shown.look(7.0)
        assert "✗ Refused" in shown.text, "bad news stays"
        shown.press("x")
        shown.until(lambda: "Refused" not in shown.text)
        assert state_of(side, task_id) == "pending"
    (line,) = audited(tmp_path)
    assert (line["outcome"], line["role"], line["sql"]) == ("refused", viewer.name, None)


@pytest.mark.fault(85)
def test_read_only_has_no_key_that_writes_and_no_connection_that_could(side: Side, tmp_path: Path) -> None:
    task_id = side.spawn("pack_order")
    with dashboard(side.dsn, tmp_path, "--read-only") as shown:
        shown.until_shown("READ ONLY")
        go_to(shown, "pending", "pack_order", task_id)
        before = side.connections
        assert before in (1, 2), "one polls, one reads pages"
        for key, verb in (("c", "cancel"), ("e", "extend"), ("r", "retry"), ("s", "spawn"), ("n", "spawn a copy")):
            assert key == "n" or not shown.is_offered(f"{key} {verb}")
            shown.press(key)
            shown.until_shown(f"{verb}: read only.")
            shown.press("y")  # enter would open the page, which is read on a second connection
            shown.look(DEAD)
        shown.until(lambda: side.connections == before)  # one that had been made would stay
        assert side.writers == 0
        assert state_of(side, task_id) == "pending"
    assert not (tmp_path / "absurd-tui").exists()


def test_production_asks_for_the_end_of_the_id(side: Side, tmp_path: Path) -> None:
    task_id = side.running("pack_order").task_id
    tail = str(task_id)[-4:]
    with dashboard(side.dsn, tmp_path, "--production") as shown:
        shown.until_shown("PRODUCTION")
        go_to(shown, "running", "pack_order", task_id)
        shown.press("c")
        asks = f"Type {tail}, the end of the id"
        shown.until_shown("Cancel task", asks, WORKER)
        until_below(shown, asks)  # one can type once the dialog's keys count
        shown.press("y")
        until_at(shown, " y ")
        shown.press("enter")
        shown.look(3 * DEAD)
        assert "Cancel task" in shown.text
        assert state_of(side, task_id) == "running"
        shown.press("backspace")
        shown.until(lambda: " y " not in shown.line_at_cursor)
        shown.press(tail.upper())
        shown.until_offered("enter cancel the task")
        shown.press("enter")
        shown.until_shown("✓ Cancelled · mail › pack_order")
        assert state_of(side, task_id) == "cancelled"
    assert [line["outcome"] for line in audited(tmp_path)] == ["done"]
