"""Fail a run by hand (absurd.fail_run), which asks nobody whether a worker still works on it."""

from typing import Final

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.json_values import Json
from absurd_tui.lifecycle.statements import FAIL
from absurd_tui.observe.records import State
from absurd_tui.operations import literals, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Refused
from absurd_tui.operations.preflight import would_stop_queue
from absurd_tui.operations.requests import FailRun
from absurd_tui.operations.standing import Fetch, Standing
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("fail_run", ("text", "uuid", "jsonb", "timestamp with time zone")),
    "0.0.3",
    (("r", ("SELECT", "INSERT", "UPDATE")), ("t", ("SELECT", "UPDATE")), ("w", ("SELECT", "DELETE"))),
)
REASON: Final[Json] = {"name": "FailedByHand", "message": "Failed by hand with absurd-tui."}
"""What stands as the failure of such a run."""

CAN_FAIL: Final = (State.RUNNING, State.SLEEPING)
_NOT_HELD = "The task is {state}: only a run that is claimed or asleep can be failed."
_UNREADABLE = "Its cancellation policy is no whole number of seconds: Absurd cannot fail it. It can be cancelled."
_CLAIMED_ANEW = "The run was claimed anew since you looked: another worker may have it."
_HOLDS_AGAIN = "The lease had ended when you looked, and holds again: somebody works on it."


def refusal(state: State, max_duration: str | None, max_delay: str | None) -> str | None:
    """Say why the run of a task in this state is not failed, or None where it can be."""
    if state not in CAN_FAIL:
        return _NOT_HELD.format(state=state)
    return _UNREADABLE if would_stop_queue(max_duration, max_delay) else None


def other_claim(request: FailRun, claimed_at: float | None, lease: float | None, now: float) -> str | None:
    """Say that the same run is no longer held as it was seen, or None: a worker's heartbeat alone is no other claim."""
    if claimed_at != request.claimed_at:
        return _CLAIMED_ANEW
    seen = request.target
    had_ended = seen.claim_expires_at is not None and seen.claim_expires_at <= seen.seen_at
    return _HOLDS_AGAIN if had_ended and lease is not None and lease > now else None


class Fail:
    """A failing by hand on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: FailRun) -> None:
        self._request = request
        self._target = request.target
        self.queue = request.target.queue

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        queue = self.queue
        return (standing.lock_runs(queue), standing.lock_task(queue), standing.read_task(queue), FAIL)

    @property
    def sql(self) -> str:
        """The call."""
        queue, run_id = literals.text_literal(self.queue), literals.id_literal(self._target.run_id)
        return literals.sql_call("fail_run", queue, run_id, literals.json_literal(REASON))

    @property
    def absurdctl(self) -> str | None:
        """absurdctl has no such command."""
        return None

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the run, then the task; read, and compare, the claim too: the dialog names its worker."""
        found = await standing.locked(fetch, self._target, with_runs=True)
        if found is None:
            return Gone()
        if not found.is_as_seen(self._target):
            return self._moved_on(found)
        reason = other_claim(self._request, found.claimed_at, found.claim_expires_at, found.now)
        reason = reason or refusal(found.state, found.max_duration, found.max_delay)
        return Refused(reason) if reason else None

    def _moved_on(self, found: Standing) -> Found:
        """A run after which there is another attempt, or whose task has failed, has failed: just what was asked."""
        if found.attempt > self._target.attempt:
            is_next = found.attempt == self._target.attempt + 1
            return AlreadySo(found.after, since=found.run_created_at if is_next else None)
        if found.state is State.FAILED and found.run_id == self._target.run_id:
            return AlreadySo(found.after, since=None)
        return Changed(found.after)

    async def call(self, session: WriteSession) -> None:
        """Fail the run; when the next attempt begins is as its retry strategy says."""
        await lifecycle_over(session).fail(self.queue, self._target.run_id, REASON)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell by the task's row whether this call did it, and what became of the task."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        if found is None or not found.is_ours_task:
            return Refused("Absurd took the call, but the task is as it was.")
        return Done(found.after)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """There is a later attempt, or the task has ended."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        is_later = found is not None and found.attempt > self._target.attempt
        is_over = found is not None and found.state in (State.FAILED, State.CANCELLED)
        return Confirmation(is_later or is_over, found.after if found else None)
