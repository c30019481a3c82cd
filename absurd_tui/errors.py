"""Every error this project raises on purpose.

Two families. `AbsurdError` is what a call on Absurd can end with: each carries
the `sqlstate` PostgreSQL gave, or None where the server said nothing: the call was
refused before it was sent, or the connection ended. `CannotStart` is what ends the
program with exit code 2: its text is one line that says what to do, and never holds
a password.
"""


class AbsurdError(Exception):
    """A call on Absurd did not do what was asked.

    `sqlstate` is PostgreSQL's five-character code, or None where the server gave none.
    """

    def __init__(self, message: str, *, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Cancelled(AbsurdError):
    """The task is cancelled; its worker must stop (AB001)."""


class AlreadyFailed(AbsurdError):
    """The run has failed already, for example because its lease expired (AB002)."""


class InvalidRequest(AbsurdError):
    """The request cannot be right: refused here before it was sent, or by Absurd (AB003, 22xxx, P0001)."""


class NotFound(AbsurdError):
    """There is no such task, run or row in this queue."""


class WrongState(AbsurdError):
    """The task or run is in a state that does not allow the call."""


class NoActiveClaim(AbsurdError):
    """The run is running without a lease, so there is none to extend."""


class QueueMissing(AbsurdError):
    """The queue does not exist, or its tables are missing."""


class Denied(AbsurdError):
    """The role lacks a right the call needs, or the session is read-only."""


class TimedOut(AbsurdError):
    """The server gave up on the statement or on a lock and rolled it back: nothing changed."""


class ConnectionLost(AbsurdError):
    """The connection ended during the call: whether it took effect is unknown."""


class CannotConnect(ConnectionLost):
    """No connection was made, so nothing was sent."""


class Undecodable(AbsurdError):
    """The database holds a value that Python cannot represent; `text` is that value as stored."""

    def __init__(self, message: str, *, text: str, sqlstate: str | None = None) -> None:
        super().__init__(message, sqlstate=sqlstate)
        self.text = text


class CannotStart(Exception):
    """The program cannot go on; the text is one line for the user. Ends with exit code 2."""


class InvalidConnection(CannotStart, InvalidRequest):
    """A connection string, or what it refers to, cannot be used. The text never quotes the string."""
