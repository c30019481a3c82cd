"""What is kept from one run to the next, in one TOML file that nobody else may read.

Filters by name, the theme, and for each database the queue that was chosen last.
"""

import fcntl
import json
import os
import re
import stat
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

FILE = "kept.toml"
MOST_FILTERS = 200
MOST_DATABASES = 100
MOST_BYTES = 4_000_000
"""More than so many filters and queues can take."""

WAITED_FOR = 0.5
"""Seconds; a program holds the file for some milliseconds."""
_ASKED_EVERY = 0.005

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

_THEME, _FILTERS, _QUEUES = "theme", "filters", "queues"


class CannotKeep(Exception):
    """The file could not be read or written; the text is one raw line."""


@dataclass(frozen=True, slots=True)
class _Content:
    """All that is in the file: queues by the address of their database, the one chosen last at the end.

    `foreign` names what somebody else has written there, which would be lost.
    """

    theme: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    foreign: str | None = None


class Kept:
    """The file, read anew each time; where there is no path, all is kept as long as the program runs.

    All raise CannotKeep where the file is no such file: that is left as it is.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._content = _Content()

    @property
    def folder(self) -> Path | None:
        """Where the file is, None where there is none."""
        return self._path.parent if self._path is not None else None

    def filters(self) -> Mapping[str, str]:
        """Give the filters by name."""
        return self._read().filters

    def save(self, name: str, text: str) -> None:
        """Keep a filter under a name, in place of one that had it."""
        with _alone(self.folder):
            content = self._read()
            filters = {**content.filters, name: text}
            if len(filters) > MOST_FILTERS:
                raise CannotKeep(f"{MOST_FILTERS} filters are kept already; forget one first.")
            self._write(replace(content, filters=filters))

    def forget(self, name: str) -> None:
        """Keep a filter no longer."""
        with _alone(self.folder):
            content = self._read()
            self._write(replace(content, filters={k: text for k, text in content.filters.items() if k != name}))

    def theme(self) -> str | None:
        """Give the theme that was chosen last."""
        return self._read().theme

    def queue(self, address: str) -> str | None:
        """Give the queue that was chosen last in a database; None for all of them."""
        return self._read().queues.get(address)

    def remember_theme(self, theme: str) -> None:
        """Keep the theme."""
        with _alone(self.folder):
            self._write(replace(self._read(), theme=theme))

    def remember_queue(self, address: str, queue: str | None) -> None:
        """Keep the queue that is chosen in a database; of too many databases the one left first is forgotten."""
        with _alone(self.folder):
            content = self._read()
            queues = {known: name for known, name in content.queues.items() if known != address}
            queues |= {address: queue} if queue is not None else {}
            self._write(replace(content, queues=dict([*queues.items()][-MOST_DATABASES:])))

    def _read(self) -> _Content:
        if self._path is None:
            return self._content
        try:
            read = tomllib.loads(_text_of(self._path))
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise CannotKeep(f"{self._path} cannot be read: {error.strerror or error}.") from None
        except (ValueError, RecursionError):  # also a number or a nesting that Python itself refuses
            raise CannotKeep(f"{self._path} is no TOML; it is left as it is.") from None
        theme, filters, queues = read.get(_THEME), read.get(_FILTERS, {}), read.get(_QUEUES, {})
        is_ours = not set(read) - {_THEME, _FILTERS, _QUEUES} and isinstance(theme, str | None)
        if not is_ours or not isinstance(filters, dict) or not isinstance(queues, dict):
            raise CannotKeep(f"{self._path} holds something else; it is left as it is.")
        named = {name: text for name, text in filters.items() if isinstance(text, str) and NAME.fullmatch(name)}
        chosen = {address: queue for address, queue in queues.items() if isinstance(queue, str)}
        others = [name for name in filters if name not in named] + [name for name in queues if name not in chosen]
        foreign = others[0] if others else None
        return _Content(theme, named, chosen, foreign)

    def _write(self, content: _Content) -> None:
        if content.foreign is not None:
            raise CannotKeep(f'{self._path} holds "{content.foreign}", which cannot be kept; it is left as it is.')
        self._content = content
        if self._path is None:
            return
        lines = [f"{_THEME} = {_quoted(content.theme)}", ""] if content.theme is not None else []
        lines += [f"[{_FILTERS}]", *(f"{name} = {_quoted(text)}" for name, text in sorted(content.filters.items()))]
        lines += ["", f"[{_QUEUES}]", *(f"{_quoted(at)} = {_quoted(name)}" for at, name in content.queues.items())]
        try:
            _replace(self._path, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise CannotKeep(f"{self._path} cannot be written: {error.strerror or error}.") from None
        except UnicodeEncodeError:
            raise CannotKeep("What is no text cannot be kept.") from None


@contextmanager
def _alone(folder: Path | None) -> Iterator[None]:
    """Keep other programs from writing between our reading and our writing; who waits too long for them goes on."""
    opened = None
    if folder is not None:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if opened is not None:
            _wait_for(opened)
        yield
    finally:
        if opened is not None:
            os.close(opened)


def _wait_for(opened: int) -> None:
    until = time.monotonic() + WAITED_FOR
    while time.monotonic() < until:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_ASKED_EVERY)
        except OSError:
            return  # no locks on this file system
        else:
            return


def _quoted(text: str) -> str:
    """Write a basic string of TOML, which JSON's are but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text_of(path: Path) -> str:
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
