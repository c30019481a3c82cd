"""Extend a claim (absurd.extend_claim), which SETS the lease from now on and never asks whether that shortens it."""

from math import inf

from absurd_tui import units
from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.statements import EXTEND_CLAIM
from absurd_tui.observe.records import State
from absurd_tui.operations import literals, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Refused
from absurd_tui.operations.preflight import LONGEST_SECONDS, resulting_expiry, resulting_seconds, shortens
from absurd_tui.operations.requests import ExtendClaim
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("extend_claim", ("text", "uuid", "integer")),
    "0.0.5",
    (("r", ("SELECT", "UPDATE")), ("t", ("SELECT", "UPDATE"))),
)

_NO_CLAIM = {
    State.PENDING: "The run is pending: nobody has claimed it yet, so it has no lease.",
    State.SLEEPING: "The run is sleeping: it has no lease until it is claimed again.",
    State.COMPLETED: "The run has completed: it needs no lease any more.",
    State.FAILED: "The run has failed: its lease is over, and Absurd does not bring it back.",
    State.CANCELLED: "The task is cancelled: its lease is gone, and Absurd does not bring it back.",
}


def refusal(
    state: State,
    claim_expires_at: float | None,
    now: float,
    seconds: int,
    *,
    on_top: bool = False,
    may_shorten: bool = False,
) -> str | None:
    """Say why this lease is not extended so, or None where it can be. An expired one can: that revives it."""
    if state is not State.RUNNING:
        return _NO_CLAIM[state]
    if claim_expires_at is None:
        return "The run was claimed without a lease: it never expires, so there is nothing to extend."
    if claim_expires_at == inf and on_top:
        return "The lease never ends: nothing can be put on top of it."
    if seconds <= 0:
        return "A lease is extended by 1 second or more."
    if resulting_seconds(claim_expires_at, now, seconds, on_top=on_top) > LONGEST_SECONDS:
        return f"The lease would last longer than {LONGEST_SECONDS // 3600} hours, the most that is set here."
    if not may_shorten and claim_expires_at == inf:
        return "The lease never ends, and this would give it an end: Absurd sets the lease, it does not add to it."
    if not may_shorten and shortens(claim_expires_at, now, seconds, on_top=on_top):
        lost = claim_expires_at - resulting_expiry(claim_expires_at, now, seconds, on_top=on_top)
        return f"This would shorten the lease by {units.time_left(lost)}: Absurd sets the lease, it does not add to it."
    return None


class Extend:
    """An extension on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: ExtendClaim) -> None:
        self._request = request
        self._target = request.target
        self._seconds = request.seconds
        self.queue = request.target.queue

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        queue = self.queue
        return (standing.lock_runs(queue), standing.lock_task(queue), standing.read_task(queue), EXTEND_CLAIM)

    @property
    def sql(self) -> str:
        """The call, with the seconds that follow from the locked lease."""
        queue, run_id = literals.text_literal(self.queue), literals.id_literal(self._target.run_id)
        return literals.sql_call("extend_claim", queue, run_id, str(self._seconds))

    @property
    def absurdctl(self) -> str | None:
        """Nothing: absurdctl has no such command."""
        return None

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock, read, compare, and reckon what is left of the lease.

        A heartbeat may have moved the lease since the look. That matters only to who ticked that it may get
        shorter, for they ticked it for the lease they saw; for the others the locked lease is what counts.
        """
        request = self._request
        found = await standing.locked(fetch, self._target, with_runs=True)
        if found is None:
            return Gone()
        has_moved = found.claim_expires_at != self._target.claim_expires_at
        if not found.is_as_seen(self._target) or (has_moved and request.may_shorten):
            return Changed(found.after)
        reason = refusal(
            found.state,
            found.claim_expires_at,
            found.now,
            request.seconds,
            on_top=request.on_top,
            may_shorten=request.may_shorten,
        )
        if reason is not None:
            return Refused(reason)
        assert found.claim_expires_at is not None  # refused above
        lasts = resulting_seconds(found.claim_expires_at, found.now, request.seconds, on_top=request.on_top)
        self._seconds = int(lasts)
        return None

    async def call(self, session: WriteSession) -> None:
        """Set the lease."""
        await lifecycle_over(session).extend_claim(self.queue, self._target.run_id, self._seconds)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell the lease as it is now. Old releases of Absurd take the call for a failed run and do nothing."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        if found is None or not found.is_ours_run:
            return Refused("Absurd took the call, but the lease is as it was.")
        return Done(found.after)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The lease is this one, or another than before: a heartbeat or the end of the run may have followed."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        if found is None:
            return Confirmation(is_borne_out=False, after=None)
        return Confirmation(found.is_ours_run or found.claim_expires_at != self._target.claim_expires_at, found.after)
