"""Change a queue's policy (absurd.set_queue_policy): only what the dialog showed, and only as it was shown."""

import json
import shlex

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.json_values import encode_json
from absurd_tui.lifecycle.statements import SET_QUEUE_POLICY
from absurd_tui.observe.queue_facts import POLICY_KEYS
from absurd_tui.operations import literals
from absurd_tui.operations.holder import Holder
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Changed, Done, Gone, Refused
from absurd_tui.operations.queue_requests import SetQueuePolicy
from absurd_tui.operations.queue_standing import LOCK, READ, read_queue
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.table_locks import HELD, HOLDERS, LIMIT, held_briefly, limited
from absurd_tui.operations.work import Confirmation, Found

NEEDS = Needs(Function("set_queue_policy", ("text", "jsonb")), "0.4.0", on_queues=("SELECT", "UPDATE"))


class SetPolicy:
    """A change of policy on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: SetQueuePolicy) -> None:
        self._request = request
        self.queue = request.queue
        self.holder: Holder | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (LIMIT, HELD, HOLDERS, LOCK, READ, SET_QUEUE_POLICY)

    @property
    def sql(self) -> str:
        """The call."""
        values = literals.json_literal(dict(self._request.values))
        return literals.sql_call("set_queue_policy", literals.text_literal(self.queue), values)

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl."""
        options = [f"--{key.replace('_', '-')}={value}" for key, value in self._request.values]
        name = ["--", self.queue] if self.queue.startswith("-") else [self.queue]
        return shlex.join(["absurdctl", "queue-policy", *options, *name])

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the queue's row; what is changed must be as it was shown."""
        if unknown := [key for key, _ in self._request.values if key not in POLICY_KEYS]:
            return Refused(f"A policy has no {json.dumps(unknown[0])}.")
        self.holder = await limited(fetch, self.queue)
        await held_briefly(fetch)
        await fetch(LOCK, self.queue)
        found = await read_queue(fetch, self.queue)
        if found.created_at is None:
            return Gone()
        as_now = found.values(tuple(key for key, _ in self._request.seen))
        if found.created_at == self._request.created_at and as_now == self._request.seen:
            return None
        return Changed(None, found.after)

    async def call(self, session: WriteSession) -> None:
        """Set the values."""
        await session.fetch(SET_QUEUE_POLICY, self.queue, encode_json(dict(self._request.values), "policy"))

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell by the queue's row whether this call wrote it, and how the values stand as PostgreSQL read them."""
        found = await read_queue(fetch, self.queue, xid=xid)
        if not found.is_ours:
            return Refused("Absurd took the call, but the policy is as it was.")
        return Done(None, queue_after=found.after)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The queue is there; its policy may have been changed since."""
        found = await read_queue(fetch, self.queue)
        return Confirmation(found.created_at == self._request.created_at, None)
