"""Where the parameters come from, who wins, and the two files that libpq reads."""

import os
from pathlib import Path

import pytest

from absurd_tui.conninfo import ConnSpec, NothingToConnectTo, resolve
from absurd_tui.errors import InvalidConnection

SERVICES = """
# the services of this test
[prod]
host=service-host
port=6000
  user=service-user \t
dbname=service-db
password=50%(off)s # no comment
connect_timeout=7
connect_timeout=8

[prod]
host=second-group-counts-for-nothing
[plain] anything behind the bracket
host = x
[nested]
service=prod
[word]
host
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".pg_service.conf").write_text(SERVICES)
    return tmp_path


def read(home: Path, dsn: str | None, **environ: str) -> ConnSpec:
    return resolve(dsn, environ={"HOME": str(home), "PGSYSCONFDIR": str(home), **environ})


def pgpass(path: Path, text: str, mode: int = 0o600) -> None:
    path.write_text(text)
    path.chmod(mode)


def password(spec: ConnSpec) -> str | None:
    return spec.password.reveal() if spec.password else None


@pytest.mark.parametrize(
    ("dsn", "environ", "label"),
    [
        (None, {"ABSURD_DATABASE_URL": "postgresql://a/b", "PGDATABASE": "c"}, "me@a/b"),
        (None, {"PGDATABASE": "postgresql://a/b"}, "me@a/b"),
        (None, {"PGDATABASE": "host=a dbname=b"}, "me@a/b"),
        (None, {"PGDATABASE": "absurd"}, "me@localhost/absurd"),
        (None, {"PGDATABASE": "absurd", "PGHOST": "/some/folder"}, "me@[/some/folder]/absurd"),
        (None, {"PGDATABASE": "absurd", "PGHOST": "a", "PGPORT": "6543"}, "me@a:6543/absurd"),
        (None, {"PGHOST": "a"}, "me@a/me"),
        (None, {"PGHOSTADDR": "10.0.0.1"}, "me@10.0.0.1/me"),
        (None, {"PGSERVICE": "prod"}, "service-user@service-host:6000/service-db"),
        (None, {"PGSERVICE": "prod", "PGDATABASE": "absurd"}, "service-user@service-host:6000/service-db"),
        (None, {"ABSURD_DATABASE_URL": "", "PGDATABASE": "absurd", "PGHOST": ""}, "me@localhost/absurd"),
        ("", {"ABSURD_DATABASE_URL": "postgresql://a/b", "PGDATABASE": "absurd"}, "me@a/b"),
        ("", {"PGDATABASE": "absurd"}, "me@localhost/absurd"),
        ("absurd", {"ABSURD_DATABASE_URL": "postgresql://a/b"}, "me@localhost/absurd"),
        ("absurd", {"PGSERVICE": "prod"}, "service-user@service-host:6000/absurd"),
        ("absurd", {"PGHOST": "a", "PGPORT": ""}, "me@a/absurd"),
        ("postgresql://a", {"PGDATABASE": "from-environment"}, "me@a/from-environment"),
        ("postgresql://a:5432/", {"PGDATABASE": "from-environment"}, "me@a/from-environment"),
        ("postgresql://a/b", {"PGPORT": "6543", "PGHOST": "c"}, "me@a:6543/b"),
        ("postgresql://?service=prod", {"PGHOST": "c", "PGUSER": "d"}, "service-user@service-host:6000/service-db"),
        ("service=prod host=a", {"PGPORT": "1"}, "service-user@a:6000/service-db"),
        ("host=a", {"PGSERVICE": "prod", "PGDATABASE": "absurd"}, "service-user@a:6000/service-db"),
        ("host='' dbname=d hostaddr=10.0.0.1", {"PGHOST": "a"}, "me@10.0.0.1/d"),
    ],
)
def test_string_over_service_over_environment(home: Path, dsn: str | None, environ: dict[str, str], label: str) -> None:
    assert read(home, dsn, **{"PGUSER": "me"} | environ).label == label


@pytest.mark.parametrize(
    ("dsn", "environ"),
    [
        (None, {}),
        (None, {"PGUSER": "u", "PGPORT": "5433", "PGPASSWORD": "p", "ABSURD_DATABASE_URL": "", "PGDATABASE": ""}),
    ],
)
def test_with_nothing_to_connect_to_the_line_names_what_was_tried(
    home: Path, dsn: str | None, environ: dict[str, str]
) -> None:
    with pytest.raises(NothingToConnectTo, match=r"ABSURD_DATABASE_URL, PGDATABASE, PGHOST, .* and PGSERVICE"):
        read(home, dsn, **environ)


def test_single_arguments_stand_between_the_string_and_the_rest(home: Path) -> None:
    environ = {"HOME": str(home), "PGHOST": "x", "PGPORT": "1", "PGUSER": "y"}
    assert resolve("absurd", host="h", port=6543, user="u", environ=environ).label == "u@h:6543/absurd"
    assert resolve(None, host="h", port="6543", user="u", environ=environ).label == "u@h:6543/u"
    service = resolve("service=prod", host="h", environ=environ)
    assert service.label == "service-user@h:6000/service-db"
    overruled = resolve("postgresql://a:1/b", host="h", port=6543, user="u", environ=environ)
    assert overruled.label == "u@a:1/b"
    assert [note.split(" is ignored")[0] for note in overruled.notes] == ["the host argument", "the port argument"]


def test_an_error_says_which_variable_is_to_blame(home: Path) -> None:
    for variable, value in {"PGPORT": "x", "PGSSLMODE": "x", "PGCONNECT_TIMEOUT": "x", "PGDATABASE": "a://b"}.items():
        with pytest.raises(InvalidConnection, match=variable):
            read(home, "postgresql://a", **{variable: value})
    with pytest.raises(InvalidConnection, match="PGREQUIREAUTH: require_auth"):
        read(home, "absurd", PGREQUIREAUTH="scram-sha-256")
    with pytest.raises(InvalidConnection, match="ABSURD_DATABASE_URL: "):
        read(home, None, ABSURD_DATABASE_URL="http://a")


def test_a_service_is_read_without_interpolation_or_trimming(home: Path) -> None:
    spec = read(home, "service=prod")
    assert password(spec) == "50%(off)s # no comment"
    assert spec.connect_timeout == 7


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("pro", "the service to connect to is neither in ~/.pg_service.conf"),
        ("", "the service to connect to is neither in ~/.pg_service.conf"),
        ("plain", "service file: line 15 is no connection parameter"),
        ("nested", "line 17: a service cannot name another service"),
        ("word", "line 19: write keyword=value"),
    ],
)
def test_a_service_that_cannot_be_used_is_an_error(home: Path, name: str, complaint: str) -> None:
    with pytest.raises(InvalidConnection, match=complaint):
        read(home, f"service='{name}' dbname=elsewhere")


def test_where_services_are_looked_for(home: Path, tmp_path: Path) -> None:
    system, other = tmp_path / "system", tmp_path / "other.conf"
    system.mkdir()
    (system / "pg_service.conf").write_text("[prod]\nhost=system-wide\n[rare]\nhost=rare-host\n")
    other.write_text("[prod]\nhost=other-host\n")

    def host(dsn: str, **environ: str) -> str:
        return read(home, dsn, PGSYSCONFDIR=str(system), **environ).hosts[0][0]

    assert host("service=prod") == "service-host"
    assert host("service=rare") == "rare-host"
    assert host("service=prod", PGSERVICEFILE=str(other)) == "other-host"
    assert host(f"service=prod servicefile={other}") == "other-host"
    assert host("service=rare", PGSERVICEFILE=str(other)) == "rare-host"
    with pytest.raises(InvalidConnection, match="PGSERVICEFILE or servicefile names is not there"):
        host("service=prod", PGSERVICEFILE=str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("h:5432:d:u:plain\n", "plain"),
        ("*:*:*:*:star\r\n", "star"),
        ("# h:5432:d:u:comment\n\nh:5432:d:u:after\n", "after"),
        ("h:5433:*:*:other port\nh:*:d:u:first\n*:*:*:*:second\n", "first"),
        ("h:5432:d:u:a\\:b\\\\c\n", "a:b\\c"),
        ("h:5432:d:u:ends here:not this\n", "ends here"),
        ("h:5432:d:u: blanks stay \n", " blanks stay "),
        ("h:5432:d:u:lone\\", "lone\\"),
        ("h:5432:d:u:\n*:*:*:*:too late\n", None),
        ("h:5432:d\n", None),
        (" h:5432:d:u:x\n", None),
    ],
)
def test_the_password_file_is_read_as_libpq_reads_it(home: Path, lines: str, expected: str | None) -> None:
    pgpass(home / ".pgpass", lines)
    assert password(read(home, "postgresql://u@h/d")) == expected


def test_names_with_colons_fit_with_and_without_backslashes(home: Path) -> None:
    pgpass(home / ".pgpass", "::1:5432:d:u:bare\n\\:\\:2:5432:my\\:db:a\\\\b:escaped\n")
    assert password(read(home, "host=::1 dbname=d user=u")) == "bare"
    assert password(read(home, "host=::2 dbname=my:db user=a\\\\b")) == "escaped"


def test_which_host_is_looked_up(home: Path) -> None:
    pgpass(home / ".pgpass", "localhost:*:*:*:local\n/some/folder:*:*:*:folder\nname:*:*:*:name\n10.0.0.1:*:*:*:ip")
    assert password(read(home, "host=/var/run/postgresql")) == "local"
    assert password(read(home, "host=/some/folder")) == "folder"
    assert password(read(home, "host=name hostaddr=10.0.0.1")) == "name"
    assert password(read(home, "hostaddr=10.0.0.1")) == "ip"
    assert password(read(home, "host=name,name port=1,2")) == "name"
    with pytest.raises(InvalidConnection, match="same password for every host"):
        read(home, "host=name,localhost")


def test_a_stated_password_needs_no_file(home: Path) -> None:
    pgpass(home / ".pgpass", "*:*:*:*:file\n")
    assert password(read(home, "host=h password=stated")) == "stated"
    assert password(read(home, "host=h", PGPASSWORD="environment")) == "environment"
    assert password(read(home, "host=h password=''", PGPASSWORD="environment")) == "file"


def test_which_password_file(home: Path) -> None:
    pgpass(home / "named", "*:*:*:*:named\n")
    pgpass(home / ".pgpass", "*:*:*:*:default\n")
    assert password(read(home, "host=h")) == "default"
    assert password(read(home, "host=h", PGPASSFILE=str(home / "named"))) == "named"
    assert password(read(home, f"host=h passfile={home}/named", PGPASSFILE="/nonexistent")) == "named"


@pytest.mark.parametrize(
    ("name", "note"), [("open", "chmod 600"), ("folder", "not a plain file"), ("missing", "is not there")]
)
def test_a_password_file_that_is_not_used_leaves_a_note(home: Path, name: str, note: str) -> None:
    pgpass(home / "open", "*:*:*:*:open\n", 0o640)
    (home / "folder").mkdir()
    spec = read(home, "host=h", PGPASSFILE=str(home / name))
    assert spec.password is None
    assert len(spec.notes) == 1
    assert note in spec.notes[0]


def test_no_password_file_is_nothing_to_speak_of(home: Path) -> None:
    assert not read(home, "host=h").notes
    assert not read(home, "host=h", PGPASSFILE=os.devnull).notes


def test_a_password_file_in_another_encoding_hurts_only_who_needs_that_line(home: Path) -> None:
    (home / ".pgpass").write_bytes(b"old:*:*:*:k\xe4se\nnew:*:*:*:good\n")
    (home / ".pgpass").chmod(0o600)
    assert password(read(home, "host=new")) == "good"
    with pytest.raises(InvalidConnection, match=r"password file: .* not UTF-8"):
        read(home, "host=old")
