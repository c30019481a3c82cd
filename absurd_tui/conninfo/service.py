"""Named services: groups of connection parameters in pg_service.conf, read as libpq reads them."""

from collections.abc import Mapping
from pathlib import Path

from absurd_tui.conninfo.files import BLANK, is_plain_file, read_lines
from absurd_tui.conninfo.parameters import check_keyword
from absurd_tui.errors import InvalidConnection

_FILE = "pg_service.conf"
_SYSTEM_FOLDERS = ("/etc/postgresql-common", "/etc/sysconfig/pgsql", "/etc", "/usr/local/etc", "/opt/homebrew/etc")


def read_service(
    name: str, *, file: str | None, environ: Mapping[str, str], home: Path | None
) -> list[tuple[str, str]]:
    """Give the parameters of a service; of one that stands twice in its group, the first counts.

    Looked for in `file` (servicefile= or PGSERVICEFILE) or else ~/.pg_service.conf, then in PGSYSCONFDIR or the
    folder of the system. A service that is in none of them is an error: nothing falls back to another database.
    """
    if file and not is_plain_file(Path(file)):
        raise InvalidConnection("the service file that PGSERVICEFILE or servicefile names is not there")
    own = [Path(file)] if file else [home / f".{_FILE}"] if home else []
    folders = [environ["PGSYSCONFDIR"]] if environ.get("PGSYSCONFDIR") else _SYSTEM_FOLDERS
    for path in filter(is_plain_file, [*own, *(Path(folder, _FILE) for folder in folders)]):
        try:
            group = _group(read_lines(path), name)
        except OSError:
            raise InvalidConnection("the service file cannot be read") from None
        if group is not None:
            return group
    where = "the file that PGSERVICEFILE or servicefile names" if file else "~/.pg_service.conf"
    raise InvalidConnection(f"the service to connect to is neither in {where} nor in the system's {_FILE}")


def _group(lines: list[str], name: str) -> list[tuple[str, str]] | None:
    """Give the pairs of the first group of this name, or None where there is none. No interpolation, no trimming."""
    pairs: dict[str, str] | None = None
    for number, line in enumerate((line.strip(BLANK) for line in lines), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if pairs is not None:
                break
            pairs = {} if line.startswith(f"[{name}]") else None
        elif pairs is not None:
            keyword, equals, value = line.partition("=")
            if not equals:
                raise InvalidConnection(f"service file, line {number}: write keyword=value")
            if keyword in ("service", "servicefile"):
                raise InvalidConnection(f"service file, line {number}: a service cannot name another service")
            check_keyword(keyword, f"service file: line {number}")
            pairs.setdefault(keyword, value)
    return None if pairs is None else list(pairs.items())
