"""Many tasks in a terminal: marked, looked through, confirmed, and told one by one, while others are at some."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from integration.keys.holding import held
from integration.keys.pressing import audited, dashboard
from integration.keys.side import QUEUE, Side
from terminal import Terminal

pytestmark = pytest.mark.slow

NUMBER = 8


def mark_all_failed(shown: Terminal, number: int) -> None:
    """Mark what is in view, then all that failed."""
    shown.until_shown("charge_1", "4 ✗ Failed")
    shown.press("4")
    shown.until_shown(f" of {number}")
    shown.press("*")
    shown.until_shown("marked in Failed; * again marks all")
    shown.press("*")
    shown.until_shown("all failed tasks of all queues")


def confirm(shown: Terminal, act: str) -> None:
    shown.until_offered(act)
    shown.press("y")


def written(state: Path) -> dict[UUID, str]:
    """What came of each task, as the list that was written has it."""
    (path,) = state.glob("absurd-tui/retry*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {UUID(line["task_id"]): line["outcome"] for line in lines}


def test_a_bulk_retry_tells_each_of_three_that_changed_meanwhile(side: Side, tmp_path: Path) -> None:
    tasks = [side.failed(f"charge_{number}") for number in range(NUMBER)]
    cancelled, retried, locked, *others = tasks
    with dashboard(side.dsn, tmp_path) as shown:
        mark_all_failed(shown, NUMBER)
        shown.press("r")
        shown.until_shown(f"─ Retry {NUMBER} tasks ─", f"{NUMBER} ✓ can be retried in place", "0 · no longer as they")
        shown.until_offered("y retry 5 as canary")
        shown.press("k")
        shown.until_offered(f"y retry {NUMBER} tasks")
        side.do(lambda lifecycle: lifecycle.retry(QUEUE, cancelled))
        side.do(lambda lifecycle: lifecycle.retry(QUEUE, retried))
        side.do(lambda lifecycle: lifecycle.cancel(QUEUE, cancelled))
        with held(side, locked):
            confirm(shown, f"y retry {NUMBER} tasks")
            shown.until_shown(
                "8 of 8",
                "✓       5  retried, read back as pending",
                "=       1  already so: somebody was first",
                "!       1  changed or gone: left alone",
                "…       1  locked, or undone by the server",
                f"{str(cancelled)[-8:]}  changed: now cancelled, attempt 2",
            )
            assert side.task(locked)["attempts"] == 1
        confirm(shown, "y retry the other 1")
        shown.until_shown("✓       6  retried, read back as pending", "0  locked, or undone")
        shown.until_offered("l list as file")
        shown.press("l")
        shown.until_shown("Written: ")
        shown.press("escape")
        shown.until_shown("4 ✗ Failed  0")
    assert [(side.task(task_id)["state"], side.task(task_id)["attempts"]) for task_id in tasks] == [
        ("cancelled", 2),
        *[("pending", 2)] * (NUMBER - 1),
    ]
    assert side.value("select count(*) from absurd.r_mail") == 2 * NUMBER, "no task was retried twice"
    assert written(tmp_path) == {
        cancelled: "changed",
        retried: "already so",
        locked: "done",
        **dict.fromkeys(others, "done"),
    }
    first, second = audited(tmp_path)
    assert {UUID(item["task_id"]): item["outcome"] for item in first["items"]} == {
        cancelled: "changed",
        retried: "already so",
        locked: "locked",
        **dict.fromkeys(others, "done"),
    }
    assert [(item["task_id"], item["outcome"]) for item in second["items"]] == [(str(locked), "done")]


def test_tasks_are_retried_as_new_once_though_they_are_marked_again(side: Side, tmp_path: Path) -> None:
    tasks = [side.failed(f"charge_{number}") for number in range(3)]
    with dashboard(side.dsn, tmp_path) as shown:
        mark_all_failed(shown, len(tasks))
        shown.press("r")
        shown.until_offered("y retry 3 tasks")
        shown.press("n")
        shown.until_shown("3 ✓ can be copied")
        confirm(shown, "y retry 3 tasks as new")
        shown.until_shown("3 of 3", "✓       3  retried as new, the copy read back", "copied as …")
        shown.press("escape")
        shown.until_shown("1 ◌ Pending  3")
        mark_all_failed(shown, len(tasks))
        shown.press("r")
        shown.until_offered("y retry 3 tasks")
        shown.press("n")
        shown.until_shown("3 = copied before, for the same failure: left out", "Nothing can be done to any of them.")
        shown.press("escape")
    headers = "select count(distinct headers ->> 'absurd-tui-copied-from') from absurd.t_mail where state = 'pending'"
    assert side.value(headers) == 3
    assert side.value("select count(*) from absurd.t_mail") == 6
