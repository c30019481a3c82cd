"""Records of writes as Markdown, and which of them are found by words."""

import stat
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from absurd_tui.operations.audit import AuditRecord
from absurd_tui.operations.markdown import as_markdown, export, holds

RECORD = AuditRecord(
    at="2026-11-24T02:27:38Z",
    clock="database",
    os_user="ada",
    role="operator",
    server="operator@db1/orders",
    operation="cancel",
    queue="payments",
    task_name="charge`card\x1b[31m\n# <script> @everyone [x](http://evil)",
    task_id=UUID("019a32d3-8425-7ae2-a5af-2f177be2d48a"),
    run_id=None,
    before="running, attempt 1",
    after="cancelled, attempt 1",
    spawned=(),
    xid=7,
    outcome="done",
    told="Cancelled · payments › @everyone [x](http://evil) …7be2d48a · Read back 02:27:38.",
    sql="select * from absurd.cancel_task('payments', '019a32d3')",
    absurdctl=None,
    seconds=0.01,
    reason="INC-7 *bad*",
)


def test_a_write_says_what_when_by_whom_and_why() -> None:
    said = as_markdown([RECORD])
    assert "**Written from absurd-tui: 1 write**" in said
    assert "- 2026-11-24T02:27:38Z cancel: **done**. Cancelled" in said
    assert "by ada as operator on operator\\@db1/orders; reason: INC\\-7 \\*bad\\*" in said
    assert "running, attempt 1 → cancelled, attempt 1" in said
    assert "`select * from absurd.cancel_task('payments', '019a32d3')`" in said


def test_nothing_from_the_database_is_a_link_a_mention_or_a_command() -> None:
    said = as_markdown([RECORD])
    assert "\x1b" not in said
    assert "\\@everyone \\[x\\]\\(http\\://evil\\)" in said
    assert "``charge`card␛[31m␊# <script> @everyone [x](http://evil)``" in said
    assert not any(line.startswith("#") for line in said.splitlines())


def test_an_address_is_no_link_although_it_is_not_marked_as_one() -> None:
    said = as_markdown([replace(RECORD, told="HTTPS://evil.example and WWW.evil.example", sql=None, task_name="x")])
    assert "HTTPS\\://evil.example and WWW\\.evil.example" in said


def test_the_oldest_is_told_first() -> None:
    later = replace(RECORD, at="2026-11-24T02:30:00Z", outcome="refused")
    said = as_markdown([later, RECORD])
    assert said.index("**done**") < said.index("**refused**")


@pytest.mark.parametrize(
    ("words", "is_held"),
    [
        ("", True),
        ("CANCEL done", True),
        ("7be2d48a", True),
        ("inc-7", True),
        ("cancel refused", False),
        ("absurd.cancel_task", False),
        ("ada", True),
    ],
)
def test_every_word_must_be_held(words: str, is_held: bool) -> None:
    assert holds(RECORD, words) is is_held


def test_it_is_written_beside_the_audit_for_its_owner_alone(tmp_path: Path) -> None:
    audit = tmp_path / "state" / "audit.jsonl"
    paths = [export([RECORD], audit) for _ in range(3)]
    assert len(set(paths)) == 3
    for path in paths:
        assert path.parent == audit.parent
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text(encoding="utf-8") == as_markdown([RECORD])
    with pytest.raises(OSError, match="no folder"):
        export([RECORD], None)
