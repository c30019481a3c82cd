"""Who has locked a queue against reading. That costs a statement, so it is asked once a reading was refused for it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg.exceptions import LockNotAvailableError

from absurd_tui.database.faults import Fault, classify, sqlstate
from absurd_tui.observe.lock_queries import HOLDER

LOCKED = "55P03"
_LETTERS = "trcew"


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A session that keeps readers out; one without a pid is a prepared transaction, which no session owns.

    One that is `waiting` has not got the lock yet: it waits for others, and everybody who comes later waits for it.
    """

    pid: int | None
    application: str | None
    is_waiting: bool

    def __str__(self) -> str:
        if self.pid is None:
            return "a prepared transaction"
        return f"pid {self.pid} ({self.application})" if self.application else f"pid {self.pid}"


class HeldLockError(LockNotAvailableError):
    """A reading was refused for a lock, and this is who has it."""

    def __init__(self, holder: LockHolder, table: str = "") -> None:
        super().__init__(f"{table} is locked by {holder}." if table else f"locked by {holder}")
        self.holder = holder


async def with_holder(error: Exception, queue: str, fetch: Callable[..., Awaitable[Sequence[Any]]]) -> Exception:
    """Give the same error, or for a lock whose holder is still there one that names it.

    Raises only what ends the connection.
    """
    return await _named(error, [f"{letter}_{queue}" for letter in _LETTERS], "", fetch)


async def with_holder_of_list(error: Exception, fetch: Callable[..., Awaitable[Sequence[Any]]]) -> Exception:
    """The same for Absurd's list of queues, which every reading begins with."""
    return await _named(error, ["queues"], "absurd.queues", fetch)


async def _named(
    error: Exception, tables: Sequence[str], about: str, fetch: Callable[..., Awaitable[Sequence[Any]]]
) -> Exception:
    if sqlstate(error) != LOCKED or isinstance(error, HeldLockError):
        return error
    try:
        rows = await fetch(HOLDER, tables)
    except Exception as not_told:
        if classify(not_told) is Fault.RECONNECT:
            raise
        return error
    if not rows:
        return error
    (row,) = rows
    return HeldLockError(LockHolder(row["pid"], row["application_name"] or None, is_waiting=not row["granted"]), about)
