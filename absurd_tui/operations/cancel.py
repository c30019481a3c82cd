"""Cancel a task (absurd.cancel_task), which says nothing of what it did: the rows do."""

import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.statements import CANCEL
from absurd_tui.observe.records import State
from absurd_tui.operations import literals, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Refused
from absurd_tui.operations.requests import CancelTask, Target
from absurd_tui.operations.standing import Fetch, Standing
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("cancel_task", ("text", "uuid")),
    "0.0.5",
    (("r", ("SELECT", "UPDATE")), ("t", ("SELECT", "UPDATE")), ("w", ("SELECT", "DELETE"))),
)

_OVER = {
    State.COMPLETED: "The task has completed: there is nothing left to cancel.",
    State.FAILED: "The task has failed: it runs no more, and cancelling it would change nothing.",
    State.CANCELLED: "The task is cancelled already.",
}


def refusal(state: State) -> str | None:
    """Say why a task in this state is not cancelled, or None where it can be. Absurd itself would say nothing."""
    return _OVER.get(state)


def judge(target: Target, found: Standing | None) -> Found | None:
    """Compare the task as it stands with the target; None when the call may be made."""
    if found is None:
        return Gone()
    if found.state is State.CANCELLED:
        return AlreadySo(found.after, since=found.cancelled_at)
    if not found.is_as_seen(target):
        return Changed(found.after)
    reason = refusal(found.state)
    return Refused(reason) if reason else None


def is_borne_out(found: Standing | None) -> bool:
    """Whether the task can be what a cancellation left."""
    return found is not None and found.state is State.CANCELLED


class Cancel:
    """A cancellation on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: CancelTask) -> None:
        self._target = request.target
        self.queue = request.target.queue

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        queue = self.queue
        return (standing.lock_runs(queue), standing.lock_task(queue), standing.read_task(queue), CANCEL)

    @property
    def sql(self) -> str:
        """The call."""
        target = self._target
        return literals.sql_call("cancel_task", literals.text_literal(self.queue), literals.id_literal(target.task_id))

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl."""
        return shlex.join(["absurdctl", "cancel-task", "-q", self.queue, str(self._target.task_id)])

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock, read, compare."""
        return judge(self._target, await standing.locked(fetch, self._target, with_runs=True))

    async def call(self, session: WriteSession) -> None:
        """Cancel the task."""
        await lifecycle_over(session).cancel(self.queue, self._target.task_id)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell by the task's row whether this call cancelled it."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        if found is None or not found.is_ours_task:
            return Refused("Absurd took the call, but the task is as it was.")
        return Done(found.after)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """A cancelled task stays cancelled."""
        found = await standing.read(fetch, self.queue, self._target.task_id, xid=xid)
        return Confirmation(is_borne_out(found), found.after if found else None)
