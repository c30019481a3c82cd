"""The audit: a ring in memory, a file that only its owner reads, and no write stopped by either."""

import fcntl
import json
import os
import resource
import stat
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn
from uuid import UUID

import pytest

from absurd_tui.operations.audit import KEPT, KEPT_FILES, Audit, AuditItem, AuditRecord, default_path

ID = UUID("019a32d3-8425-7ae2-a5af-2f177be2d48a")


def record(number: int = 1) -> AuditRecord:
    return AuditRecord(
        at="2026-11-24T02:27:38Z",
        clock="database",
        os_user="ada",
        role="operator",
        server="operator@db1/orders",
        operation="cancel",
        queue="payments\n",
        task_name="charge_\x1bcard",
        task_id=ID,
        run_id=None,
        before="running, attempt 1",
        after=None,
        spawned=(ID,),
        xid=number,
        outcome="done",
        told="Cancelled",
        sql=None,
        absurdctl=None,
        seconds=0.01,
    )


def test_the_newest_five_hundred_are_kept() -> None:
    audit = Audit(None)
    for number in range(KEPT + 3):
        audit.add(record(number))
    assert [kept.xid for kept in audit.records] == list(range(3, KEPT + 3))
    assert audit.trouble is None


def test_each_record_is_one_line_of_ascii(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "audit.jsonl"
    audit = Audit(path)
    audit.add(record(1))
    audit.add(record(2))
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["xid"] for line in lines] == [1, 2]
    assert json.loads(lines[0])["task_id"] == str(ID)
    assert json.loads(lines[0])["queue"] == "payments\n"
    assert b"\x1b" not in path.read_bytes()


def test_only_the_owner_reads_it_also_where_it_was_open_before(tmp_path: Path) -> None:
    folder = tmp_path / "absurd-tui"
    folder.mkdir(mode=0o755)
    path = folder / "audit.jsonl"
    path.write_text("")
    path.chmod(0o644)
    Audit(path).add(record())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755, "a folder that was there before keeps its mode"


def test_a_folder_that_is_made_for_it_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "absurd-tui"
    Audit(folder / "audit.jsonl").add(record())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "no folder"])
def test_what_is_no_file_is_left_alone_and_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "audit.jsonl"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    if kind == "link":
        path.symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path = elsewhere / "audit.jsonl"
    audit = Audit(path)
    audit.add(record())
    assert audit.trouble is not None
    assert audit.trouble.startswith(f"The audit file {path} cannot be written: ")
    assert elsewhere.read_text() == ""
    assert len(audit.records) == 1


def test_trouble_that_is_over_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.mkdir()
    audit = Audit(path)
    audit.add(record())
    path.rmdir()
    audit.add(record())
    assert audit.trouble is None


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_STATE_HOME": "/var/state", "HOME": "/home/ada"}, "/var/state/absurd-tui/audit.jsonl"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/ada"}, "/home/ada/.local/state/absurd-tui/audit.jsonl"),
        ({"HOME": "/home/ada"}, "/home/ada/.local/state/absurd-tui/audit.jsonl"),
        ({"HOME": "relative"}, "/of/the/account/.local/state/absurd-tui/audit.jsonl"),
        ({}, "/of/the/account/.local/state/absurd-tui/audit.jsonl"),
    ],
)
def test_the_file_is_where_state_belongs(environ: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = SimpleNamespace(pw_dir="/of/the/account")
    monkeypatch.setattr("absurd_tui.operations.audit.pwd.getpwuid", lambda user: account)
    assert default_path(environ) == Path(path)


def test_an_account_without_a_home_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(user: int) -> NoReturn:
        raise KeyError(user)

    monkeypatch.setattr("absurd_tui.operations.audit.pwd.getpwuid", unknown)
    assert default_path({}) is None


def test_a_full_file_is_put_aside_and_a_few_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = Audit(path, most_bytes=1_500)
    for number in range(40):
        audit.add(record(number))
    assert audit.trouble is None
    files = [path, *(tmp_path / f"audit.jsonl.{number}" for number in range(1, KEPT_FILES + 1))]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 1_500 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    kept = [json.loads(line)["xid"] for file in reversed(files) for line in file.read_text().splitlines()]
    assert kept == list(range(40 - len(kept), 40)), "nothing is lost or out of order but the oldest"
    assert len(kept) > 10


def test_a_record_larger_than_a_file_is_kept_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = Audit(path, most_bytes=10)
    audit.add(record(1))
    audit.add(record(2))
    assert audit.trouble is None
    assert json.loads(path.read_text())["xid"] == 2
    assert json.loads((tmp_path / "audit.jsonl.1").read_text())["xid"] == 1


def test_a_full_file_that_another_program_puts_aside_is_added_to(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = Audit(path, most_bytes=10)
    audit.add(record(1))
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        audit.add(record(2))
    assert audit.trouble is None
    assert [json.loads(line)["xid"] for line in path.read_text().splitlines()] == [1, 2]


def test_a_record_of_which_only_a_piece_has_room_is_told_and_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = Audit(path)
    audit.add(record(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, limits[1]))
    try:
        audit.add(record(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert audit.trouble == f"The audit file {path} cannot be written: No space left on device."
    audit.add(record(3))
    assert [json.loads(line)["xid"] for line in path.read_text().splitlines()] == [1, 3]


def test_what_will_not_be_written_is_known_before_the_first_write(tmp_path: Path) -> None:
    assert Audit(tmp_path / "new" / "folder" / "audit.jsonl").trouble is None
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "audit.jsonl", tmp_path):
        trouble = Audit(path).trouble
        assert trouble is not None
        assert f"The audit file {path} cannot be written" in trouble
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file"], "looking makes nothing"


def test_the_tasks_of_a_batch_are_written_by_name(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    run, copy = UUID(int=7), UUID(int=8)
    item = AuditItem(ID, run, "failed, attempt 1", "done", copy)
    Audit(path).add(replace(record(), items=(item,)))
    written = json.loads(path.read_text())
    assert list(written) == [field.name for field in fields(AuditRecord)]
    assert written["spawned"] == [str(ID)]
    assert written["items"] == [
        {
            "task_id": str(ID),
            "run_id": str(run),
            "before": "failed, attempt 1",
            "outcome": "done",
            "spawned": str(copy),
        }
    ]
