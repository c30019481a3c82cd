"""host=, hostaddr= and port=, three lists of commas, as the addresses to dial."""

import ipaddress
import os
import re
import sys
from collections.abc import Mapping

from absurd_tui.conninfo.spec import DEFAULT_PORT, SOCKET_FOLDERS
from absurd_tui.errors import InvalidConnection

_SOCKET_PATH_BYTES = 104 if sys.platform == "darwin" else 108


def read_hosts(values: Mapping[str, str], default_host: str | None) -> list[tuple[str, str, int]]:
    """Give (name, where to dial, port) of every host; a name that is empty in the list is `default_host`.

    Where that is None it is the local socket as in libpq, or localhost where there is no such socket. One port
    serves all hosts. hostaddr says where to dial, and then host is only a name (for the password file and TLS).
    """
    names = values.get("host", "").split(",")
    addresses = values["hostaddr"].split(",") if values.get("hostaddr") else [""] * len(names)
    if not values.get("host"):
        names = [""] * len(addresses)
    ports = values.get("port", "").split(",")
    if len(names) != len(addresses):
        raise InvalidConnection(f"host names {len(names)} hosts, but hostaddr {len(addresses)} addresses")
    if len(ports) == 1:
        ports = ports * len(names)
    if len(ports) != len(names):
        raise InvalidConnection(f"there are {len(ports)} ports for {len(names)} hosts; give one port, or one for each")
    return [_host(*entry, default_host) for entry in zip(names, addresses, map(_port, ports), strict=True)]


def _host(name: str, address: str, port: int, default_host: str | None) -> tuple[str, str, int]:
    if address:
        if not _is_address(address):
            raise InvalidConnection("hostaddr must be a numeric IP address; put a name into host")
        return name or address, address, port
    name = name or default_host or _local(port)
    _check_host(name, port)
    return name, name, port


def _check_host(name: str, port: int) -> None:
    """Refuse what no retry can reach, where the operating system would only say that something failed."""
    if name.startswith("@"):
        raise InvalidConnection("abstract Unix sockets (a host that starts with @) cannot be used here")
    if name.startswith("/"):
        if len(os.fsencode(f"{name}/.s.PGSQL.{port}")) >= _SOCKET_PATH_BYTES:
            raise InvalidConnection(f"the path of the Unix socket is longer than {_SOCKET_PATH_BYTES - 1} bytes")
        return
    if "/" in name or "@" in name:
        raise InvalidConnection("a host must be a name, an address or the folder of a socket; a URI goes in whole")
    if re.search(r"[\s=]", name):
        raise InvalidConnection("a host holds a blank or '='; write host='' where there is none")
    if ":" in name and not _is_address(name):
        raise InvalidConnection("a host must be a name or an address; the port is a parameter of its own")
    try:
        name.encode("idna")
    except UnicodeError:
        raise InvalidConnection("a host name has an empty part or one of more than 63 characters") from None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _local(port: int) -> str:
    folders = (folder for folder in SOCKET_FOLDERS if os.access(f"{folder}/.s.PGSQL.{port}", os.F_OK))
    return next(folders, "localhost")


def _port(text: str) -> int:
    digits = text.strip()
    if not digits:
        return DEFAULT_PORT
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 1 <= int(digits) <= 65535):
        raise InvalidConnection("a port must be a number from 1 to 65535")
    return int(digits)
