"""How every write is made: lock, compare, call, read back, commit, and then say what is true.

Only a COMMIT whose answer never came leaves anything open. Before it was sent,
the server undoes the transaction of a connection that has gone, whatever part of
the call arrives how late: nothing was changed, for certain.
"""

import asyncio
from dataclasses import dataclass

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.faults import sentence
from absurd_tui.database.writing import Place, WriteSession
from absurd_tui.errors import AbsurdError, CannotConnect, ConnectionLost, Denied, NotFound, QueueMissing, TimedOut
from absurd_tui.lifecycle.failures import DRIVER_ERRORS, failure, sqlstate_of
from absurd_tui.operations import aftermath, refusals
from absurd_tui.operations.holder import HolderWatch
from absurd_tui.operations.outcomes import Done, Gone, Locked, NotApplied, Outcome, QueueGone, Refused
from absurd_tui.operations.standing import Transaction
from absurd_tui.operations.work import LearnsFirst, TellsTransaction, Work

_XID = "select pg_current_xact_id()::text::bigint as xid, date_part('epoch', clock_timestamp()) as now"
_LOCK_TIMEOUT = "55P03"
_UNDONE_BY_CHANCE = ("40001", "40P01", "0A000", "26000", "42P05")
"""Serialization, deadlock, a table altered under a prepared statement, a pooler that showed: the next try may pass."""


@dataclass(slots=True)
class Passage:
    """How far a write has got: what quitting and the audit need to know of one that is under way.

    `now` is the database's clock at the call, `sql` the call once it is certain to be sent. `is_committing` says that
    the COMMIT has been sent and not answered: from here on the outcome can be unknown. `is_looked_up` says that its
    connection was lost, and that the server is asked what became of it.
    """

    role: str | None = None
    now: float | None = None
    xid: int | None = None
    sql: str | None = None
    is_committing: bool = False
    is_looked_up: bool = False


class Envelope:
    """Carries one write at a time over the one connection that writes, which is made on first use."""

    def __init__(self, spec: ConnSpec, *, statement_seconds: int | None = None) -> None:
        self._spec = spec
        self._session = WriteSession(spec, statement_seconds=statement_seconds)
        self._place: Place | None = None
        self._turn = asyncio.Lock()

    async def carry(self, work: Work, passage: Passage) -> Outcome:
        """Make a write and say what came of it. Raises when cancelled or broken, and then ends the connection."""
        async with self._turn:
            try:
                ended = await self._session.unbroken(self._carry(work, passage))
            except BaseException:
                self._session.terminate()
                raise
        if not isinstance(ended, _LostInCommit):
            return ended
        passage.is_looked_up = True
        return await aftermath.resolve(self._spec, ended.place, work, ended.xid, ended.promised)

    @property
    def is_open(self) -> bool:
        """Whether there is a connection: one that was lost in a write is gone afterwards."""
        return self._session.is_open

    def terminate(self) -> None:
        """Drop the connection at once; the server undoes what was not committed."""
        self._session.terminate()

    async def _carry(self, work: Work, passage: Passage) -> "Outcome | _LostInCommit":
        was_open = self._session.is_open
        try:
            return await self._once(work, passage)
        except _Ended as first:
            if not _is_worth_another_try(first.error, passage, was_open):
                return await self._told(work, first)
        passage.xid = passage.sql = None
        self._session.forget_prepared()
        try:
            return await self._once(work, passage)
        except _Ended as second:
            return await self._told(work, second)

    async def _once(self, work: Work, passage: Passage) -> "Outcome | _LostInCommit":
        session = self._session
        was_open = session.is_open
        watch: HolderWatch | None = None
        try:
            place = await self._opened(passage)
            if refusals.at_once(place, work.needs) and was_open:
                session.terminate()  # it may have been promoted since, its clock set right, its schema migrated
                place = await self._opened(passage)
            if refused := refusals.at_once(place, work.needs):
                return refused
            if isinstance(work, LearnsFirst):
                await work.learn(session.fetch)
            async with HolderWatch(self._spec, lambda: session.pid) as watch:
                await session.prepare(_XID, *work.statements)
                await session.begin()
                found = await work.look(session.fetch)
                if found is not None:
                    await session.rollback()
                    return found
                transaction = await self._transaction(work)
                passage.xid, passage.now, passage.sql = *transaction, work.sql
                await work.call(session)
                outcome = await work.read_back(session.fetch, transaction.xid)
            if not isinstance(outcome, Done):
                await session.rollback()
                return outcome
            return await self._commit(place, passage, transaction.xid, outcome)
        except AbsurdError as error:
            raise await self._ended(error, watch) from error
        except DRIVER_ERRORS as error:
            raise await self._ended(failure(error), watch) from error

    async def _opened(self, passage: Passage) -> Place:
        if self._place is None or not self._session.is_open:
            try:
                self._place = await self._session.open()
            except (*DRIVER_ERRORS, ValueError, OverflowError) as error:
                self._session.terminate()
                raise CannotConnect(sentence(error), sqlstate=sqlstate_of(error)) from error
        passage.role = self._place.role
        return self._place

    async def _transaction(self, work: Work) -> Transaction:
        told = work.transaction if isinstance(work, TellsTransaction) else None
        return told or Transaction(*(await self._session.fetch(_XID))[0])

    async def _commit(self, place: Place, passage: Passage, xid: int, outcome: Done) -> "Outcome | _LostInCommit":
        passage.is_committing = True
        try:
            is_committed = await self._session.commit()
        except DRIVER_ERRORS as error:
            if isinstance(failure(error), ConnectionLost):
                self._session.terminate()
                return _LostInCommit(place, xid, outcome)
            passage.is_committing = False
            raise
        passage.is_committing = False
        return outcome if is_committed else NotApplied("The server undid the transaction.")

    async def _ended(self, error: AbsurdError, watch: HolderWatch | None) -> "_Ended":
        if isinstance(error, ConnectionLost):
            self._session.terminate()
        elif self._session.in_transaction:
            await self._session.rollback()
        return _Ended(error, watch)

    async def _told(self, work: Work, ended: "_Ended") -> Outcome:
        error, holder = ended.error, ended.watch.holder if ended.watch else None
        if error.sqlstate == _LOCK_TIMEOUT:
            return Locked(holder.pid, holder.application, holder.seconds) if holder else Locked(None, None, None)
        match error:
            case CannotConnect():
                return NotApplied(_sentence(f"No connection: {error}"))
            case ConnectionLost():
                return NotApplied("The connection was lost before the COMMIT was sent.")
            case Denied():
                return await refusals.denied(self._session, self._place, work, error)
            case TimedOut():
                return NotApplied(_sentence(f"The server gave up and undid it: {error}"))
            case NotFound():
                return Gone()
            case QueueMissing():
                return QueueGone(f"There is no queue {work.queue} any more, or its tables are missing.")
        return Refused(_sentence(f"The database refused it: {error}"))


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}."


class _Ended(Exception):
    """A try that came to nothing: the error, and who was watched for holding locks meanwhile."""

    def __init__(self, error: AbsurdError, watch: HolderWatch | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.watch = watch


@dataclass(frozen=True, slots=True)
class _LostInCommit:
    place: Place
    xid: int
    promised: Done


def _is_worth_another_try(error: AbsurdError, passage: Passage, was_open: bool) -> bool:
    """Whether the server undid it by chance, or an old connection had been dead before anything was begun."""
    if error.sqlstate in _UNDONE_BY_CHANCE:
        return True
    is_stale = was_open and passage.sql is None and isinstance(error, ConnectionLost)
    return is_stale and not isinstance(error, CannotConnect)
