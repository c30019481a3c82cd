"""What was done, by whom, and what came of it: a ring in memory and a file of JSON lines, both without payloads."""

import errno
import fcntl
import getpass
import json
import os
import pwd
import stat
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

KEPT = 500
MOST_BYTES = 10_000_000
KEPT_FILES = 5
"""How many files that are full are kept beside the one that is written."""


class AuditItem(NamedTuple):
    """One task of a batch: how the operator saw it, and what came of it; `spawned` is its copy, where one was made."""

    task_id: UUID
    run_id: UUID
    before: str
    outcome: str
    spawned: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One write that was sent, or tried.

    `at` is ISO 8601 in UTC by the `clock` named: the database's where it was heard, else this computer's. `before` is
    what the operator saw, `after` what was read back. `outcome` is the outcome's type in words, `told` its sentence.
    `sql` is None when nothing was called, `absurdctl` where that has no such command. `seconds` is how long it took,
    `reason` what the operator gave as such, where it was asked for. `items` are the tasks of a batch, at most 100.
    """

    at: str
    clock: str
    os_user: str
    role: str
    server: str
    operation: str
    queue: str
    task_name: str
    task_id: UUID | None
    run_id: UUID | None
    before: str | None
    after: str | None
    spawned: tuple[UUID, ...]
    xid: int | None
    outcome: str
    told: str
    sql: str | None
    absurdctl: str | None
    seconds: float
    items: tuple[AuditItem, ...] = ()
    reason: str = ""


class Audit:
    """The records of this run, newest last; each is also added to the file, where there is one.

    A file that has grown large is put aside first, and so are a few before it. One that cannot be written stops
    nothing: `trouble` says in one raw line why the last record is not in it, or why the first would not be.
    """

    def __init__(self, path: Path | None, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._kept: deque[AuditRecord] = deque(maxlen=KEPT)
        self.trouble: str | None = None if path is None or _may_be_written(path) else _cannot(path, "permission denied")

    @property
    def path(self) -> Path | None:
        """Where the file is, None where there is none."""
        return self._path

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """The last 500 records, oldest first."""
        return tuple(self._kept)

    @property
    def folder(self) -> Path | None:
        """Where this program keeps what it writes down; None where it writes nothing down."""
        return self._path.parent if self._path is not None else None

    @property
    def is_kept(self) -> bool:
        """Whether there is a file, and it took the last record."""
        return self._path is not None and self.trouble is None

    def add(self, record: AuditRecord) -> None:
        """Keep a record."""
        self._kept.append(record)
        if self._path is None:
            return
        line = json.dumps(record, ensure_ascii=True, default=_as_json) + "\n"
        try:
            _append(self._path, line.encode(), self._most_bytes)
            self.trouble = None
        except OSError as error:
            self.trouble = _cannot(self._path, error.strerror or str(error))


def default_path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the file is: in $XDG_STATE_HOME, else in .local/state of $HOME, else of the account's home.

    A relative path counts as none: nothing is written into whatever folder the program is started in.
    """
    state = Path(environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        home = Path(environ.get("HOME", ""))
        if not home.is_absolute():
            try:
                home = Path(pwd.getpwuid(os.geteuid()).pw_dir)
            except KeyError:
                return None
        state = home / ".local" / "state"
    return state / "absurd-tui" / "audit.jsonl"


@cache
def os_user() -> str:
    """Who runs this program, by the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _as_json(value: object) -> object:
    """Name a record's values; what is none of JSON's own is written as its text."""
    if not isinstance(value, AuditRecord):
        return str(value)
    named = {name: getattr(value, name) for name in value.__slots__}
    return named | {"items": [item._asdict() for item in value.items]}


def _cannot(path: Path, why: str) -> str:
    return f"The audit file {path} cannot be written: {why}."


def _may_be_written(path: Path) -> bool:
    """Whether the file, or where it would be made, lets itself be written, as far as that can be told beforehand."""
    for place in (path, *path.parents):
        try:
            found = place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
        is_right = stat.S_ISREG(found.st_mode) if place == path else place.is_dir()
        return is_right and os.access(place, os.W_OK)
    return False


def _put_aside(path: Path) -> None:
    """Make room for a new file: the old ones move on by one, the oldest is overwritten."""
    for number in range(KEPT_FILES - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def _append(path: Path, line: bytes, most_bytes: int) -> None:
    """Add a line in one write; nobody else may read the file, and it is no link and no pipe.

    A folder that is there already keeps its mode: it may not be ours. Of two programs only the one that has the lock
    puts a full file aside; the other adds to it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    opened = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError("it is no file")
        os.fchmod(opened, 0o600)
        if os.fstat(opened).st_size + len(line) > most_bytes and _is_ours_to_put_aside(opened, path):
            _put_aside(path)
            os.close(opened)
            opened = os.open(path, flags, 0o600)
        written = os.write(opened, line)
        if written < len(line):
            _take_back(opened, written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(opened)


def _take_back(opened: int, written: int) -> None:
    """Take back the piece of a line that was all there was room for, unless another program has added to it."""
    end = os.lseek(opened, 0, os.SEEK_CUR)
    if os.fstat(opened).st_size == end:
        os.ftruncate(opened, end - written)


def _is_ours_to_put_aside(opened: int, path: Path) -> bool:
    """Whether the file is still the one at its place, is not empty, and nobody else is about to move it."""
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    here = os.fstat(opened)
    return here.st_size > 0 and os.path.samestat(here, path.lstat())
