"""Somebody else is at the same task, or the program is left, while a write waits for a row that is locked."""

import re
import time
from pathlib import Path

import pytest
from integration.keys.holding import held
from integration.keys.pressing import ask, audited, dashboard
from integration.keys.side import Side
from terminal import QUITS_WITHIN

pytestmark = pytest.mark.slow

FIRST, SECOND = "✓ Retried · mail › send_mail", "= Already so · mail › send_mail"
LATE = 1.0
"""Seconds after which nothing is applied any more."""

WAITING = """
select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
   and application_name like 'absurd-tui/%'"""


@pytest.mark.fault(63)
def test_of_two_who_retry_at_once_one_is_told_that_somebody_was_first(side: Side, tmp_path: Path) -> None:
    task_id = side.failed("send_mail")
    with dashboard(side.dsn, tmp_path / "one") as one, dashboard(side.dsn, tmp_path / "two") as two:
        with held(side, task_id):
            for shown in (one, two):
                ask(shown, "r", "failed", "send_mail", task_id)
            for shown in (one, two):
                shown.press("enter")
            one.until(lambda: side.value(WAITING) == 2)
        for shown in (one, two):
            shown.until(lambda shown=shown: any(told in shown.text for told in (FIRST, SECOND)))  # type: ignore[misc]
        first, second = (one, two) if FIRST in one.text else (two, one)
        assert "pending, attempt 2." in first.text
        assert SECOND in second.text
        assert re.search(r"Not by this call, [0-3]s before: pending, attempt 2\.", second.text)
        assert side.task(task_id)["attempts"] == 2
        assert side.value("select count(*) from absurd.t_mail") == 1
        assert side.value("select count(*) from absurd.r_mail") == 2
    outcomes = [line["outcome"] for name in ("one", "two") for line in audited(tmp_path / name)]
    assert sorted(outcomes) == ["already so", "done"]


@pytest.mark.fault(62)
def test_who_leaves_while_a_write_waits_is_told_and_it_is_never_applied(side: Side, tmp_path: Path) -> None:
    task_id = side.spawn("pack_order")
    with dashboard(side.dsn, tmp_path) as shown:
        with held(side, task_id):
            ask(shown, "c", "pending", "pack_order", task_id)
            shown.press("y")
            shown.until_shown("… Cancelling · mail › pack_order")
            shown.press("q")
            assert shown.wait(QUITS_WITHIN + 1) == 0
        shown.assert_restored()
        (said,) = shown.said
        assert "cancel" in said
        assert f"…{str(task_id)[-8:]}" in said
        assert "was not committed, and the server undoes it" in said
    time.sleep(LATE)
    assert side.task(task_id)["state"] == "pending"
    (line,) = audited(tmp_path)
    assert (line["operation"], line["outcome"], line["task_id"]) == ("cancel", "not applied", str(task_id))
