"""How an event stands: whether it was emitted, with what, and who waits for it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from absurd_tui.observe.task_queries import MOST_WAITERS, SHOWN_CHARACTERS, awaited_by, event, waiters


@dataclass(frozen=True, slots=True)
class Waiter:
    """A task that sleeps until the event is emitted."""

    task_id: UUID
    task_name: str


@dataclass(frozen=True, slots=True)
class EventStanding:
    """An event as it is now; `emitted_at` is None where it was not emitted, which is so too where nobody knows it.

    `payload` is its JSON text, as far as it is shown; `has_more` says that more wait than are listed.
    """

    emitted_at: float | None
    payload: str
    waiters: tuple[Waiter, ...]
    has_more: bool = False


async def read_event(fetch: Callable[..., Awaitable[Sequence[Any]]], queue: str, name: str) -> EventStanding:
    """Read an event of a queue. Raises what asyncpg raises."""
    found = await fetch(event(queue), name)
    waiting = await fetch(waiters(queue), name)
    listed = tuple(Waiter(row["task_id"], row["task_name"]) for row in waiting[:MOST_WAITERS])
    is_emitted = bool(found) and found[0]["is_emitted"]
    payload = (found[0]["payload"] or "")[:SHOWN_CHARACTERS] if is_emitted else ""
    return EventStanding(found[0]["emitted_at"] if is_emitted else None, payload, listed, len(waiting) > MOST_WAITERS)


async def read_awaited(fetch: Callable[..., Awaitable[Sequence[Any]]], queue: str, run_id: UUID) -> str | None:
    """Read the name of the event that a run waits for. Raises what asyncpg raises."""
    rows = await fetch(awaited_by(queue), run_id)
    name: str | None = rows[0]["wake_event"] if rows else None
    return name
