"""Spawn tasks (absurd.spawn_task): all of a request in one transaction, so that all are there or none is."""

import json
from dataclasses import replace
from uuid import UUID, uuid4

from absurd_tui.database.capabilities import Function
from absurd_tui.database.writing import WriteSession
from absurd_tui.errors import InvalidRequest, TimedOut
from absurd_tui.lifecycle import arguments
from absurd_tui.lifecycle.json_values import encode_json
from absurd_tui.lifecycle.options import SpawnOptions, encode_options
from absurd_tui.observe.queries import table
from absurd_tui.observe.task_queries import KEYS
from absurd_tui.operations import absurdctl_spawn, literals, standing
from absurd_tui.operations.needs import Needs
from absurd_tui.operations.outcomes import AlreadySo, Done, Refused
from absurd_tui.operations.requests import SpawnTask
from absurd_tui.operations.standing import Fetch
from absurd_tui.operations.work import Confirmation, Found

NEEDS = Needs(
    Function("spawn_task", ("text", "text", "jsonb", "jsonb")),
    "0.0.3",
    (("r", ("SELECT", "INSERT")), ("t", ("SELECT", "INSERT")), ("i", ("SELECT", "INSERT", "UPDATE"))),
)
"""`i` keeps the keys of a partitioned queue; others have none."""

MOST_TASKS = 1_000
MOST_KEY_BYTES = 512
"""An index cannot hold every text; this one it can, whatever its characters."""

_IGNORED = "This Absurd schema has no idempotency keys (they came with 0.0.6): it would ignore this one."

OWN_KEY = "absurd-tui:"
"""How the keys begin that are made here and not by an operator."""


def fresh_key() -> str:
    """An idempotency key for one form: however often the form is sent, it spawns once."""
    return f"{OWN_KEY}{uuid4()}"


def keys(options: SpawnOptions, count: int) -> tuple[str | None, ...]:
    """The idempotency key of each task: the one of the options, numbered where it has to serve for several."""
    key = options.idempotency_key
    if key is None or count == 1:
        return (key,) * count
    return tuple(f"{key}:{number}" for number in range(1, count + 1))


def refusal(request: SpawnTask) -> str | None:
    """Say why this cannot be spawned, or None. Absurd would take a name of tabs, and store what it cannot read."""
    if not request.task_name.strip():
        return "A task needs a name."
    if not isinstance(request.count, int) or not 1 <= request.count <= MOST_TASKS:
        return f"From 1 to {MOST_TASKS:,} tasks are spawned at once."
    key = request.options.idempotency_key
    try:
        arguments.text(request.queue, "queue")
        arguments.text(request.task_name, "task name")
        encode_json(request.params, "params")
        encode_options(request.options)
    except InvalidRequest as error:
        return f"Not sent: {error}."
    if key is not None and not key.strip():
        return "An idempotency key of spaces alone names no task."
    if any(len(each.encode()) > MOST_KEY_BYTES for each in keys(request.options, request.count) if each):
        return f"An idempotency key has at most {MOST_KEY_BYTES} bytes."
    return None


def spawn_all() -> str:
    """Spawn a task $2 in the queue $1, with params $3 and options $4, for each of the keys $5; a key may be null."""
    return """
select s.task_id
  from unnest($5::text[]) with ordinality k(key, place)
 cross join lateral absurd.spawn_task($1::text, $2::text, $3::text::jsonb,
       $4::text::jsonb || jsonb_strip_nulls(jsonb_build_object('idempotency_key', k.key))) s
 order by k.place"""


def written_by(queue: str) -> str:
    """Give those of the tasks $1 whose rows the transaction with the xmin $2 wrote."""
    return f"select task_id from {table('t', queue)} where task_id = any($1::uuid[]) and xmin::text::bigint = $2"


class Spawn:
    """A spawning on its way through the envelope."""

    needs = NEEDS

    def __init__(self, request: SpawnTask) -> None:
        self._request = request
        self._returned: tuple[UUID, ...] = ()
        self._told: UUID | None = None
        self.queue = request.queue

    @property
    def statements(self) -> tuple[str, ...]:
        """What runs inside the transaction."""
        return (spawn_all(), written_by(self.queue), standing.read_task(self.queue), KEYS)

    @property
    def sql(self) -> str:
        """The call for the first task; params and headers are left out, because they may hold what nobody may keep.

        The key stands in a comment, and so as JSON, which has no line breaks.
        """
        request = self._request
        options = request.options
        told = encode_options(SpawnOptions(options.max_attempts, options.retry_strategy, options.cancellation))
        queue, name = literals.text_literal(self.queue), literals.text_literal(request.task_name)
        call = literals.sql_call("spawn_task", queue, name, ":'params'", literals.json_literal(json.loads(told)))
        left_out = ["params", *(["headers"] if options.headers is not None else [])]
        times = f"; {request.count} times" if request.count > 1 else ""
        key = f"; idempotency_key {json.dumps(keys(options, request.count)[0])}" if options.idempotency_key else ""
        return f"{call}  -- {' and '.join(left_out)} not kept{key}{times}"

    @property
    def absurdctl(self) -> str | None:
        """The same by absurdctl, as far as that goes; a key that was made here is left out."""
        key = self._request.options.idempotency_key
        if key is not None and not key.startswith(OWN_KEY):
            return None
        return absurdctl_spawn.line(self._request)

    async def look(self, fetch: Fetch) -> Found | None:
        """Look whether a key that somebody chose counts: an older schema ignores it without a word.

        There is nothing to lock before the call, which itself waits for who spawns with the same key.
        """
        key = self._request.options.idempotency_key
        if key is None or key.startswith(OWN_KEY):
            return None
        found = (await fetch(KEYS, self.queue))[0]
        return None if found["has_key"] or found["has_table"] else Refused(_IGNORED)

    async def call(self, session: WriteSession) -> None:
        """Spawn all in one statement: a thousand calls would be as many round trips."""
        request = self._request
        rows = await session.fetch(
            spawn_all(),
            request.queue,
            request.task_name,
            encode_json(request.params, "params"),
            encode_options(replace(request.options, idempotency_key=None)),
            list(keys(request.options, request.count)),
        )
        if any(row["task_id"] is None for row in rows):
            raise TimedOut("The task with this key was cleaned up at this moment.")
        self._returned = tuple(row["task_id"] for row in rows)

    async def read_back(self, fetch: Fetch, xid: int) -> Done | AlreadySo | Refused:
        """Tell which tasks are new, in the order of their keys, and how the first of them stands."""
        rows = await fetch(written_by(self.queue), list(self._returned), xid % standing.XID_CYCLE)
        written = {row["task_id"] for row in rows}
        new = tuple(task_id for task_id in self._returned if task_id in written)
        self._told = (new or self._returned)[0]
        told = await standing.read(fetch, self.queue, self._told, xid=xid)
        after = told.after if told else None
        return Done(after, spawned=new) if new else AlreadySo(after, since=None, existing=self._told)

    async def confirm(self, fetch: Fetch, xid: int) -> Confirmation:
        """The first new task is there, and so are all."""
        told = await standing.read(fetch, self.queue, self._told, xid=xid) if self._told else None
        return Confirmation(told is not None, told.after if told else None)
