"""From what the user gave to a `ConnSpec`: the choice of the source, and libpq's precedence."""

import os
import pwd
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from absurd_tui.conninfo.hosts import read_hosts
from absurd_tui.conninfo.parameters import ENVIRONMENT, HARMLESS, IGNORED, REFUSED
from absurd_tui.conninfo.passfile import read_password_file
from absurd_tui.conninfo.secret import Secret
from absurd_tui.conninfo.service import read_service
from absurd_tui.conninfo.source import EXAMPLE, Statement, check_text, looks_like_connection_string, read_statement
from absurd_tui.conninfo.spec import SOCKET_FOLDERS, ConnSpec
from absurd_tui.conninfo.tls import read_tls
from absurd_tui.errors import InvalidConnection

_SESSIONS = ("any", "read-write", "read-only", "primary", "standby", "prefer-standby")
_STRING = "connection string"
_READABLE = (
    "the password in the connection string can be read by everybody on this machine while this program runs; "
    "~/.pgpass, a service file and PGPASSWORD keep it to yourself"
)


class NothingToConnectTo(InvalidConnection):
    """Nobody said which database: no argument, and none of the environment variables that name one."""


class _Setting(NamedTuple):
    value: str
    origin: str


_Settings = dict[str, _Setting]


def resolve(
    dsn: str | None,
    *,
    host: str | None = None,
    port: str | int | None = None,
    user: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> ConnSpec:
    """Say where to connect, from a connection string, single arguments and the environment.

    `dsn` is a URI, a keyword string or a database name; without it, or where it is empty (as with absurdctl),
    ABSURD_DATABASE_URL is read, then PGDATABASE, both in the same three forms. The string wins over `host`, `port`
    and `user` (as with psql), these over the service, the service over PG* variables. A database name alone means
    localhost (as with absurdctl), anything else without a host the local socket (as with psql), or localhost where
    there is no socket.

    Raises NothingToConnectTo, or InvalidConnection with one line that quotes nothing of what was given.
    """
    arguments = {
        name: _Setting(str(value), f"{name} argument")
        for name, value in (("host", host), ("port", port), ("user", user))
        if value is not None and value != ""
    }
    statement = _statement(dsn, environ)
    if statement is None and not arguments and not any(map(environ.get, ("PGHOST", "PGHOSTADDR", "PGSERVICE"))):
        raise NothingToConnectTo(
            "nothing to connect to: no connection string was given, and none of ABSURD_DATABASE_URL, PGDATABASE, "
            f"PGHOST, PGHOSTADDR and PGSERVICE is set; give one, {EXAMPLE}"
        )
    home = _home(environ)
    notes = list(statement.notes) if statement else []
    settings = _settle(statement, arguments, environ, home, notes)
    return _spec(settings, "localhost" if statement and statement.is_name else None, home, notes)


def _statement(dsn: str | None, environ: Mapping[str, str]) -> Statement | None:
    if dsn:
        return read_statement(dsn, _STRING)
    for variable in ("ABSURD_DATABASE_URL", "PGDATABASE"):
        if environ.get(variable):
            return read_statement(environ[variable], variable)
    return None


def _settle(
    statement: Statement | None,
    arguments: _Settings,
    environ: Mapping[str, str],
    home: Path | None,
    notes: list[str],
) -> _Settings:
    """Lay the sources over each other: who comes first wins. A name out of PGDATABASE stays environment."""
    settings: _Settings = {}
    named = {} if statement is None else _from(statement.pairs, statement.origin)
    is_environment = statement is not None and statement.is_name and statement.origin == "PGDATABASE"
    if not is_environment:
        settings |= named
    for keyword, setting in arguments.items():
        if keyword in settings:
            notes.append(f"the {setting.origin} is ignored: the {settings[keyword].origin} names its own {keyword}")
        settings.setdefault(keyword, setting)
    variables = {
        keyword: _Setting(environ[variable], variable)
        for keyword, variable in ENVIRONMENT.items()
        if environ.get(variable)
    }
    if environ.get("PGREQUIRESSL", "").startswith("1"):
        variables.setdefault("sslmode", _Setting("require", "PGREQUIRESSL"))
    service = settings.get("service", variables.get("service"))
    if service is not None:
        file = settings.get("servicefile", variables.get("servicefile"))
        check_text(service.value, service.origin)
        group = read_service(service.value, file=file.value if file else None, environ=environ, home=home)
        settings = _from(group, "service file") | settings
    settings = variables | (named if is_environment else {}) | settings
    for setting in settings.values():
        check_text(setting.value, setting.origin)
    return settings


def _from(pairs: Iterable[tuple[str, str]], origin: str) -> _Settings:
    """Remember where parameters came from; of one that stands twice, the last counts."""
    return {keyword: _Setting(value, origin) for keyword, value in pairs}


def _spec(settings: _Settings, default_host: str | None, home: Path | None, notes: list[str]) -> ConnSpec:
    values = {keyword: setting.value for keyword, setting in settings.items()}
    notes += _set_aside(settings)
    with _blaming(settings, "host", "hostaddr", "port"):
        hosts = read_hosts(values, default_host)
    with _blaming(settings, *(keyword for keyword in settings if keyword.startswith("ssl"))):
        tls = read_tls(values, home)
    if tls.mode == "verify-full" and any(name != address for name, address, _ in hosts):
        raise InvalidConnection("sslmode=verify-full cannot check a host name beside hostaddr; leave hostaddr out")
    if values.get("sslrootcert") and tls.mode in ("allow", "prefer"):
        notes.append(f"sslrootcert is not looked at with sslmode={tls.mode}; sslmode=verify-full checks everything")
    with _blaming(settings, "target_session_attrs", "connect_timeout"):
        sessions = _sessions(values.get("target_session_attrs") or "any")
        seconds = _seconds(values.get("connect_timeout") or "0")
    user = values.get("user") or _system_user()
    database = values.get("dbname") or user
    with _blaming(settings, "dbname"):
        if looks_like_connection_string(database):
            raise InvalidConnection("a connection string stands where the name of a database belongs")
    password = Secret(values["password"]) if values.get("password") else None
    if password is not None and settings["password"].origin == _STRING:
        notes.append(_READABLE)
    if password is None:
        password = _password_from_file(values.get("passfile"), home, hosts, user, database, notes)
    application_name = values.get("application_name") or values.get("fallback_application_name")
    startup = {"application_name": application_name, "options": values.get("options")}
    spec = ConnSpec(
        hosts=tuple((address, port) for _, address, port in hosts),
        user=user,
        database=database,
        password=password,
        tls=tls,
        server_settings={name: value for name, value in startup.items() if value},
        connect_timeout=seconds,
        target_session_attrs=sessions,
        kerberos_service=values.get("krbsrvname") or "postgres",
        notes=tuple(notes),
    )
    spec.attempts()  # a certificate file that cannot be read is an error now, not at the first reconnect
    return spec


def _set_aside(settings: _Settings) -> Iterator[str]:
    """Give a note for each parameter that has no effect here; refuse one that must not be set aside."""
    for keyword, (value, origin) in settings.items():
        if not value or value.lower() in HARMLESS.get(keyword, ()):
            continue
        if keyword in REFUSED:
            raise InvalidConnection(f"{origin}: {keyword} asks for what this program cannot do; leave it out to go on")
        if keyword in IGNORED:
            yield f"{keyword} ({origin}) is ignored: {IGNORED[keyword]}"


def _password_from_file(
    named: str | None,
    home: Path | None,
    hosts: list[tuple[str, str, int]],
    user: str,
    database: str,
    notes: list[str],
) -> Secret | None:
    """Look each host up; a socket in a usual folder stands in the file as localhost, as in libpq."""
    path = Path(named) if named else home / ".pgpass" if home else None
    if path is None:
        return None
    file = read_password_file(path, named=bool(named))
    if file.note:
        notes.append(file.note)
    found = {
        file.password(host="localhost" if name in SOCKET_FOLDERS else name, port=port, database=database, user=user)
        for name, _, port in hosts
    }
    if len(found) > 1:
        raise InvalidConnection("the password file must give the same password for every host of the list")
    password = found.pop()
    if password is not None:
        check_text(password.reveal(), "password file")
    return password


def _sessions(text: str) -> str:
    if text not in _SESSIONS:
        raise InvalidConnection(f"target_session_attrs must be one of {', '.join(_SESSIONS)}")
    return text


def _seconds(text: str) -> int | None:
    """Read connect_timeout; 0 and less mean no limit in libpq, and no wish here."""
    if not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text, re.ASCII):
        raise InvalidConnection("connect_timeout must be a whole number of seconds")
    return max(int(text), 0) or None


def _home(environ: Mapping[str, str]) -> Path | None:
    if environ.get("HOME"):
        return Path(environ["HOME"])
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return None


def _system_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise InvalidConnection("there is no user name: this account has none, so give one (user= or PGUSER)") from None


@contextmanager
def _blaming(settings: _Settings, *keywords: str) -> Iterator[None]:
    """Say in an error which of these parameters came from somewhere else than the connection string."""
    try:
        yield
    except InvalidConnection as problem:
        origins = {keyword: settings[keyword].origin for keyword in keywords if keyword in settings}
        elsewhere = ", ".join(f"{keyword}: {origin}" for keyword, origin in origins.items() if origin != _STRING)
        raise InvalidConnection(f"{problem} ({elsewhere})" if elsewhere else str(problem)) from None
