"""Every form of a connection string: what it comes to, or the one line that refuses it."""

import pytest

from absurd_tui.conninfo import ConnSpec, resolve
from absurd_tui.errors import InvalidConnection

NOWHERE = {"HOME": "/nonexistent", "PGSYSCONFDIR": "/nonexistent", "PGUSER": "me"}


def read(dsn: str, **environ: str) -> ConnSpec:
    return resolve(dsn, environ=NOWHERE | environ)


def password(spec: ConnSpec) -> str:
    return spec.password.reveal() if spec.password else ""


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    ("dsn", "label"),
    [
        ("postgresql://u@h:5433/d", "u@h:5433/d"),
        ("postgres://h", "me@h/me"),
        ("POSTGRESQL://u@h/d", "u@h/d"),
        ("postgresql://h/", "me@h/me"),
        ("postgresql://u@h/d%20e", "u@h/d e"),
        ("postgresql://h/d/e", "me@h/d/e"),
        ("postgresql://u%40x@h/d", "u@x@h/d"),
        ("postgresql://u+v@h/d+e", "u+v@h/d+e"),
        ("postgresql://h/path?dbname=query", "me@h/query"),
        ("postgresql://path:1/d?host=query&port=2&user=u", "u@query:2/d"),
        ("postgresql://[::1]:5433/d", "me@[::1]:5433/d"),
        ("postgresql://[fe80::1%25eth0]/d", "me@[fe80::1%eth0]/d"),
        ("postgresql://a:1,b,[::1]:3/d", "me@a:1,b,[::1]:3/d"),
        ("postgresql://%2Fsome%2Ffolder/d", "me@[/some/folder]/d"),
        ("postgresql:///d?host=/some/folder&port=5433", "me@[/some/folder]:5433/d"),
        ("postgresql:///d?host=/var/run/postgresql", "me@socket/d"),
        ("postgresql://u@/d?host=/some/folder", "u@[/some/folder]/d"),
        ("host=h dbname=d user=u port=5433", "u@h:5433/d"),
        ("host = h\n\tdbname\t=\td", "me@h/d"),
        ("host=h dbname='my db' user='it\\'s'", "it's@h/my db"),
        ("host=h dbname=my\\ db", "me@h/my db"),
        ("host=h dbname=''", "me@h/me"),
        ("host=first host=last", "me@last/me"),
        ("host=a,b port=1 dbname=d", "me@a:1,b:1/d"),
        ("host=a,b port=,2 dbname=d", "me@a,b:2/d"),
        ("host=name hostaddr=10.0.0.1 dbname=d", "me@10.0.0.1/d"),
        ("hostaddr=::1 dbname=d", "me@[::1]/d"),
        ("absurd", "me@localhost/absurd"),
        ("my db", "me@localhost/my db"),
        ("datenbank-ä", "me@localhost/datenbank-ä"),
    ],
)
def test_a_string_leads_where_psql_would_go(dsn: str, label: str) -> None:
    spec = read(dsn)
    assert spec.label == label
    assert not spec.notes


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://u:p%40s%2Fs%25@h/d", "p@s/s%"),
        ("postgresql://u:a:b@h/d", "a:b"),
        ("postgresql://u:a+b@h/d", "a+b"),
        ("postgresql://u:a&b=c@h/d", "a&b=c"),
        ("postgresql://u:@h/d", ""),
        ("postgresql://u@h/d?password=p%26q", "p&q"),
        ("postgresql://u:path@h/d?password=query", "query"),
        ("host=h password=p\\'q\\\\", "p'q\\"),
        ("host=h password='p q\\''", "p q'"),
        ("host=h password='a=b'", "a=b"),
        ("host=h password=käse", "käse"),
    ],
)
def test_the_password_is_the_one_psql_would_send(dsn: str, expected: str) -> None:
    assert password(read(dsn)) == expected
    assert password(read(dsn, PGPASSWORD="other")) == (expected or "other")


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    ("dsn", "label", "note"),
    [
        ("  postgresql://h/d\n", "me@h/d", "blanks"),
        ("\tabsurd ", "me@localhost/absurd", "blanks"),
        ('"postgresql://h/d"', "me@h/d", "quotes"),
        ("'host=h dbname=d'\n", "me@h/d", "quotes"),
        ("postgresql+asyncpg://h/d", "me@h/d", "driver"),
        ("postgres+psycopg2://h/d", "me@h/d", "driver"),
        ("postgresql://h/d?keepalives=1", "me@h/d", "keepalives (connection string) is ignored"),
        ("host=h dbname=d keepalives_idle=30", "me@h/d", "keepalives_idle (connection string) is ignored"),
        ("host=h dbname=d tcp_user_timeout=30", "me@h/d", "tcp_user_timeout"),
        ("host=h dbname=d client_encoding=LATIN1", "me@h/d", "text is always UTF-8"),
        ("host=h dbname=d sslcompression=1", "me@h/d", "sslcompression"),
        ("host=h dbname=d load_balance_hosts=random", "me@h/d", "in the order given"),
        ("host=h dbname=d sslrootcert=/some/file", "me@h/d", "sslrootcert is not looked at"),
    ],
)
def test_what_is_set_aside_leaves_a_note(dsn: str, label: str, note: str) -> None:
    spec = read(dsn)
    assert spec.label == label
    assert len(spec.notes) == 1
    assert note in spec.notes[0]


@pytest.mark.parametrize(
    "extra",
    [
        "gssencmode=disable",
        "channel_binding=prefer",
        "client_encoding=UTF8",
        "sslcompression=0",
        "require_auth=",
        "replication=false",
    ],
)
def test_what_happens_anyway_needs_no_note(extra: str) -> None:
    assert not read(f"host=h {extra}").notes


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    ("dsn", "advice"),
    [
        (" \n", "it is empty"),
        ("''", "it is empty"),
        ("http://h/d", "starts with postgresql://"),
        ("mysql://u:secret@h/d", "starts with postgresql://"),
        ("psql://h/d", "starts with postgresql://"),
        ("u:secret@h/d", "put postgresql:// in front"),
        ("h:5432/d", "put postgresql:// in front"),
        ("jdbc:postgresql://h/d", "put postgresql:// in front"),
        ("psql postgresql://h/d?sslmode=require", "has no '='"),
        ("postgresql://u:se/cret@h/d", "percent-encode special characters"),
        ("postgresql://u:12/cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se#cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se?cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se[cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se@cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se%cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se%00cret@h/d", "percent-encode special characters"),
        ("postgresql://u:se%e4cret@h/d", "not UTF-8"),
        ("postgresql://me@tenant:secret@h/d", "percent-encode special characters"),
        ("postgresql://[::1/d", "[address]:port"),
        ("postgresql://[]/d", "[address]:port"),
        ("postgresql://[::1]x/d", "[address]:port"),
        ("postgresql://::1/d", "a port is not a number"),
        ("postgresql://h:abc/d", "a port is not a number"),
        ("postgresql://h:99999/d", "from 1 to 65535"),
        ("postgresql://h:0/d", "from 1 to 65535"),
        ("host=h port=5432x", "from 1 to 65535"),
        ("host=h port=٣", "from 1 to 65535"),
        ("host=h port=-1", "from 1 to 65535"),
        ("host=a,b,c port=1,2", "2 ports for 3 hosts"),
        ("host=a hostaddr=10.0.0.1,10.0.0.2", "1 hosts, but hostaddr 2 addresses"),
        ("hostaddr=name", "numeric IP address"),
        ("host=@/abstract dbname=d", "abstract Unix sockets"),
        ("postgresql://%40%2Fabstract/d", "abstract Unix sockets"),
        (f"host=/{'x' * 110} dbname=d", "longer than"),
        ("host=a..b", "empty part"),
        ("host= dbname=d", "write host='' where there is none"),
        ("host=h:5433 dbname=d", "the port is a parameter of its own"),
        ("host=postgresql://u:secret@h/d", "a URI goes in whole"),
        ("dbname=postgresql://u:secret@h/d", "where the name of a database belongs"),
        ("postgresql://h/d?sslmode", "parameter 1 behind the '?' must be name=value"),
        ("postgresql://h/d?user=u&options=-c a=b", "parameter 2 behind the '?' must be name=value"),
        ("postgresql://h/d?user=u&schema=public", "parameter 2 behind the '?' is no connection parameter"),
        ("postgresql://h/d?sslmodus=require", "did you mean sslmode?"),
        ("postgresql://h/d?ssl=false", "did you mean sslmode?"),
        ("host=h database=d", "word 2 is no connection parameter; did you mean dbname?"),
        ("host=h foo", "word 2 has no '='"),
        ("host=h password=my secret", "word 3 has no '='"),
        ("host=h password='secret", "a single quote is not closed"),
        ("host=h sslmode=bogus", "sslmode must be one of"),
        ("host=h sslmode=Require", "sslmode must be one of"),
        ("host=h target_session_attrs=writer", "target_session_attrs must be one of"),
        ("host=h connect_timeout=5s", "whole number of seconds"),
        ("host=h connect_timeout=1_0", "whole number of seconds"),
        ("host=h require_auth=scram-sha-256", "require_auth asks for what"),
        ("host=h requirepeer=postgres", "requirepeer asks for what"),
        ("host=h channel_binding=require", "channel_binding asks for what"),
        ("host=h sslcertmode=require", "sslcertmode asks for what"),
        ("host=h requiressl=1 sslmode=bogus", "sslmode must be one of"),
        ("host=h sslcrldir=/tmp", "sslcrldir asks for what"),
        ("host=h min_protocol_version=3.2", "min_protocol_version asks for what"),
        ("host=h oauth_issuer=x", "oauth_issuer asks for what"),
        ("host=h scram_client_key=x", "scram_client_key asks for what"),
        ("host=h sslmode=require sslrootcert=/nonexistent sslcrl=/nonexistent", "cannot be read"),
        ("host=h gssencmode=require", "gssencmode asks for what"),
        ("host=h replication=database", "replication asks for what"),
        ("host=h sslnegotiation=direct", "sslnegotiation=direct needs"),
        ("host=h sslrootcert=system sslmode=require", "sslrootcert=system needs"),
        ("host=h sslmode=verify-full", "needs sslrootcert"),
        ("host=h sslmode=require sslrootcert=/nonexistent", "the file that sslrootcert names"),
        ("host=h hostaddr=10.0.0.1 sslmode=verify-full sslrootcert=system", "leave hostaddr out"),
        ("host=h ssl_min_protocol_version=SSLv3", "ssl_min_protocol_version must be"),
        ("host=h ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2", "is above"),
        ("postgresql://h/\0", "NUL character"),
        ("\udcff", "not UTF-8"),
        ("postgresql://u:se\udcffcret@h/d", "not UTF-8"),
        ("host=h password=a\udcffb", "not UTF-8"),
        ("service=nowhere", "neither in ~/.pg_service.conf nor"),
    ],
)
def test_what_cannot_be_used_is_one_line_of_advice_without_the_string(dsn: str, advice: str) -> None:
    with pytest.raises(InvalidConnection) as refusal:
        read(dsn)
    message = str(refusal.value)
    assert advice in message
    assert "\n" not in message
    assert "cret" not in message


def test_a_refusal_hides_what_it_stumbled_over() -> None:
    with pytest.raises(InvalidConnection) as refusal:
        read("postgresql://u:se%e4cret@h/d")
    assert refusal.value.__suppress_context__
    assert refusal.value.__cause__ is None
