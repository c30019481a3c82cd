"""The TLS half of a connection: libpq's ssl* parameters as one `ssl.SSLContext`."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from absurd_tui.conninfo.files import is_plain_file
from absurd_tui.conninfo.secret import Secret
from absurd_tui.errors import InvalidConnection

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SYSTEM = "system"
_MINIMA = {
    "tlsv1": ssl.TLSVersion.TLSv1_2,
    "tlsv1.1": ssl.TLSVersion.TLSv1_2,
    "tlsv1.2": ssl.TLSVersion.TLSv1_2,
    "tlsv1.3": ssl.TLSVersion.TLSv1_3,
}
_MAXIMA = {"tlsv1.2": ssl.TLSVersion.TLSv1_2, "tlsv1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True)
class Tls:
    """How the connection is encrypted. `mode` is libpq's sslmode; the files are None where there are none.

    `root` is "system" for the certificate authorities of the operating system. `direct` starts TLS without asking
    the server first (sslnegotiation=direct, PostgreSQL 17).
    """

    mode: str = "prefer"
    root: str | None = None
    certificate: str | None = None
    key: str | None = None
    key_password: Secret | None = None
    revoked: str | None = None
    minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    direct: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether the server must show a certificate that is trusted: verify-*, and require where there is a root."""
        return self.mode.startswith("verify") or (self.mode == "require" and self.root is not None)

    def context(self) -> ssl.SSLContext:
        """Make the context for asyncpg. Raises InvalidConnection for a file that is missing or is no certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.mode == "verify-full"
        context.verify_mode = ssl.CERT_REQUIRED if self.is_verified else ssl.CERT_NONE
        context.minimum_version = self.minimum
        context.maximum_version = self.maximum
        if ssl.HAS_ALPN:
            context.set_alpn_protocols(["postgresql"])
        if self.is_verified:
            self._trust(context)
        if self.certificate:
            with _reading("sslcert or sslkey"):
                context.load_cert_chain(self.certificate, self.key, (self.key_password or Secret("")).reveal)
        return context

    def _trust(self, context: ssl.SSLContext) -> None:
        if self.root is None:
            raise InvalidConnection(
                f"sslmode={self.mode} needs sslrootcert=FILE, sslrootcert=system, or a file ~/.postgresql/root.crt"
            )
        if self.root == _SYSTEM:
            context.load_default_certs()
        else:
            with _reading("sslrootcert"):
                context.load_verify_locations(self.root)
        if self.revoked:
            with _reading("sslcrl"):
                context.load_verify_locations(self.revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def read_tls(values: Mapping[str, str], home: Path | None) -> Tls:
    """Make the settings out of libpq's ssl* parameters, whose empty values mean the defaults.

    Files that nobody names are looked for in ~/.postgresql. sslrootcert=system makes sslmode verify-full, as in
    PostgreSQL 16; a weaker mode beside it is refused, and so is sslnegotiation=direct below require.
    """
    root = values.get("sslrootcert") or _default_file(home, "root.crt")
    mode = values.get("sslmode") or ("verify-full" if root == _SYSTEM else "prefer")
    negotiation = values.get("sslnegotiation") or "postgres"
    minimum = (values.get("ssl_min_protocol_version") or "TLSv1.2").lower()
    maximum = (values.get("ssl_max_protocol_version") or "").lower()
    if mode not in MODES:
        raise InvalidConnection(f"sslmode must be one of {', '.join(MODES)}")
    if root == _SYSTEM and mode != "verify-full":
        raise InvalidConnection("sslrootcert=system needs sslmode=verify-full")
    if negotiation not in ("postgres", "direct"):
        raise InvalidConnection("sslnegotiation must be postgres or direct")
    if negotiation == "direct" and MODES.index(mode) < MODES.index("require"):
        raise InvalidConnection("sslnegotiation=direct needs sslmode=require, verify-ca or verify-full")
    if minimum not in _MINIMA:
        raise InvalidConnection("ssl_min_protocol_version must be TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3")
    if maximum and maximum not in _MAXIMA:
        raise InvalidConnection("ssl_max_protocol_version must be TLSv1.2 or TLSv1.3")
    if maximum and _MAXIMA[maximum] < _MINIMA[minimum]:
        raise InvalidConnection("ssl_min_protocol_version is above ssl_max_protocol_version")
    return Tls(
        mode=mode,
        root=root,
        certificate=values.get("sslcert") or _default_file(home, "postgresql.crt"),
        key=values.get("sslkey") or _default_file(home, "postgresql.key"),
        key_password=Secret(values["sslpassword"]) if values.get("sslpassword") else None,
        revoked=values.get("sslcrl") or _default_file(home, "root.crl"),
        minimum=_MINIMA[minimum],
        maximum=_MAXIMA[maximum] if maximum else ssl.TLSVersion.MAXIMUM_SUPPORTED,
        direct=negotiation == "direct",
    )


def _default_file(home: Path | None, name: str) -> str | None:
    path = home / ".postgresql" / name if home else None
    return str(path) if path is not None and is_plain_file(path) else None


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn what goes wrong with a file into one line (ssl.SSLError is an OSError)."""
    try:
        yield
    except (OSError, ValueError):
        raise InvalidConnection(f"the file that {what} names cannot be read, or is not what it should be") from None
