"""A hot standby of a server of ours, made and run by the server's own programs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from absurd_tui.demo.binaries import closed_folder, find_binaries, server_account
from absurd_tui.demo.postgres import LocalPostgres

NEEDED = ("pg_basebackup", "pg_ctl")
REPLICATES = {"wal_level": "replica", "max_wal_senders": "4", "hot_standby_feedback": "off"}
"""Settings of a primary."""

WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Standby:
    """A standby that runs."""

    folder: Path

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def promote(self) -> None:
        run("pg_ctl", "promote", "-D", self.folder / "data", "-w")


@contextmanager
def standby_of(primary: LocalPostgres, **settings: str) -> Iterator[Standby]:
    """Copy the primary and follow it; skips where the server's programs for that are missing."""
    binaries, account = find_binaries(), server_account()
    if not all((binaries / name).exists() for name in NEEDED):
        pytest.skip(f"no {' or '.join(NEEDED)} beside the server in {binaries}")
    if account is not None and closed_folder(binaries, account) is not None:
        pytest.skip(f"{account.name}, which the server runs as, cannot enter {binaries}")
    folder = Path(tempfile.mkdtemp(prefix="standby-", dir="/tmp"))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    try:
        run(
            "pg_basebackup",
            "-D",
            folder / "data",
            "-R",
            "-c",
            "fast",
            "-h",
            primary.folder / "socket",
            "-U",
            "postgres",
        )
        own = {"unix_socket_directories": f"'{folder}'", "listen_addresses": "''", **settings}
        with (folder / "data" / "postgresql.auto.conf").open("a") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in own.items())
        run("pg_ctl", "start", "-D", folder / "data", "-w", "-l", folder / "log")
        until_there(folder / ".s.PGSQL.5432")
        yield Standby(folder)
    finally:
        run("pg_ctl", "stop", "-D", folder / "data", "-m", "immediate", "-w", check=False)
        shutil.rmtree(folder)


def run(program: str, *arguments: str | Path, check: bool = True) -> None:
    """Run one of the server's programs as the account that the server runs as."""
    account = server_account()
    done = subprocess.run(
        [find_binaries() / program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        cwd="/",
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr.decode()


def until_there(path: Path) -> None:
    end = time.monotonic() + WITHIN
    while not path.exists():
        assert time.monotonic() < end, f"{path} is not there"
        time.sleep(0.05)
