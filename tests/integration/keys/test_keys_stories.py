"""What an operator does, in a terminal: the screen's words at each step, the rows, and what a worker then meets."""

import json
import re
import time
from pathlib import Path
from uuid import UUID

import pytest
from integration.keys.pressing import ask, audited, dashboard, dialog_text, fill_in, go_to
from integration.keys.side import OTHER_QUEUE, QUEUE, Side
from terminal import Terminal

from absurd_tui.lifecycle import Cancelled

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


def second_of_day(text: str, pattern: str) -> int:
    """The clock time that stands on the screen behind a text."""
    found = re.search(pattern + r" (\d\d):(\d\d):(\d\d)", text)
    assert found, text
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3_600 + minutes * 60 + seconds


def test_a_task_is_spawned_seen_pending_and_completed_by_a_worker(side: Side, tmp_path: Path) -> None:
    with dashboard(side.dsn, tmp_path) as shown:
        spawn(shown, queue=QUEUE, task_name="charge_card", params='{"order": 7, "card": null}')
        shown.until_shown("✓ Spawned · …", f"in {QUEUE}", "Pending;")
        task_id = side.newest()
        assert f"…{str(task_id)[-8:]} in {QUEUE}" in shown.text
        assert stands(side, task_id) == ("pending", "pending", 1, 5)
        assert json.loads(side.task(task_id)["params"]) == {"order": 7, "card": None}
        assert side.value(f"select count(*) from absurd.t_{OTHER_QUEUE}") == 0

        go_to(shown, "pending", "charge_card", task_id)
        claim = side.claim()
        assert (claim.task_id, claim.params) == (task_id, {"order": 7, "card": None})
        go_to(shown, "running", "charge_card", task_id)
        side.complete(task_id, {"charged": 49})
        go_to(shown, "completed", "charge_card", task_id)
        assert stands(side, task_id) == ("completed", "completed", 1, 5)
        assert json.loads(side.task(task_id)["result"]) == {"charged": 49}
    assert told(tmp_path) == [("spawn", "done", task_id)]


def test_a_task_that_failed_is_retried_and_completes(side: Side, tmp_path: Path) -> None:
    with dashboard(side.dsn, tmp_path) as shown:
        spawn(shown, queue=QUEUE, task_name="send_mail", max_attempts="1")
        shown.until_shown("✓ Spawned · …")
        task_id = side.newest()
        side.claim()
        side.fail(task_id)
        shown.until_shown("no such card")
        assert stands(side, task_id) == ("failed", "failed", 1, 1)

        ask(shown, "r", "failed", "send_mail", task_id)
        assert "same task, attempt 2 of 2" in shown.text
        shown.press("enter")
        shown.until_shown("✓ Retried · mail › send_mail", "pending, attempt 2.")
        assert stands(side, task_id) == ("pending", "pending", 2, 2)
        go_to(shown, "pending", "send_mail", task_id)

        claim = side.claim()
        assert (claim.task_id, claim.attempt) == (task_id, 2)
        side.complete(task_id)
        go_to(shown, "completed", "send_mail", task_id)
        assert stands(side, task_id) == ("completed", "completed", 2, 2)
    assert told(tmp_path) == [("spawn", "done", task_id), ("retry", "done", task_id)]


def test_a_claim_is_extended_to_what_the_dialog_says(side: Side, tmp_path: Path) -> None:
    claim = side.running("resize_video", lease=250)
    with dashboard(side.dsn, tmp_path) as shown:
        ask(shown, "e", "running", "resize_video", claim.task_id)
        shown.press("right")
        shown.until(lambda: "becomes" in shown.text and re.search(r"becomes +\S+ +15m", shown.text) is not None)
        said, began = second_of_day(shown.text, "enter extend to"), time.monotonic()
        shown.press("enter")
        shown.until_shown("✓ Extended · mail › resize_video", "the lease ends at")
        took = time.monotonic() - began
        row = side.task(claim.task_id)
        later = (row["claim_expires_at"] - said) % DAY
        assert later <= took + 2, "it is set from the moment of the call on, and the dialog says it once a second"
        assert int(row["claim_expires_at"]) % DAY == second_of_day(shown.text, "the lease ends at")
        assert stands(side, claim.task_id) == ("running", "running", 1, 1)
        shown.until(lambda: re.search(r"resize_video +mail .* 1[45]m", shown.text) is not None)
    assert told(tmp_path) == [("extend", "done", claim.task_id)]


def test_a_task_is_cancelled_and_its_worker_learns_of_it(side: Side, tmp_path: Path) -> None:
    claim = side.running("import_orders")

    def checkpoint(name: str) -> None:
        side.do(lambda lifecycle: lifecycle.set_checkpoint(QUEUE, claim.task_id, name, {"rows": 1}, claim.run_id))

    checkpoint("first half")
    with dashboard(side.dsn, tmp_path) as shown:
        ask(shown, "c", "running", "import_orders", claim.task_id)
        for said in ("There is no way back", "worker-1:77 runs it and learns at its next checkpoint or heartbeat."):
            assert said in dialog_text(shown)
        shown.press("y")
        shown.until_shown("✓ Cancelled · mail › import_orders", "by this call.")
        assert stands(side, claim.task_id) == ("cancelled", "cancelled", 1, 1)
        with pytest.raises(Cancelled) as learned:
            checkpoint("second half")
        assert learned.value.sqlstate == "AB001"
        go_to(shown, "cancelled", "import_orders", claim.task_id)
    assert told(tmp_path) == [("cancel", "done", claim.task_id)]
