"""The password file (~/.pgpass): `host:port:database:user:password` a line, read as libpq reads it."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from absurd_tui.conninfo.files import read_lines
from absurd_tui.conninfo.secret import Secret

_PASSWORD = r"((?:\\.|[^:])*)"
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """The lines of a password file; `note` says why a file that is there is not used."""

    lines: tuple[Secret, ...] = ()
    note: str | None = None

    def password(self, *, host: str, port: int, database: str, user: str) -> Secret | None:
        """Give the password of the first line that fits, or None. `*` fits everything."""
        fields = (rf"(?:\*|{_pattern(value)}):" for value in (host, str(port), database, user))
        fitting = re.compile("".join(fields) + _PASSWORD, re.DOTALL)
        for line in self.lines:
            found = fitting.match(line.reveal())
            if found:
                return Secret(_ESCAPE.sub(r"\1", found[1])) if found[1] else None
        return None


def read_password_file(path: Path, *, named: bool) -> PasswordFile:
    """Read a password file; one that others may read is ignored, as libpq does.

    `named`: somebody named the file (passfile= or PGPASSFILE), so that its absence is worth a note.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return PasswordFile(note="the password file that was named is not there" if named else None)
    if not stat.S_ISREG(mode):
        return PasswordFile(note=None if str(path) == os.devnull else "the password file is ignored: not a plain file")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return PasswordFile(note="the password file is ignored: others may read it; chmod 600 makes it usable")
    try:
        lines = read_lines(path)
    except OSError:
        return PasswordFile(note="the password file is ignored: it cannot be read")
    return PasswordFile(tuple(Secret(line) for line in lines if line and not line.startswith("#")))


def _pattern(value: str) -> str:
    """Match a value as the file may write it: a backslash may stand before any character, and must before another.

    So an IPv6 address or another value with colons fits with and without backslashes.
    """
    return "".join(r"\\\\" if character == "\\" else rf"\\?{re.escape(character)}" for character in value)
