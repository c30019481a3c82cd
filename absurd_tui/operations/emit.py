"""Emit an event (absurd.emit_event): the first one of a name counts for good, and Absurd says nothing of a second."""

from typing import Final

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.lifecycle.json_values import encode_json
from absurd_tui.lifecycle.statements import EMIT_EVENT
from absurd_tui.observe.queries import seconds, table
from absurd_tui.observe.task_queries import MOST_EVENT_NAME
from absurd_tui.operations import literals
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadyEmitted, Done, Emitted, Refused
from absurd_tui.operations.requests import EmitEvent
from absurd_tui.operations.standing import XID_CYCLE, Fetch
from absurd_tui.operations.work import Confirmation, Found, lifecycle_over

NEEDS = Needs(
    Function("emit_event", ("text", "text", "jsonb")),
    "0.0.3",
    (
        ("e", ("SELECT", "INSERT", "UPDATE")),
        ("w", ("SELECT", "DELETE")),
        ("r", ("SELECT", "UPDATE")),
        ("c", ("SELECT", "INSERT", "UPDATE")),
        ("t", ("SELECT", "UPDATE")),
    ),
)
SHOWN_PAYLOAD: Final = 2_000


def refusal(event_name: str) -> str | None:
    """Say why an event of this name is not emitted, or None. Absurd itself takes a name of tabs for one."""
    if not event_name.strip():
        return "An event needs a name; blanks alone are none."
    if "\0" in event_name:
        return "A name cannot hold a NUL character."
    if len(event_name) > MOST_EVENT_NAME:
        return f"The name is longer than {MOST_EVENT_NAME:,} characters."
    return None


class Emit:
    """An event on its way through the envelope. Its row is locked first, as Absurd does; whoever awaits it waits."""

    needs = NEEDS

    def __init__(self, request: EmitEvent) -> None:
        self._request = request
        self.queue = request.queue
        self._waiting = 0

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        queue = self.queue
        return (_lock(queue), _waiting(queue), EMIT_EVENT, _read(queue))

    @property
    def sql(self) -> str:
        """The call, without its payload."""
        queue, name = literals.text_literal(self.queue), literals.text_literal(self._request.event_name)
        return literals.sql_call("emit_event", queue, name, "…")

    @property
    def absurdctl(self) -> str | None:
        """Its line would hold the payload."""
        return None

    async def look(self, fetch: Fetch) -> Found | None:
        """Lock the event, and see whether it was emitted before; then nothing is called, whatever the schema does."""
        if reason := refusal(self._request.event_name):
            return Refused(reason)
        rows = await fetch(_lock(self.queue), self._request.event_name)
        if rows and rows[0]["is_emitted"]:
            return AlreadyEmitted(None, since=rows[0]["emitted_at"], payload=rows[0]["payload"], now=rows[0]["now"])
        self._waiting = (await fetch(_waiting(self.queue), self._request.event_name))[0]["waiting"]
        return None

    async def call(self, session: WriteSession) -> None:
        """Emit the event."""
        request = self._request
        await lifecycle_over(session).emit_event(self.queue, request.event_name, request.payload)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadyEmitted | Refused:
        """Tell by the event's row whether this call emitted it; somebody who was first may have been waited for."""
        rows = await fetch(_read(self.queue), self._request.event_name)
        if not rows or not rows[0]["is_emitted"]:
            return Refused("Absurd took the call, but the event is as it was.")
        row = rows[0]
        if row["xmin"] != xid % XID_CYCLE:
            return AlreadyEmitted(None, since=row["emitted_at"], payload=row["payload"], now=row["now"])
        left = (await fetch(_waiting(self.queue), self._request.event_name))[0]["waiting"]
        return Emitted(None, woken=self._waiting - left, at=row["now"])

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The event is there, with the payload that was sent."""
        rows = await fetch(_same(self.queue), self._request.event_name, encode_json(self._request.payload, "payload"))
        return Confirmation(is_borne_out=bool(rows) and bool(rows[0]["is_same"]), after=None)


def _event(queue: str) -> str:
    return f"""
select payload is not null as is_emitted, {seconds("emitted_at")} as emitted_at, xmin::text::bigint as xmin,
       left(payload::text, {SHOWN_PAYLOAD}) as payload, {seconds("clock_timestamp()")} as now
  from {table("e", queue)} where event_name = $1"""


def _lock(queue: str) -> str:
    return f"{_event(queue)} for update"


def _read(queue: str) -> str:
    return _event(queue)


def _waiting(queue: str) -> str:
    """Count the sleeping runs that the event wakes; a wait that is over is none."""
    return f"""
select count(distinct w.run_id) as waiting
  from {table("w", queue)} w join {table("r", queue)} r on r.run_id = w.run_id and r.state = 'sleeping'
 where w.event_name = $1 and (w.timeout_at is null or w.timeout_at > clock_timestamp())"""


def _same(queue: str) -> str:
    return f"select payload = $2::text::jsonb as is_same from {table('e', queue)} where event_name = $1"
