"""Small text files that a connection may refer to."""

from pathlib import Path

BLANK = " \t\n\r\v\f"
"""What libpq's C calls white space; Unicode has more, and a password may hold it."""


def is_plain_file(path: Path) -> bool:
    """Say whether there is a file that can be looked at; a folder one may not enter holds none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_lines(path: Path) -> list[str]:
    """Give the lines of a file without their ends; a byte that is not UTF-8 becomes a surrogate. Raises OSError."""
    return [line.rstrip("\r") for line in path.read_bytes().decode(errors="surrogateescape").split("\n")]
