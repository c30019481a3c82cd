"""Reads events, who waits for one, and what one carries."""

from collections.abc import Sequence

from absurd_tui.observe.branches import Asked, Branch, Fetch, Gathered, Question, Row
from absurd_tui.observe.event_queries import (
    MOST_WAITERS,
    WHOLE_CHARACTERS,
    awaited_branch,
    emitted_branch,
    payload,
    waiters,
)
from absurd_tui.observe.event_records import (
    AwaitedEvent,
    EmittedEvent,
    EventPlace,
    EventsReading,
    EventsWanted,
    PayloadReading,
    Waiter,
    WaitersReading,
    in_order,
)
from absurd_tui.observe.places import literal
from absurd_tui.observe.records import State
from absurd_tui.observe.tables import Found, read_tables

PAGE, LEAST_PAGE, ALL_ROWS = 200, 20, 2_000
"""How many emitted events are read of one queue, of each of many at least, and of all together."""
SCANNED, LEAST_SCANNED = 20_000, 500
"""How many events, and waits, are looked at, of one queue, and of each of many at least."""


async def read_events(fetch: Fetch, wanted: EventsWanted) -> EventsReading:
    """Read events as they are wanted."""
    found = await read_tables(fetch, wanted.queue, "ew")
    number = max(1, len(found.readable))
    rows = max(LEAST_PAGE, min(PAGE, ALL_ROWS // number))
    looked_at = max(LEAST_SCANNED, SCANNED // number)
    emitted = await _emitted(fetch, wanted, found, rows, looked_at)
    awaited = await _awaited(fetch, wanted, found, rows, looked_at)
    events, after = in_order(_batch(queue, some, rows) for queue, some in emitted.rows.items())
    waits = [_awaited_event(queue, row) for queue, some in awaited.rows.items() for row in some]
    refused = {**dict(found.refused), **dict(emitted.refused), **dict(awaited.refused)}
    return EventsReading(
        now=found.now,
        wanted=wanted,
        emitted=events,
        after=after,
        awaited=tuple(sorted(waits, key=lambda event: (event.since, event.key))),
        asked=found.asked,
        refused=tuple(refused.items()),
        veiled=found.veiled,
    )


async def _emitted(fetch: Fetch, wanted: EventsWanted, found: Found, rows: int, looked_at: int) -> Gathered:
    start = wanted.start
    arguments: list[object] = [] if start is None else [literal(start.at), start.name]
    prefix = f"${len(arguments) + 1}" if wanted.prefix else ""
    arguments += [wanted.prefix] if wanted.prefix else []

    def branch(position: int, queue: str, _: None) -> str:
        scanned = looked_at if wanted.prefix else rows
        where = _from(start, queue) if start is not None else "true"
        return emitted_branch(position, queue, rows=rows, scanned=scanned, where=where, prefix=prefix)

    return await _gather(fetch, found, branch, arguments)


def _from(start: EventPlace, queue: str) -> str:
    """Say where a queue's events stand at a place or after it; the second argument is named in each case."""
    at = "$1::text::timestamptz"
    if queue == start.queue:
        return f"(emitted_at, event_name) <= ({at}, $2::text)"
    return f"emitted_at {'<=' if queue > start.queue else '<'} {at} and $2::text is not null"


async def _awaited(fetch: Fetch, wanted: EventsWanted, found: Found, rows: int, looked_at: int) -> Gathered:
    def branch(position: int, queue: str, _: None) -> str:
        return awaited_branch(position, queue, rows=rows, scanned=looked_at, prefix="$1" if wanted.prefix else "")

    return await _gather(fetch, found, branch, [wanted.prefix] if wanted.prefix else [])


async def _gather(fetch: Fetch, found: Found, branch: Branch[None], arguments: Sequence[object]) -> Gathered:
    role = next((tables.role for tables in found.readable), "")
    asked: Asked[None] = Asked(fetch=fetch, branch=branch, role=role, arguments=arguments)
    answer = await asked.gather([Question(tables.listed, None) for tables in found.readable])
    return answer.get(None, Gathered({}, ()))


def _batch(queue: str, some: Sequence[Row], rows: int) -> tuple[list[EmittedEvent], EventPlace | None]:
    events = [_event(queue, row) for row in some if row["is_wanted"]]
    is_cut = len(some) >= rows or any(row["is_edge"] for row in some)
    return events, _place(queue, some[-1]) if is_cut else None


def _event(queue: str, row: Row) -> EmittedEvent:
    return EmittedEvent(queue, row["name"], row["at"], row["size"], row["preview"], _place(queue, row))


def _place(queue: str, row: Row) -> EventPlace:
    return EventPlace(int.from_bytes(row["place_at"], signed=True), queue, row["name"])


def _awaited_event(queue: str, row: Row) -> AwaitedEvent:
    return AwaitedEvent(
        queue,
        row["name"],
        row["waiters"],
        row["endless"],
        row["since"],
        row["first_timeout"],
        row["is_capped"],
    )


async def read_waiters(fetch: Fetch, queue: str, name: str) -> WaitersReading:
    """Read who waits for an event."""
    found = await read_tables(fetch, queue, "trew")
    if found.refused:
        return WaitersReading(found.now, (), None, is_capped=False, refused=found.refused)
    rows = await fetch(waiters(queue), name)
    waiting = [_waiter(queue, row) for row in rows if row["task_id"] is not None]
    return WaitersReading(
        now=rows[0]["now"],
        waiters=tuple(sorted(waiting, key=lambda waiter: (waiter.since, waiter.run_id.int))),
        emitted_at=rows[0]["emitted_at"],
        is_capped=len(waiting) == MOST_WAITERS,
        veiled=found.veiled,
    )


def _waiter(queue: str, row: Row) -> Waiter:
    return Waiter(
        queue=queue,
        task_id=row["task_id"],
        run_id=row["run_id"],
        task_name=row["task_name"] or "",
        state=State(row["state"]) if row["state"] is not None else None,
        attempt=row["attempt"],
        max_attempts=row["max_attempts"],
        step_name=row["step_name"],
        since=row["since"],
        timeout_at=row["timeout_at"],
    )


async def read_payload(fetch: Fetch, queue: str, name: str) -> PayloadReading:
    """Read what an event carries."""
    found = await read_tables(fetch, queue, "e")
    if found.refused:
        return PayloadReading(found.now, None, 0, is_whole=True, emitted_at=None, refused=found.refused)
    (row,) = await fetch(payload(queue), name)
    text = row["text"]
    return PayloadReading(
        now=row["now"],
        text=text[:WHOLE_CHARACTERS] if text is not None else None,
        size=row["size"] or 0,
        is_whole=text is None or len(text) <= WHOLE_CHARACTERS,
        emitted_at=row["emitted_at"],
    )
