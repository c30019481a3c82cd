"""What an operator does, in a terminal: the screen's words at each step, the rows, and what a real worker then does.

The worker is started only once the task was seen pending.
"""

import json
import re
import time
from pathlib import Path
from uuid import UUID

import pytest
from integration.keys.pressing import ask, audited, dashboard, dialog_text, fill_in, go_to, in_question
from integration.keys.side import OTHER_QUEUE, QUEUE, Side
from integration.keys.worker import WORKER, worker
from terminal import Terminal

pytestmark = pytest.mark.slow

DAY = 86_400


def spawn(shown: Terminal, **fields: str) -> None:
    """Press the key, fill in the form, and send it."""
    shown.press("s")
    fill_in(shown, {field.replace("_", " "): text for field, text in fields.items()})
    shown.until_offered(f"ctrl+s spawn {fields['task_name']}")
    shown.press("ctrl+s")


def stands(side: Side, task_id: UUID) -> tuple[str, str, int, int]:
    """State of a task and of its latest run, that run's attempt, and how many attempts it may have."""
    row = side.task(task_id)
    return row["state"], row["run_state"], row["attempt"], row["max_attempts"]


def told(state: Path) -> list[tuple[str, str, UUID]]:
    """What was written, what came of it, and about which task, as the audit file has it."""
    return [
        (line["operation"], line["outcome"], UUID(*line["spawned"] or [line["task_id"]])) for line in audited(state)
    ]


def clock_time(text: str, pattern: str) -> tuple[int, int]:
    """The clock time that stands on the screen behind a text: its second of the day, and how exact it is in seconds.

    That of another day has the day, and no seconds.
    """
    found = re.search(pattern + r" (?:\w{3} \d+ )?(\d\d):(\d\d)(?::(\d\d))?", text)
    assert found, text
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    return hours * 3_600 + minutes * 60 + seconds, 1 if found[3] else 60


def test_a_task_is_spawned_seen_pending_and_completed_by_a_worker_and_so_is_a_copy(side: Side, tmp_path: Path) -> None:
    with dashboard(side.dsn, tmp_path) as shown:
        spawn(shown, queue=QUEUE, task_name="charge_card", params='{"order": 7, "card": null}')
        shown.until_shown("✓ Spawned · …", f"in {QUEUE}", "Pending.")
        task_id = side.newest()
        assert f"…{str(task_id)[-8:]} in {QUEUE}" in shown.text
        assert stands(side, task_id) == ("pending", "pending", 1, 5)
        assert json.loads(side.task(task_id)["params"]) == {"order": 7, "card": None}
        assert side.value(f"select count(*) from absurd.t_{OTHER_QUEUE}") == 0
        go_to(shown, "pending", "charge_card", task_id)
        shown.until_shown("Nobody picked it up for", f"charge_card …{str(task_id)[-8:]}")
        assert stands(side, task_id) == ("pending", "pending", 1, 5)

        with worker(side.dsn, QUEUE, tmp_path):
            shown.until_shown("Completed after", f"Attempt 1 of 5, by {WORKER}.")
            go_to(shown, "completed", "charge_card", task_id)
            assert stands(side, task_id) == ("completed", "completed", 1, 5)
            assert json.loads(side.task(task_id)["result"]) == {"charged": 49}

            shown.press("n")
            shown.until_shown("Spawn a copy")
            shown.until_offered("ctrl+s spawn charge_card")
            shown.press("ctrl+s")
            shown.until(lambda: side.newest() != task_id)
            copy = side.newest()
            shown.until_shown("Completed after", f"charge_card …{str(copy)[-8:]}")
            shown.until_shown("5 ✓ Completed  2 of 2")
            shown.press("\x1b[H")  # it came in above the cursor
            shown.until(lambda: in_question(shown) == ("✓", str(copy)))
            assert stands(side, copy) == ("completed", "completed", 1, 5)
            assert json.loads(side.task(copy)["params"]) == {"order": 7, "card": None}
            assert stands(side, task_id) == ("completed", "completed", 1, 5)
    assert told(tmp_path) == [("spawn", "done", task_id), ("spawn", "done", copy)]


def test_a_task_that_failed_is_retried_and_completes(side: Side, tmp_path: Path) -> None:
    needed = tmp_path / "card"
    with dashboard(side.dsn, tmp_path) as shown:
        spawn(shown, queue=QUEUE, task_name="send_mail", params='{"needs": "card"}', max_attempts="1")
        shown.until_shown("✓ Spawned · …")
        task_id = side.newest()
        go_to(shown, "pending", "send_mail", task_id)
        assert stands(side, task_id) == ("pending", "pending", 1, 1)

        with worker(side.dsn, QUEUE, tmp_path):
            shown.until_shown("Failed after 1 attempt", "LookupError: no such card")
            assert stands(side, task_id) == ("failed", "failed", 1, 1)
            ask(shown, "r", "failed", "send_mail", task_id)
            assert "same task, attempt 2 of 2" in shown.text
            needed.touch()
            shown.press("enter")
            shown.until_shown("✓ Retried · mail › send_mail", "pending, attempt 2.")
            go_to(shown, "completed", "send_mail", task_id)
            assert stands(side, task_id) == ("completed", "completed", 2, 2)
            assert json.loads(side.task(task_id)["result"]) == {"sent": True}
    assert told(tmp_path) == [("spawn", "done", task_id), ("retry", "done", task_id)]


def test_a_claim_is_extended_to_what_the_dialog_says(side: Side, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    with dashboard(side.dsn, tmp_path) as shown:
        task_id = side.spawn("resize_video", {"until": ended.name})
        go_to(shown, "pending", "resize_video", task_id)
        with worker(side.dsn, QUEUE, tmp_path):
            ask(shown, "e", "running", "resize_video", task_id)
            assert f"claimed by {WORKER}" in shown.text
            shown.press("right")
            is_said = re.compile(r"becomes +((?:\w{3} \d+ )?\S+) +15m.*enter extend to \1", re.DOTALL)
            shown.until(lambda: is_said.search(shown.text) is not None)
            (said, exact), began = clock_time(shown.text, "enter extend to"), time.monotonic()
            shown.press("enter")
            shown.until_shown("✓ Extended · mail › resize_video", "the lease ends at")
            took = time.monotonic() - began
            row = side.task(task_id)
            later = (row["claim_expires_at"] - said) % DAY
            assert later <= took + 1 + exact, "it is set from the call on, and the dialog says it once a second"
            told_end, exact = clock_time(shown.text, "the lease ends at")
            assert 0 <= row["claim_expires_at"] % DAY - told_end < exact
            assert stands(side, task_id) == ("running", "running", 1, 1)
            shown.until(lambda: re.search(r"resize_video +mail .* 1[45]m", shown.text) is not None)
            ended.touch()
            go_to(shown, "completed", "resize_video", task_id)
            assert stands(side, task_id) == ("completed", "completed", 1, 1)
    assert told(tmp_path) == [("extend", "done", task_id)]


def test_a_task_is_cancelled_and_its_worker_learns_of_it(side: Side, tmp_path: Path) -> None:
    learned = tmp_path / "learned"
    with dashboard(side.dsn, tmp_path) as shown:
        task_id = side.spawn("import_orders", {"learned": learned.name})
        go_to(shown, "pending", "import_orders", task_id)
        with worker(side.dsn, QUEUE, tmp_path):
            ask(shown, "c", "running", "import_orders", task_id)
            for said in ("There is no way back", f"{WORKER} runs it and learns at its next checkpoint or heartbeat."):
                assert said in dialog_text(shown)
            shown.press("y")
            shown.until_shown("✓ Cancelled · mail › import_orders", "by this call.")
            assert stands(side, task_id) == ("cancelled", "cancelled", 1, 1)
            go_to(shown, "cancelled", "import_orders", task_id)
            shown.until(learned.exists)
            shown.until(lambda: learned.read_text() != "")
            assert "Cancelled" in learned.read_text()
            assert stands(side, task_id) == ("cancelled", "cancelled", 1, 1)
    assert told(tmp_path) == [("cancel", "done", task_id)]
