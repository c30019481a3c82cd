"""Filters kept by name, in a TOML file that nobody else may read."""

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

FILE = "filters.toml"
MOST_FILTERS = 200
MOST_BYTES = 4_000_000
"""More than so many filters can take."""

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

_TABLE = "filters"


class CannotKeep(Exception):
    """The file could not be read or written; the text is one raw line."""


class SavedFilters:
    """The filters of a file, read anew each time; where there is no path, they are kept as long as the program runs."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._kept: dict[str, str] = {}

    @property
    def folder(self) -> Path | None:
        """Where the file is, None where there is none."""
        return self._path.parent if self._path is not None else None

    def all(self) -> Mapping[str, str]:
        """Give the filters by name. Raises CannotKeep where the file is no such file; none is there where it is not."""
        table = self._table()
        return {name: text for name, text in table.items() if _is_kept(name, text)}

    def save(self, name: str, text: str) -> None:
        """Keep a filter under a name, in place of one that had it. Raises CannotKeep."""
        kept = {**self._ours(), name: text}
        if len(kept) > MOST_FILTERS:
            raise CannotKeep(f"{MOST_FILTERS} filters are kept already; forget one first.")
        self._write(kept)

    def forget(self, name: str) -> None:
        """Keep a filter no longer. Raises CannotKeep."""
        self._write({known: text for known, text in self._ours().items() if known != name})

    def _table(self) -> dict[str, str]:
        """Read what stands in the file, also what is no filter of ours."""
        if self._path is None:
            return dict(self._kept)
        try:
            read = tomllib.loads(_read(self._path))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CannotKeep(f"{self._path} cannot be read: {error.strerror or error}.") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise CannotKeep(f"{self._path} is no TOML; it is left as it is.") from None
        table = read.get(_TABLE, {})
        if set(read) - {_TABLE} or not isinstance(table, dict):
            raise CannotKeep(f"{self._path} holds something else; it is left as it is.")
        return table

    def _ours(self) -> dict[str, str]:
        """Give all, unless something would be lost that somebody else has written there."""
        table = self._table()
        foreign = [name for name, text in table.items() if not _is_kept(name, text)]
        if foreign:
            raise CannotKeep(f'{self._path} holds "{foreign[0]}", which cannot be kept; it is left as it is.')
        return table

    def _write(self, filters: dict[str, str]) -> None:
        self._kept = filters
        if self._path is None:
            return
        lines = [f"[{_TABLE}]", *(f"{name} = {_quoted(text)}" for name, text in sorted(filters.items()))]
        try:
            _replace(self._path, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise CannotKeep(f"{self._path} cannot be written: {error.strerror or error}.") from None


def _is_kept(name: str, text: object) -> bool:
    return isinstance(text, str) and NAME.fullmatch(name) is not None


def _quoted(text: str) -> str:
    """Write a basic string of TOML, which JSON's are but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(path: Path) -> str:
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError("it is too large")
    return content.decode()


def _replace(path: Path, content: bytes) -> None:
    """Put a new file in the place of the old one, so that it is never half written; nobody else may read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError("it is no file")
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
