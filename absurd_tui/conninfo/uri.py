"""Connection URIs, read as libpq reads them (which is not how web addresses are read).

`postgresql://user:password@host:port,host:port/database?parameter=value`, every part optional.
"""

import re
from urllib.parse import unquote_to_bytes

from absurd_tui.conninfo.parameters import check_keyword, modern
from absurd_tui.errors import InvalidConnection

_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:/?,\[]*)(?::(?P<port>[^/?,]*))?(?P<end>,|(?=[/?])|\Z)")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_AMBIGUOUS = re.compile(r"[#?\[\]]")
_ENCODE = (
    "percent-encode special characters in the user name and password "
    "(%2F for /, %23 for #, %3F for ?, %5B for [, %40 for @, %25 for %)"
)


def parse_uri(text: str, origin: str) -> list[tuple[str, str]]:
    """Split the part of a URI behind `scheme://` into parameters; `origin` says in an error where it came from.

    The order is that in which a later parameter replaces an earlier one, so `?dbname=` wins over the path.
    libpq takes a raw `#`, `?` or `[` in a password; other programs end the password there, so they are refused.
    """
    before, slash, behind = text.partition("/")
    credentials, at_sign, netloc = before.partition("@")
    if not at_sign:
        credentials, netloc = "", before
    rest = netloc + slash + behind
    if _AMBIGUOUS.search(credentials) or "@" in rest.partition("?")[0]:
        raise InvalidConnection(f"{origin}: {_ENCODE}")
    user, _, password = credentials.partition(":")
    hosts, ports, end = _hosts(rest, origin)
    database, _, query = rest[end:].partition("?")
    parts = [("user", user), ("password", password), ("host", hosts), ("port", ports), ("dbname", database[1:])]
    return [(name, _decode(value, origin)) for name, value in parts if value] + _parameters(query, origin)


def _hosts(rest: str, origin: str) -> tuple[str, str, int]:
    """Read `host:port,host:port`; give the hosts and the ports, each joined by commas, and where they end."""
    hosts, ports, at, more = [], [], 0, True
    while more:
        entry = _HOST.match(rest, at)
        if entry is None:
            raise InvalidConnection(f"{origin}: write an IPv6 address as [address]:port")
        port = entry["port"] or ""
        if port.strip("0123456789%"):
            raise InvalidConnection(f"{origin}: a port is not a number; {_ENCODE}")
        host = entry["host"]
        hosts.append(host[1:-1] if host.startswith("[") else host)
        ports.append(port)
        at, more = entry.end(), entry["end"] == ","
    return ",".join(hosts), ",".join(ports), at


def _parameters(query: str, origin: str) -> list[tuple[str, str]]:
    """Read what stands behind the `?`; JDBC's ssl=true means sslmode=require, as in libpq."""
    pairs = []
    items = query.split("&")
    if not items[-1]:
        items.pop()
    for position, item in enumerate(items, 1):
        name, equals, value = item.partition("=")
        where = f"{origin}: parameter {position} behind the '?'"
        if not equals or "=" in value:
            raise InvalidConnection(f"{where} must be name=value, with %3D for a '=' in the value")
        pair = _decode(name, origin), _decode(value, origin)
        keyword, value = ("sslmode", "require") if pair == ("ssl", "true") else modern(*pair)
        check_keyword(keyword, where)
        pairs.append((keyword, value))
    return pairs


def _decode(text: str, origin: str) -> str:
    if _BAD_PERCENT.search(text):
        raise InvalidConnection(f"{origin}: a % is not followed by two hexadecimal digits; {_ENCODE}")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise InvalidConnection(f"{origin}: a %-encoded part is not UTF-8") from None
