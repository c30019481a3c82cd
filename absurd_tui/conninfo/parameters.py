"""The connection parameters of libpq (PostgreSQL 9.3 to 18): what each is here, and its environment variable."""

from difflib import get_close_matches

from absurd_tui.errors import InvalidConnection

ENVIRONMENT = {
    "service": "PGSERVICE",
    "servicefile": "PGSERVICEFILE",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "dbname": "PGDATABASE",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "application_name": "PGAPPNAME",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "client_encoding": "PGCLIENTENCODING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "sslcompression": "PGSSLCOMPRESSION",
    "sslcertmode": "PGSSLCERTMODE",
    "requirepeer": "PGREQUIREPEER",
    "require_auth": "PGREQUIREAUTH",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
    "gssdelegation": "PGGSSDELEGATION",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
    "min_protocol_version": "PGMINPROTOCOLVERSION",
    "max_protocol_version": "PGMAXPROTOCOLVERSION",
}
"""Parameter → environment variable, as libpq pairs them."""

IGNORED = {
    "keepalives": "this program watches the connection itself",
    "keepalives_idle": "this program watches the connection itself",
    "keepalives_interval": "this program watches the connection itself",
    "keepalives_count": "this program watches the connection itself",
    "tcp_user_timeout": "this program watches the connection itself",
    "client_encoding": "text is always UTF-8 here",
    "load_balance_hosts": "hosts are tried in the order given",
    "sslcompression": "TLS is never compressed",
    "sslsni": "the server name is always sent",
    "sslkeylogfile": "the keys of the session are not logged",
    "gssdelegation": "GSSAPI credentials are not delegated",
    "gsslib": "only GSSAPI is there",
    "max_protocol_version": "the protocol is always 3.0",
}
"""Parameters that are set aside, and why that does no harm."""

REFUSED = frozenset(
    {
        "channel_binding",
        "gssencmode",
        "min_protocol_version",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_issuer",
        "oauth_scope",
        "replication",
        "require_auth",
        "requirepeer",
        "scram_client_key",
        "scram_server_key",
        "sslcertmode",
        "sslcrldir",
    }
)
"""Demands that this program cannot meet: going on without them would weaken the connection behind the user's back."""

HARMLESS = {
    "channel_binding": ("prefer", "disable"),
    "client_encoding": ("utf8", "utf-8", "unicode", "auto"),
    "gssdelegation": ("0",),
    "gssencmode": ("prefer", "disable"),
    "gsslib": ("gssapi",),
    "load_balance_hosts": ("disable",),
    "max_protocol_version": ("3.0", "latest"),
    "min_protocol_version": ("3.0",),
    "replication": ("false", "off", "no", "0"),
    "sslcertmode": ("allow",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
}
"""Values (in lower case) that ask for what happens anyway: neither refused nor worth a note."""

KNOWN = frozenset(ENVIRONMENT) | frozenset(IGNORED) | REFUSED | {"fallback_application_name", "sslpassword"}
"""Every parameter that a connection string or a service may hold."""

_MEANT = {"database": "dbname", "db": "dbname", "hostname": "host", "username": "user", "ssl": "sslmode"}


def check_keyword(keyword: str, where: str) -> None:
    """Refuse a parameter that libpq does not have, by its place: the word itself may be a piece of a password."""
    if keyword in KNOWN:
        return
    close = get_close_matches(_MEANT.get(keyword.lower(), keyword.lower()), KNOWN, n=1, cutoff=0.8)
    advice = f"did you mean {close[0]}?" if close else "PostgreSQL's manual lists the 'Parameter Key Words'"
    raise InvalidConnection(f"{where} is no connection parameter; {advice}")


def modern(keyword: str, value: str) -> tuple[str, str]:
    """Replace requiressl, the old form of sslmode, as libpq still does in strings (but not in services)."""
    if keyword == "requiressl":
        return "sslmode", "require" if value.startswith("1") else "prefer"
    return keyword, value
