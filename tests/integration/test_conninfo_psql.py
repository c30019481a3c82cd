"""psql itself as the oracle, on a real server: the same user, database, host and port, or a refusal."""

import asyncio
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from absurd_server import SERVER

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.errors import InvalidConnection

PSQL = shutil.which("psql")
REACHED = re.compile(
    r'to database "(?P<database>.*)" as user "(?P<user>.*)" (?:on host|via socket in) "(?P<host>.*?)".* '
    r'at port "(?P<port>\d+)"'
)
NO_DATABASE = re.compile(r'FATAL: +database "(?P<database>.*)" does not exist')
NO_ROLE = re.compile(r'FATAL: +role "(?P<user>.*)" does not exist')


@dataclass(frozen=True, slots=True)
class Place:
    """A server that listens in a folder, and a database it has."""

    folder: str
    port: int
    user: str
    database: str
    home: Path

    def filled(self, text: str) -> str:
        quoted = self.folder.replace("/", "%2F")
        return text.format(
            folder=self.folder, quoted=quoted, port=self.port, user=self.user, db=self.database, home=self.home
        )


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    server = resolve(request.config.stash[SERVER].admin_dsn)
    if not server.is_local:
        pytest.skip("the server that was brought listens on no Unix socket")
    (folder, port), *_ = server.hosts
    here = Place(folder, port, server.user, server.database, tmp_path)
    service = "host={folder}\nport={port}\nuser={user}\ndbname={db}\n"
    service = f"[there]\n{service}[percent]\npassword=100%%s\n{service}[nested]\nservice=there\n"
    (tmp_path / ".pg_service.conf").write_text(here.filled(service))
    return here


async def psql(dsn: str, environ: dict[str, str]) -> dict[str, str] | None:
    """Say what psql reached, or what the server told it was missing; None where psql refused or found no server."""
    if PSQL is None:
        pytest.skip("psql is not on this machine, so there is no oracle")
    process = await asyncio.create_subprocess_exec(
        *(PSQL, "-X", "-w", "-d", dsn, "-c", r"\conninfo"),
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PGCONNECT_TIMEOUT": "5", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    found = REACHED.search(output) or NO_DATABASE.search(output) or NO_ROLE.search(output)
    return found and found.groupdict()


def seen(spec: ConnSpec) -> dict[str, str]:
    (host, port), *_ = spec.hosts
    return {"database": spec.database, "user": spec.user, "host": host, "port": str(port)}


HERE = {"PGHOST": "{folder}", "PGPORT": "{port}", "PGUSER": "{user}"}


@pytest.mark.fault(46, 49, 50, 52)
@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        ("postgresql://{user}@{quoted}:{port}/{db}", {}),
        ("postgres:///{db}?host={folder}&port={port}&user={user}", {}),
        ("postgresql:///nothing?dbname={db}", HERE),
        ("postgresql://{quoted}:{port}/", {"PGDATABASE": "{db}", "PGUSER": "{user}"}),
        ("postgresql://", HERE | {"PGDATABASE": "{db}"}),
        ("postgresql://", HERE),
        ("postgresql:///no%20such%2Fdatabase", HERE),
        ("postgresql://no+such%40role@{quoted}:{port}/{db}", {}),
        ("postgresql://?service=there", {"PGDATABASE": "elsewhere", "PGUSER": "nobody", "PGPORT": "1"}),
        ("postgresql:///other?service=there", {}),
        ("service=there", HERE | {"PGHOST": "/nonexistent"}),
        ("service=there dbname=other", {}),
        ("dbname={db}", {"PGSERVICE": "there"}),
        ("other", {"PGSERVICE": "there"}),
        ("{db}", HERE),
        ("no such database", HERE),
        ("dbname='no such \\'database\\\\'", HERE),
        ("host={folder} port={port} user={user} dbname={db}", {"PGHOST": "/nonexistent", "PGUSER": "nobody"}),
        ("host = {folder}\nport = {port}\nuser = '{user}'\ndbname=", {"PGDATABASE": "{db}"}),
        ("host='' dbname={db} host={folder} port={port} user=nobody", {}),
        ("host={folder} port={port} user='' dbname={db}", {"PGUSER": "{user}"}),
        ("host={folder} port={port} user={user} dbname={db} connect_timeout=' 5 '", {}),
        ("host=/nonexistent,{folder} port={port} user={user} dbname={db}", {}),
        ("host={folder} port={port} user={user} dbname={db} sslmode=require keepalives=0 gssencmode=disable", {}),
        ("host={folder} port={port} user={user} dbname={db} target_session_attrs=read-write", {}),
        ("host={folder} port={port} user={user} dbname={db} options='-c geqo=off' application_name='a b'", {}),
        (
            "postgresql://{user}@{quoted}:{port}/{db}?options=-c%20geqo%3Doff&application_name=a&client_encoding=UTF8",
            {},
        ),
        ("postgresql://{user}@{quoted}:{port}/{db}?connect_timeout=5&keepalives=1&keepalives_idle=30", {}),
        ("postgresql://{user}@{quoted}:{port}/{db}?gssencmode=disable&channel_binding=prefer", {}),
        ("postgresql://{user}@{quoted}:{port}/{db}?fallback_application_name=x&tcp_user_timeout=1000", {}),
        ("postgresql:///{db}?ssl=true", HERE),
        ("postgresql:///{db}", HERE | {"PGSSLMODE": "require"}),
        ("postgresql://", {"PGSERVICE": "there"}),
        ("service=percent", {}),
        ("postgresql://{user}:p%40s%2Fs@{quoted}:{port}/{db}", {}),
        ("postgresql://{user}:@{quoted}:{port}/{db}", {"PGPASSWORD": "x"}),
        ("postgresql:///{db}?password=x", HERE | {"PGPASSFILE": "/dev/null"}),
        ("postgresql://%2Fnonexistent,{quoted}:{port},{port}/{db}?target_session_attrs=any", {"PGUSER": "{user}"}),
        ("postgresql:///{db}", HERE | {"PGTARGETSESSIONATTRS": "read-write"}),
    ],
)
async def test_the_same_place_as_psql(place: Place, dsn: str, environ: dict[str, str]) -> None:
    settings = {"HOME": str(place.home)} | {name: place.filled(value) for name, value in environ.items()}
    expected = await psql(place.filled(dsn), settings)
    spec = resolve(place.filled(dsn), environ=settings)
    assert expected is not None
    reached = seen(spec) | ({"host": expected["host"]} if len(spec.hosts) > 1 and "host" in expected else {})
    assert expected.items() <= reached.items()
    if "host" in expected:
        connection = await asyncpg.connect(**spec.connect_arguments())
        try:
            assert await connection.fetchrow("SELECT current_user::text, current_database()::text") == (
                expected["user"],
                expected["database"],
            )
        finally:
            await connection.close()


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        ("service=nowhere", HERE),
        ("postgresql://?service=nowhere", HERE),
        ("postgresql://", HERE | {"PGSERVICE": "nowhere"}),
        ("{db}", HERE | {"PGSERVICE": "there", "PGSERVICEFILE": "{home}/nowhere"}),
        ("service=nested", HERE),
        ("host={folder} port={port} dbname={db} sslmode=bogus", HERE),
        ("host={folder} port={port} dbname={db} foo=1", HERE),
        ("host={folder} port={port} dbname={db} port=99999", HERE),
        ("postgresql://{quoted}:abc/{db}", HERE),
        ("postgresql:///{db}?foo=1", HERE),
        ("postgresql:///{db}?sslmode", HERE),
        ("postgresql:///{db}?target_session_attrs=bogus", HERE),
        ("postgresql://{user}:a/b@{quoted}:{port}/{db}", HERE),
        ("postgresql://{user}:a%zz@{quoted}:{port}/{db}", HERE),
        ("postgresql://{user}:a@b@{quoted}:{port}/{db}", HERE),
        ("host={folder} password='open", HERE),
        ("host={folder} open", HERE),
    ],
)
async def test_what_psql_refuses_is_refused(place: Place, dsn: str, environ: dict[str, str]) -> None:
    settings = {"HOME": str(place.home)} | {name: place.filled(value) for name, value in environ.items()}
    assert await psql(place.filled(dsn), settings) is None
    with pytest.raises(InvalidConnection):
        resolve(place.filled(dsn), environ=settings)


async def test_asyncpg_reads_none_of_the_variables_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = resolve(place.filled("host={folder} port={port} user={user} dbname={db}"), environ={"HOME": str(place.home)})
    for variable in (
        *("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGSERVICEFILE"),
        *("PGSSLMODE", "PGSSLNEGOTIATION", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGOPTIONS"),
        *("PGTARGETSESSIONATTRS", "PGGSSLIB", "PGKRBSRVNAME", "PGAPPNAME", "PGSSLMINPROTOCOLVERSION"),
    ):
        monkeypatch.setenv(variable, "poison")
    connection = await asyncpg.connect(**spec.connect_arguments())
    try:
        assert await connection.fetchval("SELECT current_database()") == place.database
    finally:
        await connection.close()


async def test_startup_settings_arrive(place: Place) -> None:
    dsn = place.filled("host={folder} port={port} user={user} dbname={db} application_name='a b' options='-c geqo=off'")
    connection = await asyncpg.connect(**resolve(dsn, environ={"HOME": str(place.home)}).connect_arguments())
    try:
        names = "current_setting('application_name'), current_setting('geqo')"
        assert await connection.fetchrow(f"SELECT {names}") == ("a b", "off")
    finally:
        await connection.close()
