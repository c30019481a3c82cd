"""What a connection string came to: the one value the rest of the program connects with."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from absurd_tui.conninfo.secret import Secret
from absurd_tui.conninfo.tls import Tls

SOCKET_FOLDERS = ("/var/run/postgresql", "/run/postgresql", "/tmp", "/private/tmp")
"""Where a server of this machine has its Unix socket, by distribution; the first is where most Linuxes have it."""

DEFAULT_PORT = 5432


@dataclass(frozen=True, slots=True)
class ConnSpec:
    """Where and how to connect. Made by `resolve`; the password shows in no repr.

    `hosts` are (host name, address or folder of the Unix socket, port), tried in order. `connect_timeout` is seconds
    for each host, None where nobody set one. `server_settings` are startup parameters that the connection string
    asks for (application_name, options). `notes` has one line for each thing that was set aside, and why.
    """

    hosts: tuple[tuple[str, int], ...]
    user: str
    database: str
    password: Secret | None = None
    tls: Tls = field(default_factory=Tls)
    server_settings: Mapping[str, str] = field(default_factory=dict, hash=False)
    connect_timeout: int | None = None
    target_session_attrs: str = "any"
    kerberos_service: str = "postgres"
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name the target for a title bar: `user@host:port/database`, without a password, as raw text.

        The port is left out where it is 5432. A Unix socket in one of the usual folders is `socket`, in another the
        folder in brackets; an IPv6 address stands in brackets; several hosts are joined by commas.
        """
        hosts = (_shown(host) + ("" if port == DEFAULT_PORT else f":{port}") for host, port in self.hosts)
        return f"{self.user}@{','.join(hosts)}/{self.database}"

    @property
    def target(self) -> str:
        """What it leads to, as options of psql and absurdctl, each word quoted for a shell; without a password."""
        hosts, ports = (",".join(str(host[part]) for host in self.hosts) for part in (0, 1))
        return shlex.join(["-h", hosts, "-p", ports, "-U", self.user, "-d", self.database])

    @property
    def is_local(self) -> bool:
        """Whether every host is a Unix socket, where there is no TLS."""
        return all(host.startswith("/") for host, _ in self.hosts)

    def connect_arguments(self) -> dict[str, Any]:
        """Give the keyword arguments for `asyncpg.connect`, all explicit: no PG* variable or file moves the target.

        With sslmode prefer or allow asyncpg chooses the transport: it answers a wrong password with a second login on
        the other transport, and finds a client certificate only through PG* variables and ~/.postgresql. `attempts`
        has neither flaw. Raises InvalidConnection for a certificate file that cannot be read.
        """
        first, *others = self.attempts()
        return first | {"ssl": self.tls.mode} if others else first

    def attempts(self) -> tuple[dict[str, Any], ...]:
        """Give the keyword arguments of each attempt that sslmode allows: one, or two for prefer and allow.

        The second is for a server that refused the first one's transport before it looked at any password: for
        prefer a plain ConnectionError that says "rejected SSL upgrade", for allow SQLSTATE 28000 (no pg_hba.conf
        entry for a connection without encryption). After any other error, 28P01 above all, it must not be made.
        """
        plain: dict[str, Any] = {
            "host": [host for host, _ in self.hosts],
            "port": [port for _, port in self.hosts],
            "user": self.user,
            "database": self.database,
            "password": (self.password or Secret("")).reveal,
            "ssl": False,
            "direct_tls": False,
            "server_settings": dict(self.server_settings),
            "target_session_attrs": self.target_session_attrs,
            "krbsrvname": self.kerberos_service,
            "gsslib": "gssapi",
        }
        if self.connect_timeout is not None:
            plain["timeout"] = float(self.connect_timeout * len(self.hosts))
        if self.is_local or self.tls.mode == "disable":
            return (plain,)
        encrypted = plain | {"ssl": self.tls.context(), "direct_tls": self.tls.direct}
        if self.tls.mode == "allow":
            return (plain, encrypted)
        return (encrypted, plain) if self.tls.mode == "prefer" else (encrypted,)


def _shown(host: str) -> str:
    if host in SOCKET_FOLDERS:
        return "socket"
    return f"[{host}]" if host.startswith("/") or ":" in host else host
