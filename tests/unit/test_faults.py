"""Every kind of fault that was seen of a server, and what to do about it, while connecting and while reading."""

import errno
import socket
import ssl

import pytest
from asyncpg import exceptions as pg

from absurd_tui.database.faults import Fault, classify, lacks_room, sentence, sqlstate

AGAIN, STOP, PANEL, ONCE = Fault.RECONNECT, Fault.STOP, Fault.PANEL, Fault.RETRY_ONCE
UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed: hostname mismatch")


def unknown(code: str, text: str) -> pg.PostgresError:
    """What asyncpg makes of a code it does not know: an error that it files under its fatal ones."""
    error: pg.PostgresError = pg.PostgresError.new({"C": code, "M": text, "S": "ERROR"})
    return error


def untrusted(why: str) -> ssl.SSLCertVerificationError:
    """What OpenSSL makes of a certificate that it does not trust."""
    error = ssl.SSLCertVerificationError(
        1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {why} (_ssl.c)"
    )
    error.verify_message = why
    return error


@pytest.mark.parametrize(
    ("error", "while_connecting", "while_reading"),
    [
        (pg.ConnectionDoesNotExistError("connection was closed in the middle of operation"), AGAIN, AGAIN),
        (pg.AdminShutdownError("terminating connection due to administrator command"), AGAIN, AGAIN),
        (pg.CrashShutdownError("terminating connection because of crash"), AGAIN, AGAIN),
        (pg.InterfaceError("connection is closed"), AGAIN, AGAIN),
        (pg.InterfaceError("cannot perform operation: another operation is in progress"), AGAIN, AGAIN),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), AGAIN, AGAIN),
        (pg.CannotConnectNowError("the database system is shutting down"), AGAIN, AGAIN),
        (pg.CannotConnectNowError("the database system is starting up"), AGAIN, AGAIN),
        (pg.CannotConnectNowError("the database system is not yet accepting connections"), AGAIN, AGAIN),
        (pg.QueryCanceledError("canceling statement due to user request"), AGAIN, PANEL),
        (pg.QueryCanceledError("canceling statement due to statement timeout"), AGAIN, PANEL),
        (TimeoutError(), AGAIN, AGAIN),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), AGAIN, AGAIN),
        (ConnectionAbortedError(errno.ECONNABORTED, "Software caused connection abort"), AGAIN, AGAIN),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), AGAIN, AGAIN),
        (ConnectionError("unexpected connection_lost() call"), AGAIN, AGAIN),
        (OSError(errno.EHOSTUNREACH, "No route to host"), AGAIN, AGAIN),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), AGAIN, AGAIN),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed"), AGAIN, AGAIN),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), AGAIN, AGAIN),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), AGAIN, AGAIN),
        (pg.TargetServerAttributeNotMatched("None of the hosts match the target attribute requirement"), AGAIN, AGAIN),
        (pg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), AGAIN, AGAIN),
        (pg.TooManyConnectionsError("sorry, too many clients already"), AGAIN, AGAIN),
        (pg.ObjectNotInPrerequisiteStateError('database "x" is not currently accepting connections'), AGAIN, PANEL),
        (pg.IdleInTransactionSessionTimeoutError("terminating connection due to timeout"), AGAIN, AGAIN),
        (pg.IdleSessionTimeoutError("terminating connection due to idle-session timeout"), AGAIN, AGAIN),
        (pg.InvalidPasswordError('password authentication failed for user "x"'), STOP, PANEL),
        (pg.InvalidAuthorizationSpecificationError('role "x" does not exist'), STOP, PANEL),
        (pg.InvalidCatalogNameError('database "x" does not exist'), STOP, PANEL),
        (pg.InsufficientPrivilegeError('permission denied for database "x"'), STOP, PANEL),
        (pg.UndefinedObjectError('unrecognized configuration parameter "x"'), STOP, PANEL),
        (pg.InvalidParameterValueError('invalid value for parameter "x"'), STOP, PANEL),
        (pg.ProtocolViolationError("unsupported startup parameter"), STOP, AGAIN),
        (ConnectionError('PostgreSQL server at "db:5432" rejected SSL upgrade'), STOP, AGAIN),
        (pg.ClientConfigurationError("cannot load the root certificate"), STOP, STOP),
        (UNTRUSTED, STOP, STOP),
        (OverflowError("getsockaddrarg: port must be 0-65535."), STOP, PANEL),
        (ValueError("invalid literal for int()"), STOP, PANEL),
        (pg.InvalidSchemaNameError('schema "absurd" does not exist'), AGAIN, PANEL),
        (pg.UndefinedTableError('relation "absurd.queues" does not exist'), STOP, PANEL),
        (pg.UndefinedFunctionError("function absurd.x() does not exist"), STOP, PANEL),
        (pg.UndefinedColumnError("column x does not exist"), STOP, PANEL),
        (pg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"), AGAIN, PANEL),
        (pg.LockNotAvailableError("canceling statement due to lock timeout"), AGAIN, PANEL),
        (pg.DeadlockDetectedError("deadlock detected"), ONCE, ONCE),
        (pg.SerializationError("canceling statement due to conflict with recovery"), ONCE, ONCE),
        (pg.InvalidCachedStatementError("cached plan must not change result type"), ONCE, ONCE),
        (pg.OutOfMemoryError("out of shared memory"), AGAIN, PANEL),
        (pg.ProgramLimitExceededError("index row size exceeds maximum"), AGAIN, PANEL),
        (pg.RaiseError("queue does not exist"), AGAIN, PANEL),
        (pg.DataError("invalid input for query argument $1"), STOP, PANEL),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), STOP, PANEL),
        (unknown("AB001", "task is cancelled"), AGAIN, PANEL),
        (unknown("AB002", "run has failed"), AGAIN, PANEL),
        (KeyError("qi"), STOP, PANEL),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.name.lower(),
)
def test_what_a_fault_means(error: Exception, while_connecting: Fault, while_reading: Fault) -> None:
    assert classify(error, connecting=True) is while_connecting
    assert classify(error) is while_reading


def test_a_code_that_asyncpg_does_not_know_is_read_all_the_same() -> None:
    cancelled = unknown("AB001", "task is cancelled")
    assert isinstance(cancelled, pg.FatalPostgresError), "why the class says nothing"
    assert sqlstate(cancelled) == "AB001"


@pytest.mark.parametrize("error", [OSError("x"), pg.InterfaceError("x"), KeyError("x")])
def test_what_the_server_did_not_say_has_no_code(error: Exception) -> None:
    assert sqlstate(error) is None


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "The database did not answer in time."),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 1)"), "Connection refused: no PostgreSQL "),
        (
            OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1, 0, 0), [Errno 111] Connect call"),
            "Connection refused: no PostgreSQL ",
        ),
        (FileNotFoundError(2, "No such file or directory"), "There is no PostgreSQL socket at this path."),
        (OSError(113, "No route to host"), "No route to host."),
        (socket.gaierror(-2, "Name or service not known"), "The host's name could not be resolved."),
        (UNTRUSTED, "certificate verify failed: hostname mismatch."),
        (
            untrusted("Hostname mismatch, certificate is not valid for 'db'."),
            "The server's certificate is not trusted: H",
        ),
        (
            pg.TooManyConnectionsError("sorry, too many clients already"),
            "Too many connections: sorry, too many clients",
        ),
        (pg.TooManyConnectionsError('too many connections for role "x"'), "too many connections for role"),
        (ConnectionError('PostgreSQL server at "db" rejected SSL upgrade'), "The server refused TLS, and sslmode "),
        (ConnectionError("unexpected connection_lost() call"), "The server closed the connection."),
        (pg.InterfaceError("connection is closed"), "The connection is closed."),
        (pg.InternalClientError("cannot switch to state 12"), "The connection can no longer be used."),
        (pg.TargetServerAttributeNotMatched("None of the hosts match"), "No server that answers is of the kind that "),
        (
            pg.ClientConfigurationError("cannot load root.crt\nHINT: provide it"),
            "cannot load root.crt HINT: provide it",
        ),
        (pg.InvalidPasswordError('password authentication failed for user "x"'), "password authentication failed for"),
        (pg.RaiseError("two\n  lines"), "two lines"),
        (ValueError("invalid literal for int() with base 10: 'TOP'"), "ValueError, an error of this program's own."),
        (KeyError(), "KeyError"),
    ],
)
def test_a_fault_is_told_in_one_line(error: Exception, said: str) -> None:
    told = sentence(error)
    assert told.startswith(said)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("error", "is_for_room"),
    [
        (pg.TooManyConnectionsError('too many connections for role "x"'), True),
        (pg.ProtocolViolationError("no more connections allowed (max_client_conn)"), True),
        (pg.ProtocolViolationError("unsupported startup parameter"), False),
        (pg.InvalidPasswordError('password authentication failed for user "x"'), False),
        (TimeoutError(), False),
    ],
)
def test_a_refusal_for_want_of_room(error: Exception, is_for_room: bool) -> None:
    assert lacks_room(error) is is_for_room
