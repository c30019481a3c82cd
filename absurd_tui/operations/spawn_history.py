"""The params that were spawned from here, by task name: a file that nobody else may read, for the spawn form."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from absurd_tui.operations.audit import default_path

MOST_NAMES = 100
MOST_PARAMS = 5
MOST_CHARACTERS = 64_000
"""Of params that are larger nothing is kept."""

_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """Params that were sent, as JSON text, at a time in seconds since 1970."""

    params: str
    at: float


class SpawnHistory:
    """The last few params of each task name, newest first; also those of earlier runs, where there is a file.

    A file that cannot be read counts as empty, and one that cannot be written stops nothing: `trouble` says why, in
    one raw line. What another program has added meanwhile is kept.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept: dict[str, tuple[Sent, ...]] = {}
        self._was_read = path is None
        self.trouble: str | None = None

    def names(self) -> tuple[str, ...]:
        """The names of tasks that were spawned from here, newest first."""
        self._read_once()
        return tuple(reversed(self._kept))

    def of(self, task_name: str) -> tuple[Sent, ...]:
        """The params that were spawned last under a name, newest first."""
        self._read_once()
        return self._kept.get(task_name, ())

    def remember(self, task_name: str, params: str, at: float) -> None:
        """Keep params that were spawned."""
        if len(params) > MOST_CHARACTERS:
            return
        if self._path is not None:
            self._kept, self._was_read = _read(self._path) or self._kept, True
        others = tuple(sent for sent in self._kept.pop(task_name, ()) if sent.params != params)
        self._kept[task_name] = (Sent(params, at), *others)[:MOST_PARAMS]
        self._kept = dict(list(self._kept.items())[-MOST_NAMES:])
        if self._path is None:
            return
        try:
            _write(self._path, self._kept)
            self.trouble = None
        except OSError as error:
            self.trouble = f"The spawn history {self._path} cannot be written: {error.strerror or error}."

    def _read_once(self) -> None:
        if not self._was_read and self._path is not None:
            self._was_read = True
            self._kept = _read(self._path)


def history_path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the file is: beside the audit's."""
    audit = default_path(environ)
    return audit.with_name("spawned.json") if audit is not None else None


def _read(path: Path) -> dict[str, tuple[Sent, ...]]:
    """Read the file, if it is one of this user's and holds what was written here."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return {}
    with os.fdopen(opened, "rb") as file:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _MOST_BYTES:
            return {}
        try:
            names = json.loads(file.read())
            return {
                str(name): tuple(Sent(str(sent["params"]), float(sent["at"])) for sent in kept)[:MOST_PARAMS]
                for name, kept in names.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return {}


def _write(path: Path, kept: Mapping[str, tuple[Sent, ...]]) -> None:
    """Put a new file in the place of the old one, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    names = {name: [{"params": sent.params, "at": sent.at} for sent in sents] for name, sents in kept.items()}
    fresh.unlink(missing_ok=True)
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "w", encoding="ascii") as file:
        json.dump(names, file)
    fresh.replace(path)
