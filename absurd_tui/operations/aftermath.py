"""What became of a transaction whose COMMIT was sent and whose answer never came: asked until the server knows."""

import asyncio
from dataclasses import replace

import asyncpg

from absurd_tui.conninfo import ConnSpec
from absurd_tui.database.faults import Fault, classify
from absurd_tui.database.writing import Place, WriteSession
from absurd_tui.operations.outcomes import After, Done, NotApplied, Outcome, Unknown
from absurd_tui.operations.work import Confirmation, Work

ASKED_EVERY = 0.5
ASKED_FOR = 15.0

_LOST_IN_COMMIT = "The connection was lost during COMMIT"
_STATUS = "select pg_xact_status($1::text::xid8) as status"
_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


async def resolve(spec: ConnSpec, place: Place, work: Work, xid: int, promised: Done) -> Outcome:
    """Learn whether the transaction `xid`, begun at `place`, was committed, and how the rows stand now.

    `promised` is what was read back before the COMMIT. A server that is not the same cluster and timeline is not
    asked: there the id may name another transaction. What the rows are asked for is only how they stand now, and
    whether they contradict: a crash can give an id that was lost with it to another transaction.
    """
    inquiry = _Inquiry(spec, place, work, xid, promised)
    try:
        async with asyncio.timeout(ASKED_FOR):
            return await inquiry.until_known()
    except TimeoutError:
        return Unknown(xid, inquiry.last, inquiry.after)
    finally:
        inquiry.session.terminate()


class _Inquiry:
    def __init__(self, spec: ConnSpec, place: Place, work: Work, xid: int, promised: Done) -> None:
        self.session = WriteSession(spec)
        self.after: After | None = None
        self.last = f"{_LOST_IN_COMMIT}, and no new one could be made."
        self._place = place
        self._work = work
        self._xid = xid
        self._promised = promised

    async def until_known(self) -> Outcome:
        while True:
            try:
                known = await self._ask()
            except _LOST:
                self.session.terminate()
                known = None
            if known is not None:
                return known
            await asyncio.sleep(ASKED_EVERY)

    async def _ask(self) -> Outcome | None:
        if not self.session.is_open:
            here = await self.session.open()
            if here.cluster is None or here.cluster != self._place.cluster:
                return Unknown(
                    self._xid, f"{_LOST_IN_COMMIT}, and what answers now is not known to be the same server."
                )
            self.last = f"{_LOST_IN_COMMIT}, and a new one brought no answer."
        status = await self._status()
        if status == "aborted":
            return NotApplied(f"{_LOST_IN_COMMIT}, and the server undid the transaction.")
        found = await self._confirmed()
        self.after = found.after if found is not None else None
        if status == "committed" and found is None:
            return self._promised
        if status == "committed" and found is not None and (found.is_borne_out or found.after is None):
            return replace(self._promised, after=found.after)
        if status == "in progress":
            self.last = f"{_LOST_IN_COMMIT}, and the transaction is still open on the server."
            return None
        return Unknown(self._xid, f"{_LOST_IN_COMMIT}, and the server cannot say what became of it.", self.after)

    async def _confirmed(self) -> Confirmation | None:
        """Read how the rows stand now; None where they cannot be read although the connection lives."""
        try:
            return await self._work.confirm(self.session.fetch, self._xid)
        except asyncpg.UndefinedTableError:
            return Confirmation(is_borne_out=False, after=None)  # the queue was dropped, and the task with it
        except asyncpg.PostgresError as error:
            if classify(error) is not Fault.PANEL:
                raise
            return None

    async def _status(self) -> str | None:
        try:
            rows = await self.session.fetch(_STATUS, str(self._xid))
        except asyncpg.InvalidParameterValueError:
            return None  # an id of the future: not the server that gave it
        status: str | None = rows[0]["status"]
        return status
