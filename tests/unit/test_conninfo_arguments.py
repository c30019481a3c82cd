"""What a `ConnSpec` hands to asyncpg, and what it keeps to itself."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from absurd_tui.conninfo import ConnSpec, Secret, Tls, resolve
from absurd_tui.errors import InvalidConnection


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def read(home: Path, dsn: str, **environ: str) -> ConnSpec:
    return resolve(dsn, environ={"HOME": str(home), **environ})


def test_a_command_for_another_program_names_the_same_target_and_no_password(home: Path) -> None:
    spec = read(home, "host=a,/some/folder port=1,2 user=u dbname='it''s; $x' password=p".replace("''", "\\'"))
    assert spec.target == """-h a,/some/folder -p 1,2 -U u -d 'it'"'"'s; $x'"""


def test_every_argument_is_explicit_so_that_asyncpg_asks_nobody_else(home: Path) -> None:
    spec = read(
        home,
        "host=a,/some/folder port=1,2 user=u dbname=d password=p sslmode=disable connect_timeout=3 krbsrvname=pg "
        "application_name=mine options='-c geqo=off' target_session_attrs=prefer-standby",
    )
    arguments = spec.connect_arguments()
    assert arguments.pop("password")() == "p"
    assert arguments == {
        "host": ["a", "/some/folder"],
        "port": [1, 2],
        "user": "u",
        "database": "d",
        "ssl": False,
        "direct_tls": False,
        "server_settings": {"application_name": "mine", "options": "-c geqo=off"},
        "target_session_attrs": "prefer-standby",
        "krbsrvname": "pg",
        "gsslib": "gssapi",
        "timeout": 6.0,
    }


def test_without_a_password_asyncpg_is_given_an_empty_one(home: Path) -> None:
    assert read(home, "absurd").connect_arguments()["password"]() == ""


@pytest.mark.parametrize("wait", ["0", "-1", "''"])
def test_no_time_limit_leaves_it_to_the_caller(home: Path, wait: str) -> None:
    assert "timeout" not in read(home, f"host=h connect_timeout={wait}").connect_arguments()


def test_the_startup_parameters_of_one_attempt_are_not_those_of_the_next(home: Path) -> None:
    spec = read(home, "host=/some/folder application_name=mine")
    spec.connect_arguments()["server_settings"]["application_name"] = "changed"
    assert spec.connect_arguments()["server_settings"] == {"application_name": "mine"}


@pytest.mark.parametrize(
    ("extra", "environ", "name"),
    [
        ("fallback_application_name=fallback", {}, "fallback"),
        ("fallback_application_name=fallback application_name=mine", {}, "mine"),
        ("fallback_application_name=fallback", {"PGAPPNAME": "environment"}, "environment"),
        ("", {}, None),
    ],
)
def test_the_application_name(home: Path, extra: str, environ: dict[str, str], name: str | None) -> None:
    assert read(home, f"host=h {extra}", **environ).server_settings.get("application_name") == name


def kinds(spec: ConnSpec) -> list[str]:
    def kind(arguments: dict[str, Any]) -> str:
        context = arguments["ssl"]
        if context is False:
            return "plain"
        assert isinstance(context, ssl.SSLContext)
        if context.verify_mode == ssl.CERT_NONE:
            return "unverified"
        return "host verified" if context.check_hostname else "verified"

    return [kind(arguments) for arguments in spec.attempts()]


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("host=h", ["unverified", "plain"]),
        ("host=h sslmode=prefer", ["unverified", "plain"]),
        ("host=h sslmode=allow", ["plain", "unverified"]),
        ("host=h sslmode=disable", ["plain"]),
        ("host=h sslmode=require", ["unverified"]),
        ("host=h requiressl=1", ["unverified"]),
        ("postgresql://h/d?ssl=true", ["unverified"]),
        ("host=h sslrootcert=system", ["host verified"]),
        ("host=/some/folder", ["plain"]),
        ("host=/some/folder sslmode=require", ["plain"]),
        ("host=h,/some/folder", ["unverified", "plain"]),
    ],
)
def test_one_attempt_for_each_transport_that_sslmode_allows(home: Path, dsn: str, expected: list[str]) -> None:
    assert kinds(read(home, dsn)) == expected


def test_the_environment_speaks_for_tls_too(home: Path) -> None:
    assert kinds(read(home, "host=h", PGSSLMODE="disable")) == ["plain"]
    assert kinds(read(home, "host=h", PGREQUIRESSL="1")) == ["unverified"]
    assert kinds(read(home, "host=h", PGREQUIRESSL="1", PGSSLMODE="disable")) == ["plain"]


def test_alone_connect_arguments_leave_prefer_and_allow_to_asyncpg(home: Path) -> None:
    assert read(home, "host=h").connect_arguments()["ssl"] == "prefer"
    assert read(home, "host=h sslmode=allow").connect_arguments()["ssl"] == "allow"
    assert isinstance(read(home, "host=h sslmode=require").connect_arguments()["ssl"], ssl.SSLContext)


def test_tls_may_start_without_asking(home: Path) -> None:
    spec = read(home, "host=h sslmode=require sslnegotiation=direct")
    assert spec.connect_arguments()["direct_tls"] is True


def test_tls_versions(home: Path) -> None:
    (arguments,) = read(
        home, "host=h sslmode=require ssl_min_protocol_version=tlsv1 ssl_max_protocol_version=TLSv1.2"
    ).attempts()
    assert arguments["ssl"].minimum_version == ssl.TLSVersion.TLSv1_2
    assert arguments["ssl"].maximum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("name", "mode", "blamed"),
    [("root.crt", "verify-ca", "sslrootcert"), ("postgresql.crt", "require", "sslcert")],
)
def test_the_usual_files_are_used_and_a_broken_one_is_an_error(home: Path, name: str, mode: str, blamed: str) -> None:
    (home / ".postgresql").mkdir()
    (home / ".postgresql" / name).write_text("this is no certificate")
    with pytest.raises(InvalidConnection, match=f"the file that {blamed}"):
        read(home, f"host=h sslmode={mode}")
    assert kinds(read(home, "host=h sslmode=disable")) == ["plain"]


def test_no_repr_shows_a_password(home: Path) -> None:
    spec = read(home, "postgresql://u:s3cr3t@h/d?sslpassword=s3cr3t&application_name=mine")
    shown = f"{spec!r} {spec} {spec.connect_arguments()} {spec.attempts()} {spec.label} {spec.notes}"
    assert "mine" in shown
    assert "s3cr3t" not in shown
    assert "s3cr3t" not in f"{Secret('s3cr3t')} {[Secret('s3cr3t')]!r}"


def test_secrets_compare_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_equal_targets_are_equal(home: Path) -> None:
    one, other = read(home, "postgresql://u:p@h/d?sslmode=require"), read(home, "host=h user=u password=p dbname=d")
    assert one != other
    assert one == read(home, "host=h user=u password=p dbname=d sslmode=require")
    assert hash(one) == hash(read(home, "host=h user=u password=p dbname=d sslmode=require"))
    assert one.tls == Tls(mode="require")
