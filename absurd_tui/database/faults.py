"""What an exception from the connection means for whoever is reading.

Pure: it looks at the exception alone. AB00x and every other SQLSTATE is read from
`.sqlstate`, never from the class, because asyncpg files unknown codes under its
fatal errors.
"""

import errno
import socket
import ssl
from enum import Enum, auto

from asyncpg.exceptions import (
    ClientConfigurationError,
    InterfaceError,
    InternalClientError,
    PostgresError,
    TargetServerAttributeNotMatched,
)

from absurd_tui.errors import AbsurdError


class Fault(Enum):
    """What to do about it."""

    RECONNECT = auto()
    """The connection is gone or could not be made; trying again may help."""
    STOP = auto()
    """Trying again cannot help: a password, a role, a database, a certificate, a setting."""
    PANEL = auto()
    """This one statement was refused; the connection lives."""
    RETRY_ONCE = auto()
    """The server undid the statement for a reason of its own; the next try may pass."""


_STOP_AT_CONNECT = ("28", "3D", "42", "22", "08P01")
_OF_A_POOLER = ("26000", "42P05")
_CONNECTION_CODES = ("08", "57P", "53300", "25P03", *_OF_A_POOLER)
_RETRY_CODES = ("0A000", "40001", "40P01")
_POOLER_IS_FULL = "no more connections allowed"  # pgbouncer, which has no code of its own for it
_TOO_MANY = "Too many connections"
_REFUSED_TLS = "rejected SSL upgrade"
_SPEAKS = (PostgresError, InterfaceError, InternalClientError, OSError, AbsurdError)


def classify(error: BaseException, *, connecting: bool = False) -> Fault:
    """Say what an exception means; `connecting` tells that it came while a connection was being made."""
    code = sqlstate(error)
    if lacks_room(error):
        return Fault.RECONNECT
    if code is not None:
        return _by_sqlstate(code, connecting)
    if isinstance(error, ssl.SSLCertVerificationError | ClientConfigurationError):
        return Fault.STOP
    if isinstance(error, InterfaceError | InternalClientError):
        return Fault.RECONNECT  # it is closed, or what the server said on it was not expected
    if connecting and isinstance(error, ConnectionError) and _REFUSED_TLS in str(error):
        return Fault.STOP  # the server has no TLS, or is no PostgreSQL
    if isinstance(error, OSError):
        return Fault.RECONNECT
    if connecting:
        return Fault.STOP
    return Fault.PANEL


def _by_sqlstate(code: str, connecting: bool) -> Fault:
    if connecting and code.startswith(_STOP_AT_CONNECT):
        return Fault.STOP
    if code.startswith(_CONNECTION_CODES):
        return Fault.RECONNECT
    if code in _RETRY_CODES:
        return Fault.RETRY_ONCE
    return Fault.RECONNECT if connecting else Fault.PANEL


def lacks_room(error: BaseException) -> bool:
    """Whether a connection was refused only because there are as many as may be; one that is open lives on."""
    code = sqlstate(error)
    return code == "53300" or (code == "08P01" and _POOLER_IS_FULL in str(error))


def shows_a_pooler(error: BaseException) -> bool:
    """Whether a prepared statement has gone, or somebody else's is there: another process answers than before."""
    return sqlstate(error) in _OF_A_POOLER


def is_out_of_step(error: BaseException) -> bool:
    """Whether the driver has lost track of a connection: the server has ended it, but its end is not here yet."""
    return isinstance(error, InternalClientError) and not isinstance(error, TargetServerAttributeNotMatched)


def sqlstate(error: BaseException) -> str | None:
    """Give PostgreSQL's five-character code of an exception, or None where the server said nothing."""
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else None


def sentence(error: BaseException) -> str:
    """Say in one raw line what happened: the server's own words where it spoke, ours where it did not.

    Of an error that nobody foresaw only the type is told: its text may quote what it stumbled over, a password too.
    """
    if isinstance(error, TimeoutError):
        return "The database did not answer in time."
    if isinstance(error, ConnectionRefusedError) or _is_refused_everywhere(error):
        return "Connection refused: no PostgreSQL listens at this address."
    if isinstance(error, FileNotFoundError):
        return "There is no PostgreSQL socket at this path."
    if isinstance(error, socket.gaierror):
        return "The host's name could not be resolved."
    if isinstance(error, ssl.SSLCertVerificationError) and (why := getattr(error, "verify_message", "")):
        return f"The server's certificate is not trusted: {why.rstrip('.')}."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    if isinstance(error, ConnectionError) and _REFUSED_TLS in str(error):
        return "The server refused TLS, and sslmode demands it."
    if isinstance(error, ConnectionError):
        return "The server closed the connection."
    if isinstance(error, InterfaceError) and not isinstance(error, ClientConfigurationError):
        return "The connection is closed."
    if isinstance(error, TargetServerAttributeNotMatched):
        return "No server that answers is of the kind that target_session_attrs asks for."
    if is_out_of_step(error):
        return "The connection can no longer be used."
    if not isinstance(error, _SPEAKS):
        return f"{type(error).__name__}, an error of this program's own."
    text = " ".join(str(error).split())
    if lacks_room(error) and not text.lower().startswith(_TOO_MANY.lower()):
        return f"{_TOO_MANY}: {text}"
    return text or type(error).__name__


def _is_refused_everywhere(error: BaseException) -> bool:
    """Whether each address of a host refused, which asyncio tells in one text without a code."""
    return isinstance(error, OSError) and error.errno is None and f"[Errno {errno.ECONNREFUSED}]" in str(error)
